/* The pooling for GPUs: kernels/pool/tiled.cl tells what it does and why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_tiled;

/* Outputs of a work-item, below one another. */
enum { TILE_P };
static const char *const param_names[] = {"p", NULL};

/* Elements that a work-item reads of a slice, and rows that they lie in. More would be too many for registers, and
 * programs long. */
enum { MOST_LOADS = 64, MOST_ROWS = 32 };

/* Whether the windows of so many outputs are compiled in. */
static bool is_compiled(const tsr__problem *p, int64_t tile_p)
{
    const tsr__window *w = &p->window;
    if (w->adaptive || p->global || w->filter[TSR_W] > MOST_LOADS || w->stride[TSR_H] > MOST_ROWS) return false;
    const int64_t rows = (tile_p - 1) * w->stride[TSR_H] + tsr__window_extent(w, TSR_H);
    return rows <= MOST_ROWS && rows * w->filter[TSR_W] <= MOST_LOADS;
}

/* The most outputs first: rows that their windows share are read once. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    (void)device;
    size_t count = 0;
    for (int32_t tile_p = 4; tile_p > 1 && count < capacity; tile_p /= 2) {
        /* A tile of which more than half lies past the last row is a smaller one with waste. */
        const bool wasteful = tile_p >= 2 * p->y.size[TSR_H];
        if (!wasteful && is_compiled(p, tile_p)) out[count++] = (tsr__params){{tile_p}};
    }
    if (count < capacity) out[count++] = (tsr__params){{1}};
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t tile_p = params->value[TILE_P], tiles = tsr__ceil_div(p->y.size[TSR_H], tile_p);
    const int64_t global[3] = {tsr__tensor_channels(&p->y) * tiles * p->y.size[TSR_W], p->y.size[TSR_D], p->y.n};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_tiled, "pool_tiled");
    tsr__launch_groups(l, global, device);
    tsr__launch_define(l, "GROUP", (int64_t)l->local[0]);
    tsr__launch_define(l, "TILE_P", tile_p);
    tsr__pool_define_window(l, p, is_compiled(p, tile_p));
    tsr__pool_launch_slots(l);
    tsr__pool_launch_output(l, p);
}

const tsr__algorithm tsr__pool_tiled = {
    .name = "tiled",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~TSR__WIDE_BIT,
    .layouts = tsr__pool_layouts,
    .refuse = tsr__pool_refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
