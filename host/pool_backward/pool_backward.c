#include "pool_backward/pool_backward.h"

#include "plan.h"
#include "pool/pool.h"

#define TSR__OPENCL_LIST  "pool_backward/algorithms.def"
#define TSR__HOST_LIST    "cpu/pool_backward.def"
#define TSR__OPENCL(name) tsr__pool_backward_##name
#define TSR__HOST(name)   tsr__cpu_pool_backward_##name
#include "algorithm_lists.h"

tsr_status tsr__pool_backward_problem(const tsr_pool *forward, tsr__problem *p)
{
    TSR__TRY(tsr__pool_problem(forward, p));
    TSR__TRY(tsr__check_dtype("backward, dtype", forward->dtype, TSR_F64));
    TSR__TRY(tsr__tensor_check(&p->x, "dx", true, TSR__WRITTEN));
    p->op = &tsr__pool_backward;
    return TSR_OK;
}

tsr_status tsr_pool_backward_plan(tsr_context *context, const tsr_pool *forward, const tsr_plan_options *options,
                                  tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__pool_backward_problem(forward, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_pool_backward_explain(const tsr_context *context, const tsr_pool *forward,
                                     const tsr_plan_options *options, tsr_candidate *list, size_t room, size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__pool_backward_problem(forward, &p));
    return tsr__plan_explain(context, &p, options, list, room, count);
}

static bool is_norm(const tsr__problem *p)
{
    return p->pool_kind == TSR_POOL_LP;
}

/* A norm's derivative is made of its elements, and a maximum whose place is not known is looked for again. */
static bool looks_at_x(const tsr__problem *p)
{
    return is_norm(p) || (p->pool_kind == TSR_POOL_MAX && !tsr__has_indices(p));
}

static const tsr__operand operands[] = {
    TSR__READS(x, TSR__X, looks_at_x),
    TSR__READS(y, TSR__Y, is_norm),
    TSR__READS(indices, TSR__INDICES, tsr__has_indices),
    TSR__READS(dy, TSR__DY, NULL),
    TSR__WRITES(dx, TSR__DX, NULL),
    {.name = NULL},
};

const tsr__operator tsr__pool_backward = {.name = "pool_backward",
                                          .operands = operands,
                                          .has_window = true,
                                          .opencl = opencl_algorithms,
                                          .host = host_algorithms,
                                          .format = tsr__pool_notation};
