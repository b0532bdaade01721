/* The pooling for CPUs on NCHW: kernels/pool/window_rows.cl tells what it does and why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_rows;

static const char *const param_names[] = {"vec", "q", NULL};

/* A work-item keeps a line of input in private memory: at most this many floats, which the nearest cache holds. */
enum { LONGEST_LINE = 4096 };

/* Windows with indices are compiled in where they can be; those without that pool/window_blocked refuses are rare. */
static bool is_compiled(const tsr__problem *p)
{
    return p->indices != TSR_INDICES_NONE && !tsr__pool_is_loose(p);
}

/* Columns of x that the windows of one tile span. */
static int64_t span_of(const tsr__problem *p, const tsr__params *params)
{
    const int64_t tile = params->value[TSR__CPU_TILE_Q], width = tsr__pool_width(p), out = p->y.size[TSR_W];
    const tsr__window *w = &p->window;
    if (p->global || (w->adaptive && tile >= out)) return width;
    if (w->adaptive) return tile * width / out + 2;
    return (tile - 1) * w->stride[TSR_W] + tsr__window_extent(w, TSR_W);
}

/* The same as it is compiled in: few programs serve all windows whose sizes are passed. */
static int64_t compiled_span(const tsr__problem *p, const tsr__params *params)
{
    int64_t rounded = 64;
    if (is_compiled(p)) return span_of(p, params);
    while (rounded < span_of(p, params)) rounded *= 4;
    return rounded;
}

/* Windows of any size are made one vector at a time. */
static bool fits(const tsr__problem *p, const tsr__params *params)
{
    const bool is_vector = params->value[TSR__CPU_TILE_Q] == params->value[TSR__CPU_VECTOR];
    return (is_vector || is_compiled(p)) && span_of(p, params) <= LONGEST_LINE;
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
    tsr__params ignored;
    if (candidates(device, p, &ignored, 1) == 0) return "the windows of a few outputs span more than 4096 columns";
    return tsr__pool_refuse(device, p);
}

/* Rows of a work-item: several short ones, so that starting it does not weigh, unless compute units would idle. */
static int64_t rows_of(const tsr_device *device, const tsr__problem *p, int64_t tiles)
{
    enum { OUTPUTS = 256, ITEMS_PER_UNIT = 8 };
    const int64_t rows = p->y.size[TSR_D] * p->y.size[TSR_H];
    const int64_t most = rows * tiles * p->y.n * p->y.c / ((int64_t)ITEMS_PER_UNIT * device->compute_units);
    int64_t some = tsr__ceil_div(OUTPUTS, p->y.size[TSR_W]);
    if (some > most) some = most;
    if (some > rows) some = rows;
    return some > 1 ? some : 1;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const int64_t tiles = tsr__ceil_div(p->y.size[TSR_W], params->value[TSR__CPU_TILE_Q]);
    const int64_t rows = rows_of(device, p, tiles);
    const int64_t global[3] = {tiles, tsr__ceil_div(p->y.size[TSR_D] * p->y.size[TSR_H], rows), p->y.n * p->y.c};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_rows, "pool_window_rows");
    tsr__launch_define(l, "VEC", params->value[TSR__CPU_VECTOR]);
    tsr__launch_define(l, "TILE_Q", params->value[TSR__CPU_TILE_Q]);
    tsr__launch_define(l, "SPAN", compiled_span(p, params));
    tsr__pool_define_window(l, p, is_compiled(p));
    tsr__pool_launch_slots(l);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, rows);
    tsr__pool_launch_window(l, p, tsr__spanned_c(&p->x), tsr__spanned_c(&p->y));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_window_rows = {
    .name = "window_rows",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .launches = launches,
};
