/* The convolution that runs anything: see kernels/conv/reference.cl. */
#include "algorithm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_reference, "conv_reference");
    tsr__launch_define(l, "ACTIVATION", p->activation);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__BIAS);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_tensor(l, &p->x);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_axes(l, p->window.filter);
    tsr__launch_axes(l, p->window.stride);
    tsr__launch_axes(l, p->window.dilation);
    tsr__launch_axes(l, p->window.pad_begin);
    tsr__launch_long(l, p->groups);
    tsr__launch_int(l, p->bias);
    tsr__launch_reference_grid(l, &p->y, device);
}

const tsr__algorithm tsr__conv_reference = {.name = TSR__REFERENCE, .launches = launches};
