/* Sums over batch and plane for each output channel, which several backward passes make. */
#ifndef TSR_HOST_CHANNEL_SUMS_H
#define TSR_HOST_CHANNEL_SUMS_H

#include "reference_family.h"

extern const tsr__source tsr__source_conv_backward_activation_reference;

/* Adds the launch that makes dbias and dslope, as the problem asks; dv is complete before it. */
static inline void tsr__launch_channel_sums(tsr__launches *out, const tsr__problem *p, const tsr_device *device)
{
    const int64_t global[3] = {p->y.c, 1, 1};
    tsr__launch *l =
        tsr__launches_add(out, &tsr__source_conv_backward_activation_reference, "conv_backward_activation_sums");
    tsr__launch_define(l, "DTYPE", p->y.dtype);
    tsr__launch_define(l, "HAS_DBIAS", p->dbias);
    tsr__launch_define(l, "HAS_DSLOPE", p->dslope);
    tsr__launch_define(l, "ACCUMULATE", p->accumulate);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__DBIAS);
    tsr__launch_slot(l, TSR__DSLOPE);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_long(l, p->y.n);
    tsr__launch_long(l, p->y.c);
    tsr__launch_axes(l, p->y.size);
    tsr__launch_groups(l, global, device);
}

#endif
