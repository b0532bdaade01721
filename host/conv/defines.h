/* What convolution kernels compile in and are passed. */
#ifndef TSR_HOST_CONV_DEFINES_H
#define TSR_HOST_CONV_DEFINES_H

#include "algorithm.h"
#include "window_define.h"

/* What kernels/common/epilogue.cl compiles in, DTYPE with it. */
static inline void tsr__epilogue_define(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_define(launch, "DTYPE", p->x.dtype);
    tsr__launch_define(launch, "HAS_SCALE", p->scale);
    tsr__launch_define(launch, "HAS_BIAS", p->bias);
    tsr__launch_define(launch, "HAS_RESIDUAL", p->has_residual);
    tsr__launch_define(launch, "HAS_SLOPE", p->activation == TSR_ACTIVATION_PRELU);
    tsr__launch_define(launch, "ACTIVATION", p->activation);
}

/* EPILOGUE_ARGS of kernels/common/epilogue.cl. */
static inline void tsr__launch_epilogue(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_slot(launch, TSR__SCALE);
    tsr__launch_slot(launch, TSR__BIAS);
    tsr__launch_slot(launch, TSR__RESIDUAL);
    tsr__launch_slot(launch, TSR__SLOPE);
    tsr__launch_float(launch, p->alpha);
    tsr__launch_float(launch, p->beta);
}

/* The window and the epilogue. */
static inline void tsr__conv_define(tsr__launch *launch, const tsr__problem *p)
{
    tsr__window_define(launch, &p->window);
    tsr__launch_define(launch, "T", p->window.filter[TSR_D]);
    tsr__launch_define(launch, "STRIDE_D", p->window.stride[TSR_D]);
    tsr__launch_define(launch, "DILATION_D", p->window.dilation[TSR_D]);
    tsr__epilogue_define(launch, p);
}

/* Refusals that several algorithms share. */
#define TSR__CONV_LARGE_FILTER "the filter is above 16 on an axis, and its loops over it are unrolled"

static inline const char *tsr__conv_refuse_packed(int64_t elements)
{
    return elements <= TSR__MAX_INT_INDEX ? NULL
                                          : "the packed weights have more elements than its 32-bit indices reach";
}

#endif
