/* The gradient of global pooling for CPUs on NCHW: kernels/pool_backward/planes.cl tells what it does and why. */
#include "pool_backward/defines.h"

extern const tsr__source tsr__source_pool_backward_planes;

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    return p->global ? NULL : "it pools whole planes alone";
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t global[3] = {p->x.n * p->x.c, 1, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_backward_planes, "pool_backward_planes");
    tsr__launch_define(l, "VEC", tsr__cpu_vector_width(device));
    tsr__pool_define_kind(l, p);
    tsr__pool_backward_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, tsr__tensor_plane(&p->x));
    tsr__pool_launch_index_planes(l, p);
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->x.size[axis]);
    tsr__launch_int(l, p->indices_column_major);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_backward_planes = {
    .name = "planes",
    .family = TSR__CPU_FAMILY,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__VIEW_BIT |
                                      TSR__WIDE_BIT | TSR__ADAPTIVE_BIT | TSR__CEIL_BIT | TSR__DILATION_BIT),
    .refuse = refuse,
    .launches = launches,
};
