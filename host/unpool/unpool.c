#include "unpool/unpool.h"

#include <inttypes.h>

#include "plan.h"

#define TSR__OPENCL_LIST  "unpool/algorithms.def"
#define TSR__HOST_LIST    "cpu/unpool.def"
#define TSR__OPENCL(name) tsr__unpool_##name
#define TSR__HOST(name)   tsr__cpu_unpool_##name
#include "algorithm_lists.h"

tsr_unpool tsr_unpool_default(void)
{
    return (tsr_unpool){.n = 1, .pooled = {1, 1, 0}, .size = {1, 1, 0}, .indices = TSR_INDICES_I64};
}

tsr_status tsr__unpool_problem(const tsr_unpool *u, tsr__problem *p)
{
    if (u == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(tsr__check_range("indices", u->indices, TSR_INDICES_I32, TSR_INDICES_I64));
    *p = (tsr__problem){.op = &tsr__unpool, .indices = u->indices, .indices_flat = u->indices_flat};
    p->x = (tsr_tensor){.dtype = u->dtype, .layout = u->layout, .n = u->n, .c = u->c};
    p->y = p->x;
    tsr__copy_axes(p->x.size, u->pooled);
    tsr__copy_axes(p->y.size, u->size);
    p->residual = p->y;
    TSR__TRY(tsr__tensor_check(&p->x, "x", true, TSR__READ));
    return tsr__tensor_check(&p->y, "y", true, TSR__WRITTEN);
}

tsr_status tsr_unpool_plan(tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options,
                           tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__unpool_problem(problem, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_unpool_explain(const tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options,
                              tsr_candidate *candidates, size_t capacity, size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__unpool_problem(problem, &p));
    return tsr__plan_explain(context, &p, options, candidates, capacity, count);
}

static void format(const tsr__problem *p, tsr__text *text)
{
    tsr__text_add(
        text, "unpool:n%" PRId64 "c%" PRId64 "d%" PRId64 "h%" PRId64 "w%" PRId64 "os%" PRId64 "x%" PRId64 "x%" PRId64,
        p->x.n, p->x.c, p->x.size[TSR_D], p->x.size[TSR_H], p->x.size[TSR_W], p->y.size[TSR_D], p->y.size[TSR_H],
        p->y.size[TSR_W]);
}

static const tsr__operand unpool_operands[] = {
    TSR__READS(x, TSR__X, NULL),
    TSR__READS(indices, TSR__INDICES, NULL),
    TSR__WRITES(y, TSR__Y, NULL),
    {.name = NULL},
};

const tsr__operator tsr__unpool = {.name = "unpool",
                                   .operands = unpool_operands,
                                   .opencl = opencl_algorithms,
                                   .host = host_algorithms,
                                   .format = format};
