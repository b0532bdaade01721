/* The convolution for GPUs: kernels/conv/implicit_gemm.cl tells what it does and why. */
#include <math.h>
#include <string.h>

#include "conv/defines.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_implicit_gemm;

/* Output channels and pixels of a work-group and of a work-item; input channels of a step; work-groups that share a
 * sum. */
enum { TILE_K, TILE_P, REG_K, REG_P, STEP, SPLITS };
static const char *const param_names[] = {"k", "p", "rk", "rp", "step", "splits", NULL};

/* Tiles, their work-items, and what share of the arithmetic of the first they reach where there is work enough:
 * measured on an NVIDIA H200. */
static const struct {
    int32_t tile_k, tile_p, reg_k, reg_p;
    double efficiency;
} tiles[] = {
    {128, 128, 8, 8, 1.0}, /* 256 items; 4 local loads of 4 floats for 64 multiply-adds */
    {128, 64, 8, 4, 0.96}, /* 256; 3 for 32                                             */
    {64, 128, 8, 8, 0.77}, /* 128: for first layers, whose steps are short              */
    {64, 64, 8, 4, 0.92},  /* 128                                                       */
    {64, 64, 4, 4, 0.85},  /* 256: where registers are scarce                           */
    {32, 32, 4, 4, 0.76},  /* 64: for few channels, few pixels and small work-groups    */
};
enum { TILES = sizeof tiles / sizeof tiles[0], MOST_SPLITS = 32, WHOLE_STEP = 8 };

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
    return p->groups * tiles_of_k(p, params) * tsr__taps(p) * padded_c(p, params) * params->value[TILE_K];
}

/* The parts of the sums where work-groups share them. */
static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    return params->value[SPLITS] > 1 ? params->value[SPLITS] * p->y.n * p->y.c * tsr__tensor_plane(&p->y) : 0;
}

static int64_t work_groups(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(p->y.n * tsr__phase_pixels(p), params->value[TILE_P]) * tiles_of_k(p, params) *
           tsr__phases(p) * p->groups;
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Steps of a work-group that makes all of its sums. */
static int64_t steps_of(const tsr__problem *p, const tsr__params *params)
{
    return tsr__taps(p) * padded_c(p, params) / params->value[STEP];
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
    tsr__params made = {{tiles[tile].tile_k, tiles[tile].tile_p, tiles[tile].reg_k, tiles[tile].reg_p, step, 1}};
    if (splits) made.value[SPLITS] = splits_for(device, p, &made);
    return made;
}

/* How many sums a work-item has registers for: doubles take two each, a transposed problem has its phases to remember,
 * and threads of Intel's GPUs hold 128 registers for 8 or 16 items, and convert halves in some of them. */
static int32_t most_sums(const tsr_device *device, const tsr__problem *p)
{
    if (p->x.dtype == TSR_F64 || p->window.transposed) return 16;
    if (strstr(device->vendor, "Intel") == NULL) return 64;
    return p->x.dtype == TSR_F16 ? 16 : 32;
}

static bool fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    const int32_t *v = params->value;
    const uint64_t element = p->x.dtype == TSR_F64 ? sizeof(double) : sizeof(float);
    const uint64_t local_bytes = 2 * element * (uint64_t)(v[STEP] * (v[TILE_K] + v[TILE_P] + 4));
    return packed_elements(p, params) <= TSR__MAX_INT_INDEX && (uint64_t)items(params) <= device->max_work_group &&
           (uint64_t)items(params) <= device->max_work_items[0] && local_bytes <= device->local_bytes &&
           v[REG_K] * v[REG_P] <= most_sums(device, p);
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
    const double taps_of_step = (double)v[STEP] / (double)padded_c(p, params);
    const double step = (double)v[TILE_K] * v[TILE_P] * v[STEP] / WHOLE_STEP / efficiency;
    const double sums = steps * (groups * (step + tap * (double)items(params) * taps_of_step) + wait);
    return v[SPLITS] == 1 ? sums : sums + pass + part * (double)workspace_elements(p, params);
}

/* The default params; false where no tile fits. */
static bool choose(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    double least = INFINITY;
    for (int i = 0; i < 2 * TILES; ++i) {
        const tsr__params made = make_params(device, p, i / 2, i % 2);
        if (!fits(device, p, &made)) continue;
        const double taken = cost(device, p, &made, tiles[i / 2].efficiency);
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
    for (int i = 0; i < 2 * TILES && count < capacity; ++i) {
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
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "REG_K", params->value[REG_K]);
    tsr__launch_define(l, "REG_P", params->value[REG_P]);
    tsr__launch_define(l, "STEP", params->value[STEP]);
    tsr__launch_define(l, "SPLIT", params->value[SPLITS] > 1);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const int64_t tile_k = params->value[TILE_K];
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
    const int64_t global[3] = {tsr__ceil_div(p->y.n * tsr__phase_pixels(p), params->value[TILE_P]) * items(params),
                               tiles_of_k(p, params) * tsr__phases(p), p->groups * params->value[SPLITS]};
    const size_t local[3] = {(size_t)items(params), 1, 1};
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
