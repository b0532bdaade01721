/* A pooling that the compiler turns into vectors: a stretch of one output row is gathered element by element of the
 * window, and the innermost loop runs along the row; averages are summed in floats. NCHW; for users without OpenCL. */
#include <math.h>

#include "algorithm.h"
#include "cpu/vector.h"

/* The larger of what is there and what comes; a NaN is greater than anything and stays. */
TSR__VECTOR_CLONES
static void take_maximum(float *restrict best, int64_t count, const float *restrict x, int64_t stride)
{
    if (stride == 1)
        for (int64_t q = 0; q < count; ++q) best[q] = x[q] > best[q] || x[q] != x[q] ? x[q] : best[q];
    else
        for (int64_t q = 0; q < count; ++q) {
            const float v = x[q * stride];
            best[q] = v > best[q] || v != v ? v : best[q];
        }
}

TSR__VECTOR_CLONES
static void add(float *restrict sums, int64_t count, const float *restrict x, int64_t stride)
{
    if (stride == 1)
        for (int64_t q = 0; q < count; ++q) sums[q] += x[q];
    else
        for (int64_t q = 0; q < count; ++q) sums[q] += x[q * stride];
}

/* A stretch of one output row: columns from `first`. */
typedef struct stretch {
    int64_t n, c, d, h, first, columns;
    float values[TSR__ROW_CHUNK];
} stretch;

/* One row of the window, against one row of the input. */
static void take_window_row(const tsr__problem *p, stretch *s, const float *row)
{
    const tsr__window *win = &p->window;
    for (int64_t tap = 0; tap < win->filter[TSR_W]; ++tap) {
        const tsr__range valid = tsr__window_outputs(win, TSR_W, tap, s->first, s->first + s->columns);
        if (valid.first == valid.end) continue;
        const float *x = row + tsr__window_at(win, TSR_W, valid.first, tap);
        float *values = s->values + (valid.first - s->first);
        if (p->pool_kind == TSR_POOL_MAX)
            take_maximum(values, valid.end - valid.first, x, win->stride[TSR_W]);
        else
            add(values, valid.end - valid.first, x, win->stride[TSR_W]);
    }
}

static void take_window(const tsr__problem *p, const tsr__host_args *a, stretch *s)
{
    const tsr__window *win = &p->window;
    for (int64_t q = 0; q < s->columns; ++q) s->values[q] = p->pool_kind == TSR_POOL_MAX ? -INFINITY : 0.0f;
    for (int64_t t = 0; t < win->filter[TSR_D]; ++t)
        for (int64_t r = 0; r < win->filter[TSR_H]; ++r) {
            const int64_t d = tsr__window_at(win, TSR_D, s->d, t), h = tsr__window_at(win, TSR_H, s->h, r);
            if (tsr__window_inside(win, d, h, 0))
                take_window_row(p, s, (const float *)a->x + tsr__tensor_at(&p->x, s->n, s->c, d, h, 0));
        }
}

static void run_stretch(const tsr__problem *p, const tsr__host_args *a, stretch *s)
{
    take_window(p, a, s);
    float *y = (float *)a->y + tsr__tensor_at(&p->y, s->n, s->c, s->d, s->h, s->first);
    if (p->pool_kind == TSR_POOL_MAX) {
        for (int64_t q = 0; q < s->columns; ++q) y[q] = s->values[q];
        return;
    }
    const bool padded = p->pool_kind == TSR_POOL_AVG_INCLUDE_PAD;
    const int64_t rows =
        tsr__window_count(&p->window, TSR_D, s->d, padded) * tsr__window_count(&p->window, TSR_H, s->h, padded);
    for (int64_t q = 0; q < s->columns; ++q) {
        const int64_t counted = rows * tsr__window_count(&p->window, TSR_W, s->first + q, padded);
        const int64_t count = p->divisor != 0 ? p->divisor : counted;
        y[q] = count == 0 ? 0.0f : s->values[q] / (float)count;
    }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
    const int64_t rows = p->y.size[TSR_D] * p->y.size[TSR_H], width = p->y.size[TSR_W];
#pragma omp parallel for collapse(3) schedule(static)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < p->y.c; ++c)
            for (int64_t row = 0; row < rows; ++row) {
                stretch s = {.n = n, .c = c, .d = row / p->y.size[TSR_H], .h = row % p->y.size[TSR_H]};
                for (s.first = 0; s.first < width; s.first += TSR__ROW_CHUNK) {
                    s.columns = width - s.first < TSR__ROW_CHUNK ? width - s.first : TSR__ROW_CHUNK;
                    run_stretch(p, a, &s);
                }
            }
}

const tsr__algorithm tsr__cpu_pool_rows = {
    .name = "rows",
    .features = TSR__PLAIN_BIT | TSR__VIEW_BIT | TSR__WIDE_BIT | TSR__DEPTH_BIT | TSR__DILATION_BIT | TSR__DIVISOR_BIT |
                TSR__CEIL_BIT,
    .run_host = run,
};
