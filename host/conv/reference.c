/* The convolution that runs anything: see kernels/conv/reference.cl. */
#include "conv/defines.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    if (p->has_residual) tsr__launch_reference_copy(out, &p->residual, TSR__RESIDUAL, &p->y, TSR__Y, device);
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_reference, "conv_reference");
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "HALF_SUMS", p->half_sums);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_long(l, p->y.c);
    tsr__launch_long_axes(l, p->y.size);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_tensor(l, &p->x);
    tsr__launch_long_axes(l, p->x.size);
    tsr__launch_window(l, &p->window);
    tsr__launch_long(l, tsr__group_c(p));
    tsr__launch_long(l, tsr__group_k(p));
    tsr__launch_int(l, tsr__conv_mode(p));
    tsr__launch_reference_grid(l, &p->y, device);
}

const tsr__algorithm tsr__conv_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
