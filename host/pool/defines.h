/* What pooling kernels compile in and are passed. */
#ifndef TSR_HOST_POOL_DEFINES_H
#define TSR_HOST_POOL_DEFINES_H

#include "algorithm.h"
#include "cpu_family.h"
#include "reference_family.h"
#include "window_define.h"

/* DTYPE, and what kernels/common/pooling.cl compiles in, with INDICES. */
static inline void tsr__pool_define_kind(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_define(launch, "DTYPE", p->x.dtype);
    tsr__launch_define(launch, "KIND", p->pool_kind);
    tsr__launch_define(launch, "P", p->pool_kind == TSR_POOL_LP ? p->p : 1);
    tsr__launch_define(launch, "DIVISOR", p->divisor);
    tsr__launch_define(launch, "INDICES", p->indices);
}

/* ---- kernels/common/pool_window.cl ----------------------------------------------------------------------------- */

/* Whether the kernels for CPUs are passed a window's sizes, which are not compiled in: adaptive and global windows have
 * many, and the loops over a large one gain nothing from being unrolled. */
static inline bool tsr__pool_is_loose(const tsr__problem *p)
{
    return p->window.adaptive || p->global || !tsr__cpu_is_unrolled(&p->window);
}

/* A refusal of windows that are loose, by kernels that transpose planes. */
#define TSR__POOL_LOOSE_PLAIN "its windows on NCHW are compiled in: at most 16 x 16, not global"

/* Why the kernels cannot serve, or NULL. */
static inline const char *tsr__pool_refuse(const tsr_device *device, const tsr__problem *p)
{
    for (int axis = 0; axis < TSR_AXES; ++axis)
        if (p->window.adaptive && p->x.size[axis] > UINT32_MAX / (p->y.size[axis] + 1))
            return "adaptive windows of its kernel want input size times output size below 2^32 on each axis";
    return tsr__refuse_types(device, p);
}

/* `compiled`: the window is compiled in, else it is passed. */
static inline void tsr__pool_define_window(tsr__launch *launch, const tsr__problem *p, bool compiled)
{
    static const tsr__window passed = {.adaptive = false};
    tsr__window_define(launch, compiled ? &p->window : &passed);
    tsr__launch_define(launch, "DEPTH", (tsr__problem_features(p) & TSR__DEPTH_BIT) != 0);
    tsr__launch_define(launch, "ADAPTIVE", p->window.adaptive);
    tsr__pool_define_kind(launch, p);
}

static inline void tsr__pool_launch_slots(tsr__launch *launch)
{
    tsr__launch_slot(launch, TSR__X);
    tsr__launch_slot(launch, TSR__Y);
    tsr__launch_slot(launch, TSR__INDICES);
}

/* A window that is the whole plane does not care where rows end: the plane is then passed as one row. */
static inline bool tsr__pool_is_flat(const tsr__problem *p)
{
    return p->global && tsr__tensor_has_dense_planes(&p->x) && !(p->indices && p->indices_column_major);
}

/* Columns of x as they are passed. */
static inline int64_t tsr__pool_width(const tsr__problem *p)
{
    return tsr__pool_is_flat(p) ? tsr__tensor_plane(&p->x) : p->x.size[TSR_W];
}

/* What image and channel add to an index. */
static inline void tsr__pool_launch_index_planes(tsr__launch *launch, const tsr__problem *p)
{
    const int64_t plane = p->indices_flat ? tsr__tensor_plane(&p->x) : 0;
    tsr__launch_long(launch, plane * p->x.c);
    tsr__launch_long(launch, plane);
}

/* ---- Whole planes ---------------------------------------------------------------------------------------------- */

/* What kernels of global pooling on NCHW can do, which look at planes as they lie; and why they cannot serve, or
 * NULL. */
#define TSR__POOL_PLANES_FEATURES                                                                              \
    (TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__WIDE_BIT | \
                           TSR__ADAPTIVE_BIT | TSR__CEIL_BIT | TSR__DILATION_BIT))

static inline const char *tsr__pool_refuse_planes(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    return p->global ? NULL : "it pools whole planes alone";
}

/* Channels, the elements of a plane, and how positions in it are told. */
static inline void tsr__pool_launch_planes(tsr__launch *l, const tsr__problem *p)
{
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, tsr__tensor_plane(&p->x));
    tsr__pool_launch_index_planes(l, p);
    tsr__launch_int_axes(l, p->x.size);
    tsr__launch_int(l, p->indices_column_major);
}

static inline void tsr__pool_launch_indices(tsr__launch *launch, const tsr__problem *p)
{
    const int64_t *size = p->x.size;
    const bool column_major = p->indices_column_major;
    tsr__launch_int(launch, column_major ? 1 : size[TSR_H] * size[TSR_W]);
    tsr__launch_int(launch, column_major ? size[TSR_D] : size[TSR_W]);
    tsr__launch_int(launch, column_major ? size[TSR_D] * size[TSR_H] : 1);
    tsr__pool_launch_index_planes(launch, p);
}

/* WINDOW_NUMBERS. `channel_step`: what x_c and y_c count. */
static inline void tsr__pool_launch_window(tsr__launch *launch, const tsr__problem *p, int64_t x_channel_step,
                                           int64_t y_channel_step)
{
    tsr__window w = p->window;
    if (tsr__pool_is_flat(p)) {
        w.size[TSR_W] = w.filter[TSR_W] = tsr__tensor_plane(&p->x);
        w.size[TSR_D] = w.filter[TSR_D] = w.size[TSR_H] = w.filter[TSR_H] = 1;
    }
    tsr__launch_int_axes(launch, w.size);
    tsr__launch_int_axes(launch, p->y.size);
    tsr__launch_window(launch, &w);
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(launch, w.size[axis] + w.pad_end[axis]);
    tsr__cpu_launch_strides(launch, &p->x, x_channel_step);
    tsr__cpu_launch_strides(launch, &p->y, y_channel_step);
    tsr__pool_launch_indices(launch, p);
}

/* ---- kernels/common/pool_output.cl ----------------------------------------------------------------------------- */

static inline void tsr__pool_layouts(const tsr_device *device, tsr__problem *p)
{
    (void)device;
    tsr__same_layouts(&p->x, &p->y, TSR_LAYOUT_NCHW);
}

/* OUTPUT_NUMBERS */
static inline void tsr__pool_launch_output(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_int(launch, p->y.c);
    tsr__launch_int(launch, tsr__tensor_block(&p->x));
    tsr__launch_int(launch, tsr__tensor_block(&p->y));
    tsr__pool_launch_window(launch, p, tsr__spanned_c(&p->x), tsr__spanned_c(&p->y));
}

#endif
