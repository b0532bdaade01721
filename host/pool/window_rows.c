/* The pooling for CPUs on NCHW: kernels/pool/window_rows.cl tells what it does and why. */
#include "algorithm.h"
#include "cpu_family.h"
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_rows;

/* Floats in a vector; outputs of a work-item. */
enum { VECTOR, TILE_Q };
static const char *const param_names[] = {"vec", "q", NULL};

/* A work-item keeps a line of input in private memory: at most this many floats, which the nearest cache holds. */
enum { LONGEST_LINE = 4096 };

static tsr__params make_params(const tsr_device *device, int32_t vectors)
{
    const int32_t width = (int32_t)tsr__cpu_vector_width(device);
    return (tsr__params){{width, width * vectors}};
}

static bool fits(const tsr__problem *p, const tsr__params *params)
{
    const tsr__window *w = &p->window;
    return (params->value[TILE_Q] - 1) * w->stride[TSR_W] + tsr__window_extent(w, TSR_W) <= LONGEST_LINE;
}

/* A power of two of vectors, so that few programs serve all widths. */
static const int32_t vectors_worth_trying[] = {8, 4, 2, 1};
enum { SIZES = sizeof vectors_worth_trying / sizeof vectors_worth_trying[0] };

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    size_t count = 0;
    for (int i = 0; i < SIZES && count < capacity; ++i) {
        const tsr__params made = make_params(device, vectors_worth_trying[i]);
        /* A tile of which more than half lies past the row's end is a smaller one with waste. */
        const bool wasteful = vectors_worth_trying[i] > 1 && made.value[TILE_Q] >= 2 * p->y.size[TSR_W];
        if (fits(p, &made) && !wasteful) out[count++] = made;
    }
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const tsr__params smallest = make_params(device, 1);
    if (!fits(p, &smallest)) return "the windows of a few outputs span more than 4096 columns";
    return tsr__pool_refuse_window(p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    const int64_t global[3] = {tsr__ceil_div(p->y.size[TSR_W], params->value[TILE_Q]), p->y.size[TSR_H],
                               p->y.n * p->y.c};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_rows, "pool_window_rows");
    tsr__pool_define(l, p);
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_Q", params->value[TILE_Q]);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__pool_launch_sizes(l, p);
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_window_rows = {
    .name = "window_rows",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__PLAIN_BIT | TSR__DILATION_BIT | TSR__DIVISOR_BIT | TSR__CEIL_BIT | TSR__LP_BIT,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
