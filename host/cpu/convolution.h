/* What the naive convolution and its gradients have in common. */
#ifndef TSR_HOST_CPU_CONVOLUTION_H
#define TSR_HOST_CPU_CONVOLUTION_H

#include "problem.h"

/* The element of the filter that meets tap t, r, s: flipped, the one opposite. */
static inline int64_t tsr__filter_element(const tsr__problem *p, int64_t t, int64_t r, int64_t s)
{
    const int64_t *size = p->window.filter;
    const int64_t at = (t * size[TSR_H] + r) * size[TSR_W] + s;
    return p->flip ? tsr__taps(p) - 1 - at : at;
}

#endif
