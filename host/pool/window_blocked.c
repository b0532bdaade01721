/* The pooling for CPUs on channel-blocked tensors: kernels/pool/window_blocked.cl tells what it does and why. */
#include "algorithm.h"
#include "cpu_family.h"
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_blocked;

static void layouts(const tsr_device *device, tsr__problem *p)
{
    /* Whichever side is given decides, for both are to be blocked alike. */
    const tsr_layout given = p->x.layout != TSR_LAYOUT_ANY ? p->x.layout : p->y.layout;
    const tsr_layout both = given != TSR_LAYOUT_ANY ? given : tsr__cpu_layout(device, p->x.c, 1);
    if (p->x.layout == TSR_LAYOUT_ANY) p->x.layout = both;
    if (p->y.layout == TSR_LAYOUT_ANY) p->y.layout = both;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    (void)device;
    return tsr__pool_refuse_window(p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    (void)params;
    const int64_t global[3] = {p->y.size[TSR_H], tsr__tensor_blocks(&p->y), p->y.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_blocked, "pool_window_blocked");
    tsr__pool_define(l, p);
    tsr__launch_define(l, "VEC", tsr__layout_block(p->y.layout));
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->x.c);
    tsr__pool_launch_sizes(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_window_blocked = {
    .name = "window_blocked",
    .family = TSR__CPU_FAMILY,
    .layouts = layouts,
    .features = TSR__BLOCKED_BIT | TSR__DILATION_BIT | TSR__DIVISOR_BIT | TSR__CEIL_BIT | TSR__LP_BIT,
    .refuse = refuse,
    .launches = launches,
};
