/* The reorder between any two tensors: see kernels/reorder/reference.cl. */
#include "algorithm.h"
#include "reference_family.h"

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch_reference_copy(out, &p->x, TSR__X, &p->y, TSR__Y, device);
}

const tsr__algorithm tsr__reorder_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
