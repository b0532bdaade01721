/* The convolution for Intel's GPUs, by sub-groups: kernels/conv/sub_groups.cl tells what it does and why. */
#include "conv/defines.h"
#include "conv/pack.h"
#include "device.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_sub_groups;

enum { LANES = 16 };

/* Pixels, and vectors of output channels. */
enum { TILE_P, REG_K };
static const char *const param_names[] = {"p", "rk", NULL};

/* The first is the most that a thread's 128 registers hold on every GPU; the others make more threads. */
static const tsr__params tiles[] = {{{8, 2}}, {{8, 1}}, {{4, 1}}};
enum { TILES = sizeof tiles / sizeof tiles[0] };

static int64_t pixels(const tsr__problem *p)
{
    return p->y.n * tsr__tensor_plane(&p->y);
}

/* Sub-groups of a work-group, which share weights in the nearest cache. */
static int64_t rows_of(const tsr_device *device)
{
    int64_t rows = 4;
    while (rows > 1 &&
           ((uint64_t)(rows * LANES) > device->max_work_group || (uint64_t)rows > device->max_work_items[1]))
        rows /= 2;
    return rows;
}

static void define(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "REG_K", params->value[REG_K]);
    tsr__launch_define(l, "ROWS", rows_of(device));
}

/* Tiles that the output channels of a group make. */
static int64_t tiles_of_k(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_k(p), LANES * params->value[REG_K]);
}

/* ---- Weights --------------------------------------------------------------------------------------------------- */

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t padded_k = tiles_of_k(p, params) * LANES * params->value[REG_K];
    return p->groups * padded_k * tsr__group_c(p) * tsr__taps(p);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__launch_pack_elements(l, device, p, tiles_of_k(p, params), LANES * params->value[REG_K], tsr__group_c(p));
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Threads that a tile makes. */
static int64_t threads(const tsr__problem *p, const tsr__params *params)
{
    return tiles_of_k(p, params) * p->groups * tsr__ceil_div(pixels(p), params->value[TILE_P]);
}

/* The largest tile that makes threads enough for all compute units, which have 7 or 8 each, or else the smallest. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    enum { THREADS_PER_UNIT = 8 };
    size_t best = 0;
    while (best < TILES - 1 && (threads(p, &tiles[best]) < (int64_t)THREADS_PER_UNIT * device->compute_units ||
                                tsr__group_k(p) <= LANES * (tiles[best].value[REG_K] - 1)))
        ++best;
    return tsr__tell_candidates(tiles, TILES, best, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    if (!tsr__device_has(device, "cl_intel_required_subgroup_size"))
        return "the device's sub-groups cannot be asked for with 16 work-items";
    if (device->max_work_group < LANES || device->max_work_items[0] < LANES)
        return "the device's work-groups are smaller than a sub-group";
    if (tsr__group_c(p) % LANES != 0) return "16 does not divide the input channels of a group";
    return tsr__conv_refuse_packed(packed_elements(p, &tiles[0]));
}

/* Few threads, with all of the sums each, are slower than work-groups that share them. How few is a guess: no GPU of
 * Intel's has been at hand. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    return threads(p, params) >= (int64_t)4 * device->compute_units;
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t k_tiles = tiles_of_k(p, params);
    const int64_t global[3] = {LANES * k_tiles * p->groups, tsr__ceil_div(pixels(p), params->value[TILE_P]), 1};
    const size_t local[3] = {LANES, (size_t)rows_of(device), 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_sub_groups, "conv_sub_groups");
    define(device, p, params, l);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, k_tiles);
    tsr__launch_int(l, pixels(p));
    tsr__launch_plain_problem(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_sub_groups = {
    .name = "sub_groups",
    .family = TSR__GPU_FAMILY,
    .extension = "cl_intel_subgroups",
    .param_names = param_names,
    .layouts = tsr__nhwc_layouts,
    .features = TSR__ALL_FEATURES &
                ~(TSR__BLOCKED_BIT | TSR__PLAIN_BIT | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__WIDE_BIT | TSR__F16_BIT |
                  TSR__F64_BIT | TSR__INT8_BIT | TSR__CONVERT_BIT | TSR__TRANSPOSED_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .pays = pays,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .pack = pack,
    .launches = launches,
};
