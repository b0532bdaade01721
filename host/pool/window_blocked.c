/* The pooling for CPUs, with channels side by side: kernels/pool/window_blocked.cl tells what it does and why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_blocked;

static void layouts(const tsr_device *device, tsr__problem *p)
{
    tsr__cpu_same_layouts(device, &p->x, &p->y);
}

/* Vectors in private memory where NCHW is copied. */
enum { REGION = 4096 };

static bool is_plain(const tsr__problem *p)
{
    return p->y.layout == TSR_LAYOUT_NCHW;
}

/* What the windows of so many outputs look at. */
static int64_t region(const tsr__problem *p, int64_t rows, int64_t columns)
{
    const tsr__window *w = &p->window;
    const int64_t lines = (rows - 1) * w->stride[TSR_H] + tsr__window_extent(w, TSR_H);
    const int64_t across = tsr__cpu_span(w, columns);
    return tsr__window_extent(w, TSR_D) * (lines < p->x.size[TSR_H] ? lines : p->x.size[TSR_H]) *
           (columns == p->y.size[TSR_W] || across > p->x.size[TSR_W] ? p->x.size[TSR_W] : across);
}

/* Of NCHW a tile of a slice, whose inputs and outputs the second cache holds. */
static tsr__cpu_share plain_share(const tsr_device *device, const tsr__problem *p)
{
    enum { ENOUGH = 2048, COLUMNS = 256, ITEMS_PER_UNIT = 4 };
    tsr__cpu_share s = {p->y.size[TSR_H], tsr__even_part(p->y.size[TSR_W], COLUMNS), 1};
    const int64_t wanted = (int64_t)ITEMS_PER_UNIT * device->compute_units;
    const int64_t others = p->y.n * p->y.size[TSR_D] * tsr__ceil_div(p->y.c, tsr__cpu_real_width(device, p));
    while (s.rows > 1 && (region(p, s.rows, s.columns) > ENOUGH || s.rows * s.columns > ENOUGH ||
                          others * tsr__ceil_div(p->y.size[TSR_H], s.rows) < wanted))
        s.rows = tsr__ceil_div(s.rows, 2);
    while (s.columns > 1 && (region(p, s.rows, s.columns) > REGION || s.rows * s.columns > REGION))
        s.columns = tsr__ceil_div(s.columns, 2);
    return s;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    if (!is_plain(p)) return tsr__pool_refuse(device, p);
    if (p->indices != TSR_INDICES_NONE) return "on NCHW it makes no indices";
    if (tsr__pool_is_loose(p)) return TSR__POOL_LOOSE_PLAIN;
    if (region(p, 1, 1) > REGION) return "a window on NCHW spans more than 4096 elements";
    return tsr__pool_refuse(device, p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    enum { ENOUGH = 128 }; /* vectors of outputs */
    const int64_t width = is_plain(p) ? tsr__cpu_real_width(device, p) : tsr__cpu_channel_vector(device, &p->y);
    const int64_t vectors = tsr__ceil_div(p->x.c, width);
    const tsr__cpu_share s =
        is_plain(p) ? plain_share(device, p) : tsr__cpu_share_of(device, &p->y, p->y.size[TSR_W], vectors, ENOUGH);
    const int64_t rows = s.rows < p->y.size[TSR_H] ? s.rows : p->y.size[TSR_H];
    const int64_t tiles = tsr__ceil_div(p->y.size[TSR_H], rows) * tsr__ceil_div(p->y.size[TSR_W], s.columns);
    const int64_t global[3] = {p->y.size[TSR_D] * tiles, tsr__ceil_div(vectors, s.vectors), p->y.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_blocked, "pool_window_blocked");
    tsr__launch_define(l, "VEC", width);
    tsr__launch_define(l, "REGION", REGION);
    tsr__launch_define(l, "NHWC", p->y.layout == TSR_LAYOUT_NHWC);
    tsr__launch_define(l, "PLAIN", is_plain(p));
    tsr__pool_define_window(l, p, !tsr__pool_is_loose(p));
    tsr__pool_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, rows);
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
    .features = TSR__ALL_FEATURES & ~(TSR__MIXED_BIT | TSR__WIDE_BIT),
    .refuse = refuse,
    .launches = launches,
};
