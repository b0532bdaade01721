/* What pooling kernels compile in. */
#ifndef TSR_HOST_POOL_DEFINES_H
#define TSR_HOST_POOL_DEFINES_H

#include "algorithm.h"

static inline void tsr__pool_define(tsr__launch *launch, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    tsr__launch_define(launch, "KIND", p->pool_kind);
    tsr__launch_define(launch, "R", w->filter[TSR_H]);
    tsr__launch_define(launch, "S", w->filter[TSR_W]);
    tsr__launch_define(launch, "STRIDE_H", w->stride[TSR_H]);
    tsr__launch_define(launch, "STRIDE_W", w->stride[TSR_W]);
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

#endif
