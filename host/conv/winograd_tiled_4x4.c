/* Winograd's F(4x4, 3x3) for GPUs: kernels/conv/winograd_tiled_4x4.cl tells what it does and why. */
#include <math.h>

#include "conv/defines.h"
#include "conv/product.h"
#include "conv/winograd.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_winograd_tiled_4x4;

/* After the params of the product: the tiles of a pass. */
enum { PASS = TSR__PRODUCT_PARAMS };
static const char *const param_names[] = {TSR__PRODUCT_PARAM_NAMES, "tiles", NULL};

/* Outputs of a tile on one axis, and numbers of a transformed one; launches of a pass. */
enum { OUT = 4, POINTS = (OUT + 2) * (OUT + 2), LAUNCHES = 3, MOST_PASSES = TSR__MAX_LAUNCHES / LAUNCHES };

/* ---- Sizes ----------------------------------------------------------------------------------------------------- */

static int64_t tiles_along(const tsr__problem *p, int axis)
{
    return tsr__ceil_div(p->y.size[axis], OUT);
}

static int64_t tiles(const tsr__problem *p)
{
    return p->x.n * tiles_along(p, TSR_H) * tiles_along(p, TSR_W);
}

static int64_t round_up(int64_t count, int64_t unit)
{
    return tsr__ceil_div(count, unit) * unit;
}

/* A tensor's tiles, transformed: the points times the channels of a row of them. Rows begin where 8 floats do, which
 * memory moves together. */
enum { ALIGNED = 8 };
static tsr_tensor transformed(const tsr_tensor *t, int64_t count)
{
    tsr_tensor made = {.dtype = TSR_F32, .layout = t->layout, .n = 1, .c = POINTS * t->c, .size = {1, 1, count}};
    if (made.layout == TSR_LAYOUT_NCHW) made.strides.c = round_up(count, ALIGNED);
    tsr__tensor_settle(&made);
    return made;
}

/* The products of so many tiles as a convolution of one pixel each, whose groups are the points. */
static tsr__problem product_of(const tsr__problem *p, int64_t count)
{
    tsr__problem made = {.op = p->op, .groups = POINTS};
    made.x = transformed(&p->x, count);
    made.y = made.residual = transformed(&p->y, count);
    for (int axis = 0; axis < TSR_AXES; ++axis)
        made.window.filter[axis] = made.window.stride[axis] = made.window.dilation[axis] = 1;
    return made;
}

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__problem product = product_of(p, params->value[PASS]);
    return tsr__product_packed_elements(&product, params);
}

/* Of inputs, which the sums follow. */
static int64_t transformed_elements(const tsr_tensor *t, const tsr__params *params)
{
    return POINTS * t->c * round_up(params->value[PASS], ALIGNED);
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    return transformed_elements(&p->x, params) + transformed_elements(&p->y, params);
}

/* Elements that the workspace may have: as x and y together, or the packed weights. */
static int64_t room(const tsr__problem *p, const tsr__params *params)
{
    const int64_t tensors = p->x.n * p->x.c * tsr__tensor_plane(&p->x) + p->y.n * p->y.c * tsr__tensor_plane(&p->y);
    const int64_t packed = packed_elements(p, params);
    return packed > tensors ? packed : tensors;
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* The tiles of a pass: all of them, or even parts that find room, as far as the number of launches allows; whole tiles
 * of the product, where there is room for the last. */
static int32_t tiles_of_pass(const tsr__problem *p, const tsr__params *params)
{
    const int64_t all = tiles(p), least = tsr__ceil_div(all, MOST_PASSES);
    const int64_t fitting = room(p, params) / (POINTS * (p->x.c + p->y.c)) / ALIGNED * ALIGNED;
    const int64_t most = fitting > least ? fitting : round_up(least, ALIGNED);
    const int64_t even = round_up(tsr__even_part(all, most), ALIGNED);
    const int64_t whole = round_up(even, params->value[TSR__GEMM_P]);
    if (all <= most) return (int32_t)all;
    return (int32_t)(whole <= most ? whole : even);
}

/* All passes; the product of one waits for what it reads and writes where that takes longer. */
static double cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { SEEN = OUT * OUT + POINTS }; /* of a channel of a tile, on either side of a transform */
    const int64_t count = params->value[PASS], channels = p->x.c + p->y.c;
    const tsr__problem product = product_of(p, count);
    const double sums = tsr__product_cost(device, &product, params);
    const double moved = tsr__pass_cost(device, packed_elements(p, params) + POINTS * channels * count);
    const double transforms =
        tsr__pass_cost(device, SEEN * p->x.c * count) + tsr__pass_cost(device, SEEN * p->y.c * count);
    const int64_t passes = tsr__ceil_div(tiles(p), count);
    return tsr__launches_cost(LAUNCHES * passes, (double)passes * (transforms + fmax(sums, moved)));
}

/* What 32-bit indices must reach. */
static int64_t most_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t x = transformed_elements(&p->x, params), y = transformed_elements(&p->y, params);
    return x > y ? x : y;
}

/* Each tile of the product in as many passes as memory wants, of which the default is one, and in a single pass. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    enum { MOST = 16 };
    tsr__params all[2 * MOST];
    const tsr__problem product = product_of(p, tiles(p));
    const size_t tile_count = tsr__product_candidates(device, &product, false, all, MOST);
    size_t best = 0, count = tile_count;
    for (size_t i = 0; i < tile_count; ++i) {
        tsr__params single = all[i];
        all[i].value[PASS] = tiles_of_pass(p, &all[i]);
        single.value[PASS] = (int32_t)tiles(p);
        if (single.value[PASS] > all[i].value[PASS] && most_elements(p, &single) <= TSR__MAX_INT_INDEX)
            all[count++] = single;
        if (cost(device, p, &all[i]) < cost(device, p, &all[best])) best = i;
    }
    return tsr__tell_candidates(all, count, best, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params defaults;
    const char *reason = tsr__winograd_refuse_window(p);
    if (reason != NULL) return reason;
    if (candidates(device, p, &defaults, 1) == 0) return TSR__PRODUCT_FITS_NOT;
    return tsr__refuse_elements(most_elements(p, &defaults));
}

/* Where it takes less time than one product that has every tap in it. Its products lie in local memory, which must be
 * one: conv/direct_images serves the others. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    tsr__params direct;
    if (!device->local_is_dedicated || workspace_elements(p, params) > room(p, params)) return false;
    return tsr__product_candidates(device, p, true, &direct, 1) == 0 ||
           cost(device, p, params) < tsr__whole_product_cost(device, p, &direct);
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void define(const tsr__problem *p, tsr__launch *l)
{
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_define(l, "TRANSPOSED", 0);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    const tsr__problem product = product_of(p, params->value[PASS]);
    const int64_t global[3] = {params->value[TSR__GEMM_K], tsr__product_padded_c(&product, params),
                               tsr__product_tiles_of_k(&product, params)};
    const size_t local[3] = {32, 1, 1}; /* divides every tile */
    (void)device;
    tsr__launch_begin(l, &tsr__source_conv_winograd_tiled_4x4, "conv_winograd_tiled_4x4_pack");
    define(p, l);
    tsr__winograd_launch_weights(l, p);
    tsr__launch_grid(l, global, local);
}

/* STEP_NUMBERS and TILE_NUMBERS of the kernels, and a work-item for each channel of each tile. */
static void launch_tiles(tsr__launch *l, const tsr_device *device, const tsr__problem *p, const tsr_tensor *t,
                         int64_t first)
{
    const int64_t channels = t->c / POINTS, step = tsr__channel_stride(t), count = t->size[TSR_W];
    const int64_t global[3] = {channels * count, 1, 1};
    tsr__launch_int(l, channels * step);
    tsr__launch_int(l, step);
    tsr__launch_int(l, t->strides.size[TSR_W]);
    tsr__launch_int(l, tiles_along(p, TSR_H));
    tsr__launch_int(l, tiles_along(p, TSR_W));
    tsr__launch_int(l, first);
    tsr__launch_int(l, count);
    tsr__launch_groups(l, global, device);
}

static void add_input(const tsr_device *device, const tsr__problem *p, const tsr_tensor *to, int64_t first,
                      tsr__launches *out)
{
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_winograd_tiled_4x4, "conv_winograd_tiled_4x4_input");
    define(p, l);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, p->x.size[TSR_H]);
    tsr__launch_int(l, p->x.size[TSR_W]);
    tsr__launch_int(l, tsr__winograd_pad(p, TSR_H));
    tsr__launch_int(l, tsr__winograd_pad(p, TSR_W));
    tsr__launch_plain_strides(l, &p->x);
    launch_tiles(l, device, p, to, first);
}

static void add_output(const tsr_device *device, const tsr__problem *p, const tsr_tensor *from, int64_t at,
                       int64_t first, tsr__launches *out)
{
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_winograd_tiled_4x4, "conv_winograd_tiled_4x4_output");
    define(p, l);
    tsr__launch_slot_at(l, TSR__WORKSPACE, at);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, p->y.size[TSR_H]);
    tsr__launch_int(l, p->y.size[TSR_W]);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
    launch_tiles(l, device, p, from, first);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t all = tiles(p), most = params->value[PASS], sums_at = transformed_elements(&p->x, params);
    for (int64_t first = 0; first < all; first += most) {
        const tsr__problem product = product_of(p, all - first < most ? all - first : most);
        add_input(device, p, &product.x, first, out);
        tsr__product_launch(&product, params, TSR__WORKSPACE, 0, TSR__WORKSPACE, sums_at, out);
        add_output(device, p, &product.y, sums_at, first, out);
    }
}

const tsr__algorithm tsr__conv_winograd_tiled_4x4 = {
    .name = "winograd_tiled_4x4",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__WINOGRAD_FEATURES & ~TSR__BLOCKED_BIT,
    .error = TSR__WINOGRAD_4X4_ERROR,
    .refuse = refuse,
    .pays = pays,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .workspace_elements = workspace_elements,
    .pack = pack,
    .launches = launches,
};
