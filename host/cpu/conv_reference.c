/* The naive convolution that everything else is compared with: one output at a time, summed in double, in the order of
 * the formula. Any problem, any layout. */
#include "algorithm.h"
#include "cpu/epilogue.h"

/* One output before bias and activation. Padding counts as zero, so what lies in it is left out. */
static double sum_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k,
                         const int64_t out[TSR_AXES])
{
    const tsr__window *win = &p->window;
    const int64_t group_c = tsr__group_c(p), first_c = k / tsr__group_k(p) * group_c;
    const float *w = a->w + k * (p->w_elements / p->y.c);
    double sum = 0.0;
    for (int64_t c = 0; c < group_c; ++c)
        for (int64_t t = 0; t < win->filter[TSR_D]; ++t)
            for (int64_t r = 0; r < win->filter[TSR_H]; ++r)
                for (int64_t s = 0; s < win->filter[TSR_W]; ++s, ++w) {
                    const int64_t d = tsr__window_at(win, TSR_D, out[TSR_D], t);
                    const int64_t h = tsr__window_at(win, TSR_H, out[TSR_H], r);
                    const int64_t column = tsr__window_at(win, TSR_W, out[TSR_W], s);
                    if (!tsr__window_inside(win, d, h, column)) continue;
                    sum += (double)a->x[tsr__tensor_at(&p->x, n, first_c + c, d, h, column)] * (double)*w;
                }
    return sum;
}

static void run_image(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k)
{
    /* The last block's spare channels are zero by the layout's rule. */
    const bool spare = k >= p->y.c;
    for (int64_t o = 0; o < p->y.size[TSR_D]; ++o)
        for (int64_t q = 0; q < p->y.size[TSR_H]; ++q)
            for (int64_t r = 0; r < p->y.size[TSR_W]; ++r) {
                const int64_t out[TSR_AXES] = {o, q, r};
                float *y = &a->y[tsr__tensor_at(&p->y, n, k, o, q, r)];
                *y = spare ? 0.0f : tsr__epilogue(p, a, k, sum_window(p, a, n, k, out));
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
    const int64_t channels = tsr__tensor_blocks(&p->y) * tsr__layout_block(p->y.layout);
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t k = 0; k < channels; ++k) run_image(p, a, n, k);
}

const tsr__algorithm tsr__cpu_conv_reference = {.name = TSR__REFERENCE, .run_host = run};
