/* What convolution kernels compile in. */
#ifndef TSR_HOST_CONV_DEFINES_H
#define TSR_HOST_CONV_DEFINES_H

#include "algorithm.h"
#include "window_define.h"

/* The window, HAS_BIAS and ACTIVATION. */
static inline void tsr__conv_define(tsr__launch *launch, const tsr__problem *p)
{
    tsr__window_define(launch, &p->window);
    tsr__launch_define(launch, "HAS_BIAS", p->bias);
    tsr__launch_define(launch, "ACTIVATION", p->activation);
}

#endif
