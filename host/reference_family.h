/* What the reference algorithms of all operators share: one work-item for each element of y, and a kernel that takes
 * every number of the problem as an argument. */
#ifndef TSR_HOST_REFERENCE_FAMILY_H
#define TSR_HOST_REFERENCE_FAMILY_H

#include "launch.h"
#include "problem.h"

/* The three axes of a field, as longs. */
static inline void tsr__launch_axes(tsr__launch *launch, const int64_t values[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_long(launch, values[axis]);
}

/* Channels, sizes and block of a tensor. */
static inline void tsr__launch_tensor(tsr__launch *launch, const tsr_tensor *t)
{
    tsr__launch_long(launch, t->c);
    tsr__launch_axes(launch, t->size);
    tsr__launch_long(launch, tsr__layout_block(t->layout));
}

/* A group of 64 fills the SIMD units of any GPU; a device may grant less. */
static inline void tsr__launch_reference_grid(tsr__launch *launch, const tsr_tensor *y, const tsr_device *device)
{
    size_t group = 64;
    if (group > device->max_work_group) group = (size_t)device->max_work_group;
    if (group > device->max_work_items[0]) group = (size_t)device->max_work_items[0];
    const int64_t global[3] = {tsr__tensor_plane(y), tsr__tensor_blocks(y) * tsr__layout_block(y->layout), y->n};
    const size_t local[3] = {group, 1, 1};
    tsr__launch_grid(launch, global, local);
}

#endif
