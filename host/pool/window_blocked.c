/* The pooling for CPUs where channels lie side by side: kernels/pool/window_blocked.cl tells what it does and why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_blocked;

static void layouts(const tsr_device *device, tsr__problem *p)
{
    tsr__cpu_same_layouts(device, &p->x, &p->y);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    enum { ENOUGH = 128 }; /* vectors of outputs */
    const int64_t width = tsr__cpu_channel_vector(device, &p->y), vectors = tsr__ceil_div(p->x.c, width);
    const tsr__cpu_share s = tsr__cpu_share_of(device, &p->y, p->y.size[TSR_W], vectors, ENOUGH);
    const int64_t tiles = tsr__ceil_div(p->y.size[TSR_W], s.columns);
    const int64_t rows = tsr__ceil_div(p->y.size[TSR_D] * p->y.size[TSR_H], s.rows);
    const int64_t global[3] = {rows * tiles, tsr__ceil_div(vectors, s.vectors), p->y.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_blocked, "pool_window_blocked");
    tsr__launch_define(l, "VEC", width);
    tsr__launch_define(l, "NHWC", p->y.layout == TSR_LAYOUT_NHWC);
    tsr__pool_define_window(l, p, !tsr__pool_is_loose(p));
    tsr__pool_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, s.rows);
    tsr__launch_int(l, s.columns);
    tsr__launch_int(l, s.vectors);
    tsr__launch_int(l, tsr__cpu_streams(&p->y));
    tsr__pool_launch_window(l, p, tsr__cpu_channel_step(&p->x, width), tsr__cpu_channel_step(&p->y, width));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_window_blocked = {
    .name = "window_blocked",
    .family = TSR__CPU_FAMILY,
    .layouts = layouts,
    .features = TSR__ALL_FEATURES & ~(TSR__PLAIN_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT),
    .refuse = tsr__pool_refuse,
    .launches = launches,
};
