/* The gradient of poolings for CPUs, with channels side by side: kernels/pool_backward/window_blocked.cl tells what it
 * does and why. */
#include "pool_backward/defines.h"

extern const tsr__source tsr__source_pool_backward_window_blocked;

static void layouts(const tsr_device *device, tsr__problem *p)
{
    tsr__cpu_same_layouts(device, &p->x, &p->y);
}

/* Sizes of x as tsr__pool_launch_window() passes them. */
static void sizes_of(const tsr__problem *p, int64_t size[TSR_AXES])
{
    const bool is_flat = tsr__pool_is_flat(p);
    size[TSR_D] = is_flat ? 1 : p->x.size[TSR_D];
    size[TSR_H] = is_flat ? 1 : p->x.size[TSR_H];
    size[TSR_W] = tsr__pool_width(p);
}

/* Vectors of sums, which the second cache holds with what they are made of; columns, so that tiles are not flat; and of
 * NCHW vectors that are copied. */
enum { TILE = 1024, COLUMNS = 256, REGION = 4096 };

/* The tile of dx that a work-item makes, and of how many vectors of channels. */
typedef struct tile {
    int64_t rows, columns, vectors;
} tile;

static bool is_plain(const tsr__problem *p)
{
    return p->x.layout == TSR_LAYOUT_NCHW;
}

static int64_t items_of(const int64_t size[TSR_AXES], tile t, int64_t vectors)
{
    return size[TSR_D] * tsr__ceil_div(size[TSR_H], t.rows) * tsr__ceil_div(size[TSR_W], t.columns) *
           tsr__ceil_div(vectors, t.vectors);
}

/* What the windows over so many elements look at on an axis, at the most. */
static int64_t seen(const tsr__problem *p, int axis, int64_t elements)
{
    const int64_t all = elements + 2 * (tsr__window_extent(&p->window, axis) - 1);
    const int64_t windows = elements + tsr__window_extent(&p->window, axis) - 1;
    const int64_t inside = p->x.size[axis] > windows ? p->x.size[axis] : windows;
    return all < inside ? all : inside;
}

static int64_t region(const tsr__problem *p, tile t)
{
    return tsr__window_extent(&p->window, TSR_D) * seen(p, TSR_H, t.rows) * seen(p, TSR_W, t.columns);
}

/* In NHWC of all channels, so that memory is read from one end to the other; less where the compute units would not all
 * have work, or of NCHW the windows look at too much. */
static tile tile_of(const tsr_device *device, const tsr__problem *p, const int64_t size[TSR_AXES], int64_t vectors)
{
    enum { ITEMS_PER_UNIT = 4 };
    const int64_t wanted = tsr__ceil_div((int64_t)ITEMS_PER_UNIT * device->compute_units, p->x.n);
    tile t = {.columns = tsr__even_part(size[TSR_W], size[TSR_H] == 1 ? TILE : COLUMNS)};
    t.rows = tsr__even_part(size[TSR_H], TILE / t.columns);
    t.vectors = p->x.layout == TSR_LAYOUT_NHWC ? vectors : 1;
    if (items_of(size, t, vectors) < wanted)
        t.vectors = tsr__ceil_div(t.vectors, tsr__ceil_div(wanted, items_of(size, t, vectors)));
    if (items_of(size, t, vectors) < wanted)
        t.rows = tsr__ceil_div(t.rows, tsr__ceil_div(wanted, items_of(size, t, vectors)));
    while (is_plain(p) && region(p, t) > REGION && t.rows * t.columns > 1) {
        int64_t *longer = t.rows > t.columns ? &t.rows : &t.columns;
        *longer = tsr__ceil_div(*longer, 2);
    }
    return t;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const tile one = {1, 1, 1};
    if (is_plain(p) && tsr__pool_is_loose(p)) return TSR__POOL_LOOSE_PLAIN;
    if (is_plain(p) && region(p, one) > REGION) return "windows on NCHW that meet span more than 4096 elements";
    return tsr__pool_refuse(device, p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t width = is_plain(p) ? tsr__cpu_real_width(device, p) : tsr__cpu_channel_vector(device, &p->x);
    const int64_t vectors = tsr__ceil_div(p->x.c, width);
    int64_t size[TSR_AXES];
    sizes_of(p, size);
    const tile t = tile_of(device, p, size, vectors);
    const int64_t tiles = tsr__ceil_div(size[TSR_H], t.rows) * tsr__ceil_div(size[TSR_W], t.columns);
    const int64_t global[3] = {size[TSR_D] * tiles, tsr__ceil_div(vectors, t.vectors), p->x.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_backward_window_blocked, "pool_backward_window_blocked");
    tsr__launch_define(l, "VEC", width);
    tsr__launch_define(l, "TILE", TILE);
    tsr__launch_define(l, "REGION", REGION);
    tsr__launch_define(l, "PLAIN", is_plain(p));
    tsr__launch_define(l, "NHWC", p->x.layout == TSR_LAYOUT_NHWC);
    tsr__pool_define_window(l, p, !tsr__pool_is_loose(p));
    tsr__pool_backward_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, t.rows);
    tsr__launch_int(l, t.columns);
    tsr__launch_int(l, t.vectors);
    tsr__launch_int(l, tsr__cpu_streams(&p->x));
    tsr__pool_launch_window(l, p, tsr__cpu_channel_step(&p->x, width), tsr__cpu_channel_step(&p->y, width));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_backward_window_blocked = {
    .name = "window_blocked",
    .family = TSR__CPU_FAMILY,
    .layouts = layouts,
    .features = TSR__ALL_FEATURES & ~(TSR__MIXED_BIT | TSR__WIDE_BIT),
    .refuse = refuse,
    .launches = launches,
};
