#include "reorder/reorder.h"

#include <inttypes.h>
#include <stdio.h>

#include "plan.h"

#define TSR__OPENCL_LIST  "reorder/algorithms.def"
#define TSR__HOST_LIST    "cpu/reorder.def"
#define TSR__OPENCL(name) tsr__reorder_##name
#define TSR__HOST(name)   tsr__cpu_reorder_##name
#include "algorithm_lists.h"

static tsr_status check_shape(const tsr_tensor *x, const tsr_tensor *y)
{
    TSR__TRY(tsr__check_range("y.n", y->n, x->n, x->n));
    TSR__TRY(tsr__check_range("y.c", y->c, x->c, x->c));
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        char name[16];
        snprintf(name, sizeof name, "y.size[%c]", tsr__axis_letter(axis));
        TSR__TRY(tsr__check_range(name, y->size[axis], x->size[axis], x->size[axis]));
    }
    return TSR_OK;
}

tsr_status tsr__reorder_problem(const tsr_tensor *x, const tsr_tensor *y, tsr__problem *p)
{
    if (x == NULL || y == NULL) return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", x == NULL ? "x" : "y");
    *p = (tsr__problem){.op = &tsr__reorder, .x = *x, .y = *y, .residual = *y};
    TSR__TRY(tsr__tensor_check(&p->x, "x", false, TSR__COPY_FROM));
    TSR__TRY(check_shape(x, y));
    return tsr__tensor_check(&p->y, "y", false, TSR__COPY_TO);
}

tsr_status tsr_reorder_plan(tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                            const tsr_plan_options *options, tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__reorder_problem(x, y, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_reorder_explain(const tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                               const tsr_plan_options *options, tsr_candidate *candidates, size_t capacity,
                               size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__reorder_problem(x, y, &p));
    return tsr__plan_explain(context, &p, options, candidates, capacity, count);
}

static void format(const tsr__problem *p, tsr__text *text)
{
    tsr__text_add(text, "reorder:n%" PRId64 "c%" PRId64 "d%" PRId64 "h%" PRId64 "w%" PRId64, p->x.n, p->x.c,
                  p->x.size[TSR_D], p->x.size[TSR_H], p->x.size[TSR_W]);
    if (p->x.dtype != p->y.dtype)
        tsr__text_add(text, ",%s->%s", tsr_dtype_text(p->x.dtype), tsr_dtype_text(p->y.dtype));
}

const tsr__operator tsr__reorder = {.name = "reorder",
                                    .operands = tsr__forward_operands,
                                    .opencl = opencl_algorithms,
                                    .host = host_algorithms,
                                    .format = format};
