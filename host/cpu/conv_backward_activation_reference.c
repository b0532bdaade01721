/* The naive gradient of an activation, one element at a time. Any problem. */
#include "activation.h"
#include "algorithm.h"
#include "cpu/channel_sums.h"

/* Writes a plane of dv; answers the sum of dy * v where v < 0. */
static double run_plane(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k, double slope)
{
    double sum = 0.0;
    for (int64_t d = 0; d < p->y.size[TSR_D]; ++d)
        for (int64_t h = 0; h < p->y.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->y.size[TSR_W]; ++w) {
                const int64_t at = tsr__tensor_at(&p->y, n, k, d, h, w);
                if (k >= p->y.c) { /* the last block's spare channels are zero by the layout's rule */
                    tsr__store(p->y.dtype, a->dv, at, 0.0);
                    continue;
                }
                const double dy = tsr__load(p->y.dtype, a->dy, at);
                const double v = a->y == NULL ? 0.0 : tsr__load(p->y.dtype, a->y, at);
                const double derivative =
                    tsr__activation_derivative(p->activation, p->from_v, v, (double)p->alpha, (double)p->beta, slope);
                tsr__store(p->y.dtype, a->dv, at, dy * derivative);
                if (v < 0) sum += dy * v;
            }
    return sum;
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for schedule(dynamic)
    for (int64_t k = 0; k < tsr__tensor_channels(&p->y); ++k) {
        const double slope = tsr__has_slope(p) && k < p->y.c ? tsr__load(p->y.dtype, a->slope, k) : 0.0;
        double sum = 0.0;
        for (int64_t n = 0; n < p->y.n; ++n) sum += run_plane(p, a, n, k, slope);
        if (k >= p->y.c) continue;
        if (p->dslope) tsr__store_sum(p, a->dslope, k, sum);
        if (p->dbias) tsr__store_sum(p, a->dbias, k, tsr__sum_dv(p, a, k));
    }
}

const tsr__algorithm tsr__cpu_conv_backward_activation_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
