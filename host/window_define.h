/* What every kernel with a window over height and width compiles in. */
#ifndef TSR_HOST_WINDOW_DEFINE_H
#define TSR_HOST_WINDOW_DEFINE_H

#include "launch.h"
#include "window.h"

/* R S STRIDE_H STRIDE_W DILATION_H DILATION_W */
static inline void tsr__window_define(tsr__launch *launch, const tsr__window *w)
{
    tsr__launch_define(launch, "R", w->filter[TSR_H]);
    tsr__launch_define(launch, "S", w->filter[TSR_W]);
    tsr__launch_define(launch, "STRIDE_H", w->stride[TSR_H]);
    tsr__launch_define(launch, "STRIDE_W", w->stride[TSR_W]);
    tsr__launch_define(launch, "DILATION_H", w->dilation[TSR_H]);
    tsr__launch_define(launch, "DILATION_W", w->dilation[TSR_W]);
}

#endif
