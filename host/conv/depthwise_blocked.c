/* The depthwise convolution for CPUs where channels lie side by side: kernels/conv/depthwise_blocked.cl tells what it
 * does and why. */
#include "conv/defines.h"
#include "conv/pack.h"
#include "cpu_family.h"
#include "reference_family.h"
#include "reorder_rows.h"

extern const tsr__source tsr__source_conv_depthwise_blocked;

/* Floats in a vector; rows and columns of a register tile. */
enum { VECTOR, TILE_P, TILE_Q };
static const char *const param_names[] = {"vec", "p", "q", NULL};

static void layouts(const tsr_device *device, tsr__problem *p)
{
    tsr__cpu_same_layouts(device, &p->x, &p->y);
}

static int64_t vectors_of(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(p->x.c, params->value[VECTOR]);
}

/* One filter for each output channel. */
static tsr__packing packing(const tsr__problem *p, const tsr__params *params)
{
    return (tsr__packing){.groups = 1,
                          .c = 1,
                          .k = p->y.c,
                          .tiles = vectors_of(p, params),
                          .tile_k = params->value[VECTOR],
                          .together = 1};
}

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__packing packed = packing(p, params);
    return tsr__packing_elements(&packed, p);
}

/* Whether two rows together pay: with strides they share few lines of x and with dilation none, 16 registers have no
 * room for them, and what comes from beyond the caches is better read one row after the other. Measured on a Xeon with
 * PoCL. */
static bool pays_two_rows(const tsr_device *device, const tsr__problem *p, int32_t vector)
{
    enum { CACHED_BYTES = 4 << 20 }; /* of each compute unit */
    const tsr__window *w = &p->window;
    return vector >= 16 && w->stride[TSR_H] == 1 && w->stride[TSR_W] == 1 && w->dilation[TSR_H] == 1 &&
           p->y.size[TSR_H] > 1 &&
           tsr__tensor_bytes(&p->x) + tsr__tensor_bytes(&p->y) <= (uint64_t)CACHED_BYTES * device->compute_units;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    static const struct {
        int32_t p, q;
    } tiles[] = {{1, 7}, {2, 7}, {1, 4}, {2, 4}, {1, 6}, {1, 12}};
    enum { TILES = sizeof tiles / sizeof tiles[0] };
    const int32_t vector = (int32_t)tsr__cpu_channel_vector(device, &p->y);
    tsr__params all[TILES];
    for (int i = 0; i < TILES; ++i) all[i] = (tsr__params){{vector, tiles[i].p, tiles[i].q}};
    return tsr__tell_candidates(all, TILES, pays_two_rows(device, p, vector) ? 1 : 0, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    if (p->y.c != p->x.c) return "K is not C: it has one filter for each channel";
    if (!tsr__cpu_is_unrolled(&p->window)) return TSR__CONV_LARGE_FILTER;
    tsr__params defaults;
    params(device, p, &defaults);
    return tsr__conv_refuse_packed(packed_elements(p, &defaults));
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static const size_t local[3] = {1, 1, 1};

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const tsr__packing packed = packing(p, params);
    tsr__launch_pack(l, &packed, p);
}

static void define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__window_define(l, &p->window);
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_define(l, "TRANSPOSED", 0);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "TILE_Q", params->value[TILE_Q]);
    tsr__launch_define(l, "Y_BLOCK", tsr__layout_block(p->y.layout));
    tsr__launch_define(l, "X_PIXEL", tsr__pixel_define(&p->x));
    tsr__launch_define(l, "Y_PIXEL", tsr__pixel_define(&p->y));
}

static void launch_strides(tsr__launch *l, const tsr_tensor *t, const tsr__params *params)
{
    tsr__cpu_launch_strides(l, t, tsr__cpu_channel_step(t, params->value[VECTOR]));
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__window *w = &p->window;
    enum { ENOUGH = 16 }; /* tiles */
    const int64_t vectors = vectors_of(p, params), tiles = tsr__ceil_div(p->y.size[TSR_W], params->value[TILE_Q]);
    tsr_tensor bands = p->y;
    bands.size[TSR_H] = tsr__ceil_div(p->y.size[TSR_H], params->value[TILE_P]);
    const tsr__cpu_share share = tsr__cpu_share_of(device, &bands, tiles, vectors, ENOUGH);
    const int64_t items_of_bands = tsr__ceil_div(bands.size[TSR_D] * bands.size[TSR_H], share.rows);
    const int64_t items = tsr__ceil_div(p->y.size[TSR_W], share.columns * params->value[TILE_Q]);
    const int64_t global[3] = {items_of_bands * items, tsr__ceil_div(vectors, share.vectors), p->y.n};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_depthwise_blocked, "conv_depthwise_blocked");
    define(p, params, l);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, share.rows);
    tsr__launch_int(l, share.columns);
    tsr__launch_int(l, share.vectors);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int_axes(l, p->x.size);
    tsr__launch_int_axes(l, p->y.size);
    tsr__launch_int(l, w->filter[TSR_D]);
    tsr__launch_int(l, w->stride[TSR_D]);
    tsr__launch_int(l, w->dilation[TSR_D]);
    tsr__launch_int_axes(l, w->pad_begin);
    launch_strides(l, &p->x, params);
    launch_strides(l, &p->y, params);
    launch_strides(l, &p->residual, params);
    tsr__launch_int(l, tsr__cpu_streams(&p->y));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_depthwise_blocked = {
    .name = "depthwise_blocked",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__PLAIN_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT | TSR__DENSE_BIT |
                                      TSR__TRANSPOSED_BIT | TSR__HALF_SUMS_BIT),
    .layouts = layouts,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .pack = pack,
    .launches = launches,
};
