#include "columns/columns.h"

#include <inttypes.h>

#include "notation.h"
#include "plan.h"

#define TSR__OPENCL_LIST  "columns/algorithms.def"
#define TSR__HOST_LIST    "cpu/columns.def"
#define TSR__OPENCL(name) tsr__columns_##name
#define TSR__HOST(name)   tsr__cpu_columns_##name
#include "algorithm_lists.h"

tsr_unfold tsr_unfold_default(void)
{
    return (tsr_unfold){.n = 1, .size = {1, 1, 0}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
}

static tsr_status check_product(const char *name, const tsr_unfold *u, const int64_t factors[4], int64_t *product)
{
    uint64_t elements = 1;
    for (int i = 0; i < 4; ++i)
        if (!tsr__multiply(&elements, factors[i]) || elements > (uint64_t)TSR__MAX_SIZE)
            return tsr__fail(TSR_INVALID_VALUE, "%s of the columns is above 2^48; c is %" PRId64, name, u->c);
    *product = (int64_t)elements;
    return TSR_OK;
}

tsr_status tsr__columns_problem(const tsr_unfold *u, bool fold, tsr__problem *p)
{
    if (u == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(tsr__check_dtype("dtype", u->dtype, TSR_F64));
    *p = (tsr__problem){.op = &tsr__columns, .fold = fold};
    tsr__window *w = &p->window;
    TSR__COPY_WINDOW(w, u);
    int64_t out[TSR_AXES];
    tsr_tensor image = {.dtype = u->dtype, .n = u->n, .c = u->c}, columns = image;
    TSR__TRY(tsr__window_resolve(w, out));
    tsr__copy_axes(image.size, u->size);
    TSR__TRY(tsr__tensor_check(&image, "image", false, TSR__READ));
    const int64_t rows[4] = {u->c, u->filter[TSR_D], u->filter[TSR_H], u->filter[TSR_W]};
    const int64_t windows[4] = {1, out[TSR_D], out[TSR_H], out[TSR_W]};
    columns.size[TSR_D] = columns.size[TSR_H] = 1;
    TSR__TRY(check_product("the number of channels", u, rows, &columns.c));
    TSR__TRY(check_product("the length", u, windows, &columns.size[TSR_W]));
    TSR__TRY(tsr__tensor_check(&columns, "columns", false, TSR__READ));
    p->x = fold ? columns : image;
    p->y = p->residual = fold ? image : columns;
    return TSR_OK;
}

tsr_status tsr_unfold_output(const tsr_unfold *problem, tsr_tensor *columns)
{
    tsr__problem p;
    if (columns == NULL) return tsr__fail(TSR_INVALID_VALUE, "columns is NULL");
    TSR__TRY(tsr__columns_problem(problem, false, &p));
    *columns = p.y;
    return TSR_OK;
}

static tsr_status make_plan(tsr_context *context, const tsr_unfold *problem, bool fold, const tsr_plan_options *options,
                            tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__columns_problem(problem, fold, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_unfold_plan(tsr_context *context, const tsr_unfold *problem, const tsr_plan_options *options,
                           tsr_plan **plan)
{
    return make_plan(context, problem, false, options, plan);
}

tsr_status tsr_fold_plan(tsr_context *context, const tsr_unfold *problem, const tsr_plan_options *options,
                         tsr_plan **plan)
{
    return make_plan(context, problem, true, options, plan);
}

tsr_status tsr_unfold_explain(const tsr_context *context, const tsr_unfold *problem, const tsr_plan_options *options,
                              tsr_candidate *candidates, size_t capacity, size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__columns_problem(problem, false, &p));
    return tsr__plan_explain(context, &p, options, candidates, capacity, count);
}

tsr_status tsr_fold_explain(const tsr_context *context, const tsr_unfold *problem, const tsr_plan_options *options,
                            tsr_candidate *candidates, size_t capacity, size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__columns_problem(problem, true, &p));
    return tsr__plan_explain(context, &p, options, candidates, capacity, count);
}

static void format(const tsr__problem *p, tsr__text *text)
{
    static const int64_t default_stride[TSR_AXES] = {1, 1, 1};
    tsr__problem shown = *p;
    if (p->fold) shown.x = p->y; /* the notation tells of the image */
    tsr__text_add(text, p->fold ? "fold:" : "unfold:");
    tsr__notation_format(&shown, default_stride, text);
}

const tsr__operator tsr__columns = {.name = "columns",
                                    .has_window = true,
                                    .operands = tsr__forward_operands,
                                    .opencl = opencl_algorithms,
                                    .host = host_algorithms,
                                    .format = format};
