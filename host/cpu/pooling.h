/* What the naive pooling and its gradient have in common: the elements of a window. */
#ifndef TSR_HOST_CPU_POOLING_H
#define TSR_HOST_CPU_POOLING_H

#include "cpu/element.h"

/* How many elements an average divides by. */
static inline int64_t tsr__pool_divisor(const tsr__problem *p, const int64_t out[TSR_AXES])
{
    const bool padded = p->pool_kind == TSR_POOL_AVG_INCLUDE_PAD;
    int64_t count = 1;
    if (p->divisor != 0) return p->divisor;
    for (int axis = 0; axis < TSR_AXES; ++axis) count *= tsr__window_count(&p->window, axis, out[axis], padded);
    return count;
}

/* What is known of a window's elements inside the input: the greatest, where it was, and a sum. */
typedef struct tsr__findings {
    double maximum, sum;
    int64_t at[TSR_AXES];
    bool any;
} tsr__findings;

/* |x|^p by multiplication, which is exact on small integers. */
static inline double tsr__power(double x, int64_t p)
{
    double result = 1.0;
    for (int64_t i = 0; i < p; ++i) result *= fabs(x);
    return result;
}

static inline void tsr__findings_take(const tsr__problem *p, tsr__findings *f, double x, const int64_t at[TSR_AXES])
{
    /* Of equal elements the first stays, and a NaN against everything. */
    if (!f->any || x > f->maximum || (isnan(x) && !isnan(f->maximum))) {
        f->maximum = x;
        for (int axis = 0; axis < TSR_AXES; ++axis) f->at[axis] = at[axis];
    }
    f->any = true;
    f->sum += p->pool_kind == TSR_POOL_LP ? tsr__power(x, p->p) : x;
}

static inline tsr__findings tsr__visit_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                                              const int64_t out[TSR_AXES])
{
    const tsr__window *win = &p->window;
    tsr__findings f = {.maximum = -INFINITY};
    for (int64_t t = 0; t < tsr__window_taps(win, TSR_D, out[TSR_D]); ++t)
        for (int64_t r = 0; r < tsr__window_taps(win, TSR_H, out[TSR_H]); ++r)
            for (int64_t s = 0; s < tsr__window_taps(win, TSR_W, out[TSR_W]); ++s) {
                const int64_t at[TSR_AXES] = {tsr__window_at(win, TSR_D, out[TSR_D], t),
                                              tsr__window_at(win, TSR_H, out[TSR_H], r),
                                              tsr__window_at(win, TSR_W, out[TSR_W], s)};
                if (!tsr__window_inside(win, at[TSR_D], at[TSR_H], at[TSR_W])) continue;
                const int64_t place = tsr__tensor_at(&p->x, n, c, at[TSR_D], at[TSR_H], at[TSR_W]);
                tsr__findings_take(p, &f, tsr__load(p->x.dtype, a->x, place), at);
            }
    return f;
}

/* The position of a maximum as the problem counts it; -1 where the window was empty. */
static inline int64_t tsr__index_of(const tsr__problem *p, const tsr__findings *f, int64_t n, int64_t c)
{
    const int64_t *size = p->x.size, *at = f->at;
    if (!f->any) return -1;
    const int64_t row_major = (at[TSR_D] * size[TSR_H] + at[TSR_H]) * size[TSR_W] + at[TSR_W];
    const int64_t column_major = (at[TSR_W] * size[TSR_H] + at[TSR_H]) * size[TSR_D] + at[TSR_D];
    const int64_t plane = p->indices_column_major ? column_major : row_major;
    return p->indices_flat ? (n * p->x.c + c) * tsr__tensor_plane(&p->x) + plane : plane;
}

#endif
