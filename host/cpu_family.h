/* What the kernels made for CPUs share: the vector width of a device and the layout that goes with it. */
#ifndef TSR_HOST_CPU_FAMILY_H
#define TSR_HOST_CPU_FAMILY_H

#include "tensor.h"

/* The width that the kernels are compiled for: the device's, within what they are written for. */
static inline int64_t tsr__cpu_vector_width(const tsr_device *device)
{
    return device->float_width >= 16 ? 16 : device->float_width >= 8 ? 8 : 4;
}

/* The layout that a tensor likes best. Fewer channels than a block would be mostly spare lanes, and groups that a
 * block straddles could not be told apart. */
static inline tsr_layout tsr__cpu_layout(const tsr_device *device, int64_t channels, int64_t groups)
{
    const int64_t block = tsr__cpu_vector_width(device);
    const bool whole = groups == 1 || channels / groups % block == 0;
    return channels >= block && whole ? tsr__layout_with_block(block) : TSR_LAYOUT_NCHW;
}

#endif
