/* The pooling for CPUs where channels lie side by side: kernels/pool/window_blocked.cl tells what it does and why. */
#include "cpu_family.h"
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_blocked;

static void layouts(const tsr_device *device, tsr__problem *p)
{
    /* Whichever side is given decides, for both are to be alike. */
    const tsr_layout given = p->x.layout != TSR_LAYOUT_ANY ? p->x.layout : p->y.layout;
    const tsr_layout both = given != TSR_LAYOUT_ANY ? given : tsr__cpu_layout(device, p->x.c, 1);
    if (p->x.layout == TSR_LAYOUT_ANY) p->x.layout = both;
    if (p->y.layout == TSR_LAYOUT_ANY) p->y.layout = both;
}

/* Channels of a work-item: a block, or a vector of NHWC. */
static int64_t vector_width(const tsr_device *device, const tsr__problem *p)
{
    return p->y.layout == TSR_LAYOUT_NHWC ? tsr__cpu_vector_width(device) : tsr__layout_block(p->y.layout);
}

/* What one work-item makes: outputs of a row, and vectors of channels of each. */
typedef struct share {
    int64_t tile, vectors;
} share;

/* A row, and of NHWC all channels; less where the compute units would not all have work. */
static share share_of(const tsr_device *device, const tsr__problem *p, int64_t all_vectors)
{
    enum { ITEMS_PER_UNIT = 4 };
    const int64_t wanted = (int64_t)ITEMS_PER_UNIT * device->compute_units;
    const int64_t rows = p->y.size[TSR_D] * p->y.size[TSR_H] * p->y.n;
    share s = {p->y.size[TSR_W], p->y.layout == TSR_LAYOUT_NHWC ? all_vectors : 1};
    int64_t items = rows * tsr__ceil_div(all_vectors, s.vectors);
    if (items < wanted) s.tile = tsr__ceil_div(s.tile, tsr__ceil_div(wanted, items));
    items *= tsr__ceil_div(p->y.size[TSR_W], s.tile);
    if (items < wanted) s.vectors = tsr__ceil_div(s.vectors, tsr__ceil_div(wanted, items));
    return s;
}

static int64_t channel_step(const tsr_tensor *t, int64_t width)
{
    return t->layout == TSR_LAYOUT_NHWC ? width : tsr__spanned_c(t);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t width = vector_width(device, p), vectors = tsr__ceil_div(p->x.c, width);
    const share s = share_of(device, p, vectors);
    const int64_t tiles = tsr__ceil_div(p->y.size[TSR_W], s.tile);
    const int64_t global[3] = {p->y.size[TSR_D] * p->y.size[TSR_H] * tiles, tsr__ceil_div(vectors, s.vectors), p->y.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_blocked, "pool_window_blocked");
    tsr__launch_define(l, "VEC", width);
    tsr__launch_define(l, "NHWC", p->y.layout == TSR_LAYOUT_NHWC);
    tsr__pool_define_window(l, p);
    tsr__pool_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, s.tile);
    tsr__launch_int(l, s.vectors);
    tsr__pool_launch_window(l, p, channel_step(&p->x, width), channel_step(&p->y, width));
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
