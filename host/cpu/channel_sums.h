/* Sums over batch and plane for each output channel, which several backward passes of the CPU path make. */
#ifndef TSR_HOST_CPU_CHANNEL_SUMS_H
#define TSR_HOST_CPU_CHANNEL_SUMS_H

#include "cpu/element.h"

/* Writes a channel's number of dbias, dscale or dslope, or adds it to what is there. */
static inline void tsr__store_sum(const tsr__problem *p, void *sums, int64_t k, double sum)
{
    const double before = p->accumulate ? tsr__load(p->y.dtype, sums, k) : 0.0;
    tsr__store(p->y.dtype, sums, k, before + sum);
}

/* The sum of a channel of dv. */
static inline double tsr__sum_dv(const tsr__problem *p, const tsr__host_args *a, int64_t k)
{
    double sum = 0.0;
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t d = 0; d < p->y.size[TSR_D]; ++d)
            for (int64_t h = 0; h < p->y.size[TSR_H]; ++h)
                for (int64_t w = 0; w < p->y.size[TSR_W]; ++w)
                    sum += tsr__load(p->y.dtype, a->dv, tsr__tensor_at(&p->y, n, k, d, h, w));
    return sum;
}

#endif
