/* The depthwise convolution for CPUs on NCHW whose rows are short: kernels/conv/depthwise_lines.cl tells what it does
 * and why. */
#include "conv/defines.h"
#include "cpu_family.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_depthwise_lines;

/* Rows of outputs that are summed together. */
enum { TILE_P = 4 };

/* Numbers in private memory: outputs of a line, filters in lines, lines of x, sums that wait. */
enum { LINE = 128, WEIGHTS = 2048, RESULTS = 3072 };

/* Planes that a work-item makes, whole; 0: not even one. */
static int64_t planes_of(const tsr_device *device, const tsr__problem *p)
{
    enum { ITEMS_PER_UNIT = 4 };
    const tsr__window *w = &p->window;
    const tsr__cpu_line line = tsr__cpu_line_of(p);
    const int64_t vector = tsr__cpu_vector_width(device), rows = p->y.size[TSR_H];
    const int64_t summed = tsr__ceil_div(rows, TILE_P) * TILE_P;
    const int64_t lines = (summed - 1) * w->stride[TSR_H] + tsr__window_extent(w, TSR_H);
    const int64_t even = p->x.c * p->x.n / ((int64_t)ITEMS_PER_UNIT * device->compute_units);
    const int64_t most[] = {LINE / line.out_pitch, WEIGHTS / (line.out_pitch * tsr__taps(p)),
                            TSR__CPU_REGION / (lines * line.pitch), RESULTS / (rows * p->y.size[TSR_W] + vector)};
    int64_t planes = even < 1 ? 1 : even < p->x.c ? even : p->x.c;
    for (size_t i = 0; i < sizeof most / sizeof most[0]; ++i)
        if (planes > most[i]) planes = most[i];
    return planes;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if (!tsr__cpu_is_unrolled(&p->window)) return TSR__CONV_LARGE_FILTER;
    if (planes_of(device, p) < 1) return "a plane and what it sees do not fit its private memory";
    return NULL;
}

/* A row that fills more than half of a vector is better made by itself, with the numbers of its filter in registers. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    return 2 * p->y.size[TSR_W] <= tsr__cpu_vector_width(device);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const int64_t planes = planes_of(device, p);
    const tsr__cpu_line line = tsr__cpu_line_of(p);
    const int64_t global[3] = {tsr__ceil_div(p->x.c, planes), p->x.n, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_depthwise_lines, "conv_depthwise_lines");
    tsr__window_define(l, &p->window);
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "VEC", tsr__cpu_vector_width(device));
    tsr__launch_define(l, "TILE_P", TILE_P);
    tsr__launch_define(l, "LINE", LINE);
    tsr__launch_define(l, "WEIGHTS", WEIGHTS);
    tsr__launch_define(l, "REGION", TSR__CPU_REGION);
    tsr__launch_define(l, "RESULTS", RESULTS);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, planes);
    tsr__launch_int(l, line.pitch);
    tsr__launch_int(l, line.out_pitch);
    tsr__launch_int(l, p->y.c / p->x.c);
    tsr__launch_int(l, p->flip);
    tsr__launch_int(l, p->x.c);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->x.size[axis]);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->y.size[axis]);
    for (int axis = TSR_H; axis < TSR_AXES; ++axis) tsr__launch_int(l, p->window.pad_begin[axis]);
    tsr__cpu_launch_strides(l, &p->x, tsr__spanned_c(&p->x));
    tsr__cpu_launch_strides(l, &p->y, tsr__spanned_c(&p->y));
    tsr__cpu_launch_strides(l, &p->residual, tsr__spanned_c(&p->residual));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__conv_depthwise_lines = {
    .name = "depthwise_lines",
    .family = TSR__CPU_FAMILY,
    .features =
        TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT | TSR__DEPTH_BIT |
                              TSR__DENSE_BIT | TSR__TRANSPOSED_BIT | TSR__PAD_MODE_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .pays = pays,
    .launches = launches,
};
