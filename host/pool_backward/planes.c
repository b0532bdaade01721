/* The gradient of global pooling for CPUs on NCHW: kernels/pool_backward/planes.cl tells what it does and why. */
#include "pool_backward/defines.h"

extern const tsr__source tsr__source_pool_backward_planes;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t global[3] = {p->x.n * p->x.c, 1, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_backward_planes, "pool_backward_planes");
    tsr__launch_define(l, "VEC", tsr__cpu_vector_width(device));
    tsr__pool_define_kind(l, p);
    tsr__pool_backward_launch_slots(l);
    tsr__pool_launch_planes(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_backward_planes = {
    .name = "planes",
    .family = TSR__CPU_FAMILY,
    .features = TSR__POOL_PLANES_FEATURES,
    .refuse = tsr__pool_refuse_planes,
    .launches = launches,
};
