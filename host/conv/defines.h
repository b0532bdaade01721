/* What convolution kernels compile in. */
#ifndef TSR_HOST_CONV_DEFINES_H
#define TSR_HOST_CONV_DEFINES_H

#include "algorithm.h"

static inline void tsr__conv_define(tsr__launch *launch, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    tsr__launch_define(launch, "R", w->filter[TSR_H]);
    tsr__launch_define(launch, "S", w->filter[TSR_W]);
    tsr__launch_define(launch, "STRIDE_H", w->stride[TSR_H]);
    tsr__launch_define(launch, "STRIDE_W", w->stride[TSR_W]);
    tsr__launch_define(launch, "DILATION_H", w->dilation[TSR_H]);
    tsr__launch_define(launch, "DILATION_W", w->dilation[TSR_W]);
    tsr__launch_define(launch, "HAS_BIAS", p->bias);
    tsr__launch_define(launch, "ACTIVATION", p->activation);
}

#endif
