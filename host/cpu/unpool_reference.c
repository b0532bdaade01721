/* The naive unpooling: zeros, then each element to the place that its index names, in scan order. Any problem. */
#include "algorithm.h"
#include "cpu/element.h"

/* Where in y the index of an element of plane (n, c) leads; -1 where it is outside of the plane. */
static int64_t place(const tsr__problem *p, int64_t n, int64_t c, int64_t index)
{
    const int64_t plane = tsr__tensor_plane(&p->y), *size = p->y.size;
    if (p->indices_flat) index -= (n * p->y.c + c) * plane;
    if (index < 0 || index >= plane) return -1;
    return tsr__tensor_at(&p->y, n, c, index / (size[TSR_H] * size[TSR_W]), index / size[TSR_W] % size[TSR_H],
                          index % size[TSR_W]);
}

static void clear(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c)
{
    for (int64_t d = 0; d < p->y.size[TSR_D]; ++d)
        for (int64_t h = 0; h < p->y.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->y.size[TSR_W]; ++w)
                tsr__store(p->y.dtype, a->y, tsr__tensor_at(&p->y, n, c, d, h, w), 0.0);
}

static void scatter(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c)
{
    for (int64_t d = 0; d < p->x.size[TSR_D]; ++d)
        for (int64_t h = 0; h < p->x.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->x.size[TSR_W]; ++w) {
                const int64_t from = tsr__tensor_at(&p->x, n, c, d, h, w);
                const int64_t to = place(p, n, c, tsr__load_index(p->indices, a->indices, from));
                if (to >= 0) tsr__store(p->y.dtype, a->y, to, tsr__load(p->x.dtype, a->x, from));
            }
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < tsr__tensor_channels(&p->y); ++c) {
            clear(p, a, n, c);
            if (c < p->y.c) scatter(p, a, n, c);
        }
}

const tsr__algorithm tsr__cpu_unpool_reference = {
    .name = TSR__REFERENCE, .features = TSR__ALL_FEATURES, .run_host = run};
