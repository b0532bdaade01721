/* The gradient of pooling for CPUs: kernels/pool_backward/window_blocked.cl tells what it does and why. */
#include "pool/defines.h"
#include "reorder_rows.h"

extern const tsr__source tsr__source_pool_backward_window_blocked;

static const char *const param_names[] = {"vec", NULL};

static void layouts(const tsr_device *device, tsr__problem *p)
{
    tsr__cpu_same_layouts(device, &p->x, &p->y);
}

/* What the kernel cannot add to as it is, it makes in the workspace, in blocks and as REALs: NCHW has no vectors of
 * channels, and halves would be rounded at every addition. */
static bool is_staged(const tsr__problem *p)
{
    return p->x.layout == TSR_LAYOUT_NCHW || p->x.dtype == TSR_F16;
}

static int64_t vector_of(const tsr_device *device, const tsr__problem *p)
{
    return is_staged(p) ? tsr__cpu_vector_width(device) : tsr__cpu_channel_vector(device, &p->x);
}

/* The problem that the kernel sees. */
static tsr__problem seen(const tsr__problem *p, int64_t width)
{
    tsr__problem made = *p;
    if (!is_staged(p)) return made;
    made.x = tsr__staged(&p->x, tsr__layout_with_block(width));
    made.y = tsr__staged(&p->y, tsr__layout_with_block(width));
    return made;
}

static bool reads_x(const tsr__problem *p)
{
    return p->pool_kind == TSR_POOL_MAX;
}

/* The workspace: dx, then dy, then x. */
static int64_t dy_at(const tsr__problem *made)
{
    return tsr__tensor_elements(&made->x);
}

static int64_t x_at(const tsr__problem *made)
{
    return dy_at(made) + tsr__tensor_elements(&made->y);
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__problem made = seen(p, params->value[0]);
    if (!is_staged(p)) return 0;
    return x_at(&made) + (reads_x(p) ? tsr__tensor_elements(&made.x) : 0);
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    if (capacity > 0) *out = (tsr__params){{(int32_t)vector_of(device, p)}};
    return capacity > 0 ? 1 : 0;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params made;
    const char *refused = tsr__pool_refuse(device, p);
    if (refused != NULL) return refused;
    params(device, p, &made);
    return tsr__refuse_elements(workspace_elements(p, &made));
}

static void launch_sums(const tsr__problem *p, const tsr__problem *made, int64_t width, tsr__launch *l)
{
    const bool staged = is_staged(p);
    const int64_t global[3] = {1, tsr__ceil_div(p->x.c, width), p->x.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch_define(l, "VEC", width);
    tsr__launch_define(l, "NHWC", made->x.layout == TSR_LAYOUT_NHWC);
    tsr__pool_define_window(l, made, !tsr__pool_is_loose(p));
    tsr__launch_slot_at(l, staged && reads_x(p) ? TSR__WORKSPACE : TSR__X, staged && reads_x(p) ? x_at(made) : 0);
    tsr__launch_slot_at(l, staged ? TSR__WORKSPACE : TSR__DY, staged ? dy_at(made) : 0);
    tsr__launch_slot(l, staged ? TSR__WORKSPACE : TSR__DX);
    tsr__launch_int(l, p->x.c);
    tsr__pool_launch_window(l, made, tsr__cpu_channel_step(&made->x, width), tsr__cpu_channel_step(&made->y, width));
    tsr__launch_grid(l, global, local);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const int64_t width = params->value[0];
    const tsr__problem made = seen(p, width);
    if (is_staged(p)) {
        tsr__reorder_rows_launch(tsr__launches_add(out, NULL, NULL), &p->y, TSR__DY, &made.y, TSR__WORKSPACE,
                                 dy_at(&made));
        if (reads_x(p))
            tsr__reorder_rows_launch(tsr__launches_add(out, NULL, NULL), &p->x, TSR__X, &made.x, TSR__WORKSPACE,
                                     x_at(&made));
    }
    launch_sums(p, &made, width,
                tsr__launches_add(out, &tsr__source_pool_backward_window_blocked, "pool_backward_window_blocked"));
    if (is_staged(p))
        tsr__reorder_rows_launch(tsr__launches_add(out, NULL, NULL), &made.x, TSR__WORKSPACE, &p->x, TSR__DX, 0);
}

const tsr__algorithm tsr__pool_backward_window_blocked = {
    .name = "window_blocked",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__MIXED_BIT | TSR__WIDE_BIT | TSR__DEPTH_BIT | TSR__INDICES_BIT | TSR__LP_BIT),
    .layouts = layouts,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
