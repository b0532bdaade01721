/* A checked problem: what algorithms look at. */
#ifndef TSR_HOST_PROBLEM_H
#define TSR_HOST_PROBLEM_H

#include "tensor.h"
#include "window.h"

struct tsr__operator;

/* Everything is in range, pads are explicit, shapes are known. Layouts may still be ANY: an algorithm's layouts()
 * settles them, in a copy, before its other functions look. */
typedef struct tsr__problem {
    const struct tsr__operator *op;
    tsr_tensor x, y;
    tsr__window window; /* convolution and pooling */

    int64_t groups; /* convolution, as tsr_conv has them */
    bool bias;
    tsr_activation activation;
    int64_t w_elements; /* of plain weights; 0 where the operator has none */

    tsr_pool_kind pool_kind; /* pooling */
} tsr__problem;

/* Channels of one group. */
static inline int64_t tsr__group_c(const tsr__problem *p)
{
    return p->x.c / p->groups;
}

static inline int64_t tsr__group_k(const tsr__problem *p)
{
    return p->y.c / p->groups;
}

/* The most elements that 32-bit indices serve, with slack for a tile's overhang. */
#define TSR__MAX_INT_INDEX (INT32_MAX - (INT64_C(1) << 24))

/* Why 32-bit index arithmetic could overflow for this problem, or NULL where it is safe. Kernels with int indices
 * refuse by this. It covers indices up to 2^24 past the end of a tensor and coordinates up to 64 outputs past the
 * last one: a tile's overhang computes those, though it never reads there. */
const char *tsr__refuse_int_index(const tsr__problem *p);

/* Why a kernel that knows height and width alone cannot serve, or NULL. */
const char *tsr__refuse_depth(const tsr__problem *p);

#endif
