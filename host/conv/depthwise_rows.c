/* The depthwise convolution for CPUs on NCHW: kernels/conv/depthwise_rows.cl tells what it does and why. */
#include "conv/plain_depthwise.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_depthwise_rows;

static const char *const param_names[] = {"vec", "q", NULL};

/* Rows of outputs that are summed together. */
enum { TILE_P = 4 };

/* Rows of outputs that a work-item can make; 0: not even one. */
static int64_t rows_of(const tsr__problem *p, const tsr__params *params)
{
    const int64_t rows = tsr__cpu_region_rows(&p->window, p->window.filter[TSR_D], params);
    return rows < p->y.size[TSR_H] ? rows : p->y.size[TSR_H];
}

static bool fits(const tsr__problem *p, const tsr__params *params)
{
    return rows_of(p, params) > 0;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    return tsr__cpu_row_tiles(device, p, p->y.size[TSR_W], fits, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    tsr__params ignored;
    if (types != NULL) return types;
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if (!tsr__cpu_is_unrolled(&p->window)) return TSR__CONV_LARGE_FILTER;
    if (candidates(device, p, &ignored, 1) == 0) return "what a few outputs see has more than 4096 elements";
    return NULL;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const int64_t rows = rows_of(p, params);
    const int64_t global[3] = {tsr__ceil_div(p->y.size[TSR_W], params->value[TSR__CPU_TILE_Q]),
                               p->y.size[TSR_D] * tsr__ceil_div(p->y.size[TSR_H], rows), p->x.n * p->x.c};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_depthwise_rows, "conv_depthwise_rows");
    tsr__launch_define(l, "TILE_P", TILE_P);
    tsr__launch_plain_depthwise(l, p, params, rows);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_depthwise_rows = {
    .name = "depthwise_rows",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT |
                                      TSR__DENSE_BIT | TSR__TRANSPOSED_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
