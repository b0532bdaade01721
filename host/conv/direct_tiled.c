/* The convolution for GPUs: kernels/conv/direct_tiled.cl tells what it does and why. */
#include "algorithm.h"
#include "conv/defines.h"

extern const tsr__source tsr__source_conv_direct_tiled;

/* Output channels and pixels of a work-group, of a work-item; input channels of a step. */
enum { TILE_K, TILE_P, REG_K, REG_P, STEP };
static const char *const param_names[] = {"k", "p", "rk", "rp", "step", NULL};

/* Tiles with their work-items: the first that suits a problem and fits a device is the default. */
static const struct {
    int32_t tile_k, tile_p, reg_k, reg_p;
} tiles[] = {
    {64, 64, 4, 4},  /* 256 items; spills nowhere, and hides latency with many waves        */
    {32, 64, 4, 4},  /* 128: for 32 output channels and fewer                               */
    {16, 64, 4, 4},  /* 64: for 16 and fewer                                                */
    {32, 32, 4, 4},  /* 64: for devices with small work-groups                              */
    {128, 64, 8, 4}, /* 256: more arithmetic for each load, where registers abound          */
    {64, 128, 4, 8}, /* 256                                                                 */
    {64, 64, 8, 8},  /* 64                                                                  */
};
enum { TILES = sizeof tiles / sizeof tiles[0] };

static int64_t items(const tsr__params *params)
{
    const int32_t *v = params->value;
    return (int64_t)(v[TILE_K] / v[REG_K]) * (v[TILE_P] / v[REG_P]);
}

static int64_t tiles_of_k(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_k(p), params->value[TILE_K]);
}

/* Input channels of a group, rounded up to whole steps. */
static int64_t padded_c(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_c(p), params->value[STEP]) * params->value[STEP];
}

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__window *w = &p->window;
    return p->groups * tiles_of_k(p, params) * w->filter[TSR_H] * w->filter[TSR_W] * padded_c(p, params) *
           params->value[TILE_K];
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

static tsr__params make_params(const tsr__problem *p, int tile)
{
    tsr__params made = {{tiles[tile].tile_k, tiles[tile].tile_p, tiles[tile].reg_k, tiles[tile].reg_p}};
    /* A step longer than the channels would be mostly zeros; a first layer has 3. Where there is a work-item for each
     * pixel of the tile, and no more, it holds as many inputs of the next step in registers as a step has channels. */
    const int64_t c = tsr__group_c(p);
    made.value[STEP] = c <= 4 ? 4 : items(&made) == made.value[TILE_P] ? 8 : 16;
    return made;
}

static bool fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    if (packed_elements(p, params) > TSR__MAX_INT_INDEX) return false;
    const int32_t *v = params->value;
    const int64_t local_bytes = (int64_t)sizeof(float) * v[STEP] * (v[TILE_K] + v[TILE_P]);
    return (uint64_t)items(params) <= device->max_work_group && (uint64_t)items(params) <= device->max_work_items[0] &&
           (uint64_t)local_bytes <= device->local_bytes;
}

/* The position of the default tile, or TILES where none fits. */
static int choose(const tsr_device *device, const tsr__problem *p)
{
    const int64_t k = tsr__group_k(p);
    for (int i = k <= 16 ? 2 : k <= 32 ? 1 : 0; i < TILES; ++i) {
        const tsr__params made = make_params(p, i);
        if (fits(device, p, &made)) return i;
    }
    return TILES;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    *out = make_params(p, choose(device, p));
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    const int first = choose(device, p);
    size_t count = 0;
    if (count < capacity) out[count++] = make_params(p, first);
    for (int i = 0; i < TILES && count < capacity; ++i) {
        const tsr__params made = make_params(p, i);
        if (i != first && fits(device, p, &made)) out[count++] = made;
    }
    return count;
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    if (choose(device, p) == TILES) return "no tile fits the device's work-groups, local memory and 32-bit indices";
    return NULL;
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__conv_define(l, p);
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "REG_K", params->value[REG_K]);
    tsr__launch_define(l, "REG_P", params->value[REG_P]);
    tsr__launch_define(l, "STEP", params->value[STEP]);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const int64_t taps = p->window.filter[TSR_H] * p->window.filter[TSR_W];
    const int64_t tile_k = params->value[TILE_K];
    const int64_t global[3] = {tile_k, taps * padded_c(p, params), p->groups * tiles_of_k(p, params)};
    const size_t local[3] = {(size_t)tile_k, 1, 1};
    tsr__launch_begin(l, &tsr__source_conv_direct_tiled, "conv_direct_tiled_pack");
    define(p, params, l);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, tiles_of_k(p, params));
    tsr__launch_grid(l, global, local);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const int64_t pixels = tsr__tensor_plane(&p->y);
    const int64_t global[3] = {tsr__ceil_div(pixels, params->value[TILE_P]) * items(params), tiles_of_k(p, params),
                               p->x.n * p->groups};
    const size_t local[3] = {(size_t)items(params), 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_direct_tiled, "conv_direct_tiled");
    define(p, params, l);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_slot(l, TSR__BIAS);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->groups);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, p->x.size[TSR_H]);
    tsr__launch_int(l, p->x.size[TSR_W]);
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, p->y.size[TSR_H]);
    tsr__launch_int(l, p->y.size[TSR_W]);
    tsr__launch_int(l, p->window.pad_begin[TSR_H]);
    tsr__launch_int(l, p->window.pad_begin[TSR_W]);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_direct_tiled = {
    .name = "direct_tiled",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__PLAIN_BIT | TSR__DILATION_BIT | TSR__GROUPS_BIT | TSR__DENSE_BIT | TSR__EXACT_BIT,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .pack = pack,
    .launches = launches,
};
