/* The gradient by the weights by Winograd's F(4x4, 3x3) for CPUs: kernels/conv_backward_weights/winograd_4x4.cl tells
 * what it does and why. */
#include "conv_backward_weights/inputs.h"
#include "cpu_family.h"

extern const tsr__source tsr__source_conv_backward_weights_winograd_4x4;

/* Floats in a vector; vectors of dv's channels and channels of x in a register tile; work-items. */
enum { VECTOR, TILE_K, TILE_C, ITEMS };
static const char *const param_names[] = {"vec", "k", "c", "items", NULL};

enum { OUT = 4, POINTS = 36 };

/* Channels of a unit on either side, at the most, and tiles that are transformed before they are multiplied: larger
 * units transform the same tiles less often, until their sums and slabs leave a core's caches. Measured on Zen 4, which
 * has 1 MiB of its own for each core. */
enum { BLOCK = 64, SLAB = 32 };

/* ---- Sizes ----------------------------------------------------------------------------------------------------- */

static int64_t tiles_along(const tsr__weights_inputs *in, int axis)
{
    return tsr__ceil_div(in->dv.read.size[axis], OUT);
}

static int64_t tiles(const tsr__weights_inputs *in)
{
    return in->dv.read.n * tiles_along(in, TSR_H) * tiles_along(in, TSR_W);
}

/* Tiles of a piece, in whole slabs: few filters would leave compute units idle. The problem alone decides, so that
 * every device adds in the same order. */
static int64_t piece_tiles(const tsr__weights_inputs *in)
{
    enum { LEAST = 16 };
    const int64_t blocks = tsr__ceil_div(in->x.read.c, BLOCK) * tsr__ceil_div(in->dv.read.c, BLOCK);
    const int64_t slabs = tsr__ceil_div(tiles(in), SLAB), wanted = tsr__ceil_div(LEAST, blocks);
    return tsr__ceil_div(slabs, wanted < slabs ? wanted : slabs) * SLAB;
}

/* The kernel reads vectors of REALs of channels. */
static bool is_readable(const tsr_tensor *t, int64_t width)
{
    return t->dtype != TSR_F16 && (t->layout == TSR_LAYOUT_NHWC || tsr__layout_block(t->layout) % width == 0);
}

static tsr__weights_inputs inputs_of(const tsr__problem *p, int64_t width)
{
    tsr__weights_inputs in = tsr__weights_inputs_of(p);
    if (!is_readable(&in.x.given, width)) tsr__weights_stage(&in.x, tsr__layout_with_block(width));
    if (!is_readable(&in.dv.given, width)) tsr__weights_stage(&in.dv, tsr__layout_with_block(width));
    in.pieces = tsr__ceil_div(tiles(&in), piece_tiles(&in));
    return in;
}

/* Channels of a unit: blocks are alike, of whole tiles. */
static int64_t block_channels(int64_t channels, int64_t tile)
{
    const int64_t all = tsr__ceil_div(channels, tile), most = BLOCK / tile;
    return tsr__ceil_div(all, tsr__ceil_div(all, most)) * tile;
}

static int64_t block_c(const tsr__weights_inputs *in, const tsr__params *params)
{
    return block_channels(in->x.read.c, params->value[VECTOR]);
}

static int64_t block_k(const tsr__weights_inputs *in, const tsr__params *params)
{
    return block_channels(in->dv.read.c, (int64_t)params->value[TILE_K] * params->value[VECTOR]);
}

static int64_t units(const tsr__weights_inputs *in, const tsr__params *params)
{
    return tsr__ceil_div(in->x.read.c, block_c(in, params)) * tsr__ceil_div(in->dv.read.c, block_k(in, params)) *
           in->pieces;
}

/* Where scratch begins: at a cache line, as the workspace does. */
static int64_t scratch_at(const tsr__problem *p, const tsr__weights_inputs *in)
{
    enum { LINE = 32 };
    return tsr__ceil_div(tsr__weights_workspace(p, in), LINE) * LINE;
}

/* Sums and slabs of one work-item, as the kernel lays them out. */
static int64_t scratch_elements(const tsr__weights_inputs *in, const tsr__params *params)
{
    const int64_t c = block_c(in, params), k = block_k(in, params);
    return POINTS * (c * k + params->value[VECTOR]) + (c + k) * SLAB * (POINTS + 1);
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__weights_inputs in = inputs_of(p, params->value[VECTOR]);
    return scratch_at(p, &in) + params->value[ITEMS] * scratch_elements(&in, params);
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Work-items so that all compute units are done at about the same time, but with no more scratch than the tensors have
 * elements as long as each has one. */
static int64_t items(const tsr_device *device, const tsr__problem *p, const tsr__weights_inputs *in,
                     const tsr__params *params)
{
    enum { ITEMS_PER_UNIT = 4 };
    const int64_t tensors = tsr__tensor_elements(&p->x) + tsr__tensor_elements(&p->y) + p->w_elements;
    const int64_t all = units(in, params), least = device->compute_units, most = ITEMS_PER_UNIT * least;
    const int64_t fitting = (tensors - scratch_at(p, in)) / scratch_elements(in, params);
    const int64_t wanted = fitting < least ? least : fitting < most ? fitting : most;
    return all < wanted ? all : wanted;
}

static tsr__params make_params(const tsr_device *device, const tsr__problem *p, int32_t tile_k, int32_t tile_c)
{
    tsr__params made = {{(int32_t)tsr__cpu_vector_width(device), tile_k, tile_c, 1}};
    const tsr__weights_inputs in = inputs_of(p, made.value[VECTOR]);
    made.value[ITEMS] = (int32_t)items(device, p, &in, &made);
    return made;
}

/* Sums, gradients and one number of x leave some registers over, of 16 as of 32; channels of x in a tile divide a
 * vector. A few channels of dv waste less of a single vector. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    enum { MOST_SUMS = 16, FEW_SUMS = 8 };
    const int32_t width = (int32_t)tsr__cpu_vector_width(device), sums = width == 16 ? MOST_SUMS : FEW_SUMS;
    const bool few = tsr__weights_inputs_of(p).dv.given.c <= width;
    const int32_t tiles_k[] = {few ? 1 : 2, few ? 2 : 1, 4};
    size_t count = 0;
    for (size_t i = 0; i < sizeof tiles_k / sizeof tiles_k[0] && count < capacity; ++i) {
        const int32_t tile_c = sums / tiles_k[i];
        out[count++] = make_params(device, p, tiles_k[i], tile_c < width ? tile_c : width);
    }
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    tsr__params made;
    if (w->filter[TSR_H] != 3 || w->filter[TSR_W] != 3) return "the filter is not 3 x 3";
    if (w->stride[TSR_H] != 1 || w->stride[TSR_W] != 1) return "the stride is not 1";
    params(device, p, &made);
    return tsr__refuse_elements(workspace_elements(p, &made));
}

/* Few channels leave most lanes of a vector without work, and in a small layer the transforms of the sums weigh as much
 * as the products that are saved. Measured on Zen 4 with PoCL and Intel's runtime. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { LEAST_CHANNELS = 12, LEAST_PRODUCTS = 1 << 13 };
    const tsr__weights_inputs in = inputs_of(p, params->value[VECTOR]);
    (void)device;
    return p->x.c >= LEAST_CHANNELS && p->y.c >= LEAST_CHANNELS && tiles(&in) * p->x.c * p->y.c >= LEAST_PRODUCTS;
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__weights_inputs in = inputs_of(p, params->value[VECTOR]);
    const tsr_tensor *x = &in.x.read, *dv = &in.dv.read;
    const int64_t global[3] = {params->value[ITEMS], 1, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__weights_begin(out, p, &in, &tsr__source_conv_backward_weights_winograd_4x4,
                                        "conv_backward_weights_winograd_4x4");
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_define(l, "TILE_C", params->value[TILE_C]);
    tsr__launch_define(l, "SLAB", SLAB);
    tsr__launch_define(l, "X_BLOCK", tsr__layout_block(x->layout));
    tsr__launch_define(l, "DV_BLOCK", tsr__layout_block(dv->layout));
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_define(l, "TRANSPOSED", 0); /* the kernel sees none */
    tsr__launch_slot_at(l, TSR__WORKSPACE, scratch_at(p, &in));
    tsr__launch_int(l, x->c);
    tsr__launch_int(l, dv->c);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, x->size[axis]);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, dv->size[axis]);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->window.pad_begin[axis]);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, tiles_along(&in, axis));
    tsr__launch_int(l, tiles(&in));
    tsr__launch_int(l, piece_tiles(&in));
    tsr__launch_int(l, in.pieces);
    tsr__launch_int(l, block_c(&in, params));
    tsr__launch_int(l, block_k(&in, params));
    tsr__launch_int(l, p->flip);
    tsr__cpu_launch_strides(l, x, tsr__spanned_c(x));
    tsr__cpu_launch_strides(l, dv, tsr__spanned_c(dv));
    tsr__launch_grid(l, global, local);
    tsr__weights_end(out, p, &in, device);
}

const tsr__algorithm tsr__conv_backward_weights_winograd_4x4 = {
    .name = "winograd_4x4",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES &
                ~(TSR__WIDE_BIT | TSR__DEPTH_BIT | TSR__DILATION_BIT | TSR__F64_BIT | TSR__GROUPS_BIT | TSR__EXACT_BIT),
    .error = 4e-6,
    .layouts = tsr__cpu_layouts,
    .refuse = refuse,
    .pays = pays,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
