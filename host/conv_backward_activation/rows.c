/* The gradient of activations for CPUs: kernels/conv_backward_activation/rows.cl tells what it does and why. */
#include "algorithm.h"
#include "cpu_family.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_backward_activation_rows;

static const char *const param_names[] = {"vec", NULL};

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    const bool plain = p->y.layout == TSR_LAYOUT_NCHW;
    const int64_t width = plain ? tsr__cpu_vector_width(device) : tsr__cpu_channel_vector(device, &p->y);
    if (capacity > 0) *out = (tsr__params){{(int32_t)width}};
    return capacity > 0 ? 1 : 0;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

/* What the kernel sees of an image: rows, their columns, and those that are one piece of the sums. The problem alone
 * decides, and not the number of compute units; in NCHW the width of a vector decides too in which order a row is
 * added. */
typedef struct view {
    int64_t rows, rows_of_slice, columns, piece;
} view;

static view view_of(const tsr__problem *p)
{
    enum { ENOUGH = 4096 }; /* columns */
    const int64_t *size = p->y.size, plane = tsr__tensor_plane(&p->y);
    /* Rows of NCHW end within a vector, but small planes only once. */
    const bool flat = p->y.layout == TSR_LAYOUT_NCHW && tsr__tensor_has_dense_planes(&p->y) && plane <= ENOUGH;
    view v = {size[TSR_D] * size[TSR_H], size[TSR_H], size[TSR_W], 1};
    if (flat) v = (view){1, 1, plane, 1};
    v.piece = tsr__even_part(v.rows, tsr__ceil_div(ENOUGH, v.columns));
    return v;
}

static int64_t lanes_of(const tsr__problem *p, const tsr__params *params)
{
    return p->y.layout == TSR_LAYOUT_NCHW ? 1 : params->value[0];
}

static int64_t units_of(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(p->y.c, lanes_of(p, params));
}

static int64_t pieces_of(const tsr__problem *p)
{
    const view v = view_of(p);
    return p->y.n * tsr__ceil_div(v.rows, v.piece);
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    return pieces_of(p) * (p->dbias + p->dslope) * units_of(p, params) * lanes_of(p, params);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params made;
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    params(device, p, &made);
    return tsr__refuse_elements(workspace_elements(p, &made));
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static const size_t local[3] = {1, 1, 1};

static void define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__launch_define(l, "DTYPE", p->y.dtype);
    tsr__launch_define(l, "VEC", params->value[0]);
    tsr__launch_define(l, "BLOCK", tsr__layout_block(p->y.layout));
    tsr__launch_define(l, "ACTIVATION", p->activation);
    tsr__launch_define(l, "FROM_V", p->from_v);
    tsr__launch_define(l, "HAS_DBIAS", p->dbias);
    tsr__launch_define(l, "HAS_DSLOPE", p->dslope);
    tsr__launch_define(l, "ACCUMULATE", p->accumulate);
}

static void launch_finish(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    const int64_t global[3] = {p->y.c, 1, 1};
    define(p, params, l);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_slot(l, TSR__DBIAS);
    tsr__launch_slot(l, TSR__DSLOPE);
    tsr__launch_int(l, pieces_of(p));
    tsr__launch_int(l, units_of(p, params) * lanes_of(p, params));
    tsr__launch_grid(l, global, local);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const view v = view_of(p);
    const int64_t units = units_of(p, params), together = p->y.layout == TSR_LAYOUT_NHWC ? units : 1;
    const int64_t global[3] = {tsr__ceil_div(v.rows, v.piece), tsr__ceil_div(units, together), p->y.n};
    tsr__launch *l =
        tsr__launches_add(out, &tsr__source_conv_backward_activation_rows, "conv_backward_activation_rows");
    define(p, params, l);
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__SLOPE);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_float(l, p->alpha);
    tsr__launch_float(l, p->beta);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, v.rows);
    tsr__launch_int(l, v.piece);
    tsr__launch_int(l, v.rows_of_slice);
    tsr__launch_int(l, v.columns);
    tsr__launch_int(l, units);
    tsr__launch_int(l, together);
    tsr__cpu_launch_strides(l, &p->y, tsr__cpu_channel_step(&p->y, params->value[0]));
    tsr__launch_grid(l, global, local);
    if (p->dbias || p->dslope)
        launch_finish(
            p, params,
            tsr__launches_add(out, &tsr__source_conv_backward_activation_rows, "conv_backward_activation_finish"));
}

const tsr__algorithm tsr__conv_backward_activation_rows = {
    .name = "rows",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~TSR__WIDE_BIT,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
