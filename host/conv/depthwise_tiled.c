/* The depthwise convolution for GPUs: kernels/conv/depthwise_tiled.cl tells what it does and why. */
#include "conv/defines.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_depthwise_tiled;

/* Outputs of a column that a work-item makes. */
enum { TILE_P };
static const char *const param_names[] = {"p", NULL};

/* 4 rows of outputs load half of what each by itself would; longer columns leave small planes too few work-items. */
static const tsr__params tiles[] = {{{4}}, {{8}}, {{2}}, {{1}}};
enum { TILES = sizeof tiles / sizeof tiles[0] };

/* Rows of x that the kernel unrolls its loop over, and looks up beforehand. */
enum { MOST_LINES = 32 };

static bool fits(const tsr__problem *p, const tsr__params *params)
{
    const tsr__window *w = &p->window;
    return (params->value[TILE_P] - 1) * w->stride[TSR_H] + tsr__window_extent(w, TSR_H) <= MOST_LINES;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    (void)device;
    size_t count = 0;
    for (int i = 0; i < TILES && count < capacity; ++i)
        if (fits(p, &tiles[i])) out[count++] = tiles[i];
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params ignored;
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if (candidates(device, p, &ignored, 1) == 0)
        return "the filter spans more than 32 rows, over which a loop is unrolled";
    return tsr__refuse_types(device, p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__window *w = &p->window;
    const int64_t rows = tsr__ceil_div(p->y.size[TSR_H], params->value[TILE_P]);
    const int64_t global[3] = {p->y.n * p->y.c * p->y.size[TSR_D] * rows * p->y.size[TSR_W], 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_depthwise_tiled, "conv_depthwise_tiled");
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "HALF_SUMS", p->half_sums);
    tsr__launch_define(l, "TILE_P", params->value[TILE_P]);
    tsr__column_define(l, w);
    tsr__launch_define(l, "TRANSPOSED", 0);
    tsr__launch_define(l, "CHANNELS_LAST", p->y.layout == TSR_LAYOUT_NHWC);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->y.n);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, p->y.c / p->x.c);
    tsr__launch_int(l, p->flip);
    tsr__launch_int_axes(l, p->x.size);
    tsr__launch_int_axes(l, p->y.size);
    tsr__launch_column_window(l, w);
    tsr__launch_plain_strides(l, &p->x);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
    tsr__launch_groups(l, global, device);
}

const tsr__algorithm tsr__conv_depthwise_tiled = {
    .name = "depthwise_tiled",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__WIDE_BIT | TSR__DENSE_BIT | TSR__TRANSPOSED_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
