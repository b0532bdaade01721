#include "pool/pool.h"

#include <inttypes.h>
#include <string.h>

#include "notation.h"
#include "plan.h"

#define TSR__OPENCL_LIST  "pool/algorithms.def"
#define TSR__HOST_LIST    "cpu/pool.def"
#define TSR__OPENCL(name) tsr__pool_##name
#define TSR__HOST(name)   tsr__cpu_pool_##name
#include "algorithm_lists.h"

/* ---- The problem ----------------------------------------------------------------------------------------------- */

tsr_pool tsr_pool_default(void)
{
    return (tsr_pool){
        .kind = TSR_POOL_MAX, .n = 1, .size = {1, 1, 0}, .filter = {1, 1, 1}, .dilation = {1, 1, 1}, .p = 2};
}

/* The kind with the given rule for an average's divisor, and the given stride. */
static tsr_pool preset(tsr_pool_kind kind, bool count_padding, int64_t stride)
{
    tsr_pool pool = tsr_pool_default();
    const bool average = kind == TSR_POOL_AVG || kind == TSR_POOL_AVG_INCLUDE_PAD;
    pool.kind = !average ? kind : count_padding ? TSR_POOL_AVG_INCLUDE_PAD : TSR_POOL_AVG;
    for (int axis = 0; axis < TSR_AXES; ++axis) pool.stride[axis] = stride;
    return pool;
}

tsr_pool tsr_pool_torch(tsr_pool_kind kind)
{
    return preset(kind, true, 0);
}

tsr_pool tsr_pool_onnx(tsr_pool_kind kind)
{
    return preset(kind, false, 1);
}

tsr_pool tsr_pool_tensorflow(tsr_pool_kind kind)
{
    return tsr_pool_onnx(kind); /* their padding differs, which is not the preset's */
}

tsr_pool tsr_pool_caffe(tsr_pool_kind kind)
{
    tsr_pool pool = preset(kind, true, 1);
    pool.ceil = true;
    return pool;
}

/* The problem as it was said: unchecked, auto_pad still in place. */
static tsr__problem to_problem(const tsr_pool *c)
{
    tsr__problem p = {.op = &tsr__pool,
                      .pool_kind = c->kind,
                      .divisor = c->divisor,
                      .p = c->p,
                      .indices = c->indices,
                      .indices_flat = c->indices_flat,
                      .indices_column_major = c->indices_column_major,
                      .global = c->global};
    p.x = (tsr_tensor){.dtype = c->dtype, .layout = c->x_layout, .n = c->n, .c = c->c, .strides = c->x_strides};
    p.y = (tsr_tensor){.dtype = c->dtype, .layout = c->y_layout, .n = c->n, .c = c->c, .strides = c->y_strides};
    p.window.auto_pad = c->auto_pad;
    p.window.ceil = c->ceil;
    p.window.adaptive = c->adaptive;
    tsr__copy_axes(p.x.size, c->size);
    TSR__COPY_WINDOW(&p.window, c);
    tsr__copy_axes(p.window.output_size, c->output_size);
    return p;
}

/* The reverse of to_problem(), for what the notation can say. */
static tsr_pool from_problem(const tsr__problem *p)
{
    tsr_pool c = {.kind = p->pool_kind,
                  .n = p->x.n,
                  .c = p->x.c,
                  .auto_pad = p->window.auto_pad,
                  .ceil = p->window.ceil,
                  .adaptive = p->window.adaptive,
                  .global = p->global,
                  .divisor = p->divisor,
                  .p = p->p,
                  .indices = p->indices,
                  .indices_flat = p->indices_flat,
                  .indices_column_major = p->indices_column_major,
                  .dtype = p->x.dtype};
    TSR__COPY_WINDOW(&c, &p->window);
    tsr__copy_axes(c.output_size, p->window.output_size);
    return c;
}

/* ONNX's rule: padding is smaller than the window. */
static tsr_status check_pads(const tsr__window *w)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        const int64_t limit = tsr__window_extent(w, axis) - 1;
        if (w->pad_begin[axis] > limit || w->pad_end[axis] > limit)
            return tsr__fail(TSR_INVALID_VALUE,
                             "pad[%c] is %" PRId64 " and %" PRId64 "; it must be below the window, which is %" PRId64,
                             tsr__axis_letter(axis), w->pad_begin[axis], w->pad_end[axis], limit + 1);
    }
    return TSR_OK;
}

static tsr_status check_kind(const tsr_pool *c)
{
    const bool average = c->kind == TSR_POOL_AVG || c->kind == TSR_POOL_AVG_INCLUDE_PAD;
    TSR__TRY(tsr__check_range("kind", c->kind, TSR_POOL_MAX, TSR_POOL_LP));
    TSR__TRY(tsr__check_dtype(c->kind == TSR_POOL_MAX ? "dtype" : "without TSR_POOL_MAX, dtype", c->dtype,
                              c->kind == TSR_POOL_MAX ? TSR_U8 : TSR_F64));
    TSR__TRY(tsr__check_range("divisor", c->divisor, 0, average ? TSR__MAX_WINDOW : 0));
    if (c->kind == TSR_POOL_LP) TSR__TRY(tsr__check_range("p", c->p, 1, 1024));
    TSR__TRY(tsr__check_range("indices", c->indices, TSR_INDICES_NONE, TSR_INDICES_I64));
    if (c->kind == TSR_POOL_MAX || c->indices == TSR_INDICES_NONE) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "indices is %s; maximum pooling alone has them",
                     c->indices == TSR_INDICES_I32 ? "I32" : "I64");
}

static tsr_status check_global(const tsr__problem *p)
{
    if (!p->global) return TSR_OK;
    if (p->window.adaptive) return tsr__fail(TSR_INVALID_VALUE, "global and adaptive are true; allowed is one of them");
    return tsr__window_check_unsaid(&p->window, "global pooling's");
}

/* The window that the problem leaves to be found: of the plane's size, or as long as the stride. */
static void complete_window(tsr__problem *p)
{
    tsr__window *w = &p->window;
    if (p->global) tsr__copy_axes(w->filter, w->size);
    for (int axis = 0; axis < TSR_AXES; ++axis)
        if (w->stride[axis] == 0) w->stride[axis] = p->global ? 1 : w->filter[axis];
}

/* Adaptive windows that share the input evenly slide, which every algorithm knows. */
static void simplify_adaptive(tsr__window *w)
{
    for (int axis = 0; axis < TSR_AXES; ++axis)
        if (w->size[axis] % w->out[axis] != 0 || w->size[axis] / w->out[axis] > TSR__MAX_WINDOW) return;
    for (int axis = 0; axis < TSR_AXES; ++axis) w->filter[axis] = w->stride[axis] = w->size[axis] / w->out[axis];
    w->adaptive = false;
}

/* An index must fit its type. */
static tsr_status check_indices(const tsr__problem *p)
{
    uint64_t count = (uint64_t)tsr__tensor_plane(&p->x);
    if (p->indices_flat) count *= (uint64_t)p->x.n * (uint64_t)p->x.c;
    if (p->indices != TSR_INDICES_I32 || count <= (uint64_t)INT32_MAX) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "indices is I32; with %" PRIu64 " elements to count it must be I64", count);
}

tsr_status tsr__pool_problem(const tsr_pool *c, tsr__problem *p)
{
    if (c == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(check_kind(c));
    TSR__TRY(tsr__check_range("n", c->n, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_range("c", c->c, 1, TSR__MAX_SIZE));
    *p = to_problem(c);
    TSR__TRY(check_global(p));
    complete_window(p);
    TSR__TRY(tsr__window_resolve(&p->window, p->y.size));
    if (!c->adaptive) TSR__TRY(check_pads(&p->window));
    if (c->adaptive) simplify_adaptive(&p->window);
    p->residual = p->y;
    TSR__TRY(tsr__tensor_check(&p->x, "x", true, TSR__READ));
    TSR__TRY(tsr__tensor_check(&p->y, "y", true, TSR__WRITTEN));
    return check_indices(p);
}

tsr_status tsr_pool_output(const tsr_pool *problem, tsr_tensor *y)
{
    tsr__problem p;
    if (y == NULL) return tsr__fail(TSR_INVALID_VALUE, "y is NULL");
    TSR__TRY(tsr__pool_problem(problem, &p));
    *y = p.y;
    return TSR_OK;
}

tsr_status tsr_pool_plan(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options,
                         tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__pool_problem(problem, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_pool_explain(const tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options,
                            tsr_candidate *candidates, size_t capacity, size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__pool_problem(problem, &p));
    return tsr__plan_explain(context, &p, options, candidates, capacity, count);
}

/* ---- The notation ---------------------------------------------------------------------------------------------- */

static const char *const prefixes[] = {
    [TSR_POOL_MAX] = "max:", [TSR_POOL_AVG] = "avg:", [TSR_POOL_AVG_INCLUDE_PAD] = "avgpad:", [TSR_POOL_LP] = "lp:"};

static tsr_status parse_kind(const char *text, tsr_pool_kind *kind)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; ++i)
        if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0) {
            *kind = (tsr_pool_kind)i;
            return TSR_OK;
        }
    return tsr__fail(TSR_INVALID_VALUE, "\"%s\" does not begin with \"max:\", \"avg:\", \"avgpad:\" or \"lp:\"", text);
}

tsr_status tsr_pool_parse(const char *text, tsr_pool *problem)
{
    static const char *const numbers[] = {"os", "div", "p", NULL};
    static const tsr__vocabulary vocabulary = {.operator_name = "pooling", .numbers = numbers};
    if (text == NULL || problem == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", text == NULL ? "text" : "problem");
    tsr_pool defaults = tsr_pool_default();
    TSR__TRY(parse_kind(text, &defaults.kind));
    tsr__problem p = to_problem(&defaults);
    TSR__TRY(tsr__notation_parse(text + strlen(prefixes[defaults.kind]), &vocabulary, &p));
    *problem = from_problem(&p);
    return TSR_OK;
}

void tsr__pool_notation(const tsr__problem *p, tsr__text *text)
{
    const bool known = (size_t)p->pool_kind < sizeof prefixes / sizeof prefixes[0];
    tsr__text_add(text, "%s", known ? prefixes[p->pool_kind] : "pool:");
    tsr__notation_format(p, p->window.filter, text);
}

const char *tsr_pool_format(const tsr_pool *problem, char *text, size_t capacity)
{
    if (text == NULL || capacity == 0) return text;
    text[0] = '\0';
    if (problem == NULL) return text;
    tsr__problem p = to_problem(problem);
    for (int axis = 0; axis < TSR_AXES; ++axis)
        if (p.window.stride[axis] == 0) p.window.stride[axis] = p.window.filter[axis];
    tsr__text out = tsr__text_over(text, capacity);
    tsr__pool_notation(&p, &out);
    return text;
}

const tsr__operator tsr__pool = {.name = "pool",
                                 .has_window = true,
                                 .operands = tsr__forward_operands,
                                 .opencl = opencl_algorithms,
                                 .host = host_algorithms,
                                 .format = tsr__pool_notation};
