/* The gradient of any pooling: see kernels/pool_backward/reference.cl. */
#include "pool/defines.h"
#include "reference_family.h"

extern const tsr__source tsr__source_pool_backward_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_backward_reference, "pool_backward_reference");
    tsr__pool_define_kind(l, p);
    tsr__launch_define(l, "ADAPTIVE", p->window.adaptive);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__INDICES);
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__DX);
    tsr__launch_windowed(l, p);
    tsr__launch_int(l, p->indices_flat);
    tsr__launch_int(l, p->indices_column_major);
    tsr__launch_reference_grid(l, &p->x, device);
}

const tsr__algorithm tsr__pool_backward_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
