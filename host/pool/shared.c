/* The pooling for GPUs with large windows: kernels/pool/shared.cl tells what it does and why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_shared;

/* Work-items of a group, and elements of a window that keep at least some of them busy. */
enum { GROUP = 64, FEWEST_ELEMENTS = 16 };

/* Outputs of a group where channels lie side by side: so many elements are a line of a GPU's cache. */
enum { MOST_LANES = 16 };

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *reason = tsr__pool_refuse(device, p);
    if (reason != NULL) return reason;
    if (device->max_work_group < GROUP || device->max_work_items[0] < GROUP)
        return "the device has no work-groups of 64, which its kernel wants";
    return tsr__taps(p) < FEWEST_ELEMENTS ? "its windows have at least 16 elements, which work-items share" : NULL;
}

/* Windows that overlap have elements in common, which are better read by neighbours. */
static bool pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    (void)device;
    (void)params;
    const tsr__window *w = &p->window;
    const bool apart = w->stride[TSR_H] >= w->filter[TSR_H] && w->stride[TSR_W] >= w->filter[TSR_W];
    return p->global || w->adaptive || (apart && tsr__taps(p) > GROUP);
}

static int64_t lanes_of(const tsr_tensor *y)
{
    int64_t lanes = 1;
    while (lanes < MOST_LANES && 2 * lanes <= tsr__tensor_block(y)) lanes *= 2;
    return lanes;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    (void)params;
    const int64_t lanes = lanes_of(&p->y);
    const int64_t outputs = tsr__tensor_channels(&p->y) * p->y.size[TSR_H] * p->y.size[TSR_W];
    const int64_t global[3] = {tsr__ceil_div(outputs, lanes) * GROUP, p->y.size[TSR_D], p->y.n};
    const size_t local[3] = {GROUP, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_shared, "pool_shared");
    tsr__launch_define(l, "GROUP", GROUP);
    tsr__pool_define_window(l, p, false);
    tsr__pool_launch_slots(l);
    tsr__launch_int(l, lanes);
    tsr__pool_launch_output(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_shared = {
    .name = "shared",
    .family = TSR__GPU_FAMILY,
    .features = TSR__ALL_FEATURES & ~TSR__WIDE_BIT,
    .layouts = tsr__pool_layouts,
    .refuse = refuse,
    .pays = pays,
    .launches = launches,
};
