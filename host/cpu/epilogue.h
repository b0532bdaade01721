/* What follows the sum of a convolution on the CPU path: bias and activation, once for all algorithms. */
#ifndef TSR_HOST_CPU_EPILOGUE_H
#define TSR_HOST_CPU_EPILOGUE_H

#include "algorithm.h"

/* kernels/common/activation.cl is its twin. A NaN stays, because a comparison with it is false. */
static inline float tsr__activate(tsr_activation activation, float v)
{
    switch (activation) {
    case TSR_ACTIVATION_NONE:
        return v;
    case TSR_ACTIVATION_RELU:
        return v < 0.0f ? 0.0f : v;
    }
    return v;
}

static inline float tsr__epilogue(const tsr__problem *p, const tsr__host_args *a, int64_t k, double sum)
{
    return tsr__activate(p->activation, (float)(p->bias ? sum + (double)a->bias[k] : sum));
}

#endif
