/* The convolution for GPUs without local memory of their own: kernels/conv/direct_images.cl tells what it does and why.
 */
#include "conv/defines.h"
#include "conv/pack.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_direct_images;

/* Pixels, and texels of output channels. */
enum { TILE_P, REG_K };
static const char *const param_names[] = {"p", "rk", NULL};

/* The first takes about 60 registers, of which such GPUs have 64 or more; the others make more work-items. */
static const tsr__params tiles[] = {{{4, 2}}, {{4, 1}}, {{2, 1}}, {{1, 1}}};
enum { TILES = sizeof tiles / sizeof tiles[0] };

/* The tiles that the output channels of a group make, and the channels of those. */
static int64_t tiles_of_k(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_k(p), TSR__TEXEL * params->value[REG_K]);
}

static int64_t packed_k(const tsr__problem *p, const tsr__params *params)
{
    return tiles_of_k(p, params) * TSR__TEXEL * params->value[REG_K];
}

/* A dense tensor's pixels as one row. */
static tsr_tensor one_row(tsr_tensor t)
{
    const int64_t pixels = t.n * tsr__tensor_plane(&t);
    t.n = 1;
    tsr__copy_axes(t.size, (const int64_t[TSR_AXES]){1, 1, pixels});
    t.strides = (tsr_strides){.size = {[TSR_W] = t.c}};
    return t;
}

/* The problem as the kernel has it: where no coordinate matters, all pixels are one row. */
static tsr__problem flattened(const tsr__problem *p)
{
    tsr__problem flat = *p;
    if (!tsr__window_is_pointwise(&p->window)) return flat;
    flat.x = one_row(p->x);
    flat.y = one_row(p->y);
    flat.residual = one_row(p->residual);
    return flat;
}

static int64_t rows_of(const tsr__problem *flat)
{
    return flat->y.n * flat->y.size[TSR_D] * flat->y.size[TSR_H];
}

static int64_t tiles_of_p(const tsr__problem *flat, const tsr__params *params)
{
    return rows_of(flat) * tsr__ceil_div(flat->y.size[TSR_W], params->value[TILE_P]);
}

/* ---- Weights --------------------------------------------------------------------------------------------------- */

static int64_t packed_elements(const tsr__problem *p, const tsr__params *params)
{
    return p->groups * packed_k(p, params) * tsr__group_c(p) * tsr__taps(p);
}

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__launch_pack_elements(l, device, p, 1, packed_k(p, params), tsr__group_c(p));
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

static int64_t items(const tsr__problem *flat, const tsr__params *params)
{
    return tiles_of_k(flat, params) * tiles_of_p(flat, params) * flat->groups;
}

/* Whether half of a tile would do for all channels or pixels. */
static bool is_too_large(const tsr__problem *flat, const tsr__params *params)
{
    return tsr__group_k(flat) <= TSR__TEXEL * (params->value[REG_K] - 1) ||
           flat->y.size[TSR_W] <= params->value[TILE_P] / 2;
}

/* The largest tile that makes work-items enough for all compute units, or else the smallest. How many are enough is a
 * guess: no such GPU has been at hand. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    enum { ITEMS_PER_UNIT = 256 };
    const tsr__problem flat = flattened(p);
    const size_t largest = p->x.dtype == TSR_F16; /* to convert halves takes the registers of the first */
    size_t best = largest;
    while (best < TILES - 1 && (items(&flat, &tiles[best]) < (int64_t)ITEMS_PER_UNIT * device->compute_units ||
                                is_too_large(&flat, &tiles[best])))
        ++best;
    return tsr__tell_candidates(&tiles[largest], TILES - largest, best - largest, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

/* ---- Acceptance ------------------------------------------------------------------------------------------------ */

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const uint64_t room = device->max_image_texels * TSR__TEXEL;
    const int64_t packed = packed_elements(p, &tiles[0]);
    if (room == 0) return "the device has no images over buffers";
    if (tsr__group_c(p) % TSR__TEXEL != 0) return "4 does not divide the input channels of a group";
    if ((uint64_t)tsr__tensor_elements(&p->x) > room || (uint64_t)packed > room)
        return "x or the packed weights have more texels than the device's images";
    return tsr__conv_refuse_packed(packed);
}

/* Local memory of its own serves better. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    (void)p;
    (void)params;
    return !device->local_is_dedicated;
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

/* 64 work-items share inputs and weights in the nearest cache: in a square, or fewer of them on the first axis where 8
 * would leave more than an eighth without work. */
static void set_grid(const tsr_device *device, const tsr__problem *flat, const tsr__params *params, tsr__launch *l)
{
    enum { SIDE = 8, ALL = SIDE * SIDE };
    const int64_t global[3] = {tiles_of_k(flat, params), tiles_of_p(flat, params), flat->groups};
    const bool drivers_choice =
        device->max_work_group < ALL || device->max_work_items[0] < SIDE || device->max_work_items[1] < ALL;
    int64_t across = SIDE;
    while (across > 1 && tsr__ceil_div(global[0], across) * across > global[0] + global[0] / 8) across /= 2;
    const size_t own[3] = {(size_t)across, (size_t)(ALL / across), 1}, none[3] = {0, 0, 0};
    tsr__launch_grid(l, global, drivers_choice ? none : own);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__problem flat = flattened(p);
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_direct_images, "conv_direct_images");
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__launch_define(l, "REG_K", params->value[REG_K]);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_image(l, TSR__X, tsr__tensor_elements(&p->x));
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_image(l, TSR__PACKED, packed_elements(p, params));
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, packed_k(p, params));
    tsr__launch_int(l, rows_of(&flat));
    tsr__launch_plain_problem(l, &flat);
    set_grid(device, &flat, params, l);
}

const tsr__algorithm tsr__conv_direct_images = {
    .name = "direct_images",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .layouts = tsr__nhwc_layouts,
    .features =
        TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__PLAIN_BIT | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__WIDE_BIT |
                              TSR__F64_BIT | TSR__INT8_BIT | TSR__TRANSPOSED_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .pays = pays,
    .params = params,
    .candidates = candidates,
    .packed_elements = packed_elements,
    .pack = pack,
    .launches = launches,
};
