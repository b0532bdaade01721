/* The reorder for CPUs to and from channel-blocked layouts: kernels/reorder/blocked.cl tells what it does and why. */
#include "algorithm.h"

extern const tsr__source tsr__source_reorder_blocked;

/* Pixels of a work-item: enough to hide the cost of starting it, few enough to spread a small plane over cores. */
enum { TILE = 256 };

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    (void)device;
    const bool plain = p->x.layout == TSR_LAYOUT_NCHW && p->y.layout == TSR_LAYOUT_NCHW;
    return plain ? "neither x nor y is channel-blocked" : NULL;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    (void)params;
    const int64_t x_block = tsr__layout_block(p->x.layout), y_block = tsr__layout_block(p->y.layout);
    const int64_t group = x_block > y_block ? x_block : y_block, pixels = tsr__tensor_plane(&p->x);
    const int64_t global[3] = {tsr__ceil_div(pixels, TILE), tsr__ceil_div(p->x.c, group), p->x.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_reorder_blocked, "reorder_blocked");
    tsr__launch_define(l, "X_BLOCK", x_block);
    tsr__launch_define(l, "Y_BLOCK", y_block);
    tsr__launch_define(l, "TILE", TILE);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, pixels);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__reorder_blocked = {
    .name = "blocked",
    .family = TSR__CPU_FAMILY,
    .features = TSR__BLOCKED_BIT | TSR__PLAIN_BIT | TSR__MIXED_BIT | TSR__DEPTH_BIT,
    .refuse = refuse,
    .launches = launches,
};
