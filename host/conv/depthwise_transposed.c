/* The transposed depthwise convolution for CPUs on NCHW: kernels/conv/depthwise_transposed.cl tells what it does and
 * why. */
#include "conv/plain_depthwise.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_depthwise_transposed;

static const char *const param_names[] = {"vec", "q", NULL};

/* Groups of outputs on an axis, one output of each phase, the padding before them included. */
static int64_t groups_of(const tsr__problem *p, int axis)
{
    return tsr__ceil_div(p->y.size[axis] + p->window.pad_begin[axis], p->window.stride[axis]);
}

/* Rows of groups that a work-item makes, alike for all of them; 0: not even one. */
static int64_t rows_of(const tsr__problem *p, const tsr__params *params)
{
    const int64_t rows = tsr__cpu_region_rows(&p->window, p->window.filter[TSR_D], params);
    return rows > 0 ? tsr__even_part(groups_of(p, TSR_H), rows) : 0;
}

static bool fits(const tsr__problem *p, const tsr__params *params)
{
    return rows_of(p, params) > 0;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    return tsr__cpu_row_tiles(device, p, groups_of(p, TSR_W), fits, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    enum { MOST_PHASES = 16 };
    const tsr__window *w = &p->window;
    const char *types = tsr__refuse_types(device, p);
    tsr__params ignored;
    if (types != NULL) return types;
    if (!w->transposed) return "it is for transposed convolution alone";
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if (!tsr__cpu_is_unrolled(w)) return TSR__CONV_LARGE_FILTER;
    if (w->stride[TSR_H] > MOST_PHASES || w->stride[TSR_W] > MOST_PHASES / w->stride[TSR_H])
        return "the strides of height and width make more than 16 phases, each with sums of its own";
    if (candidates(device, p, &ignored, 1) == 0) return "what a few outputs see has more than 4096 elements";
    return NULL;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const int64_t rows = rows_of(p, params);
    const int64_t global[3] = {tsr__ceil_div(groups_of(p, TSR_W), params->value[TSR__CPU_TILE_Q]),
                               p->y.size[TSR_D] * tsr__ceil_div(groups_of(p, TSR_H), rows), p->x.n * p->x.c};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_depthwise_transposed, "conv_depthwise_transposed");
    tsr__launch_plain_depthwise(l, p, params, rows);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_depthwise_transposed = {
    .name = "depthwise_transposed",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT |
                                      TSR__DENSE_BIT | TSR__PAD_MODE_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
