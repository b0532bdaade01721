/* The pooling for CPUs on NCHW with windows that are compiled in: kernels/pool/window_lines.cl tells what it does and
 * why. */
#include "pool/defines.h"

extern const tsr__source tsr__source_pool_window_lines;

/* Numbers in private memory: a line, and rows that wait. The nearest cache holds them beside what is read. */
enum { LINE = 640, RESULTS = 3072 };

/* What a work-item makes, and columns of the line from one plane to the next, in and out. */
typedef struct share {
    int64_t rows, tile, planes, pitch, out_pitch;
} share;

/* A whole row of several planes, or a part of one that is too long. */
static void share_columns(const tsr_device *device, const tsr__problem *p, share *s)
{
    enum { FULL = 512 }; /* a line that is long enough */
    const tsr__window *w = &p->window;
    const int64_t vector = tsr__cpu_vector_width(device), q = p->y.size[TSR_W];
    if (tsr__cpu_span(w, q) > LINE) {
        s->tile = s->out_pitch = ((LINE - tsr__window_extent(w, TSR_W)) / w->stride[TSR_W] + 1) / vector * vector;
        s->pitch = LINE;
        s->planes = 1;
    } else {
        const tsr__cpu_line line = tsr__cpu_line_of(p);
        s->tile = q;
        s->out_pitch = line.out_pitch;
        s->pitch = line.pitch;
        s->planes = line.pitch < FULL ? FULL / line.pitch : 1;
    }
}

static share share_of(const tsr_device *device, const tsr__problem *p)
{
    enum { ITEMS_PER_UNIT = 4 };
    share s;
    share_columns(device, p, &s);
    const int64_t vector = tsr__cpu_vector_width(device), rows = p->y.size[TSR_D] * p->y.size[TSR_H];
    s.rows = (RESULTS - vector) / s.tile;
    if (s.rows > rows) s.rows = rows;
    const int64_t strips = tsr__ceil_div(rows, s.rows) * tsr__ceil_div(p->y.size[TSR_W], s.tile) * p->y.n;
    /* Long rows do not wait. */
    const int64_t kept = s.tile >= 2 * vector ? s.planes : RESULTS / (s.rows * s.tile + vector);
    const int64_t even = p->y.c * strips / ((int64_t)ITEMS_PER_UNIT * device->compute_units);
    if (s.planes > kept) s.planes = kept;
    if (s.planes > even) s.planes = even;
    if (s.planes < 1) s.planes = 1;
    return s;
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    if (tsr__pool_is_loose(p)) return "it pools with windows of up to 16 by 16 alone, all of one size";
    if (tsr__cpu_span(&p->window, tsr__cpu_vector_width(device)) > LINE)
        return "the windows of a few outputs span more than 640 columns";
    return tsr__refuse_types(device, p);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    const share s = share_of(device, p);
    const int64_t strips = tsr__ceil_div(p->y.size[TSR_D] * p->y.size[TSR_H], s.rows);
    const int64_t global[3] = {strips * tsr__ceil_div(p->y.size[TSR_W], s.tile), tsr__ceil_div(p->y.c, s.planes),
                               p->y.n};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_pool_window_lines, "pool_window_lines");
    tsr__launch_define(l, "VEC", tsr__cpu_vector_width(device));
    tsr__launch_define(l, "LINE", LINE);
    tsr__launch_define(l, "RESULTS", RESULTS);
    tsr__pool_define_window(l, p, true);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, s.rows);
    tsr__launch_int(l, s.tile);
    tsr__launch_int(l, s.planes);
    tsr__launch_int(l, s.pitch);
    tsr__launch_int(l, s.out_pitch);
    tsr__pool_launch_window(l, p, tsr__spanned_c(&p->x), tsr__spanned_c(&p->y));
    tsr__launch_grid(l, global, local);
}

const tsr__algorithm tsr__pool_window_lines = {
    .name = "window_lines",
    .family = TSR__CPU_FAMILY,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__MIXED_BIT | TSR__WIDE_BIT |
                                      TSR__INDICES_BIT | TSR__ADAPTIVE_BIT),
    .refuse = refuse,
    .launches = launches,
};
