/* The naive pooling that everything else is compared with: one output at a time, summed in double. Any problem. */
#include "algorithm.h"
#include "cpu/element.h"

/* How many elements an average divides by. */
static int64_t divisor(const tsr__problem *p, const int64_t out[TSR_AXES])
{
    const bool padded = p->pool_kind == TSR_POOL_AVG_INCLUDE_PAD;
    int64_t count = 1;
    if (p->divisor != 0) return p->divisor;
    for (int axis = 0; axis < TSR_AXES; ++axis) count *= tsr__window_count(&p->window, axis, out[axis], padded);
    return count;
}

/* What is known of a window's elements inside the input: the greatest, where it was, and a sum. */
typedef struct findings {
    double maximum, sum;
    int64_t at[TSR_AXES];
    bool any;
} findings;

/* |x|^p by multiplication, which is exact on small integers. */
static double power(double x, int64_t p)
{
    double result = 1.0;
    for (int64_t i = 0; i < p; ++i) result *= fabs(x);
    return result;
}

static void take(const tsr__problem *p, findings *f, double x, const int64_t at[TSR_AXES])
{
    /* Of equal elements the first stays, and a NaN against everything. */
    if (!f->any || x > f->maximum || (isnan(x) && !isnan(f->maximum))) {
        f->maximum = x;
        for (int axis = 0; axis < TSR_AXES; ++axis) f->at[axis] = at[axis];
    }
    f->any = true;
    f->sum += p->pool_kind == TSR_POOL_LP ? power(x, p->p) : x;
}

static findings visit_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                             const int64_t out[TSR_AXES])
{
    const tsr__window *win = &p->window;
    findings f = {.maximum = -INFINITY};
    for (int64_t t = 0; t < tsr__window_taps(win, TSR_D, out[TSR_D]); ++t)
        for (int64_t r = 0; r < tsr__window_taps(win, TSR_H, out[TSR_H]); ++r)
            for (int64_t s = 0; s < tsr__window_taps(win, TSR_W, out[TSR_W]); ++s) {
                const int64_t at[TSR_AXES] = {tsr__window_at(win, TSR_D, out[TSR_D], t),
                                              tsr__window_at(win, TSR_H, out[TSR_H], r),
                                              tsr__window_at(win, TSR_W, out[TSR_W], s)};
                if (!tsr__window_inside(win, at[TSR_D], at[TSR_H], at[TSR_W])) continue;
                const int64_t place = tsr__tensor_at(&p->x, n, c, at[TSR_D], at[TSR_H], at[TSR_W]);
                take(p, &f, tsr__load(p->x.dtype, a->x, place), at);
            }
    return f;
}

/* The position of a maximum as the problem counts it; -1 where the window was empty. */
static int64_t index_of(const tsr__problem *p, const findings *f, int64_t n, int64_t c)
{
    const int64_t *size = p->x.size, *at = f->at;
    if (!f->any) return -1;
    const int64_t row_major = (at[TSR_D] * size[TSR_H] + at[TSR_H]) * size[TSR_W] + at[TSR_W];
    const int64_t column_major = (at[TSR_W] * size[TSR_H] + at[TSR_H]) * size[TSR_D] + at[TSR_D];
    const int64_t plane = p->indices_column_major ? column_major : row_major;
    return p->indices_flat ? (n * p->x.c + c) * tsr__tensor_plane(&p->x) + plane : plane;
}

static double result(const tsr__problem *p, const findings *f, const int64_t out[TSR_AXES])
{
    if (p->pool_kind == TSR_POOL_MAX) return f->maximum;
    if (p->pool_kind == TSR_POOL_LP)
        return p->p == 1 ? f->sum : p->p == 2 ? sqrt(f->sum) : pow(f->sum, 1.0 / (double)p->p);
    const int64_t count = divisor(p, out);
    return count == 0 ? 0.0 : f->sum / (double)count;
}

static void run_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                       const int64_t out[TSR_AXES])
{
    const int64_t at = tsr__tensor_at(&p->y, n, c, out[TSR_D], out[TSR_H], out[TSR_W]);
    /* The last block's spare channels are zero by the layout's rule. */
    const bool spare = c >= p->y.c;
    const findings f = spare ? (findings){.any = false} : visit_window(p, a, n, c, out);
    tsr__store(p->y.dtype, a->y, at, spare ? 0.0 : result(p, &f, out));
    if (p->indices != TSR_INDICES_NONE) tsr__store_index(p->indices, a->indices, at, spare ? 0 : index_of(p, &f, n, c));
}

static void run_channel(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c)
{
    for (int64_t o = 0; o < p->y.size[TSR_D]; ++o)
        for (int64_t q = 0; q < p->y.size[TSR_H]; ++q)
            for (int64_t r = 0; r < p->y.size[TSR_W]; ++r) {
                const int64_t out[TSR_AXES] = {o, q, r};
                run_window(p, a, n, c, out);
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for collapse(2) schedule(dynamic)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < tsr__tensor_channels(&p->y); ++c) run_channel(p, a, n, c);
}

const tsr__algorithm tsr__cpu_pool_reference = {.name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
