/* Every element of a gradient by x, which several backward passes of the CPU path make one at a time. */
#ifndef TSR_HOST_CPU_EACH_ELEMENT_H
#define TSR_HOST_CPU_EACH_ELEMENT_H

#include "algorithm.h"
#include "cpu/element.h"

/* What dx is at an element of image n and channel c. */
typedef double (*tsr__gradient_at)(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                                   const int64_t at[TSR_AXES]);

static inline void tsr__store_channel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                                      tsr__gradient_at gradient)
{
    for (int64_t d = 0; d < p->x.size[TSR_D]; ++d)
        for (int64_t h = 0; h < p->x.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->x.size[TSR_W]; ++w) {
                const int64_t at[TSR_AXES] = {d, h, w};
                /* The last block's spare channels are zero by the layout's rule. */
                const double sum = c >= p->x.c ? 0.0 : gradient(p, a, n, c, at);
                tsr__store(p->x.dtype, a->dx, tsr__tensor_at(&p->x, n, c, d, h, w), sum);
            }
}

static inline void tsr__store_dx(const tsr__problem *p, const tsr__host_args *a, tsr__gradient_at gradient)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t n = 0; n < p->x.n; ++n)
        for (int64_t c = 0; c < tsr__tensor_channels(&p->x); ++c) tsr__store_channel(p, a, n, c, gradient);
}

#endif
