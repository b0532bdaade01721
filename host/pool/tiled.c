/* The pooling for GPUs: kernels/pool/tiled.cl tells what it does and why. */
#include "algorithm.h"
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_tiled;

/* Outputs of a work-group in height and width, one each work-item. */
enum { TILE_P, TILE_Q };
static const char *const param_names[] = {"p", "q", NULL};

/* From the largest on: a wide tile reads long rows. */
static const tsr__params tiles[] = {{{8, 32}}, {{16, 16}}, {{4, 32}}, {{4, 16}}, {{8, 8}}, {{4, 4}}, {{1, 1}}};
enum { TILES = sizeof tiles / sizeof tiles[0] };

static bool fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    const tsr__window *w = &p->window;
    const int64_t tile_p = params->value[TILE_P], tile_q = params->value[TILE_Q];
    const int64_t input_h = (tile_p - 1) * w->stride[TSR_H] + w->filter[TSR_H];
    const int64_t input_w = (tile_q - 1) * w->stride[TSR_W] + w->filter[TSR_W];
    /* Each side is limited first, so that the product stays in range. */
    const int64_t floats = (int64_t)(device->local_bytes / sizeof(float));
    return input_h <= floats && input_w <= floats && input_h * input_w <= floats &&
           (uint64_t)(tile_p * tile_q) <= device->max_work_group && (uint64_t)tile_q <= device->max_work_items[0] &&
           (uint64_t)tile_p <= device->max_work_items[1];
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    size_t count = 0;
    for (int i = 0; i < TILES && count < capacity; ++i)
        if (fits(device, p, &tiles[i])) out[count++] = tiles[i];
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params ignored;
    if (candidates(device, p, &ignored, 1) == 0) return "one window does not fit the device's local memory";
    return NULL;
}

/* Input and output sizes, padding, and where the padded input ends. */
static void launch_sizes(tsr__launch *launch, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    tsr__launch_int(launch, p->x.size[TSR_H]);
    tsr__launch_int(launch, p->x.size[TSR_W]);
    tsr__launch_int(launch, p->y.size[TSR_H]);
    tsr__launch_int(launch, p->y.size[TSR_W]);
    tsr__launch_int(launch, w->pad_begin[TSR_H]);
    tsr__launch_int(launch, w->pad_begin[TSR_W]);
    tsr__launch_int(launch, w->size[TSR_H] + w->pad_end[TSR_H]);
    tsr__launch_int(launch, w->size[TSR_W] + w->pad_end[TSR_W]);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const int64_t global[3] = {p->y.size[TSR_W], p->y.size[TSR_H], p->y.n * p->y.c};
    const size_t local[3] = {(size_t)params->value[TILE_Q], (size_t)params->value[TILE_P], 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_tiled, "pool_tiled");
    tsr__window_define(l, &p->window);
    tsr__pool_define_kind(l, p);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "TILE_Q", params->value[TILE_Q]);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    launch_sizes(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_tiled = {
    .name = "tiled",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__PLAIN_BIT | TSR__DIVISOR_BIT | TSR__CEIL_BIT | TSR__LP_BIT,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
