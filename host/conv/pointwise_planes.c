/* The convolution by a filter of one tap for CPUs on NCHW: kernels/conv/pointwise_planes.cl tells what it does and
 * why. */
#include "conv/pointwise_planes.h"

#include "conv/defines.h"
#include "conv/pack.h"
#include "cpu_family.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_pointwise_planes;

/* Floats in a vector; vectors of pixels and output channels in a register tile. */
enum { VECTOR, TILE_P, TILE_K };
static const char *const param_names[] = {"vec", "p", "k", NULL};

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Register tiles, for AVX-512's 32 registers and for 16, and how fast they are by the loads that they need. */
typedef struct register_tile {
    int32_t tile_p, tile_k;
    double speed;
} register_tile;

static const register_tile wide_tiles[] = {{4, 6, 1.0}, {3, 8, 0.98}, {2, 12, 0.9}, {1, 12, 0.6}};
static const register_tile narrow_tiles[] = {{3, 4, 1.0}, {2, 5, 0.95}, {1, 8, 0.7}};

static int64_t tiles_of_plane(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__tensor_plane(&p->y), (int64_t)params->value[TILE_P] * params->value[VECTOR]);
}

static int64_t tiles(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_k(p), params->value[TILE_K]);
}

/* The part of their work that tiles do not spend beyond a plane's last pixel and a group's last channel. */
static double use(const tsr__problem *p, const tsr__params *params)
{
    const int64_t pixels = tiles_of_plane(p, params) * params->value[TILE_P] * params->value[VECTOR];
    const int64_t channels = tiles(p, params) * params->value[TILE_K];
    return (double)tsr__tensor_plane(&p->y) / (double)pixels * (double)tsr__group_k(p) / (double)channels;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    enum { MOST = sizeof wide_tiles / sizeof wide_tiles[0] };
    const int32_t width = (int32_t)tsr__cpu_real_width(device, p);
    const bool wide = tsr__cpu_vector_width(device) == 16;
    const register_tile *tile = wide ? wide_tiles : narrow_tiles;
    const size_t count = wide ? MOST : sizeof narrow_tiles / sizeof narrow_tiles[0];
    tsr__params all[MOST];
    double fastest = 0.0;
    size_t best = 0;
    for (size_t i = 0; i < count; ++i) {
        all[i] = (tsr__params){{width, tile[i].tile_p, tile[i].tile_k}};
        const double speed = tile[i].speed * use(p, &all[i]);
        if (speed <= fastest) continue;
        fastest = speed;
        best = i;
    }
    return tsr__tell_candidates(all, count, best, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static tsr__packing packing(const tsr__problem *p, const tsr__params *params)
{
    return (tsr__packing){.groups = p->groups,
                          .c = tsr__group_c(p),
                          .k = tsr__group_k(p),
                          .tiles = tiles(p, params),
                          .tile_k = params->value[TILE_K],
                          .together = 1};
}

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__packing packed = packing(p, params);
    return tsr__packing_elements(&packed, p);
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

/* What it can do. */
enum {
    FEATURES = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__WIDE_BIT |
                                     TSR__DILATION_BIT | TSR__PAD_MODE_BIT | TSR__FLIP_BIT | TSR__HALF_SUMS_BIT)
};

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    if (!tsr__window_is_pointwise(&p->window)) return "the filter has more than one tap, or does not visit every pixel";
    if (tsr__tensor_plane(&p->y) < tsr__cpu_real_width(device, p)) return "a plane has fewer elements than a vector";
    tsr__params defaults;
    params(device, p, &defaults);
    return tsr__conv_refuse_packed(packed_elements(p, &defaults));
}

bool tsr__pointwise_planes_pay(const tsr_device *device, const tsr__problem *p)
{
    enum { LEAST_PIXELS = 256 };
    const bool accepted = tsr__refuse_features(tsr__problem_features(p), FEATURES) == NULL && refuse(device, p) == NULL;
    return accepted && tsr__tensor_plane(&p->y) >= LEAST_PIXELS;
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    (void)device;
    const tsr__packing packed = packing(p, params);
    tsr__launch_pack(l, &packed, p);
}

/* Tiles of output channels of a work-item: all, so that the pixels stay cached, but for work-items enough for all
 * compute units. */
static int64_t tiles_of_item(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { ITEMS_PER_UNIT = 4 };
    const int64_t others = tiles_of_plane(p, params) * p->x.n * p->groups;
    const int64_t shares = tsr__ceil_div((int64_t)ITEMS_PER_UNIT * device->compute_units, others);
    return tsr__ceil_div(tiles(p, params), shares);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t each = tiles_of_item(device, p, params), shares = tsr__ceil_div(tiles(p, params), each);
    const int64_t global[3] = {tiles_of_plane(p, params), p->groups * shares, p->x.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_pointwise_planes, "conv_pointwise_planes");
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, shares);
    tsr__launch_int(l, each);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, tsr__tensor_plane(&p->y));
    tsr__launch_int(l, tsr__spanned_n(&p->x));
    tsr__launch_int(l, tsr__spanned_c(&p->x));
    tsr__launch_int(l, tsr__spanned_n(&p->y));
    tsr__launch_int(l, tsr__spanned_c(&p->y));
    tsr__launch_int(l, tsr__spanned_n(&p->residual));
    tsr__launch_int(l, tsr__spanned_c(&p->residual));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_pointwise_planes = {
    .name = "pointwise_planes",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = FEATURES,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .pack = pack,
    .launches = launches,
};
