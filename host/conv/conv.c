#include "conv/conv.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "activation.h"
#include "notation.h"
#include "plan.h"

#define TSR__OPENCL_LIST  "conv/algorithms.def"
#define TSR__HOST_LIST    "cpu/conv.def"
#define TSR__OPENCL(name) tsr__conv_##name
#define TSR__HOST(name)   tsr__cpu_conv_##name
#include "algorithm_lists.h"

/* ---- The problem ----------------------------------------------------------------------------------------------- */

tsr_conv tsr_conv_default(void)
{
    return (tsr_conv){
        .n = 1, .groups = 1, .size = {1, 1, 0}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
}

/* The problem as it was said: unchecked, auto_pad still in place. */
static tsr__problem to_problem(const tsr_conv *c)
{
    tsr__problem p = {.op = &tsr__conv,
                      .groups = c->groups,
                      .flip = c->flip,
                      .scale = c->scale,
                      .bias = c->bias,
                      .has_residual = c->residual,
                      .half_sums = c->half_sums,
                      .exact = c->exact,
                      .activation = c->activation,
                      .alpha = c->alpha,
                      .beta = c->beta};
    p.x = (tsr_tensor){.dtype = c->dtype, .layout = c->x_layout, .n = c->n, .c = c->c, .strides = c->x_strides};
    p.y = (tsr_tensor){.dtype = c->dtype, .layout = c->y_layout, .n = c->n, .c = c->k, .strides = c->y_strides};
    p.window.auto_pad = c->auto_pad;
    p.window.pad_mode = c->pad_mode;
    p.window.transposed = c->transposed;
    tsr__copy_axes(p.x.size, c->size);
    TSR__COPY_WINDOW(&p.window, c);
    tsr__copy_axes(p.window.output_padding, c->output_padding);
    tsr__copy_axes(p.window.output_size, c->output_size);
    return p;
}

/* The reverse of to_problem(), for what the notation can say. */
static tsr_conv from_problem(const tsr__problem *p)
{
    tsr_conv c = {.n = p->x.n,
                  .c = p->x.c,
                  .k = p->y.c,
                  .groups = p->groups,
                  .auto_pad = p->window.auto_pad,
                  .pad_mode = p->window.pad_mode,
                  .flip = p->flip,
                  .transposed = p->window.transposed,
                  .scale = p->scale,
                  .bias = p->bias,
                  .residual = p->has_residual,
                  .activation = p->activation,
                  .alpha = p->alpha,
                  .beta = p->beta,
                  .dtype = p->x.dtype,
                  .half_sums = p->half_sums,
                  .exact = p->exact};
    TSR__COPY_WINDOW(&c, &p->window);
    tsr__copy_axes(c.output_padding, p->window.output_padding);
    tsr__copy_axes(c.output_size, p->window.output_size);
    return c;
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
    return TSR_OK;
}

static tsr_status check_epilogue(const tsr_conv *c)
{
    TSR__TRY(tsr__check_range("activation", c->activation, TSR_ACTIVATION_NONE, TSR__ACTIVATIONS - 1));
    TSR__TRY(tsr__check_dtype("dtype", c->dtype, TSR_F64));
    if (!isfinite(c->alpha) || !isfinite(c->beta))
        return tsr__fail(TSR_INVALID_VALUE, "alpha is %g and beta %g; both must be finite", (double)c->alpha,
                         (double)c->beta);
    if (c->activation == TSR_ACTIVATION_CLIP && c->alpha > c->beta)
        return tsr__fail(TSR_INVALID_VALUE, "alpha is %g; clip's lower end may not be above its upper, beta, %g",
                         (double)c->alpha, (double)c->beta);
    if (c->half_sums && c->dtype != TSR_F16)
        return tsr__fail(TSR_INVALID_VALUE, "half_sums is set while dtype is %s; it must be f16",
                         tsr_dtype_text(c->dtype));
    return TSR_OK;
}

static tsr_status count_weights(const tsr_conv *c, int64_t *elements)
{
    uint64_t bytes = sizeof(double);
    if (tsr__multiply(&bytes, c->k) && tsr__multiply(&bytes, c->c / c->groups) &&
        tsr__multiply(&bytes, c->filter[TSR_D]) && tsr__multiply(&bytes, c->filter[TSR_H]) &&
        tsr__multiply(&bytes, c->filter[TSR_W])) {
        *elements = (int64_t)(bytes / sizeof(double));
        return TSR_OK;
    }
    return tsr__fail(TSR_INVALID_VALUE,
                     "w has %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64
                     " elements: more than 2^60-1",
                     c->k, c->c / c->groups, c->filter[TSR_D], c->filter[TSR_H], c->filter[TSR_W]);
}

tsr_status tsr__conv_problem(const tsr_conv *c, tsr__problem *p)
{
    if (c == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(check_channels(c));
    TSR__TRY(check_epilogue(c));
    *p = to_problem(c);
    TSR__TRY(tsr__window_resolve(&p->window, p->y.size));
    p->residual = p->y;
    if (c->residual) p->residual.strides = c->residual_strides;
    TSR__TRY(tsr__tensor_check(&p->x, "x", true, TSR__READ));
    TSR__TRY(tsr__tensor_check(&p->y, "y", true, TSR__WRITTEN));
    TSR__TRY(tsr__tensor_check(&p->residual, "residual", true, TSR__READ));
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

/* ---- Batch normalisation --------------------------------------------------------------------------------------- */

tsr_status tsr_conv_fold_batch_norm(const tsr_conv *problem, const tsr_batch_norm *norm, const float *w,
                                    const float *bias, float *folded_w, float *folded_bias)
{
    tsr__problem p;
    TSR__TRY(tsr__conv_problem(problem, &p));
    if (norm == NULL || norm->mean == NULL || norm->variance == NULL || w == NULL || folded_w == NULL ||
        folded_bias == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "an argument is NULL; gamma, beta and bias alone may be");
    for (int64_t k = 0; k < p.y.c; ++k)
        if (!(norm->variance[k] + norm->epsilon > 0.0f))
            return tsr__fail(TSR_INVALID_VALUE, "variance[%" PRId64 "] is %g; with epsilon %g it must be above 0", k,
                             (double)norm->variance[k], (double)norm->epsilon);
    for (int64_t k = 0; k < p.y.c; ++k) {
        const double deviation = sqrt((double)norm->variance[k] + (double)norm->epsilon);
        const double scale = (norm->gamma == NULL ? 1.0 : (double)norm->gamma[k]) / deviation;
        const double shift = norm->beta == NULL ? 0.0 : (double)norm->beta[k];
        const double before = bias == NULL ? 0.0 : (double)bias[k];
        for (int64_t c = 0; c < tsr__group_c(&p); ++c)
            for (int64_t tap = 0; tap < tsr__taps(&p); ++tap) {
                const int64_t at = tsr__filter_at(&p, k, c) + tap;
                folded_w[at] = (float)((double)w[at] * scale);
            }
        folded_bias[k] = (float)((before - (double)norm->mean[k]) * scale + shift);
    }
    return TSR_OK;
}

/* ---- The notation ---------------------------------------------------------------------------------------------- */

static const char prefix[] = "conv:", transposed_prefix[] = "convt:";

tsr_status tsr_conv_parse(const char *text, tsr_conv *problem)
{
    static const char *const numbers[] = {"k", "g", NULL}, *const more_numbers[] = {"k", "g", "op", "os", NULL};
    if (text == NULL || problem == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", text == NULL ? "text" : "problem");
    const bool transposed = strncmp(text, transposed_prefix, sizeof transposed_prefix - 1) == 0;
    if (!transposed && strncmp(text, prefix, sizeof prefix - 1) != 0)
        return tsr__fail(TSR_INVALID_VALUE, "\"%s\" does not begin with \"%s\" or \"%s\"", text, prefix,
                         transposed_prefix);
    const tsr__vocabulary vocabulary = {.operator_name = transposed ? "convt" : "conv",
                                        .numbers = transposed ? more_numbers : numbers,
                                        .is_conv = true};
    const tsr_conv defaults = tsr_conv_default();
    tsr__problem p = to_problem(&defaults);
    p.window.transposed = transposed;
    TSR__TRY(tsr__notation_parse(strchr(text, ':') + 1, &vocabulary, &p));
    *problem = from_problem(&p);
    return TSR_OK;
}

void tsr__conv_notation(const tsr__problem *p, tsr__text *text)
{
    static const int64_t default_stride[TSR_AXES] = {1, 1, 1};
    tsr__text_add(text, "%s", p->window.transposed ? transposed_prefix : prefix);
    tsr__notation_format(p, default_stride, text);
}

const char *tsr_conv_format(const tsr_conv *problem, char *text, size_t capacity)
{
    if (text == NULL || capacity == 0) return text;
    text[0] = '\0';
    if (problem == NULL) return text;
    const tsr__problem p = to_problem(problem);
    tsr__text out = tsr__text_over(text, capacity);
    tsr__conv_notation(&p, &out);
    return text;
}

const tsr__operator tsr__conv = {.name = "conv",
                                 .has_window = true,
                                 .operands = tsr__forward_operands,
                                 .takes_packed = true,
                                 .opencl = opencl_algorithms,
                                 .host = host_algorithms,
                                 .format = tsr__conv_notation};
