#include "conv/conv.h"

#include <inttypes.h>
#include <string.h>

#include "notation.h"
#include "plan.h"

#define TSR_ALGORITHM(name) extern const tsr__algorithm tsr__conv_##name;
#include "conv/algorithms.def"
#undef TSR_ALGORITHM

static const tsr__algorithm *const opencl_algorithms[] = {
#define TSR_ALGORITHM(name) &tsr__conv_##name,
#include "conv/algorithms.def"
#undef TSR_ALGORITHM
    NULL};

#define TSR_ALGORITHM(name) extern const tsr__algorithm tsr__cpu_conv_##name;
#include "cpu/conv.def"
#undef TSR_ALGORITHM

static const tsr__algorithm *const host_algorithms[] = {
#define TSR_ALGORITHM(name) &tsr__cpu_conv_##name,
#include "cpu/conv.def"
#undef TSR_ALGORITHM
    NULL};

/* ---- The problem ----------------------------------------------------------------------------------------------- */

tsr_conv tsr_conv_default(void)
{
    return (tsr_conv){
        .n = 1, .groups = 1, .size = {1, 1, 0}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
}

/* The problem as it was said: unchecked, auto_pad still in place. */
static tsr__problem said(const tsr_conv *c)
{
    tsr__problem p = {.op = &tsr__conv, .groups = c->groups, .bias = c->bias, .activation = c->activation};
    p.x = (tsr_tensor){.layout = c->x_layout, .n = c->n, .c = c->c};
    p.y = (tsr_tensor){.layout = c->y_layout, .n = c->n, .c = c->k};
    p.window.auto_pad = c->auto_pad;
    tsr__copy_axes(p.x.size, c->size);
    tsr__copy_axes(p.window.size, c->size);
    tsr__copy_axes(p.window.filter, c->filter);
    tsr__copy_axes(p.window.stride, c->stride);
    tsr__copy_axes(p.window.dilation, c->dilation);
    tsr__copy_axes(p.window.pad_begin, c->pad_begin);
    tsr__copy_axes(p.window.pad_end, c->pad_end);
    return p;
}

static tsr_status check_channels(const tsr_conv *c)
{
    TSR__TRY(tsr__check_range("n", c->n, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_range("c", c->c, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_range("k", c->k, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_range("groups", c->groups, 1, TSR__MAX_SIZE));
    if (c->c % c->groups != 0 || c->k % c->groups != 0)
        return tsr__fail(TSR_INVALID_VALUE,
                         "groups is %" PRId64 "; it must divide c, which is %" PRId64 ", and k, which is %" PRId64,
                         c->groups, c->c, c->k);
    return tsr__check_range("activation", c->activation, TSR_ACTIVATION_NONE, TSR_ACTIVATION_RELU);
}

static tsr_status count_weights(const tsr_conv *c, int64_t *elements)
{
    uint64_t bytes = sizeof(float);
    if (tsr__multiply(&bytes, c->k) && tsr__multiply(&bytes, c->c / c->groups) &&
        tsr__multiply(&bytes, c->filter[TSR_D]) && tsr__multiply(&bytes, c->filter[TSR_H]) &&
        tsr__multiply(&bytes, c->filter[TSR_W])) {
        *elements = (int64_t)(bytes / sizeof(float));
        return TSR_OK;
    }
    return tsr__fail(TSR_INVALID_VALUE,
                     "w has %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64
                     " elements: more than 2^63-1 bytes",
                     c->k, c->c / c->groups, c->filter[TSR_D], c->filter[TSR_H], c->filter[TSR_W]);
}

tsr_status tsr__conv_problem(const tsr_conv *c, tsr__problem *p)
{
    if (c == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(check_channels(c));
    *p = said(c);
    TSR__TRY(tsr__window_resolve(&p->window, p->y.size));
    TSR__TRY(tsr__tensor_check(&p->x, "x", true));
    TSR__TRY(tsr__tensor_check(&p->y, "y", true));
    return count_weights(c, &p->w_elements);
}

tsr_status tsr_conv_output(const tsr_conv *problem, tsr_tensor *y)
{
    tsr__problem p;
    if (y == NULL) return tsr__fail(TSR_INVALID_VALUE, "y is NULL");
    TSR__TRY(tsr__conv_problem(problem, &p));
    *y = p.y;
    return TSR_OK;
}

tsr_status tsr_conv_plan(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options,
                         tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(tsr__conv_problem(problem, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_conv_explain(const tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options,
                            tsr_candidate *candidates, size_t capacity, size_t *count)
{
    tsr__problem p;
    TSR__TRY(tsr__conv_problem(problem, &p));
    return tsr__plan_explain(context, &p, options, candidates, capacity, count);
}

/* ---- The notation ---------------------------------------------------------------------------------------------- */

static const char prefix[] = "conv:";

tsr_status tsr_conv_parse(const char *text, tsr_conv *problem)
{
    static const char *const numbers[] = {"k", "g", "dl", NULL};
    static const tsr__vocabulary vocabulary = {.operator_name = "conv", .numbers = numbers, .epilogue = true};
    if (text == NULL || problem == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", text == NULL ? "text" : "problem");
    if (strncmp(text, prefix, sizeof prefix - 1) != 0)
        return tsr__fail(TSR_INVALID_VALUE, "\"%s\" does not begin with \"%s\"", text, prefix);
    tsr_conv c = tsr_conv_default();
    tsr__problem p = said(&c);
    TSR__TRY(tsr__notation_parse(text + sizeof prefix - 1, &vocabulary, &p));
    c.n = p.x.n;
    c.c = p.x.c;
    c.k = p.y.c;
    c.groups = p.groups;
    c.bias = p.bias;
    c.activation = p.activation;
    c.auto_pad = p.window.auto_pad;
    tsr__copy_axes(c.size, p.window.size);
    tsr__copy_axes(c.filter, p.window.filter);
    tsr__copy_axes(c.stride, p.window.stride);
    tsr__copy_axes(c.dilation, p.window.dilation);
    tsr__copy_axes(c.pad_begin, p.window.pad_begin);
    tsr__copy_axes(c.pad_end, p.window.pad_end);
    *problem = c;
    return TSR_OK;
}

static void format(const tsr__problem *p, tsr__text *text)
{
    static const int64_t default_stride[TSR_AXES] = {1, 1, 1};
    tsr__text_add(text, "%s", prefix);
    tsr__notation_format(p, default_stride, text);
}

const char *tsr_conv_format(const tsr_conv *problem, char *text, size_t capacity)
{
    if (text == NULL || capacity == 0) return text;
    text[0] = '\0';
    if (problem == NULL) return text;
    const tsr__problem p = said(problem);
    tsr__text out = tsr__text_over(text, capacity);
    format(&p, &out);
    return text;
}

const tsr__operator tsr__conv = {
    .name = "conv", .opencl = opencl_algorithms, .host = host_algorithms, .format = format};
