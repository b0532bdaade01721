/* The reorder between any two tensors: see kernels/reorder/reference.cl. */
#include "algorithm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_reorder_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l = tsr__launches_add(out, &tsr__source_reorder_reference, "reorder_reference");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_define(l, "Y_DTYPE", p->y.dtype);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_tensor(l, &p->x);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_long(l, p->x.c);
    tsr__launch_axes(l, p->x.size);
    tsr__launch_reference_grid(l, &p->y, device);
}

const tsr__algorithm tsr__reorder_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
