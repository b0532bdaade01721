/* The naive convolution that everything else is compared with: one output at a time, summed in double, in the order of
 * the formula. Any problem. */
#include "algorithm.h"
#include "cpu/convolution.h"
#include "cpu/epilogue.h"

/* One output before the epilogue. */
static double sum_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k,
                         const int64_t out[TSR_AXES])
{
    const tsr__window *win = &p->window;
    const int64_t group_c = tsr__group_c(p), first_c = k / tsr__group_k(p) * group_c;
    double sum = 0.0;
    for (int64_t c = 0; c < group_c; ++c)
        for (int64_t t = 0; t < win->filter[TSR_D]; ++t)
            for (int64_t r = 0; r < win->filter[TSR_H]; ++r)
                for (int64_t s = 0; s < win->filter[TSR_W]; ++s) {
                    const int64_t d = tsr__window_source(win, TSR_D, out[TSR_D], t);
                    const int64_t h = tsr__window_source(win, TSR_H, out[TSR_H], r);
                    const int64_t w = tsr__window_source(win, TSR_W, out[TSR_W], s);
                    if (d < 0 || h < 0 || w < 0) continue;
                    const int64_t weight = tsr__filter_at(p, k, c) + tsr__filter_element(p, t, r, s);
                    sum += tsr__load(p->x.dtype, a->x, tsr__tensor_at(&p->x, n, first_c + c, d, h, w)) *
                           tsr__load(p->x.dtype, a->w, weight);
                }
    return sum;
}

static void run_channel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k)
{
    for (int64_t o = 0; o < p->y.size[TSR_D]; ++o)
        for (int64_t q = 0; q < p->y.size[TSR_H]; ++q)
            for (int64_t r = 0; r < p->y.size[TSR_W]; ++r) {
                const int64_t out[TSR_AXES] = {o, q, r};
                /* The last block's spare channels are zero by the layout's rule. */
                if (k >= p->y.c)
                    tsr__store(p->y.dtype, a->y, tsr__tensor_at(&p->y, n, k, o, q, r), 0.0);
                else
                    tsr__epilogue(p, a, n, k, out, sum_window(p, a, n, k, out));
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t k = 0; k < tsr__tensor_channels(&p->y); ++k) run_channel(p, a, n, k);
}

const tsr__algorithm tsr__cpu_conv_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES & ~TSR__HALF_SUMS_BIT, .run_host = run};
