#include "api/runs.h"

#include <stdlib.h>
#include <string.h>

#include "support/support.h"

tsr_conv conv_run_problem(const char *text, tsr_layout layout)
{
    tsr_conv problem;
    REQUIRE(tsr_conv_parse(text, &problem));
    problem.x_layout = problem.y_layout = layout;
    return problem;
}

/* A buffer with the data, which is freed; NULL for 0 bytes. */
static tsr_buffer *filled(tsr_context *context, void *data, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    if (bytes > 0) {
        REQUIRE(tsr_buffer_create(context, bytes, &buffer));
        REQUIRE(tsr_buffer_write(buffer, 0, data, bytes));
    }
    free(data);
    return buffer;
}

/* Each buffer has a seed of its own, so that it does not depend on what else there is. */
static tsr_buffer *numbers(tsr_context *context, uint64_t seed, tsr_dtype dtype, uint64_t bytes)
{
    support_random random = {.state = seed};
    return filled(context, support_numbers(&random, dtype, bytes, -3), bytes);
}

static tsr_buffer *elements(tsr_context *context, uint64_t seed, const tsr_tensor *tensor, uint64_t bytes)
{
    support_random random = {.state = seed};
    return bytes == 0 ? NULL : filled(context, support_tensor(&random, tensor), bytes);
}

conv_run conv_run_open(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options)
{
    conv_run r = {.context = context};
    const tsr_dtype type = problem->dtype;
    REQUIRE(tsr_conv_plan(context, problem, options, &r.plan));
    REQUIRE(tsr_plan_describe(r.plan, &r.info));
    tsr_tensor residual = r.info.y;
    residual.strides = problem->residual_strides;
    r.x = elements(context, 1, &r.info.x, r.info.x_bytes);
    r.residual = elements(context, 2, &residual, r.info.residual_bytes);
    r.w = numbers(context, 3, type, r.info.w_bytes);
    r.scale = numbers(context, 4, type, r.info.scale_bytes);
    r.bias = numbers(context, 5, type, r.info.bias_bytes);
    r.slope = numbers(context, 6, type, r.info.slope_bytes);
    REQUIRE(tsr_buffer_create(context, r.info.y_bytes, &r.y));
    if (r.info.workspace_bytes > 0) REQUIRE(tsr_buffer_create(context, r.info.workspace_bytes, &r.workspace));
    conv_run_poison(&r);
    return r;
}

void conv_run_close(conv_run *r)
{
    tsr_buffer *const buffers[] = {r->x, r->w, r->scale, r->bias, r->residual, r->slope, r->y, r->workspace};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(r->plan);
    *r = (conv_run){0};
}

tsr_args conv_run_args(const conv_run *r)
{
    return (tsr_args){.x = r->x,
                      .w = r->w,
                      .scale = r->scale,
                      .bias = r->bias,
                      .residual = r->residual,
                      .slope = r->slope,
                      .y = r->y,
                      .workspace = r->workspace};
}

unsigned char *conv_run_result(const conv_run *r)
{
    unsigned char *bytes = support_allocate(r->info.y_bytes);
    REQUIRE(tsr_buffer_read(r->y, 0, bytes, r->info.y_bytes));
    return bytes;
}

void conv_run_poison(const conv_run *r)
{
    unsigned char *bytes = support_allocate(r->info.y_bytes);
    memset(bytes, SUPPORT_POISON, r->info.y_bytes);
    REQUIRE(tsr_buffer_write(r->y, 0, bytes, r->info.y_bytes));
    free(bytes);
}
