/* The convolution for CPUs: kernels/conv/direct_blocked.cl tells what it does and why. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "conv/defines.h"
#include "conv/pack.h"
#include "conv/pointwise_planes.h"
#include "cpu_family.h"
#include "reference_family.h"
#include "reorder_rows.h"

extern const tsr__source tsr__source_conv_direct_blocked;

/* Floats in a vector; output pixels and vectors of output channels in a register tile; tiles of one work-item; input
 * channels that are finished for all filter taps before the next ones; channels that all tiles of a work-item finish
 * before the next ones. */
enum { VECTOR, TILE_Q, TILE_K, ROUNDS, C_STEP, C_SLAB };
static const char *const param_names[] = {"vec", "q", "k", "rounds", "cstep", "slab", NULL};

/* Zeros at the head of the packed weights, which pixels in the padding read. */
enum { HEAD = 16 };

/* The kernel reads REALs, and groups that blocks do not straddle. What is not so is staged: copied into the workspace
 * first, which costs little beside the arithmetic of a convolution. */
static bool is_staged(const tsr__problem *p)
{
    return p->x.dtype == TSR_F16 || tsr__cpu_straddles(&p->x, p->groups);
}

/* What the kernel reads: x, or its staged copy. */
static tsr_tensor input(const tsr__problem *p)
{
    tsr_tensor t = p->x;
    if (!is_staged(p)) return t;
    t.layout = TSR_LAYOUT_NCHW8C;
    if (t.c < tsr__layout_block(t.layout) || tsr__cpu_straddles(&t, p->groups)) t.layout = TSR_LAYOUT_NCHW;
    return tsr__staged(&t, t.layout);
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    const tsr_tensor staged = input(p);
    return is_staged(p) ? tsr__tensor_elements(&staged) : 0;
}

/* Tiles of output channels in one group, spare ones of a blocked y included: they are written as zero. */
static int64_t tiles(const tsr__problem *p, const tsr__params *params)
{
    const int64_t block = tsr__layout_is_blocked(p->y.layout) ? tsr__layout_block(p->y.layout) : 1;
    const int64_t channels = tsr__ceil_div(tsr__group_k(p), block) * block;
    return tsr__ceil_div(channels, (int64_t)params->value[TILE_K] * params->value[VECTOR]);
}

static tsr__packing packing(const tsr__problem *p, const tsr__params *params)
{
    return (tsr__packing){.groups = p->groups,
                          .c = tsr__group_c(p),
                          .k = tsr__group_k(p),
                          .tiles = tiles(p, params),
                          .tile_k = (int64_t)params->value[TILE_K] * params->value[VECTOR],
                          .together = params->value[C_STEP],
                          .head = HEAD};
}

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__packing packed = packing(p, params);
    return tsr__packing_elements(&packed, p);
}

/* A filter of one tap that visits every pixel does not care where rows end: the plane as one row spares the kernel the
 * tiles that span two. */
static bool is_one_row(const tsr__problem *p, const tsr_tensor *x)
{
    return tsr__window_is_pointwise(&p->window) && tsr__tensor_has_dense_planes(x) &&
           tsr__tensor_has_dense_planes(&p->y) && (!p->has_residual || tsr__tensor_has_dense_planes(&p->residual));
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Channels of an input without blocks that are finished together: enough to amortise the addresses of a filter tap, few
 * enough for their planes' lines to stay cached. */
enum { PLAIN_C_STEP = 16 };

/* Work-items along a plane's pixels, and planes of them in one run: images, phases, and tiles of channels. */
static int64_t items_of_plane(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__phase_pixels(p), (int64_t)params->value[TILE_Q] * params->value[ROUNDS]);
}

static int64_t planes(const tsr__problem *p, const tsr__params *params)
{
    return p->x.n * tsr__phases(p) * p->groups * tiles(p, params);
}

/* Tiles of a work-item. Many share its weights while they are in the nearest cache, but work-items should divide evenly
 * among the compute units: the unit with most to do decides. What a work-item costs beside its tiles, in tiles, was
 * measured with PoCL. The kernel has room for no more rounds than this. */
static int32_t choose_rounds(const tsr_device *device, const tsr__problem *p, tsr__params made)
{
    enum { MOST_ROUNDS = 8 };
    const double overhead = 0.15;
    made.value[ROUNDS] = 1;
    const int64_t tiles_of_plane = items_of_plane(p, &made), all_planes = planes(p, &made);
    double least = INFINITY;
    int32_t best = 1;
    for (int32_t rounds = MOST_ROUNDS; rounds > 0; --rounds) {
        const int64_t parts = tsr__ceil_div(tiles_of_plane, rounds);
        const int64_t most = tsr__ceil_div(parts * all_planes, device->compute_units);
        const double cost = (double)most * ((double)tiles_of_plane / (double)parts + overhead);
        if (cost >= least) continue;
        least = cost;
        best = (int32_t)tsr__even_part(tiles_of_plane, rounds);
    }
    return best;
}

/* As many channels as have their weights cached beside a tile's inputs; few taps allow for more, which spares loads and
 * stores of sums. A multiple of every C_STEP. */
static int32_t slab(int64_t taps)
{
    enum { LEAST = 64, MOST = 512, STEP = 16 };
    const int64_t channels = MOST / taps / STEP * STEP;
    return (int32_t)(channels < LEAST ? LEAST : channels);
}

static tsr__params make_params(const tsr_device *device, const tsr__problem *p, int32_t tile_q, int32_t tile_k)
{
    const tsr_tensor x = input(p);
    const int64_t y_block = tsr__layout_block(p->y.layout), x_block = tsr__layout_block(x.layout);
    const int64_t width = tsr__cpu_real_width(device, p);
    tsr__params made = {{0}};
    /* A vector lies within a block of y. */
    made.value[VECTOR] = (int32_t)(y_block > 1 && y_block < width ? y_block : width);
    made.value[TILE_Q] = tile_q;
    made.value[TILE_K] = tile_k;
    made.value[C_STEP] = (int32_t)(x_block > 1 ? x_block : PLAIN_C_STEP);
    made.value[C_SLAB] = slab(tsr__taps(p));
    made.value[ROUNDS] = choose_rounds(device, p, made);
    return made;
}

/* The part of their work that tiles do not spend beyond a plane's last pixel and a group's last channel. */
static double use(const tsr__problem *p, const tsr__params *params)
{
    const int64_t tile_q = params->value[TILE_Q], tile_k = (int64_t)params->value[TILE_K] * params->value[VECTOR];
    const int64_t count = tsr__phase_pixels(p), group_k = tsr__group_k(p);
    return (double)count / (double)(tsr__ceil_div(count, tile_q) * tile_q) * (double)group_k /
           (double)(tsr__ceil_div(group_k, tile_k) * tile_k);
}

/* Sums, one tap's weights and one input fill the vector registers, of which AVX2 and SSE have 16 and AVX-512 has 32.
 * What counts is how many multiply-adds there are for each load: two units that multiply and add, as Xeons have them,
 * wait for loads where Zen 4's one does not. The speeds, of tiles that fit, are what a Xeon gave with PoCL. Pixels that
 * all lie at constant distances leave registers for more of them. */
static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    static const struct {
        int32_t tile_q, tile_k;
        double speed;
        bool for_one_row;
    } tiles[] = {{6, 4, 1.0, false},  {7, 3, 0.99, false}, {5, 5, 0.98, false},
                 {7, 2, 0.88, false}, {14, 1, 0.76, true}, {8, 1, 0.7, false}};
    const tsr_tensor x = input(p);
    const bool one_row = is_one_row(p, &x);
    double best = 0.0;
    *out = make_params(device, p, 12, 1);
    if (out->value[VECTOR] < 16) {
        if (tsr__group_k(p) > out->value[VECTOR]) *out = make_params(device, p, 6, 2);
        return;
    }
    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0]; ++i) {
        if (tiles[i].for_one_row && !one_row) continue;
        const tsr__params made = make_params(device, p, tiles[i].tile_q, tiles[i].tile_k);
        const double speed = tiles[i].speed * use(p, &made);
        if (speed > best) {
            best = speed;
            *out = made;
        }
    }
}

/* Adds params that are not there yet and whose packed weights 32-bit indices reach. */
static size_t add_candidate(const tsr__problem *p, const tsr__params *made, tsr__params *out, size_t count,
                            size_t capacity)
{
    if (count == capacity || (count > 0 && packed_elements(p, made) > TSR__MAX_INT_INDEX)) return count;
    for (size_t i = 0; i < count; ++i)
        if (memcmp(&out[i], made, sizeof *made) == 0) return count;
    out[count] = *made;
    return count + 1;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    static const struct {
        int32_t tile_q, tile_k;
    } shapes[] = {{6, 4}, {7, 3}, {5, 5}, {8, 3}, {7, 4}, {7, 2}, {12, 2}, {6, 2}, {8, 1}, {12, 1}, {14, 1}};
    static const int32_t slabs[] = {64, 256, 1024};
    tsr__params made;
    params(device, p, &made);
    size_t count = add_candidate(p, &made, out, 0, capacity);
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; ++i) {
        made = make_params(device, p, shapes[i].tile_q, shapes[i].tile_k);
        count = add_candidate(p, &made, out, count, capacity);
    }
    params(device, p, &made);
    made.value[ROUNDS] = 1;
    count = add_candidate(p, &made, out, count, capacity);
    for (size_t i = 0; i < sizeof slabs / sizeof slabs[0]; ++i) {
        params(device, p, &made);
        made.value[C_SLAB] = slabs[i];
        count = add_candidate(p, &made, out, count, capacity);
    }
    return count;
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    if (tsr__cpu_straddles(&p->y, p->groups)) return "K / groups is not a multiple of y's channel block";
    const tsr_tensor read = input(p);
    const char *staged = tsr__refuse_elements(tsr__tensor_elements(&read));
    if (staged != NULL) return staged;
    tsr__params defaults;
    params(device, p, &defaults);
    return tsr__conv_refuse_packed(packed_elements(p, &defaults));
}

static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    return !tsr__pointwise_planes_pay(device, p);
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

/* The kernels state this size themselves, so that a CPU's compiler sees one work-item and no barriers. */
static const size_t local[3] = {1, 1, 1};

/* The input channels of a group where a row of the filter over all of them is short enough to be unrolled, and the
 * plane large enough to pay for a program of its own; else 0. */
static int64_t few_channels(const tsr__problem *p)
{
    enum { CHANNELS = 4, PRODUCTS = 48, PIXELS = 1024 };
    const int64_t c = tsr__group_c(p);
    const bool few = c <= CHANNELS && c * p->window.filter[TSR_W] <= PRODUCTS && !p->window.transposed &&
                     tsr__phase_pixels(p) >= PIXELS && (tsr__problem_features(p) & TSR__DEPTH_BIT) == 0;
    return few ? c : 0;
}

/* Whether the window is compiled in: where its loops are unrolled, fall away, or go in phases. Else one program serves
 * all windows. */
static bool is_window_compiled(const tsr__problem *p)
{
    return few_channels(p) > 0 || tsr__taps(p) == 1 || p->window.transposed;
}

static void define_axis(const tsr__window *w, int axis, bool compiled, tsr__launch *l)
{
    static const char *const words[] = {"PIXEL_STEP", "REACH", "PHASE_STEP", "TAP_STEP"};
    const tsr__tap_steps steps = tsr__tap_steps_of(w, axis);
    const int64_t values[] = {compiled ? steps.pixel : 0, compiled ? steps.reach : 0, steps.phase, steps.tap};
    for (int i = 0; i < 4; ++i) {
        char name[16];
        snprintf(name, sizeof name, "%s_%c", words[i], "DHW"[axis]);
        tsr__launch_define(l, name, values[i]);
    }
}

static void define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    const tsr_tensor x = input(p);
    const bool compiled = is_window_compiled(p);
    const bool flat = tsr__tensor_has_dense_planes(&p->y) && !p->window.transposed &&
                      (!p->has_residual || tsr__tensor_has_dense_planes(&p->residual));
    tsr__conv_define(l, p, compiled);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_Q", params->value[TILE_Q]);
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_define(l, "C_STEP", params->value[C_STEP]);
    tsr__launch_define(l, "FEW_C", few_channels(p));
    tsr__launch_define(l, "X_BLOCK", tsr__layout_block(x.layout));
    tsr__launch_define(l, "Y_BLOCK", tsr__layout_block(p->y.layout));
    tsr__launch_define(l, "X_PIXEL", tsr__pixel_define(&x));
    tsr__launch_define(l, "Y_PIXEL", tsr__pixel_define(&p->y));
    tsr__launch_define(l, "FLAT", flat);
    tsr__launch_define(l, "ONE_ROW", is_one_row(p, &x));
    tsr__launch_define(l, "DEPTH", (tsr__problem_features(p) & TSR__DEPTH_BIT) != 0);
    tsr__launch_define(l, "TRANSPOSED", p->window.transposed);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    for (int axis = 0; axis < TSR_AXES; ++axis) define_axis(&p->window, axis, compiled, l);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const tsr__packing packed = packing(p, params);
    tsr__launch_pack(l, &packed, p);
}

/* Depth, height and width, or a plane as one row. */
static void launch_size(tsr__launch *l, const tsr_tensor *t, bool one_row)
{
    tsr__launch_int(l, one_row ? 1 : t->size[TSR_D]);
    tsr__launch_int(l, one_row ? 1 : t->size[TSR_H]);
    tsr__launch_int(l, one_row ? tsr__tensor_plane(t) : t->size[TSR_W]);
}

static void launch_axis_strides(tsr__launch *l, const tsr_tensor *t)
{
    tsr__launch_int_axes(l, t->strides.size);
}

/* From one of so many channels to the next: whole blocks, or channels side by side. */
static int64_t channel_step(const tsr_tensor *t, int64_t channels)
{
    if (t->layout == TSR_LAYOUT_NHWC) return channels;
    return channels / tsr__layout_block(t->layout) * t->strides.c;
}

/* From one group to the next; of one group there is no next one, and where it would lie may be beyond 32 bits. */
static int64_t group_step(const tsr__problem *p, const tsr_tensor *t, int64_t group_channels)
{
    return p->groups > 1 ? channel_step(t, group_channels) : 0;
}

/* Strides of y or the residual. */
static void launch_target(tsr__launch *l, const tsr__problem *p, const tsr_tensor *t)
{
    tsr__launch_int(l, tsr__spanned_n(t));
    tsr__launch_int(l, group_step(p, t, tsr__group_k(p)));
    tsr__launch_int(l, tsr__spanned_c(t));
    launch_axis_strides(l, t);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const tsr_tensor x = input(p);
    const bool one_row = is_one_row(p, &x);
    const int64_t global[3] = {items_of_plane(p, params), p->x.n * tsr__phases(p), p->groups * tiles(p, params)};
    if (is_staged(p))
        tsr__reorder_rows_launch(tsr__launches_add(out, NULL, NULL), &p->x, TSR__X, &x, TSR__WORKSPACE, 0);
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_direct_blocked, "conv_direct_blocked");
    define(p, params, l);
    tsr__launch_slot(l, is_staged(p) ? TSR__WORKSPACE : TSR__X);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, tsr__phases(p));
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    launch_size(l, &x, one_row);
    launch_size(l, &p->y, one_row);
    tsr__launch_window(l, &p->window);
    tsr__launch_int(l, tiles(p, params));
    tsr__launch_int(l, params->value[C_SLAB]);
    tsr__launch_int(l, params->value[ROUNDS]);
    tsr__launch_int(l, tsr__spanned_n(&x));
    tsr__launch_int(l, group_step(p, &x, tsr__group_c(p)));
    tsr__launch_int(l, tsr__group_c(p) > params->value[C_STEP] ? channel_step(&x, params->value[C_STEP]) : 0);
    tsr__launch_int(l, tsr__spanned_c(&x));
    launch_axis_strides(l, &x);
    launch_target(l, p, &p->y);
    launch_target(l, p, &p->residual);
    tsr__launch_int(l, tsr__cpu_streams(&p->y) && !p->window.transposed); /* neighbours are of other phases */
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_direct_blocked = {
    .name = "direct_blocked",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__WIDE_BIT | TSR__HALF_SUMS_BIT),
    .layouts = tsr__cpu_layouts,
    .refuse = refuse,
    .pays = pays,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .workspace_elements = workspace_elements,
    .pack = pack,
    .launches = launches,
};
