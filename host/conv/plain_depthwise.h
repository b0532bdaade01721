/* What depthwise kernels for CPUs on NCHW are passed, and what depthwise_rows and depthwise_transposed compile in. */
#ifndef TSR_HOST_CONV_PLAIN_DEPTHWISE_H
#define TSR_HOST_CONV_PLAIN_DEPTHWISE_H

#include "conv/defines.h"
#include "cpu_family.h"

/* Tensors, sizes and strides, of the axes from the given one on. */
static inline void tsr__launch_plain_depthwise_args(tsr__launch *l, const tsr__problem *p, int64_t rows, int first_axis)
{
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, rows);
    tsr__launch_int(l, p->y.c / p->x.c);
    tsr__launch_int(l, p->flip);
    tsr__launch_int(l, p->x.c);
    for (int axis = first_axis; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->x.size[axis]);
    tsr__launch_int(l, p->y.size[TSR_H]);
    tsr__launch_int(l, p->y.size[TSR_W]);
    for (int axis = first_axis; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->window.pad_begin[axis]);
    tsr__cpu_launch_strides(l, &p->x, tsr__spanned_c(&p->x));
    tsr__cpu_launch_strides(l, &p->y, tsr__spanned_c(&p->y));
    tsr__cpu_launch_strides(l, &p->residual, tsr__spanned_c(&p->residual));
}

/* Of work-items that make so many rows, or rows of groups, of the tile that the params tell. */
static inline void tsr__launch_plain_depthwise(tsr__launch *l, const tsr__problem *p, const tsr__params *params,
                                               int64_t rows)
{
    tsr__conv_define(l, p, true);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_define(l, "TRANSPOSED", p->window.transposed);
    tsr__launch_define(l, "VEC", params->value[TSR__CPU_VECTOR]);
    tsr__launch_define(l, "TILE_Q", params->value[TSR__CPU_TILE_Q]);
    tsr__launch_define(l, "REGION", TSR__CPU_REGION);
    tsr__launch_plain_depthwise_args(l, p, rows, TSR_D);
}

#endif
