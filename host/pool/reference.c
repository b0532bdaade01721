/* The pooling that runs anything: see kernels/pool/reference.cl. */
#include "algorithm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_pool_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_reference, "pool_reference");
    tsr__launch_define(l, "KIND", p->pool_kind);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_tensor(l, &p->x);
    tsr__launch_axes(l, p->y.size);
    tsr__launch_long(l, tsr__layout_block(p->y.layout));
    tsr__launch_axes(l, p->window.filter);
    tsr__launch_axes(l, p->window.stride);
    tsr__launch_axes(l, p->window.pad_begin);
    tsr__launch_axes(l, p->window.pad_end);
    tsr__launch_reference_grid(l, &p->y, device);
}

const tsr__algorithm tsr__pool_reference = {.name = TSR__REFERENCE, .launches = launches};
