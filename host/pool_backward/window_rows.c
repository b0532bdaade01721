/* The gradient of poolings for CPUs on NCHW: kernels/pool_backward/window_rows.cl tells what it does and why. */
#include "pool_backward/defines.h"

extern const tsr__source tsr__source_pool_backward_window_rows;

/* Rows of a tile; and the widest window whose lines the nearest cache holds with the sums. */
enum { ROWS = 16, WIDEST = 64 };

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    if (tsr__pool_is_loose(p)) return "its windows are compiled in: at most 16 x 16, and not global";
    if (p->window.stride[TSR_W] > 4) return "it slides by at most 4 columns";
    if (tsr__window_extent(&p->window, TSR_W) > WIDEST) return "its windows span at most 64 columns";
    return tsr__refuse_types(device, p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    enum { MOST_VECTORS = 4 };
    const int64_t width = tsr__cpu_vector_width(device), *size = p->x.size;
    const int64_t stride = p->window.stride[TSR_W], groups = tsr__ceil_div(size[TSR_W], stride);
    int64_t tile = width;
    while (tile < groups && tile < MOST_VECTORS * width) tile *= 2;
    const int64_t rows = tsr__even_part(size[TSR_H], ROWS);
    const int64_t global[3] = {tsr__ceil_div(groups, tile), size[TSR_D] * tsr__ceil_div(size[TSR_H], rows),
                               p->x.n * p->x.c};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_backward_window_rows, "pool_backward_window_rows");
    tsr__launch_define(l, "VEC", width);
    tsr__launch_define(l, "GROUPS", tile);
    tsr__launch_define(l, "ROWS", ROWS);
    tsr__launch_define(l, "SHIFT", (stride - p->window.pad_begin[TSR_W] % stride) % stride);
    tsr__pool_define_window(l, p, true);
    tsr__pool_backward_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, rows);
    tsr__pool_launch_window(l, p, tsr__spanned_c(&p->x), tsr__spanned_c(&p->y));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_backward_window_rows = {
    .name = "window_rows",
    .family = TSR__CPU_FAMILY,
    .features =
        TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT | TSR__ADAPTIVE_BIT),
    .refuse = refuse,
    .launches = launches,
};
