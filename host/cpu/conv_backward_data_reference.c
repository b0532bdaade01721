/* The naive gradient by x where it is no convolution: one element of dx at a time, summed in double. Any problem. */
#include "cpu/convolution.h"
#include "cpu/each_element.h"

/* The output that meets an element of x under a tap, on one axis, through an image of that element; -1: none. */
static int64_t reader(const tsr__window *w, int axis, int64_t at, int64_t image, int64_t tap)
{
    if (!w->transposed) return tsr__window_reader(w, axis, at, image, tap);
    const int64_t out = at * w->stride[axis] - w->pad_begin[axis] + tap * w->dilation[axis];
    return out >= 0 && out < w->out[axis] ? out : -1;
}

/* What the outputs of one channel of dv that met an element of x through a tap add up to. */
static double sum_readers(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t k,
                          const int64_t at[TSR_AXES], const int64_t tap[TSR_AXES])
{
    const tsr__window *win = &p->window;
    double sum = 0.0;
    for (int64_t i = 0; i < tsr__window_images(win, TSR_D); ++i)
        for (int64_t j = 0; j < tsr__window_images(win, TSR_H); ++j)
            for (int64_t l = 0; l < tsr__window_images(win, TSR_W); ++l) {
                const int64_t o = reader(win, TSR_D, at[TSR_D], i, tap[TSR_D]);
                const int64_t q = reader(win, TSR_H, at[TSR_H], j, tap[TSR_H]);
                const int64_t r = reader(win, TSR_W, at[TSR_W], l, tap[TSR_W]);
                if (o >= 0 && q >= 0 && r >= 0)
                    sum += tsr__load(p->y.dtype, a->dv, tsr__tensor_at(&p->y, n, k, o, q, r));
            }
    return sum;
}

static double sum_element(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                          const int64_t at[TSR_AXES])
{
    const int64_t *filter = p->window.filter;
    const int64_t group_k = tsr__group_k(p), group_c = tsr__group_c(p), first_k = c / group_c * group_k;
    double sum = 0.0;
    for (int64_t k = first_k; k < first_k + group_k; ++k) {
        double channel = 0.0;
        for (int64_t t = 0; t < filter[TSR_D]; ++t)
            for (int64_t r = 0; r < filter[TSR_H]; ++r)
                for (int64_t s = 0; s < filter[TSR_W]; ++s) {
                    const int64_t tap[TSR_AXES] = {t, r, s};
                    const int64_t weight = tsr__filter_at(p, k, c % group_c) + tsr__filter_element(p, t, r, s);
                    channel += tsr__load(p->x.dtype, a->w, weight) * sum_readers(p, a, n, k, at, tap);
                }
        sum += p->scale ? channel * tsr__load(p->x.dtype, a->scale, k) : channel;
    }
    return sum;
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
    tsr__store_dx(p, a, sum_element);
}

const tsr__algorithm tsr__cpu_conv_backward_data_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
