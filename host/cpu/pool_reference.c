/* The naive pooling that everything else is compared with: one output at a time, summed in double. Any problem. */
#include "algorithm.h"
#include "cpu/pooling.h"

static double result(const tsr__problem *p, const tsr__findings *f, const int64_t out[TSR_AXES])
{
    if (p->pool_kind == TSR_POOL_MAX) return f->maximum;
    if (p->pool_kind == TSR_POOL_LP)
        return p->p == 1 ? f->sum : p->p == 2 ? sqrt(f->sum) : pow(f->sum, 1.0 / (double)p->p);
    const int64_t count = tsr__pool_divisor(p, out);
    return count == 0 ? 0.0 : f->sum / (double)count;
}

static void run_window(const tsr__problem *p, const tsr__host_args *a, int64_t n, int64_t c,
                       const int64_t out[TSR_AXES])
{
    const int64_t at = tsr__tensor_at(&p->y, n, c, out[TSR_D], out[TSR_H], out[TSR_W]);
    /* The last block's spare channels are zero by the layout's rule. */
    const bool spare = c >= p->y.c;
    const tsr__findings f = spare ? (tsr__findings){.any = false} : tsr__visit_window(p, a, n, c, out);
    tsr__store(p->y.dtype, a->y, at, spare ? 0.0 : result(p, &f, out));
    if (p->indices != TSR_INDICES_NONE)
        tsr__store_index(p->indices, a->indices, at, spare ? 0 : tsr__index_of(p, &f, n, c));
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
