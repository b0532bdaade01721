/* The gradient of poolings for GPUs: kernels/pool_backward/tiled.cl tells what it does and why. */
#include "plan.h"
#include "pool/pool.h"
#include "pool_backward/defines.h"
#include "select.h"

extern const tsr__source tsr__source_pool_backward_tiled;

/* Elements of a work-item, below one another. */
enum { TILE_P };
static const char *const param_names[] = {"p", NULL};

/* Maxima whose places are not given are looked for by the forward pooling. Their indices go into the workspace, where
 * they lie as y does. */
static bool finds_maxima(const tsr__problem *p)
{
    return p->pool_kind == TSR_POOL_MAX && p->indices == TSR_INDICES_NONE;
}

/* The problem with indices that are as long as what the workspace is counted in, and count a plane as it lies. */
static tsr__problem with_indices(const tsr__problem *p)
{
    tsr__problem made = *p;
    if (!finds_maxima(p)) return made;
    made.indices = p->x.dtype == TSR_F64 ? TSR_INDICES_I64 : TSR_INDICES_I32;
    made.indices_flat = made.indices_column_major = false;
    return made;
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    return finds_maxima(p) ? tsr__tensor_elements(&p->y) : 0;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *reason = tsr__pool_refuse(device, p);
    return reason != NULL ? reason : tsr__refuse_elements(workspace_elements(p, NULL));
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* The most elements first: what their windows give is read once. A plane that is one row has no more. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    (void)device;
    size_t count = 0;
    for (int32_t tile_p = 4; tile_p > 1 && count < capacity; tile_p /= 2) {
        /* A tile of which more than half lies past the last row is a smaller one with waste. */
        const bool wasteful = tile_p >= 2 * p->x.size[TSR_H];
        if (!wasteful && !p->global) out[count++] = (tsr__params){{tile_p}};
    }
    if (count < capacity) out[count++] = (tsr__params){{1}};
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

/* Binds all results to the workspace, of which indices alone are stored. */
static void redirect(tsr__launch *l)
{
    tsr__launch_define(l, "STORES_Y", 0);
    for (int i = 0; i < l->arg_count; ++i)
        if (l->args[i].kind == TSR__ARG_SLOT && l->args[i].slot != TSR__X) l->args[i].slot = TSR__WORKSPACE;
}

/* Adds what the forward pooling for GPUs launches that selection would take. */
static void launch_search(const tsr_device *device, const tsr__problem *p, tsr__launches *out)
{
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__problem forward = with_indices(p);
    forward.op = &tsr__pool;
    for (const tsr__algorithm *const *a = tsr__pool.opencl; *a != NULL; ++a) {
        tsr__offer offer;
        if ((*a)->family != TSR__GPU_FAMILY) continue;
        tsr__offer_from(*a, device, &forward, &options, &offer);
        if (offer.refusal != NULL || !tsr__prefers(device, &offer)) continue;
        (*a)->launches(device, &offer.problem, &offer.params, out);
        for (int i = 0; i < out->count; ++i) redirect(&out->items[i]);
        return;
    }
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__problem whole = with_indices(p);
    const int64_t tile_p = params->value[TILE_P], *size = p->x.size;
    const bool flat = tsr__pool_is_flat(&whole);
    const int64_t rows = flat ? 1 : tsr__ceil_div(size[TSR_H], tile_p), slices = flat ? 1 : size[TSR_D];
    const int64_t global[3] = {tsr__tensor_channels(&p->x) * rows * tsr__pool_width(&whole), slices, p->x.n};
    if (finds_maxima(p)) launch_search(device, p, out);
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_backward_tiled, "pool_backward_tiled");
    tsr__launch_groups(l, global, device);
    tsr__launch_define(l, "GROUP", (int64_t)l->local[0]);
    tsr__launch_define(l, "TILE_P", tile_p);
    tsr__pool_define_window(l, &whole, !tsr__pool_is_loose(p));
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, finds_maxima(p) ? TSR__WORKSPACE : TSR__INDICES);
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__DX);
    tsr__pool_launch_output(l, &whole);
}

const tsr__algorithm tsr__pool_backward_tiled = {
    .name = "tiled",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~TSR__WIDE_BIT,
    .layouts = tsr__pool_layouts,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
