#include "conv/winograd.h"

#include "cpu_family.h"
#include "reorder_rows.h"

extern const tsr__source tsr__source_conv_winograd_pack_2x2, tsr__source_conv_winograd_pack_4x4;

/* Outputs of a tile on one axis; floats in a vector; tiles and vectors of output channels in registers; floats of local
 * memory for a work-item that does all that there is to a strip, 0: it does not. */
enum { OUT, VECTOR, TILES, TILE_K, LOCAL };
const char *const tsr__winograd_param_names[] = {"out", "vec", "tiles", "k", "local", NULL};

/* ---- Sizes ----------------------------------------------------------------------------------------------------- */

/* Numbers of a transformed tile or filter. */
static int64_t points(const tsr__params *params)
{
    return (int64_t)(params->value[OUT] + 2) * (params->value[OUT] + 2);
}

static int64_t tiles_along(const tsr__problem *p, const tsr__params *params, int axis)
{
    return tsr__ceil_div(p->y.size[axis], params->value[OUT]);
}

static int64_t tiles(const tsr__problem *p, const tsr__params *params)
{
    return p->x.n * tiles_along(p, params, TSR_H) * tiles_along(p, params, TSR_W);
}

static int64_t strips(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tiles(p, params), params->value[TILES]);
}

/* A strip's transformed inputs. */
static int64_t strip_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t vector = params->value[VECTOR];
    return points(params) * tsr__ceil_div(p->x.c, vector) * vector * params->value[TILES];
}

static int64_t block_channels(const tsr__params *params)
{
    return (int64_t)params->value[TILE_K] * params->value[VECTOR];
}

/* Blocks of output channels, spare ones of a blocked y included: they are written as zero. */
static int64_t blocks(const tsr__problem *p, const tsr__params *params)
{
    const int64_t y_block = tsr__layout_is_blocked(p->y.layout) ? tsr__layout_block(p->y.layout) : 1;
    return tsr__ceil_div(tsr__ceil_div(p->y.c, y_block) * y_block, block_channels(params));
}

int64_t tsr__winograd_packed_elements(const tsr__problem *p, const tsr__params *params)
{
    return blocks(p, params) * block_channels(params) * points(params) * p->x.c;
}

/* The transformed inputs of all strips, or as good as infinite. */
static int64_t transformed_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t one = strip_elements(p, params), all = strips(p, params);
    return all < INT64_MAX / one ? all * one : INT64_MAX;
}

/* The kernels read vectors of channels: NCHW is staged, copied into the workspace in blocks, which costs little beside
 * the transforms. */
static bool is_staged(const tsr__problem *p)
{
    return p->x.layout == TSR_LAYOUT_NCHW;
}

/* What the kernels read: x, or its staged copy, which holds floats as the workspace does. */
static tsr_tensor input(const tsr__problem *p, const tsr__params *params)
{
    return is_staged(p) ? tsr__staged(&p->x, tsr__layout_with_block(params->value[VECTOR])) : p->x;
}

static int64_t staged_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr_tensor staged = input(p, params);
    return is_staged(p) ? tsr__tensor_elements(&staged) : 0;
}

/* Strips whose transformed inputs are in the workspace at one time: as many as keep it within the size of x and y
 * together, as far as the number of launches allows. */
static int64_t strips_of_pass(const tsr__problem *p, const tsr__params *params)
{
    enum { MOST_PASSES = (TSR__MAX_LAUNCHES - 1) / 2 };
    const int64_t tensors = tsr__tensor_elements(&p->x) + tsr__tensor_elements(&p->y);
    const int64_t all = strips(p, params), least = tsr__ceil_div(all, MOST_PASSES);
    const int64_t fitting = (tensors - staged_elements(p, params)) / strip_elements(p, params);
    return fitting < least ? least : fitting < all ? fitting : all;
}

int64_t tsr__winograd_workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t staged = staged_elements(p, params);
    return params->value[LOCAL] > 0 ? staged : staged + strips_of_pass(p, params) * strip_elements(p, params);
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Local memory: half of a core's second cache as CPUs have it, so that weights find room beside a strip. And work-items
 * for each compute unit, so that all are done at about the same time. */
enum { MOST_LOCAL_BYTES = 512 << 10, ITEMS_PER_UNIT = 4 };

/* A vector lies within a block of either side. */
static int32_t vector_width(const tsr_device *device, const tsr__problem *p)
{
    const int64_t x_block = tsr__layout_block(p->x.layout), y_block = tsr__layout_block(p->y.layout);
    int64_t width = tsr__cpu_vector_width(device);
    if (x_block > 1 && x_block < width) width = x_block;
    if (y_block > 1 && y_block < width) width = y_block;
    return (int32_t)width;
}

static tsr__params make_params(const tsr_device *device, const tsr__problem *p, int32_t out, int32_t tile_count)
{
    const int32_t width = vector_width(device, p);
    tsr__params made = {{out, width, tile_count, p->y.c > width ? 2 : 1, 0}};
    const uint64_t bytes = device->local_bytes < MOST_LOCAL_BYTES ? device->local_bytes : MOST_LOCAL_BYTES;
    const int64_t reals = (int64_t)(bytes / sizeof(float));
    const bool spreads = strips(p, &made) >= (int64_t)ITEMS_PER_UNIT * device->compute_units;
    /* One kernel has one type for all that it reads. */
    const bool one_type = input(p, &made).dtype == p->x.dtype;
    if (spreads && one_type && strip_elements(p, &made) <= reals) made.value[LOCAL] = (int32_t)reals;
    return made;
}

/* Sums and weights fill the vector registers, as in direct_blocked.c: AVX-512 has 32, AVX2 and SSE 16. */
static const int32_t wide_tiles[] = {14, 12, 10, 8}, narrow_tiles[] = {6, 5, 4};
enum {
    WIDE_TILES = sizeof wide_tiles / sizeof wide_tiles[0],
    NARROW_TILES = sizeof narrow_tiles / sizeof narrow_tiles[0]
};

/* Loads of weights for each input channel and point, as so many tiles more in every strip. */
enum { STRIP_COST = 2 };

static int64_t cost(const tsr__problem *p, const tsr__params *params)
{
    return strips(p, params) * (params->value[TILES] + STRIP_COST);
}

size_t tsr__winograd_candidates(const tsr_device *device, const tsr__problem *p, int32_t out_size, tsr__params *out,
                                size_t capacity)
{
    const bool wide = vector_width(device, p) == 16;
    const int32_t *worth_trying = wide ? wide_tiles : narrow_tiles;
    const size_t all = wide ? WIDE_TILES : NARROW_TILES;
    tsr__params best = make_params(device, p, out_size, worth_trying[0]);
    for (size_t i = 1; i < all; ++i) {
        const tsr__params made = make_params(device, p, out_size, worth_trying[i]);
        if (cost(p, &made) < cost(p, &best)) best = made;
    }
    size_t count = 0;
    if (count < capacity) out[count++] = best;
    for (size_t i = 0; i < all && count < capacity; ++i)
        if (worth_trying[i] != best.value[TILES]) out[count++] = make_params(device, p, out_size, worth_trying[i]);
    return count;
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

const char *tsr__winograd_refuse(const tsr_device *device, const tsr__problem *p, int32_t out)
{
    const char *reason = tsr__winograd_refuse_window(p);
    if (reason != NULL) return reason;
    tsr__params defaults;
    tsr__winograd_candidates(device, p, out, &defaults, 1);
    const bool fits = defaults.value[LOCAL] > 0 || transformed_elements(p, &defaults) <= TSR__MAX_INT_INDEX;
    if (!fits || staged_elements(p, &defaults) > TSR__MAX_INT_INDEX)
        return "the transformed input has more elements than its 32-bit indices reach";
    return tsr__conv_refuse_packed(tsr__winograd_packed_elements(p, &defaults));
}

/* Fewer channels than a vector of AVX-512 leave too few products for each transform, with fewer tiles than about a
 * register tile weights are read from memory for few products, and a small layer does not pay for a second launch.
 * Measured on Zen 4 with PoCL and Intel's runtime. */
bool tsr__winograd_pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { LEAST_CHANNELS = 16, LEAST_TILES = 8, LEAST_PRODUCTS = 1 << 14 };
    const int64_t count = tiles(p, params);
    (void)device;
    return p->x.c >= LEAST_CHANNELS && p->y.c >= LEAST_CHANNELS && count >= LEAST_TILES &&
           count * p->x.c * p->y.c >= LEAST_PRODUCTS;
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

/* The kernels state this size themselves, so that a CPU's compiler sees one work-item and no barriers. */
static const size_t local[3] = {1, 1, 1};

static void define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "FUSED", params->value[LOCAL] > 0);
    tsr__launch_define(l, "LOCAL_REALS", params->value[LOCAL]);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILES", params->value[TILES]);
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_define(l, "X_BLOCK", tsr__layout_block(input(p, params).layout));
    tsr__launch_define(l, "Y_BLOCK", tsr__layout_block(p->y.layout));
    tsr__launch_define(l, "TILE_Q", params->value[OUT]);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_define(l, "TRANSPOSED", 0);
}

void tsr__winograd_pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const int64_t global[3] = {p->x.c, blocks(p, params), 1};
    const tsr__source *source =
        params->value[OUT] == 2 ? &tsr__source_conv_winograd_pack_2x2 : &tsr__source_conv_winograd_pack_4x4;
    tsr__launch_begin(l, source, "conv_winograd_pack");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__winograd_launch_weights(l, p);
    tsr__launch_int(l, params->value[TILE_K]);
    tsr__launch_grid(l, global, local);
}

/* INPUT_ARGS of the kernels. */
static void launch_input(tsr__launch *l, const tsr__problem *p, const tsr__params *params)
{
    const tsr_tensor x = input(p, params);
    tsr__launch_slot(l, is_staged(p) ? TSR__WORKSPACE : TSR__X);
    tsr__launch_int(l, p->x.size[TSR_H]);
    tsr__launch_int(l, p->x.size[TSR_W]);
    tsr__launch_int(l, tsr__winograd_pad(p, TSR_H));
    tsr__launch_int(l, tsr__winograd_pad(p, TSR_W));
    tsr__cpu_launch_strides(l, &x, tsr__spanned_c(&x));
}

/* OUTPUT_ARGS. */
static void launch_output(tsr__launch *l, const tsr__problem *p)
{
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, p->y.size[TSR_H]);
    tsr__launch_int(l, p->y.size[TSR_W]);
    tsr__cpu_launch_strides(l, &p->y, tsr__spanned_c(&p->y));
    tsr__cpu_launch_strides(l, &p->residual, tsr__spanned_c(&p->residual));
    tsr__launch_int(l, tsr__cpu_streams(&p->y));
}

/* TILE_ARGS. */
static void launch_tiles(tsr__launch *l, const tsr__problem *p, const tsr__params *params, int64_t first_strip)
{
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, tiles_along(p, params, TSR_H));
    tsr__launch_int(l, tiles_along(p, params, TSR_W));
    tsr__launch_int(l, tiles(p, params));
    tsr__launch_int(l, first_strip * params->value[TILES]);
}

static void add_fused(const tsr__source *source, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t global[3] = {strips(p, params), 1, 1};
    tsr__launch *l = tsr__launches_add(out, source, "conv_winograd");
    define(p, params, l);
    launch_input(l, p, params);
    launch_output(l, p);
    launch_tiles(l, p, params, 0);
    tsr__launch_grid(l, global, local);
}

/* Some strips by way of the workspace. */
static void add_pass(const tsr__source *source, const tsr__problem *p, const tsr__params *params, int64_t first,
                     int64_t count, tsr__launches *out)
{
    const int64_t input_global[3] = {count, tsr__ceil_div(p->x.c, params->value[VECTOR]), 1};
    const int64_t output_global[3] = {count, blocks(p, params), 1};
    tsr__problem staged = *p;
    staged.x = input(p, params);
    tsr__launch *l = tsr__launches_add(out, source, "conv_winograd_input");
    define(&staged, params, l);
    launch_input(l, p, params);
    tsr__launch_slot_at(l, TSR__WORKSPACE, staged_elements(p, params));
    launch_tiles(l, p, params, first);
    tsr__launch_grid(l, input_global, local);
    l = tsr__launches_add(out, source, "conv_winograd_output");
    define(p, params, l);
    tsr__launch_slot_at(l, TSR__WORKSPACE, staged_elements(p, params));
    launch_output(l, p);
    launch_tiles(l, p, params, first);
    tsr__launch_grid(l, output_global, local);
}

void tsr__winograd_launches(const tsr__source *source, const tsr__problem *p, const tsr__params *params,
                            tsr__launches *out)
{
    const tsr_tensor x = input(p, params);
    if (is_staged(p))
        tsr__reorder_rows_launch(tsr__launches_add(out, NULL, NULL), &p->x, TSR__X, &x, TSR__WORKSPACE, 0);
    if (params->value[LOCAL] > 0) {
        add_fused(source, p, params, out);
        return;
    }
    const int64_t all = strips(p, params), step = strips_of_pass(p, params);
    for (int64_t first = 0; first < all; first += step)
        add_pass(source, p, params, first, all - first < step ? all - first : step, out);
}
