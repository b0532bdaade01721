/* The gradient of any activation: see kernels/conv_backward_activation/reference.cl. */
#include "channel_sums.h"
#include "algorithm.h"

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l =
        tsr__launches_add(out, &tsr__source_conv_backward_activation_reference, "conv_backward_activation_reference");
    tsr__launch_define(l, "DTYPE", p->y.dtype);
    tsr__launch_define(l, "ACTIVATION", p->activation);
    tsr__launch_define(l, "FROM_V", p->from_v);
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__SLOPE);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_float(l, p->alpha);
    tsr__launch_float(l, p->beta);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_long(l, p->y.c);
    tsr__launch_long_axes(l, p->y.size);
    tsr__launch_reference_grid(l, &p->y, device);
    if (p->dbias || p->dslope) tsr__launch_channel_sums(out, p, device);
}

const tsr__algorithm tsr__conv_backward_activation_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
