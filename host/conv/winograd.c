#include "conv/winograd.h"

#include "cpu_family.h"
#include "reorder_rows.h"

extern const tsr__source tsr__source_conv_winograd_pack_2x2, tsr__source_conv_winograd_pack_4x4;

/* Outputs of a tile on one axis; floats in a vector; tiles and vectors of output channels in registers; strips of one
 * work-item; floats of local memory for a work-item that does all that there is to its strips, 0: it does not. */
enum { OUT, VECTOR, TILES, TILE_K, ROUNDS, LOCAL };
const char *const tsr__winograd_param_names[] = {"out", "vec", "tiles", "k", "rounds", "local", NULL};

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

/* Work-items for all strips, with all output channels or one block of them. */
static int64_t items(int64_t strips_of_all, const tsr__params *params)
{
    return tsr__ceil_div(strips_of_all, params->value[ROUNDS]);
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

/* Elements that transformed inputs may take: with the staged ones as many as x and y together, or small ones. */
static int64_t room(const tsr__problem *p, const tsr__params *params)
{
    enum { SMALL = 1 << 17 };
    const int64_t tensors = tsr__tensor_elements(&p->x) + tsr__tensor_elements(&p->y);
    return (tensors > SMALL ? tensors : SMALL) - staged_elements(p, params);
}

/* Strips whose transformed inputs are in the workspace at one time: as many as find room, as far as the number of
 * launches allows; all, or whole work-items' where there is room for one. */
static int64_t strips_of_pass(const tsr__problem *p, const tsr__params *params)
{
    enum { MOST_PASSES = (TSR__MAX_LAUNCHES - 1) / 2 };
    const int64_t all = strips(p, params), least = tsr__ceil_div(all, MOST_PASSES), rounds = params->value[ROUNDS];
    const int64_t fitting = room(p, params) / strip_elements(p, params);
    const int64_t most = fitting > least ? fitting : least, whole = most / rounds * rounds;
    const int64_t chosen = whole >= least && whole > 0 ? whole : most;
    return chosen < all ? chosen : all;
}

int64_t tsr__winograd_workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t staged = staged_elements(p, params);
    return params->value[LOCAL] > 0 ? staged : staged + strips_of_pass(p, params) * strip_elements(p, params);
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Local memory: half of a core's second cache as CPUs have it, so that weights find room beside strips. Vectors of sums
 * that a work-item has room for at each point: see kernels/common/winograd.cl. */
enum { MOST_LOCAL_BYTES = 512 << 10, MOST_PRODUCTS = 200 };

/* A vector lies within a block of either side. */
static int32_t vector_width(const tsr_device *device, const tsr__problem *p)
{
    const int64_t x_block = tsr__layout_block(p->x.layout), y_block = tsr__layout_block(p->y.layout);
    int64_t width = tsr__cpu_vector_width(device);
    if (x_block > 1 && x_block < width) width = x_block;
    if (y_block > 1 && y_block < width) width = y_block;
    return (int32_t)width;
}

/* Whether one kernel may do all: it has one type for all that it reads, and its strips must fit. */
static bool fuse(const tsr_device *device, const tsr__problem *p, tsr__params *params)
{
    const uint64_t bytes = device->local_bytes < MOST_LOCAL_BYTES ? device->local_bytes : MOST_LOCAL_BYTES;
    const int64_t reals = (int64_t)(bytes / sizeof(float));
    const bool fits = strip_elements(p, params) * params->value[ROUNDS] <= reals;
    if (!fits || input(p, params).dtype != p->x.dtype) return false;
    params->value[LOCAL] = (int32_t)reals;
    return true;
}

/* Register tiles, whose sums and weights fill the vector registers: AVX-512 has 32, AVX2 and SSE 16; and how fast they
 * are, as a Xeon with PoCL gave those of AVX-512. An input is a load for each sum, unless it serves several of them out
 * of a register: few vectors of channels and many tiles leave registers for that. */
typedef struct register_tile {
    int32_t tiles, tile_k;
    double speed;
} register_tile;

static const register_tile wide_tiles[] = {{14, 2, 1.0}, {13, 2, 1.0}, {10, 2, 0.97}, {8, 3, 0.85},
                                           {7, 3, 0.85}, {6, 4, 0.7},  {4, 4, 0.6},   {8, 1, 0.6}};
static const register_tile narrow_tiles[] = {{6, 2, 1.0}, {5, 2, 0.98}, {4, 2, 0.95}, {6, 1, 0.7}};
enum {
    WIDE_TILES = sizeof wide_tiles / sizeof wide_tiles[0],
    NARROW_TILES = sizeof narrow_tiles / sizeof narrow_tiles[0]
};

/* Times in multiply-adds of a vector, as a Xeon with PoCL had them: of a vector from behind a core's own caches, which
 * hold CACHED floats, and from behind all, which hold FAR_CACHED; of one that another core has written; of transforming
 * a vector of a tile there or back, by points and as such, and so many times as long where a work-item's sums leave the
 * nearest cache; of a launch. */
enum { LINE = 4, FAR_LINE = 8, OTHERS_LINE = 20, TRANSFORM_POINT = 8, TRANSFORM_TILE = 200, LAUNCH = 80000 };
enum { CACHED = 1 << 18, FAR_CACHED = 3 << 20, NEAR_PRODUCTS = 40, FAR_PRODUCTS_TIMES = 3 };

/* The time of a problem on the compute unit that has most to do. Weights come from far in a work-item's first round,
 * where all of them do not fit near; transformed inputs for each block, and once as another launch wrote
 * them. What does not find room is only taken where nothing does. */
static double cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params, double speed)
{
    enum { NO_ROOM = 8 };
    const bool fused = params->value[LOCAL] > 0;
    const int64_t all = strips(p, params), tile_k = params->value[TILE_K], count = blocks(p, params);
    const int64_t pass = fused ? all : strips_of_pass(p, params), packed = tsr__winograd_packed_elements(p, params);
    const int64_t work_items = items(pass, params) * (fused ? 1 : count), vector = params->value[VECTOR];
    const double share = (double)tsr__ceil_div(work_items, device->compute_units) / (double)work_items;
    const double padded_tiles = (double)(all * params->value[TILES]);
    const double tiles_of_item = (double)(pass * params->value[TILES]) / (double)items(pass, params);
    double lines = fused ? 0.0 : (double)OTHERS_LINE / (double)p->y.c;
    if (packed > CACHED) lines += (packed > FAR_CACHED ? FAR_LINE : LINE) / tiles_of_item;
    if (!fused && pass * strip_elements(p, params) > CACHED) lines += LINE / (double)(vector * tile_k);
    const double products = padded_tiles * (double)(count * tile_k * p->x.c) * (1.0 / speed + lines);
    const bool near = params->value[ROUNDS] * params->value[TILES] * tile_k <= NEAR_PRODUCTS;
    const double transformed =
        (double)p->x.c / (double)vector + (double)(count * tile_k * (near ? 1 : FAR_PRODUCTS_TIMES));
    const double transforms = padded_tiles * transformed * (double)(points(params) * TRANSFORM_POINT + TRANSFORM_TILE);
    const bool fits = fused || pass * strip_elements(p, params) <= room(p, params);
    const int64_t launches = (fused ? 1 : 2 * tsr__ceil_div(all, pass)) + is_staged(p);
    return share * ((double)points(params) * products + transforms) * (fits ? 1 : NO_ROOM) +
           (double)(launches * LAUNCH);
}

/* The same without Winograd, by direct_blocked, whose register tiles are slower. */
static double direct_cost(const tsr_device *device, const tsr__problem *p, int64_t vector)
{
    enum { TAPS = 9 };
    static const double near_product = 1.2, far_product = 1.5; /* by where weights come from, on the same Xeon */
    const double products = (double)(p->x.n * tsr__tensor_plane(&p->y)) * (double)(TAPS * p->x.c);
    const int64_t vectors = tsr__ceil_div(p->y.c, vector);
    const bool cached = TAPS * p->x.c * p->y.c <= CACHED;
    return products * (double)vectors * (cached ? near_product : far_product) / device->compute_units + LAUNCH;
}

/* The best number of strips in a work-item for a register tile, and whether one kernel does all. */
static double choose_rounds(const tsr_device *device, const tsr__problem *p, int32_t out, const register_tile *tile,
                            tsr__params *best)
{
    double least = 0.0;
    const int32_t vector = vector_width(device, p), sums = tile->tiles * tile->tile_k;
    int64_t all = 1;
    for (int32_t rounds = 1; rounds == 1 || (rounds * sums <= MOST_PRODUCTS && rounds <= all); ++rounds) {
        tsr__params made = {{out, vector, tile->tiles, tile->tile_k, rounds, 0}};
        all = strips(p, &made);
        do {
            const double time = cost(device, p, &made, tile->speed);
            if (least == 0.0 || time < least) {
                least = time;
                *best = made;
            }
        } while (made.value[LOCAL] == 0 && fuse(device, p, &made));
    }
    return least;
}

/* The params of each register tile, the number of the best of them, and its time; answers how many there are. */
static size_t choose(const tsr_device *device, const tsr__problem *p, int32_t out, tsr__params made[WIDE_TILES],
                     size_t *best, double *time)
{
    const bool wide = vector_width(device, p) == 16;
    const register_tile *worth_trying = wide ? wide_tiles : narrow_tiles;
    const size_t all = wide ? WIDE_TILES : NARROW_TILES;
    for (size_t i = 0; i < all; ++i) {
        const double here = choose_rounds(device, p, out, &worth_trying[i], &made[i]);
        if (i > 0 && here >= *time) continue;
        *best = i;
        *time = here;
    }
    return all;
}

/* Whether 32-bit indices reach the transformed inputs, where they lie in memory. */
static bool reaches_inputs(const tsr__problem *p, const tsr__params *params)
{
    return params->value[LOCAL] > 0 || transformed_elements(p, params) <= TSR__MAX_INT_INDEX;
}

size_t tsr__winograd_candidates(const tsr_device *device, const tsr__problem *p, int32_t out_size, tsr__params *out,
                                size_t capacity)
{
    tsr__params made[WIDE_TILES], all[WIDE_TILES];
    size_t best = 0, count = 0;
    double time = 0.0;
    const size_t tiles_tried = choose(device, p, out_size, made, &best, &time);
    tsr__tell_candidates(made, tiles_tried, best, all, WIDE_TILES);
    for (size_t i = 0; i < tiles_tried && count < capacity; ++i)
        if (i == 0 || (reaches_inputs(p, &all[i]) && tsr__winograd_packed_elements(p, &all[i]) <= TSR__MAX_INT_INDEX))
            out[count++] = all[i];
    return count;
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

const char *tsr__winograd_refuse(const tsr_device *device, const tsr__problem *p, int32_t out)
{
    const char *reason = tsr__winograd_refuse_window(p);
    if (reason != NULL) return reason;
    tsr__params defaults;
    tsr__winograd_candidates(device, p, out, &defaults, 1);
    if (!reaches_inputs(p, &defaults) || staged_elements(p, &defaults) > TSR__MAX_INT_INDEX)
        return "the transformed input has more elements than its 32-bit indices reach";
    return tsr__conv_refuse_packed(tsr__winograd_packed_elements(p, &defaults));
}

/* Fewer channels than a vector of AVX-512 leave too few products for each transform, and a small layer does not pay for
 * a second launch: measured on Zen 4 with PoCL and Intel's runtime. Of the two sizes of tiles, and products without
 * transforms, the fastest pays. */
bool tsr__winograd_pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { LEAST_CHANNELS = 16, LEAST_PRODUCTS = 1 << 14 };
    if (p->x.c < LEAST_CHANNELS || p->y.c < LEAST_CHANNELS || tiles(p, params) * p->x.c * p->y.c < LEAST_PRODUCTS)
        return false;
    tsr__params made[WIDE_TILES];
    size_t best;
    double times[2];
    choose(device, p, 2, made, &best, &times[0]);
    choose(device, p, 4, made, &best, &times[1]);
    const double time = times[params->value[OUT] == 4], other = times[params->value[OUT] != 4];
    return time <= other && time < direct_cost(device, p, params->value[VECTOR]);
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

/* Memory and INPUT_NUMBERS of the kernels. */
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

/* Memory and OUTPUT_NUMBERS. */
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

/* TILE_NUMBERS, of so many strips. */
static void launch_tiles(tsr__launch *l, const tsr__problem *p, const tsr__params *params, int64_t first_strip,
                         int64_t count)
{
    const int64_t all = tiles(p, params), end = (first_strip + count) * params->value[TILES];
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, tiles_along(p, params, TSR_H));
    tsr__launch_int(l, tiles_along(p, params, TSR_W));
    tsr__launch_int(l, end < all ? end : all);
    tsr__launch_int(l, first_strip * params->value[TILES]);
    tsr__launch_int(l, params->value[ROUNDS]);
}

static void add_fused(const tsr__source *source, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t global[3] = {items(strips(p, params), params), 1, 1};
    tsr__launch *l = tsr__launches_add(out, source, "conv_winograd");
    define(p, params, l);
    launch_input(l, p, params);
    launch_output(l, p);
    launch_tiles(l, p, params, 0, strips(p, params));
    tsr__launch_grid(l, global, local);
}

/* Some strips by way of the workspace. */
static void add_pass(const tsr__source *source, const tsr__problem *p, const tsr__params *params, int64_t first,
                     int64_t count, tsr__launches *out)
{
    const int64_t input_global[3] = {count, tsr__ceil_div(p->x.c, params->value[VECTOR]), 1};
    const int64_t output_global[3] = {items(count, params), blocks(p, params), 1};
    tsr__problem staged = *p;
    staged.x = input(p, params);
    tsr__launch *l = tsr__launches_add(out, source, "conv_winograd_input");
    define(&staged, params, l);
    launch_input(l, p, params);
    tsr__launch_slot_at(l, TSR__WORKSPACE, staged_elements(p, params));
    launch_tiles(l, p, params, first, count);
    tsr__launch_grid(l, input_global, local);
    l = tsr__launches_add(out, source, "conv_winograd_output");
    define(p, params, l);
    tsr__launch_slot_at(l, TSR__WORKSPACE, staged_elements(p, params));
    launch_output(l, p);
    launch_tiles(l, p, params, first, count);
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
