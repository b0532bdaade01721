/* The naive gradient of a pooling: one element of dx at a time, summed in double. Any problem. */
#include "cpu/each_element.h"
#include "cpu/pooling.h"

/* The derivative of a norm y by an element x. */
static double norm_slope(const tsr__problem *p, double x, double y)
{
    if (y == 0.0) return 0.0;
    const double sign = x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x;
    return p->p == 1 ? sign : sign * tsr__power(x / y, p->p - 1);
}

/* What the window of an output gives to an element inside of it. */
static double share(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c, const int64_t at[TSR_AXES],
                    const int64_t out[TSR_AXES])
{
    const int64_t from = tsr__tensor_at(&p->y, n, c, out[TSR_D], out[TSR_H], out[TSR_W]);
    const double dy = tsr__load(p->y.dtype, a->dy, from);
    if (p->pool_kind == TSR_POOL_LP) {
        const int64_t element = tsr__tensor_at(&p->x, n, c, at[TSR_D], at[TSR_H], at[TSR_W]);
        return dy * norm_slope(p, tsr__load(p->x.dtype, a->x, element), tsr__load(p->y.dtype, a->y, from));
    }
    if (p->pool_kind != TSR_POOL_MAX) return dy / (double)tsr__pool_divisor(p, out);
    tsr__findings mine = {.any = true, .at = {at[TSR_D], at[TSR_H], at[TSR_W]}};
    const int64_t index = tsr__index_of(p, &mine, n, c);
    if (p->indices != TSR_INDICES_NONE) return tsr__load_index(p->indices, a->indices, from) == index ? dy : 0.0;
    const tsr__findings found = tsr__visit_window(p, a, n, c, out);
    return tsr__index_of(p, &found, n, c) == index ? dy : 0.0;
}

/* The sum over all windows that have the element. */
static double sum_windows(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                          const int64_t at[TSR_AXES])
{
    const tsr__window *w = &p->window;
    tsr__range over[TSR_AXES];
    for (int axis = 0; axis < TSR_AXES; ++axis) over[axis] = tsr__window_over(w, axis, at[axis]);
    double sum = 0.0;
    for (int64_t o = over[TSR_D].first; o < over[TSR_D].end; ++o)
        for (int64_t q = over[TSR_H].first; q < over[TSR_H].end; ++q)
            for (int64_t r = over[TSR_W].first; r < over[TSR_W].end; ++r) {
                const int64_t out[TSR_AXES] = {o, q, r};
                bool has = true;
                for (int axis = 0; axis < TSR_AXES; ++axis) has = has && tsr__window_has(w, axis, out[axis], at[axis]);
                if (has) sum += share(p, a, n, c, at, out);
            }
    return sum;
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
    tsr__store_dx(p, a, sum_windows);
}

const tsr__algorithm tsr__cpu_pool_backward_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
