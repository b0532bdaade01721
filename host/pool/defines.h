/* What pooling kernels compile in and are passed. */
#ifndef TSR_HOST_POOL_DEFINES_H
#define TSR_HOST_POOL_DEFINES_H

#include "algorithm.h"
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

/* The window and the kind. */
static inline void tsr__pool_define(tsr__launch *launch, const tsr__problem *p)
{
    tsr__window_define(launch, &p->window);
    tsr__pool_define_kind(launch, p);
}

/* Input and output sizes, padding, and where the padded input ends. */
static inline void tsr__pool_launch_sizes(tsr__launch *launch, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    tsr__launch_int(launch, p->x.size[TSR_H]);
    tsr__launch_int(launch, p->x.size[TSR_W]);
    tsr__launch_int(launch, p->y.size[TSR_H]);
    tsr__launch_int(launch, p->y.size[TSR_W]);
    tsr__launch_int(launch, w->pad_begin[TSR_H]);
    tsr__launch_int(launch, w->pad_begin[TSR_W]);
    tsr__launch_int(launch, w->size[TSR_H] + w->pad_end[TSR_H]);
    tsr__launch_int(launch, w->size[TSR_W] + w->pad_end[TSR_W]);
}

/* Why a kernel that unrolls its window cannot serve, or NULL: the compiler would not come to an end. */
static inline const char *tsr__pool_refuse_window(const tsr__problem *p)
{
    const bool small = p->window.filter[TSR_H] <= 64 && p->window.filter[TSR_W] <= 64;
    return small ? NULL : "the window is above 64 on an axis, and its loops over the window are unrolled";
}

#endif
