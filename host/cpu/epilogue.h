/* What follows the sum of a convolution on the CPU path, once for all algorithms: kernels/common/epilogue.cl is its
 * twin. */
#ifndef TSR_HOST_CPU_EPILOGUE_H
#define TSR_HOST_CPU_EPILOGUE_H

#include "activation.h"
#include "cpu/element.h"

/* Finishes and stores the output of a channel at a pixel. */
static inline void tsr__epilogue(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k,
                                 const int64_t out[TSR_AXES], double sum)
{
    const tsr_dtype dtype = p->y.dtype;
    const int64_t d = out[TSR_D], h = out[TSR_H], w = out[TSR_W];
    if (p->scale) sum *= tsr__load(dtype, a->scale, k);
    if (p->bias) sum += tsr__load(dtype, a->bias, k);
    if (p->has_residual) sum += tsr__load(dtype, a->residual, tsr__tensor_at(&p->residual, n, k, d, h, w));
    const double slope = p->activation == TSR_ACTIVATION_PRELU ? tsr__load(dtype, a->slope, k) : 0.0;
    const double y = tsr__activate(p->activation, sum, (double)p->alpha, (double)p->beta, slope);
    tsr__store(dtype, a->y, tsr__tensor_at(&p->y, n, k, d, h, w), y);
}

#endif
