/* What the reference algorithms of all operators share: one work-item for each element of the result, and a kernel that
 * is passed every number of the problem. */
#ifndef TSR_HOST_REFERENCE_FAMILY_H
#define TSR_HOST_REFERENCE_FAMILY_H

#include "launch.h"
#include "problem.h"

/* TENSOR_NUMBERS of kernels/common/tensor.cl. Channels of NHWC lie in one block, or in several of 2^31 - 1 that follow
 * one another, so that a block's size is an int. */
static inline void tsr__launch_tensor(tsr__launch *launch, const tsr_tensor *t)
{
    const int64_t block = tsr__tensor_block(t) < INT32_MAX ? tsr__tensor_block(t) : INT32_MAX;
    tsr__launch_int(launch, block);
    tsr__launch_long(launch, t->strides.n);
    tsr__launch_long(launch, t->layout == TSR_LAYOUT_NHWC ? block : t->strides.c);
    tsr__launch_long_axes(launch, t->strides.size);
}

/* The three axes of a field of a window, as ints, which is what they are but for an adaptive window's: those are not
 * looked at. */
static inline void tsr__launch_window_axes(tsr__launch *launch, const int64_t values[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis)
        tsr__launch_int(launch, values[axis] < INT32_MAX ? values[axis] : INT32_MAX);
}

/* Filter, stride, dilation and pads of a window, in the order that kernels take them. */
static inline void tsr__launch_window(tsr__launch *launch, const tsr__window *w)
{
    tsr__launch_window_axes(launch, w->filter);
    tsr__launch_window_axes(launch, w->stride);
    tsr__launch_window_axes(launch, w->dilation);
    tsr__launch_window_axes(launch, w->pad_begin);
}

/* Both tensors of a problem, x.c, their sizes, and the window with its end pads: what kernels over a window take. */
static inline void tsr__launch_windowed(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_tensor(launch, &p->x);
    tsr__launch_tensor(launch, &p->y);
    tsr__launch_long(launch, p->x.c);
    tsr__launch_long_axes(launch, p->x.size);
    tsr__launch_long_axes(launch, p->y.size);
    tsr__launch_window(launch, &p->window);
    tsr__launch_window_axes(launch, p->window.pad_end);
}

/* A group of 64 fills the SIMD units of any GPU; a device may grant less. */
static inline void tsr__launch_groups(tsr__launch *launch, const int64_t global[3], const tsr_device *device)
{
    size_t group = 64;
    if (group > device->max_work_group) group = (size_t)device->max_work_group;
    if (group > device->max_work_items[0]) group = (size_t)device->max_work_items[0];
    const size_t local[3] = {group, 1, 1};
    tsr__launch_grid(launch, global, local);
}

/* A work-item for each element of a tensor. */
static inline void tsr__launch_reference_grid(tsr__launch *launch, const tsr_tensor *y, const tsr_device *device)
{
    const int64_t global[3] = {tsr__tensor_plane(y), tsr__tensor_channels(y), y->n};
    tsr__launch_groups(launch, global, device);
}

extern const tsr__source tsr__source_reorder_reference;

/* Adds a launch of kernels/reorder/reference.cl: the reorder operator's own, and what brings a tensor to where another
 * kernel looks for it. Both are settled and have the same shape. */
static inline void tsr__launch_reference_copy(tsr__launches *out, const tsr_tensor *x, tsr__slot from,
                                              const tsr_tensor *y, tsr__slot to, const tsr_device *device)
{
    tsr__launch *l = tsr__launches_add(out, &tsr__source_reorder_reference, "reorder_reference");
    tsr__launch_define(l, "DTYPE", x->dtype);
    tsr__launch_define(l, "Y_DTYPE", y->dtype);
    tsr__launch_slot(l, from);
    tsr__launch_slot(l, to);
    tsr__launch_tensor(l, x);
    tsr__launch_tensor(l, y);
    tsr__launch_long(l, x->c);
    tsr__launch_long_axes(l, x->size);
    tsr__launch_reference_grid(l, y, device);
}

/* The `mode` of the convolutions' kernels: bits beside the number of the padding mode. */
static inline int tsr__conv_mode(const tsr__problem *p)
{
    enum { TRANSPOSED = 4, FLIP = 8 };
    return (int)p->window.pad_mode + (p->window.transposed ? TRANSPOSED : 0) + (p->flip ? FLIP : 0);
}

/* Why a device cannot compute with the problem's types, or NULL. */
static inline const char *tsr__refuse_types(const tsr_device *device, const tsr__problem *p)
{
    if ((p->x.dtype == TSR_F64 || p->y.dtype == TSR_F64) && !device->fp64)
        return "the device does not compute with f64";
    if (p->half_sums && !device->fp16) return "the device does not compute with f16, which half_sums needs";
    return NULL;
}

#endif
