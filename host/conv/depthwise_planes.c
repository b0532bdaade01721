/* The depthwise convolution for CPUs on NCHW, several planes at once: kernels/conv/depthwise_planes.cl tells what it
 * does and why. */
#include "conv/plain_depthwise.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_depthwise_planes;

/* Vectors in private memory: what the second cache holds twice and the outputs beside it. */
enum { REGION = 2048 };

/* Floats in a vector; outputs of a row in a register tile. */
enum { VECTOR, TILE_Q };
static const char *const param_names[] = {"vec", "q", NULL};

/* Rows of outputs that a work-item makes; 0: not even one fits. */
static int64_t rows_of(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { ITEMS_PER_UNIT = 4 };
    const tsr__window *w = &p->window;
    const int64_t tile = params->value[TILE_Q], *out = p->y.size;
    const int64_t pitch = tsr__cpu_span(w, tsr__ceil_div(out[TSR_W], tile) * tile);
    const int64_t widest = pitch > p->x.size[TSR_W] ? pitch : p->x.size[TSR_W];
    const int64_t lines = REGION / widest, extent = tsr__window_extent(w, TSR_H);
    const int64_t seen = lines < extent ? 0 : (lines - extent) / w->stride[TSR_H] + 1;
    const int64_t others = p->x.n * tsr__ceil_div(p->x.c, params->value[VECTOR]);
    const int64_t wanted = tsr__ceil_div((int64_t)ITEMS_PER_UNIT * device->compute_units, others);
    int64_t rows = REGION / out[TSR_W] < seen ? REGION / out[TSR_W] : seen;
    if (rows > tsr__ceil_div(out[TSR_H], wanted)) rows = tsr__ceil_div(out[TSR_H], wanted);
    return rows < 1 ? rows : tsr__even_part(out[TSR_H], rows);
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    static const int32_t tiles[] = {7, 4};
    size_t count = 0;
    for (size_t i = 0; i < sizeof tiles / sizeof tiles[0] && count < capacity; ++i) {
        const tsr__params made = {{(int32_t)tsr__cpu_real_width(device, p), tiles[i]}};
        if (rows_of(device, p, &made) > 0) out[count++] = made;
    }
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    tsr__params made;
    if (types != NULL) return types;
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if (!tsr__cpu_is_unrolled(&p->window)) return TSR__CONV_LARGE_FILTER;
    if (candidates(device, p, &made, 1) == 0) return "a row and what it sees take more than 2048 vectors";
    return NULL;
}

/* Rows that fill vectors are faster by themselves, as long as caches hold the planes. Measured on Zen 4. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { CACHED_BYTES = 8 << 20 };
    (void)params;
    return p->y.size[TSR_W] <= tsr__cpu_vector_width(device) || tsr__tensor_bytes(&p->x) >= CACHED_BYTES;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t rows = rows_of(device, p, params);
    const int64_t global[3] = {tsr__ceil_div(p->y.size[TSR_H], rows), tsr__ceil_div(p->x.c, params->value[VECTOR]),
                               p->x.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_depthwise_planes, "conv_depthwise_planes");
    tsr__window_define(l, &p->window);
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_Q", params->value[TILE_Q]);
    tsr__launch_define(l, "REGION", REGION);
    tsr__launch_plain_depthwise_args(l, p, rows, TSR_H);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_depthwise_planes = {
    .name = "depthwise_planes",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features =
        TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT | TSR__DEPTH_BIT |
                              TSR__DENSE_BIT | TSR__TRANSPOSED_BIT | TSR__PAD_MODE_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .pays = pays,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
