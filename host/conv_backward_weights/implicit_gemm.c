/* The gradient by the weights for GPUs: kernels/conv_backward_weights/implicit_gemm.cl tells what it does and why. */
#include <math.h>
#include <string.h>

#include "conv/defines.h"
#include "conv/gemm.h"
#include "conv_backward_weights/inputs.h"

extern const tsr__source tsr__source_conv_backward_weights_implicit_gemm;

static const char *const param_names[] = {"k", "p", "rk", "rp", "step", NULL};

/* ---- Sums ------------------------------------------------------------------------------------------------------ */

/* Channels of a group, of the kernel's dv and x, and the pixels that are summed. */
static int64_t group_k(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return in->dv.read.c / p->groups;
}

static int64_t group_c(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return in->x.read.c / p->groups;
}

static int64_t pixels(const tsr__weights_inputs *in)
{
    return in->dv.read.n * tsr__tensor_plane(&in->dv.read);
}

/* Tiles of so many columns where each has one tap, or any. */
static int64_t tiles_of_one_tap(const tsr__problem *p, const tsr__weights_inputs *in, int64_t tile_p)
{
    return tsr__ceil_div(group_c(p, in), tile_p) * tsr__taps(p);
}

static int64_t tiles_of_any_tap(const tsr__problem *p, const tsr__weights_inputs *in, int64_t tile_p)
{
    return tsr__ceil_div(group_c(p, in) * tsr__taps(p), tile_p);
}

/* Whether each tile has one tap: what it looks at is then found once a step, which pays unless tiles stay empty. */
static bool has_one_tap(const tsr__problem *p, const tsr__weights_inputs *in, int64_t tile_p)
{
    return 8 * tiles_of_one_tap(p, in, tile_p) <= 9 * tiles_of_any_tap(p, in, tile_p);
}

static int64_t column_tiles(const tsr__problem *p, const tsr__weights_inputs *in, int64_t tile_p)
{
    return (has_one_tap(p, in, tile_p) ? tiles_of_one_tap : tiles_of_any_tap)(p, in, tile_p);
}

static int64_t row_tiles(const tsr__problem *p, const tsr__weights_inputs *in, int64_t tile_k)
{
    return tsr__ceil_div(group_k(p, in), tile_k);
}

/* Pixels of a piece: so that there are ENOUGH work-groups of tiles of 64 x 64 for any GPU, as long as a piece is worth
 * storing and the workspace holds no more than x and dv do; and no sum is LONGEST where that allows it. Whole steps of
 * any tile. The problem alone decides, so that every device adds in the same order. */
static int64_t piece_pixels(const tsr__problem *p, const tsr__weights_inputs *in)
{
    enum { ENOUGH = 1024, TILE = 64, SHORTEST = 128, LONGEST = 16384, STEP = 16 };
    const tsr_tensor *x = &in->x.read, *dv = &in->dv.read;
    const int64_t room = (x->n * x->c * tsr__tensor_plane(x) + dv->c * pixels(in)) / p->w_elements;
    const int64_t tiles = p->groups * row_tiles(p, in, TILE) * tiles_of_any_tap(p, in, TILE);
    int64_t pieces = tsr__ceil_div(ENOUGH, tiles);
    if (pieces > pixels(in) / SHORTEST) pieces = pixels(in) / SHORTEST;
    if (pieces < pixels(in) / LONGEST) pieces = pixels(in) / LONGEST;
    if (pieces > room) pieces = room;
    return tsr__ceil_div(tsr__ceil_div(pixels(in), pieces > 1 ? pieces : 1), STEP) * STEP;
}

static tsr__weights_inputs inputs_of(const tsr__problem *p)
{
    tsr__weights_inputs in = tsr__weights_inputs_of(p);
    in.pieces = tsr__ceil_div(pixels(&in), piece_pixels(p, &in));
    return in;
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    const tsr__weights_inputs in = inputs_of(p);
    return tsr__weights_shared_workspace(p, &in);
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Both factors lie in local memory with 4 spare elements for each term. A work-item of Intel's GPUs has no registers
 * for more than one double of each. */
static bool fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { SPARE = 8 };
    const bool loads_one = params->value[TSR__GEMM_STEP] * params->value[TSR__GEMM_K] <= tsr__gemm_items(params);
    if (p->x.dtype == TSR_F64 && strstr(device->vendor, "Intel") != NULL && !loads_one) return false;
    return tsr__gemm_fits(device, p, params, tsr__gemm_most_sums(device, p), SPARE);
}

/* Longer steps where registers are left for what one fetches: not for doubles, and the compiler for AMD's GPUs takes as
 * many as there are. */
static tsr__params make_params(const tsr_device *device, const tsr__problem *p, const tsr__weights_inputs *in, int tile)
{
    enum { STEP_OF_DOUBLES = 4, STEP = 8, LONG_STEP = 16, MANY_SUMS = 64 };
    const tsr__params made = tsr__gemm_params(tile, p->x.dtype == TSR_F64 ? STEP_OF_DOUBLES : STEP);
    const bool has_many = made.value[TSR__GEMM_REG_K] * made.value[TSR__GEMM_REG_P] >= MANY_SUMS;
    if (p->x.dtype == TSR_F64 || has_many || strstr(device->vendor, "Advanced Micro") != NULL) return made;
    return has_one_tap(p, in, made.value[TSR__GEMM_P]) ? tsr__gemm_params(tile, LONG_STEP) : made;
}

/* What a run takes: the multiply-adds of the work-groups that a compute unit runs. To look for several taps takes a
 * tenth of the instructions. */
static double cost(const tsr_device *device, const tsr__problem *p, const tsr__weights_inputs *in, int tile)
{
    const int64_t tile_k = tsr__gemm_tiles[tile].tile_k, tile_p = tsr__gemm_tiles[tile].tile_p;
    const int64_t tiles = p->groups * row_tiles(p, in, tile_k) * column_tiles(p, in, tile_p);
    const int64_t groups = tsr__ceil_div(tiles * in->pieces, device->compute_units);
    const double looking = has_one_tap(p, in, tile_p) ? 1.0 : 0.9;
    return (double)(groups * tile_k * tile_p) / tsr__gemm_tiles[tile].efficiency / looking;
}

/* The default params; false where no tile fits. */
static bool choose(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    const tsr__weights_inputs in = inputs_of(p);
    double least = INFINITY;
    for (int i = 0; i < TSR__GEMM_TILES; ++i) {
        const tsr__params made = make_params(device, p, &in, i);
        if (!fits(device, p, &made) || cost(device, p, &in, i) >= least) continue;
        least = cost(device, p, &in, i);
        *out = made;
    }
    return least < INFINITY;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    choose(device, p, out);
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    const tsr__weights_inputs in = inputs_of(p);
    tsr__params first;
    size_t count = 0;
    if (!choose(device, p, &first)) return 0;
    if (capacity > 0) out[count++] = first;
    for (int i = 0; i < TSR__GEMM_TILES && count < capacity; ++i) {
        const tsr__params made = make_params(device, p, &in, i);
        if (fits(device, p, &made) && memcmp(&made, &first, sizeof made) != 0) out[count++] = made;
    }
    return count;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params made;
    const char *reason = tsr__refuse_sharers(device, p);
    if (reason != NULL) return reason;
    if (!choose(device, p, &made)) return "no tile fits the device's work-groups and local memory";
    return tsr__refuse_elements(workspace_elements(p, &made));
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const tsr__weights_inputs in = inputs_of(p);
    const tsr_tensor *x = &in.x.read, *dv = &in.dv.read;
    const int64_t items = tsr__gemm_items(params), tile_p = params->value[TSR__GEMM_P];
    const int64_t global[3] = {column_tiles(p, &in, tile_p) * items, row_tiles(p, &in, params->value[TSR__GEMM_K]),
                               p->groups * in.pieces};
    const size_t local[3] = {(size_t)items, 1, 1};
    tsr__launch *l = tsr__weights_begin(out, p, &in, &tsr__source_conv_backward_weights_implicit_gemm,
                                        "conv_backward_weights_implicit_gemm");
    tsr__gemm_define(l, params);
    tsr__launch_define(l, "CHANNELS_LAST", x->layout == TSR_LAYOUT_NHWC);
    tsr__launch_define(l, "ONE_TAP", has_one_tap(p, &in, tile_p));
    tsr__launch_define(l, "DEPTH", (tsr__problem_features(p) & TSR__DEPTH_BIT) != 0);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_int(l, x->n);
    tsr__launch_int(l, group_c(p, &in));
    tsr__launch_int(l, group_k(p, &in));
    tsr__launch_int_axes(l, x->size);
    tsr__launch_int_axes(l, dv->size);
    tsr__launch_window(l, &p->window);
    tsr__launch_int(l, p->groups);
    tsr__launch_int(l, piece_pixels(p, &in));
    tsr__launch_int(l, p->flip);
    tsr__launch_plain_strides(l, x);
    tsr__launch_plain_strides(l, dv);
    tsr__launch_grid(l, global, local);
    tsr__weights_end_shared(out, p, &in);
}

const tsr__algorithm tsr__conv_backward_weights_implicit_gemm = {
    .name = "implicit_gemm",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__WIDE_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
