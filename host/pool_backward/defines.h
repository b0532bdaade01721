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

#endif
