/* Reorders between any two layouts, strides and types, an element at a time. */
#include "algorithm.h"
#include "cpu/element.h"

static void run_channel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c)
{
    for (int64_t d = 0; d < p->y.size[TSR_D]; ++d)
        for (int64_t h = 0; h < p->y.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->y.size[TSR_W]; ++w) {
                const double v = c < p->x.c ? tsr__load(p->x.dtype, a->x, tsr__tensor_at(&p->x, n, c, d, h, w)) : 0.0;
                tsr__store(p->y.dtype, a->y, tsr__tensor_at(&p->y, n, c, d, h, w), v);
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < tsr__tensor_channels(&p->y); ++c) run_channel(p, a, n, c);
}

const tsr__algorithm tsr__cpu_reorder_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
