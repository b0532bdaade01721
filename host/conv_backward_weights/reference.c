/* The gradient by the weights of anything: see kernels/conv_backward_weights/reference.cl. */
#include "algorithm.h"
#include "conv_backward_weights/finish.h"

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    return p->w_elements;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t global[3] = {tsr__taps(p), tsr__group_c(p), p->y.c};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_backward_weights_reference, "conv_backward_weights_sum");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_tensor(l, &p->x);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_long(l, p->x.n);
    tsr__launch_long_axes(l, p->x.size);
    tsr__launch_long_axes(l, p->y.size);
    tsr__launch_window(l, &p->window);
    tsr__launch_long(l, tsr__group_c(p));
    tsr__launch_long(l, tsr__group_k(p));
    tsr__launch_int(l, tsr__conv_mode(p));
    tsr__launch_groups(l, global, device);
    tsr__launch_finish(out, p, 1, 1);
    if (p->dbias) tsr__launch_channel_sums(out, p, device);
}

const tsr__algorithm tsr__conv_backward_weights_reference = {.name = TSR__REFERENCE,
                                                             .features = TSR__ALL_FEATURES,
                                                             .refuse = tsr__refuse_types,
                                                             .workspace_elements = workspace_elements,
                                                             .launches = launches};
