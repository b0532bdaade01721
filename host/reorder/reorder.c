#include "reorder/reorder.h"

#include <inttypes.h>

#include "plan.h"

#define TSR_ALGORITHM(name) extern const tsr__algorithm tsr__reorder_##name;
#include "reorder/algorithms.def"
#undef TSR_ALGORITHM

static const tsr__algorithm *const opencl_algorithms[] = {
#define TSR_ALGORITHM(name) &tsr__reorder_##name,
#include "reorder/algorithms.def"
#undef TSR_ALGORITHM
    NULL};

#define TSR_ALGORITHM(name) extern const tsr__algorithm tsr__cpu_reorder_##name;
#include "cpu/reorder.def"
#undef TSR_ALGORITHM

static const tsr__algorithm *const host_algorithms[] = {
#define TSR_ALGORITHM(name) &tsr__cpu_reorder_##name,
#include "cpu/reorder.def"
#undef TSR_ALGORITHM
    NULL};

tsr_status tsr__reorder_problem(const tsr_tensor *x, tsr_layout to, tsr__problem *p)
{
    if (x == NULL) return tsr__fail(TSR_INVALID_VALUE, "x is NULL");
    *p = (tsr__problem){.op = &tsr__reorder, .x = *x, .y = *x};
    p->y.layout = to;
    TSR__TRY(tsr__tensor_check(&p->x, "x", false));
    return tsr__tensor_check(&p->y, "y", false);
}

tsr_status tsr_reorder_plan(tsr_context *context, const tsr_tensor *x, tsr_layout to, const tsr_plan_options *options,
                            tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__reorder_problem(x, to, &p));
    return tsr__plan_create(context, &p, options, plan);
}

static void format(const tsr__problem *p, tsr__text *text)
{
    tsr__text_add(text, "reorder:n%" PRId64 "c%" PRId64 "d%" PRId64 "h%" PRId64 "w%" PRId64, p->x.n, p->x.c,
                  p->x.size[TSR_D], p->x.size[TSR_H], p->x.size[TSR_W]);
}

const tsr__operator tsr__reorder = {
    .name = "reorder", .opencl = opencl_algorithms, .host = host_algorithms, .format = format};
