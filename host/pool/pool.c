#include "pool/pool.h"

#include <inttypes.h>
#include <string.h>

#include "notation.h"
#include "plan.h"

#define TSR_ALGORITHM(name) extern const tsr__algorithm tsr__pool_##name;
#include "pool/algorithms.def"
#undef TSR_ALGORITHM

static const tsr__algorithm *const opencl_algorithms[] = {
#define TSR_ALGORITHM(name) &tsr__pool_##name,
#include "pool/algorithms.def"
#undef TSR_ALGORITHM
    NULL};

#define TSR_ALGORITHM(name) extern const tsr__algorithm tsr__cpu_pool_##name;
#include "cpu/pool.def"
#undef TSR_ALGORITHM

static const tsr__algorithm *const host_algorithms[] = {
#define TSR_ALGORITHM(name) &tsr__cpu_pool_##name,
#include "cpu/pool.def"
#undef TSR_ALGORITHM
    NULL};

/* ---- The problem ----------------------------------------------------------------------------------------------- */

tsr_pool tsr_pool_default(void)
{
    return (tsr_pool){.kind = TSR_POOL_MAX, .n = 1, .size = {1, 1, 0}, .filter = {1, 1, 1}};
}

/* The problem as it was said: unchecked, auto_pad still in place; a stride of 0 became the window's size. */
static tsr__problem said(const tsr_pool *c)
{
    tsr__problem p = {.op = &tsr__pool, .pool_kind = c->kind};
    p.x = (tsr_tensor){.layout = c->x_layout, .n = c->n, .c = c->c};
    p.y = (tsr_tensor){.layout = c->y_layout, .n = c->n, .c = c->c};
    p.window.auto_pad = c->auto_pad;
    tsr__copy_axes(p.x.size, c->size);
    tsr__copy_axes(p.window.size, c->size);
    tsr__copy_axes(p.window.filter, c->filter);
    tsr__copy_axes(p.window.pad_begin, c->pad_begin);
    tsr__copy_axes(p.window.pad_end, c->pad_end);
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        p.window.stride[axis] = c->stride[axis] == 0 ? c->filter[axis] : c->stride[axis];
        p.window.dilation[axis] = 1;
    }
    return p;
}

/* ONNX's rule: no window may lie in the padding alone. */
static tsr_status check_pads(const tsr__window *w)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        const int64_t limit = tsr__window_extent(w, axis) - 1;
        if (w->pad_begin[axis] > limit || w->pad_end[axis] > limit)
            return tsr__fail(TSR_INVALID_VALUE,
                             "pad[%c] is %" PRId64 " and %" PRId64 "; it must be below the window, which is %" PRId64,
                             "DHW"[axis], w -> pad_begin[axis], w -> pad_end[axis], limit + 1);
    }
    return TSR_OK;
}

tsr_status tsr__pool_problem(const tsr_pool *c, tsr__problem *p)
{
    if (c == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(tsr__check_range("kind", c->kind, TSR_POOL_MAX, TSR_POOL_AVG_INCLUDE_PAD));
    TSR__TRY(tsr__check_range("n", c->n, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_range("c", c->c, 1, TSR__MAX_SIZE));
    *p = said(c);
    TSR__TRY(tsr__window_resolve(&p->window, p->y.size));
    TSR__TRY(check_pads(&p->window));
    TSR__TRY(tsr__tensor_check(&p->x, "x", true));
    return tsr__tensor_check(&p->y, "y", true);
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
    [TSR_POOL_MAX] = "max:", [TSR_POOL_AVG] = "avg:", [TSR_POOL_AVG_INCLUDE_PAD] = "avgpad:"};

static tsr_status parse_kind(const char *text, tsr_pool_kind *kind)
{
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; ++i)
        if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0) {
            *kind = (tsr_pool_kind)i;
            return TSR_OK;
        }
    return tsr__fail(TSR_INVALID_VALUE, "\"%s\" does not begin with \"max:\", \"avg:\" or \"avgpad:\"", text);
}

tsr_status tsr_pool_parse(const char *text, tsr_pool *problem)
{
    static const char *const numbers[] = {NULL};
    static const tsr__vocabulary vocabulary = {.operator_name = "pooling", .numbers = numbers};
    if (text == NULL || problem == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", text == NULL ? "text" : "problem");
    tsr_pool c = tsr_pool_default();
    TSR__TRY(parse_kind(text, &c.kind));
    tsr__problem p = said(&c);
    tsr__copy_axes(p.window.stride, c.stride);
    TSR__TRY(tsr__notation_parse(text + strlen(prefixes[c.kind]), &vocabulary, &p));
    c.n = p.x.n;
    c.c = p.x.c;
    c.auto_pad = p.window.auto_pad;
    tsr__copy_axes(c.size, p.window.size);
    tsr__copy_axes(c.filter, p.window.filter);
    tsr__copy_axes(c.stride, p.window.stride);
    tsr__copy_axes(c.pad_begin, p.window.pad_begin);
    tsr__copy_axes(c.pad_end, p.window.pad_end);
    *problem = c;
    return TSR_OK;
}

static void format(const tsr__problem *p, tsr__text *text)
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
    const tsr__problem p = said(problem);
    tsr__text out = tsr__text_over(text, capacity);
    format(&p, &out);
    return text;
}

const tsr__operator tsr__pool = {
    .name = "pool", .opencl = opencl_algorithms, .host = host_algorithms, .format = format};
