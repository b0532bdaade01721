/* The unpooling: kernels/unpool/planes.cl tells what it does and why. */
#include "algorithm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_unpool_planes;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t global[3] = {tsr__tensor_channels(&p->y), p->y.n, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_unpool_planes, "unpool_planes");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_define(l, "INDICES", p->indices);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__INDICES);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_tensor(l, &p->x);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_long(l, p->x.c);
    tsr__launch_long_axes(l, p->x.size);
    tsr__launch_long_axes(l, p->y.size);
    tsr__launch_long(l, tsr__tensor_channels(&p->y));
    tsr__launch_int(l, p->indices_flat);
    tsr__launch_groups(l, global, device);
}

const tsr__algorithm tsr__unpool_planes = {
    .name = "planes", .features = TSR__ALL_FEATURES, .refuse = tsr__refuse_types, .launches = launches};
