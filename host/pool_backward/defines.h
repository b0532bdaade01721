/* What the kernels of poolings' gradients are passed. */
#ifndef TSR_HOST_POOL_BACKWARD_DEFINES_H
#define TSR_HOST_POOL_BACKWARD_DEFINES_H

#include "pool/defines.h"

/* The tensors that each of them may look at, and dx. */
static inline void tsr__pool_backward_launch_slots(tsr__launch *launch)
{
    tsr__launch_slot(launch, TSR__X);
    tsr__launch_slot(launch, TSR__Y);
    tsr__launch_slot(launch, TSR__INDICES);
    tsr__launch_slot(launch, TSR__DY);
    tsr__launch_slot(launch, TSR__DX);
}

/* Sizes of x as tsr__pool_launch_window() passes them. */
static inline void tsr__pool_backward_sizes(const tsr__problem *p, int64_t size[TSR_AXES])
{
    const bool is_flat = tsr__pool_is_flat(p);
    size[TSR_D] = is_flat ? 1 : p->x.size[TSR_D];
    size[TSR_H] = is_flat ? 1 : p->x.size[TSR_H];
    size[TSR_W] = tsr__pool_width(p);
}

#endif
