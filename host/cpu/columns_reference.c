/* The naive unfold and fold, an element of the result at a time. */
#include "algorithm.h"
#include "cpu/element.h"

/* The element of the window that a row of the columns stands for, and the channel. */
typedef struct row {
    int64_t c, tap[TSR_AXES];
} row;

static row row_of(const tsr__window *w, int64_t channel)
{
    const int64_t *size = w->filter, taps = size[TSR_D] * size[TSR_H] * size[TSR_W], tap = channel % taps;
    return (row){channel / taps,
                 {tap / (size[TSR_H] * size[TSR_W]), tap / size[TSR_W] % size[TSR_H], tap % size[TSR_W]}};
}

static void unfold_row(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t channel)
{
    const tsr__window *w = &p->window;
    const row r = row_of(w, channel);
    for (int64_t at = 0; at < p->y.size[TSR_W]; ++at) {
        const int64_t d = tsr__window_at(w, TSR_D, at / (w->out[TSR_H] * w->out[TSR_W]), r.tap[TSR_D]);
        const int64_t h = tsr__window_at(w, TSR_H, at / w->out[TSR_W] % w->out[TSR_H], r.tap[TSR_H]);
        const int64_t column = tsr__window_at(w, TSR_W, at % w->out[TSR_W], r.tap[TSR_W]);
        const bool inside = tsr__window_inside(w, d, h, column);
        const double v = inside ? tsr__load(p->x.dtype, a->x, tsr__tensor_at(&p->x, n, r.c, d, h, column)) : 0.0;
        tsr__store(p->y.dtype, a->y, tsr__tensor_at(&p->y, n, channel, 0, 0, at), v);
    }
}

static double sum_pixel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                        const int64_t pixel[TSR_AXES])
{
    const tsr__window *w = &p->window;
    const int64_t taps = w->filter[TSR_D] * w->filter[TSR_H] * w->filter[TSR_W];
    double sum = 0.0;
    for (int64_t tap = 0; tap < taps; ++tap) {
        const row r = row_of(w, tap);
        const int64_t o = tsr__window_reader(w, TSR_D, pixel[TSR_D], 0, r.tap[TSR_D]);
        const int64_t q = tsr__window_reader(w, TSR_H, pixel[TSR_H], 0, r.tap[TSR_H]);
        const int64_t s = tsr__window_reader(w, TSR_W, pixel[TSR_W], 0, r.tap[TSR_W]);
        if (o < 0 || q < 0 || s < 0) continue;
        const int64_t at = (o * w->out[TSR_H] + q) * w->out[TSR_W] + s;
        sum += tsr__load(p->x.dtype, a->x, tsr__tensor_at(&p->x, n, c * taps + tap, 0, 0, at));
    }
    return sum;
}

static void fold_channel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c)
{
    for (int64_t d = 0; d < p->y.size[TSR_D]; ++d)
        for (int64_t h = 0; h < p->y.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->y.size[TSR_W]; ++w) {
                const int64_t pixel[TSR_AXES] = {d, h, w};
                tsr__store(p->y.dtype, a->y, tsr__tensor_at(&p->y, n, c, d, h, w), sum_pixel(p, a, n, c, pixel));
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < p->y.c; ++c) (p->fold ? fold_channel : unfold_row)(p, a, n, c);
}

const tsr__algorithm tsr__cpu_columns_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
