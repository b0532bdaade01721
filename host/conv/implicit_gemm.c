/* The convolution for GPUs: kernels/conv/implicit_gemm.cl tells what it does and why. */
#include <math.h>
#include <string.h>

#include "conv/defines.h"
#include "conv/gemm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_implicit_gemm;

/* The tile's, and work-groups that share a sum. */
enum { SPLITS = TSR__GEMM_PARAMS };
static const char *const param_names[] = {"k", "p", "rk", "rp", "step", "splits", NULL};

enum { MOST_SPLITS = 32, WHOLE_STEP = 8 };

static int64_t tiles_of_k(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_k(p), params->value[TSR__GEMM_K]);
}

/* Input channels of a group, rounded up to whole steps. */
static int64_t padded_c(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_c(p), params->value[TSR__GEMM_STEP]) * params->value[TSR__GEMM_STEP];
}

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    return p->groups * tiles_of_k(p, params) * tsr__taps(p) * padded_c(p, params) * params->value[TSR__GEMM_K];
}

/* The parts of the sums where work-groups share them. */
static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    return params->value[SPLITS] > 1 ? params->value[SPLITS] * p->y.n * p->y.c * tsr__tensor_plane(&p->y) : 0;
}

static int64_t work_groups(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(p->y.n * tsr__phase_pixels(p), params->value[TSR__GEMM_P]) * tiles_of_k(p, params) *
           tsr__phases(p) * p->groups;
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Steps of a work-group that makes all of its sums. */
static int64_t steps_of(const tsr__problem *p, const tsr__params *params)
{
    return tsr__taps(p) * padded_c(p, params) / params->value[TSR__GEMM_STEP];
}

/* Into how many parts sums may be taken apart: so that each compute unit has two work-groups, which hide each other's
 * waits, while a part is long enough to be worth storing and the workspace holds no more than the weights do, or x and
 * y. */
static int32_t splits_for(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { SHORTEST = 16 };
    const int64_t y = p->y.n * p->y.c * tsr__tensor_plane(&p->y), x = p->x.n * p->x.c * tsr__tensor_plane(&p->x);
    const int64_t packed = packed_elements(p, params), room = packed > x + y ? packed : x + y;
    int64_t splits = 2 * (int64_t)device->compute_units / work_groups(p, params);
    if (splits > steps_of(p, params) / SHORTEST) splits = steps_of(p, params) / SHORTEST;
    if (splits > room / y) splits = room / y;
    if (splits > MOST_SPLITS) splits = MOST_SPLITS;
    return splits < 2 || p->window.transposed ? 1 : (int32_t)splits;
}

static tsr__params make_params(const tsr_device *device, const tsr__problem *p, int tile, bool splits)
{
    /* A step longer than the channels would be mostly zeros; a first layer has 3. */
    const int32_t step = tsr__group_c(p) <= WHOLE_STEP / 2 ? WHOLE_STEP / 2 : WHOLE_STEP;
    tsr__params made = tsr__gemm_params(tile, step);
    made.value[SPLITS] = 1;
    if (splits) made.value[SPLITS] = splits_for(device, p, &made);
    return made;
}

/* A transposed problem has its phases to remember too. */
static bool fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { SUMS_OF_PHASES = 16, SPARE = 4 };
    const int32_t most = p->window.transposed ? SUMS_OF_PHASES : tsr__gemm_most_sums(device, p);
    return packed_elements(p, params) <= TSR__MAX_INT_INDEX && tsr__gemm_fits(device, p, params, most, SPARE);
}

/* What a run takes, in the time that a compute unit needs for WHOLE_STEP multiply-adds: each step of the work-groups
 * that a unit runs, and a wait that they share; for each tap of the filter, where it looks; and another pass over the
 * parts of sums. The numbers were fitted to the times of 14 layers on an NVIDIA H200. */
static double cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params, double efficiency)
{
    const double wait = 2100, tap = 25, pass = 65000, part = 1.0 / 22;
    const int32_t *v = params->value;
    const double groups = (double)tsr__ceil_div(work_groups(p, params) * v[SPLITS], device->compute_units);
    const double steps = (double)tsr__ceil_div(steps_of(p, params), v[SPLITS]);
    const double taps_of_step = (double)v[TSR__GEMM_STEP] / (double)padded_c(p, params);
    const double step = (double)v[TSR__GEMM_K] * v[TSR__GEMM_P] * v[TSR__GEMM_STEP] / WHOLE_STEP / efficiency;
    const double sums = steps * (groups * (step + tap * (double)tsr__gemm_items(params) * taps_of_step) + wait);
    return v[SPLITS] == 1 ? sums : sums + pass + part * (double)workspace_elements(p, params);
}

/* The default params; false where no tile fits. */
static bool choose(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    double least = INFINITY;
    for (int i = 0; i < 2 * TSR__GEMM_TILES; ++i) {
        const tsr__params made = make_params(device, p, i / 2, i % 2);
        if (!fits(device, p, &made)) continue;
        const double taken = cost(device, p, &made, tsr__gemm_tiles[i / 2].efficiency);
        if (taken < least) {
            least = taken;
            *out = made;
        }
    }
    return least < INFINITY;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    choose(device, p, out);
}

/* Each tile, with sums taken apart and not. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    tsr__params first;
    size_t count = 0;
    if (!choose(device, p, &first)) return 0;
    if (capacity > 0) out[count++] = first;
    for (int i = 0; i < 2 * TSR__GEMM_TILES && count < capacity; ++i) {
        const tsr__params made = make_params(device, p, i / 2, i % 2);
        const bool is_another = i % 2 == 0 || made.value[SPLITS] > 1;
        if (is_another && fits(device, p, &made) && memcmp(&made, &first, sizeof made) != 0) out[count++] = made;
    }
    return count;
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params ignored;
    if (!choose(device, p, &ignored)) return "no tile fits the device's work-groups, local memory and 32-bit indices";
    return tsr__refuse_types(device, p);
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "TRANSPOSED", p->window.transposed);
    tsr__launch_define(l, "CHANNELS_LAST", p->x.layout == TSR_LAYOUT_NHWC);
    tsr__gemm_define(l, params);
    tsr__launch_define(l, "SPLIT", params->value[SPLITS] > 1);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const int64_t tile_k = params->value[TSR__GEMM_K];
    const int64_t global[3] = {tile_k, tsr__taps(p) * padded_c(p, params), p->groups * tiles_of_k(p, params)};
    const size_t local[3] = {(size_t)tile_k, 1, 1};
    tsr__launch_begin(l, &tsr__source_conv_implicit_gemm, "conv_implicit_gemm_pack");
    define(p, params, l);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, tiles_of_k(p, params));
    tsr__launch_int(l, tsr__taps(p));
    tsr__launch_weights(l, p);
    tsr__launch_grid(l, global, local);
}

static void launch_axes(tsr__launch *l, const int64_t values[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(l, values[axis]);
}

/* The launch that makes all sums, or their parts. */
static void launch_sums(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    const tsr__window *w = &p->window;
    const int64_t global[3] = {tsr__ceil_div(p->y.n * tsr__phase_pixels(p), params->value[TSR__GEMM_P]) *
                                   tsr__gemm_items(params),
                               tiles_of_k(p, params) * tsr__phases(p), p->groups * params->value[SPLITS]};
    const size_t local[3] = {(size_t)tsr__gemm_items(params), 1, 1};
    define(p, params, l);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_int(l, p->groups);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, p->x.n);
    launch_axes(l, p->x.size);
    launch_axes(l, p->y.size);
    launch_axes(l, w->filter);
    launch_axes(l, w->stride);
    launch_axes(l, w->dilation);
    launch_axes(l, w->pad_begin);
    tsr__launch_int(l, w->pad_mode);
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(l, tsr__tap_steps_of(w, axis).tap);
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(l, tsr__tap_steps_of(w, axis).reach);
    tsr__launch_int(l, tiles_of_k(p, params));
    tsr__launch_int(l, params->value[SPLITS]);
    tsr__launch_plain_strides(l, &p->x);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
    tsr__launch_grid(l, global, local);
}

/* The launch that adds up the parts. */
static void launch_finish(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    enum { BLOCK = 4 }; /* channels of a work-item */
    const int64_t global[3] = {p->y.n * tsr__tensor_plane(&p->y), tsr__ceil_div(p->y.c, BLOCK), 1};
    define(p, params, l);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, p->y.n);
    launch_axes(l, p->y.size);
    tsr__launch_int(l, params->value[SPLITS]);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
    tsr__launch_groups(l, global, device);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    launch_sums(p, params, tsr__launches_add(out, &tsr__source_conv_implicit_gemm, "conv_implicit_gemm"));
    if (params->value[SPLITS] > 1)
        launch_finish(device, p, params,
                      tsr__launches_add(out, &tsr__source_conv_implicit_gemm, "conv_implicit_gemm_finish"));
}

const tsr__algorithm tsr__conv_implicit_gemm = {
    .name = "implicit_gemm",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__WIDE_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .workspace_elements = workspace_elements,
    .pack = pack,
    .launches = launches,
};
