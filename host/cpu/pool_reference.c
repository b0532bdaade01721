/* The naive pooling that everything else is compared with: one output at a time, averages summed in double. Any
 * problem, any layout. */
#include <math.h>

#include "algorithm.h"

/* How many elements an average divides by. */
static int64_t divisor(const tsr__problem *p, const int64_t out[TSR_AXES])
{
    const bool padded = p->pool_kind == TSR_POOL_AVG_INCLUDE_PAD;
    int64_t count = 1;
    for (int axis = 0; axis < TSR_AXES; ++axis) count *= tsr__window_count(&p->window, axis, out[axis], padded);
    return count;
}

/* Maximum and sum of the window's elements inside the input. A NaN is greater than anything and stays. */
static void visit_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                         const int64_t out[TSR_AXES], float *maximum, double *sum)
{
    const tsr__window *win = &p->window;
    *maximum = -INFINITY;
    *sum = 0.0;
    for (int64_t t = 0; t < win->filter[TSR_D]; ++t)
        for (int64_t r = 0; r < win->filter[TSR_H]; ++r)
            for (int64_t s = 0; s < win->filter[TSR_W]; ++s) {
                const int64_t d = tsr__window_at(win, TSR_D, out[TSR_D], t);
                const int64_t h = tsr__window_at(win, TSR_H, out[TSR_H], r);
                const int64_t w = tsr__window_at(win, TSR_W, out[TSR_W], s);
                if (!tsr__window_inside(win, d, h, w)) continue;
                const float x = a->x[tsr__tensor_at(&p->x, n, c, d, h, w)];
                if (x > *maximum || isnan(x)) *maximum = x;
                *sum += (double)x;
            }
}

static float pool_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                         const int64_t out[TSR_AXES])
{
    float maximum;
    double sum;
    visit_window(p, a, n, c, out, &maximum, &sum);
    return p->pool_kind == TSR_POOL_MAX ? maximum : (float)(sum / (double)divisor(p, out));
}

static void run_channel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c)
{
    for (int64_t o = 0; o < p->y.size[TSR_D]; ++o)
        for (int64_t q = 0; q < p->y.size[TSR_H]; ++q)
            for (int64_t r = 0; r < p->y.size[TSR_W]; ++r) {
                const int64_t out[TSR_AXES] = {o, q, r};
                /* The last block's spare channels are zero by the layout's rule. */
                a->y[tsr__tensor_at(&p->y, n, c, o, q, r)] = c < p->y.c ? pool_window(p, a, n, c, out) : 0.0f;
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
    const int64_t channels = tsr__tensor_blocks(&p->y) * tsr__layout_block(p->y.layout);
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < channels; ++c) run_channel(p, a, n, c);
}

const tsr__algorithm tsr__cpu_pool_reference = {.name = TSR__REFERENCE, .run_host = run};
