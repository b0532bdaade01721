/* The gradient by x that is no convolution: see kernels/conv_backward_data/reference.cl. */
#include "algorithm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_backward_data_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_backward_data_reference, "conv_backward_data_reference");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_define(l, "HAS_SCALE", p->scale);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__SCALE);
    tsr__launch_slot(l, TSR__DX);
    tsr__launch_windowed(l, p);
    tsr__launch_long(l, tsr__group_c(p));
    tsr__launch_long(l, tsr__group_k(p));
    tsr__launch_int(l, p->flip);
    tsr__launch_reference_grid(l, &p->x, device);
}

const tsr__algorithm tsr__conv_backward_data_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
