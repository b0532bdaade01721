/* The global pooling for CPUs on NCHW: kernels/pool/planes.cl tells what it does and why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_planes;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t width = tsr__cpu_vector_width(device), planes = p->x.n * p->x.c;
    const int64_t global[3] = {tsr__ceil_div(planes, width), 1, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_planes, "pool_planes");
    tsr__launch_define(l, "VEC", width);
    tsr__pool_define_kind(l, p);
    tsr__pool_launch_slots(l);
    tsr__launch_int(l, planes);
    tsr__pool_launch_planes(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_planes = {
    .name = "planes",
    .family = TSR__CPU_FAMILY,
    .features = TSR__POOL_PLANES_FEATURES,
    .refuse = tsr__pool_refuse_planes,
    .launches = launches,
};
