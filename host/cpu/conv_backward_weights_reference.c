/* The naive gradient by the weights: one element of dw at a time, summed in double. Any problem. */
#include "algorithm.h"
#include "cpu/channel_sums.h"
#include "cpu/convolution.h"

/* The sum of dv * x over all places where tap `tap` of a filter met x. */
static double sum_tap(const tsr__problem *p, const tsr__host_args *a, int64_t k, int64_t c, const int64_t tap[TSR_AXES])
{
    const tsr__window *win = &p->window;
    double sum = 0.0;
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t o = 0; o < p->y.size[TSR_D]; ++o)
            for (int64_t q = 0; q < p->y.size[TSR_H]; ++q)
                for (int64_t r = 0; r < p->y.size[TSR_W]; ++r) {
                    const int64_t d = tsr__window_source(win, TSR_D, o, tap[TSR_D]);
                    const int64_t h = tsr__window_source(win, TSR_H, q, tap[TSR_H]);
                    const int64_t w = tsr__window_source(win, TSR_W, r, tap[TSR_W]);
                    if (d < 0 || h < 0 || w < 0) continue;
                    sum += tsr__load(p->y.dtype, a->dv, tsr__tensor_at(&p->y, n, k, o, q, r)) *
                           tsr__load(p->x.dtype, a->x, tsr__tensor_at(&p->x, n, c, d, h, w));
                }
    return sum;
}

/* Writes the filter of an output channel and a channel of its group; answers the sum of w * dw, before scale. */
static double run_filter(const tsr__problem *p, const tsr__host_args *a, int64_t k, int64_t group_channel)
{
    const int64_t *filter = p->window.filter;
    const int64_t first = tsr__filter_at(p, k, group_channel);
    const int64_t c = k / tsr__group_k(p) * tsr__group_c(p) + group_channel;
    const double scale = p->scale ? tsr__load(p->x.dtype, a->scale, k) : 1.0;
    double product = 0.0;
    for (int64_t t = 0; t < filter[TSR_D]; ++t)
        for (int64_t r = 0; r < filter[TSR_H]; ++r)
            for (int64_t s = 0; s < filter[TSR_W]; ++s) {
                const int64_t tap[TSR_AXES] = {t, r, s}, at = first + tsr__filter_element(p, t, r, s);
                const double sum = sum_tap(p, a, k, c, tap);
                const double before = p->accumulate ? tsr__load(p->x.dtype, a->dw, at) : 0.0;
                if (p->dscale) product += sum * tsr__load(p->x.dtype, a->w, at);
                tsr__store(p->x.dtype, a->dw, at, before + sum * scale);
            }
    return product;
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t k = 0; k < p->y.c; ++k) {
        double product = 0.0;
        for (int64_t c = 0; c < tsr__group_c(p); ++c) product += run_filter(p, a, k, c);
        if (p->dscale) tsr__store_sum(p, a->dscale, k, product);
        if (p->dbias) tsr__store_sum(p, a->dbias, k, tsr__sum_dv(p, a, k));
    }
}

const tsr__algorithm tsr__cpu_conv_backward_weights_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
