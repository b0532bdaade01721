#include "run_once.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

/* The buffers of one run; what is not needed stays NULL. */
typedef struct run_buffers {
    tsr_buffer *x, *w, *scale, *bias, *residual, *slope, *y, *indices;
} run_buffers;

/* One run: the plan, and x and y as the caller has them. */
typedef struct run {
    tsr_context *context;
    const tsr_plan *plan;
    const run_data *data;
    tsr_plan_info info;
    tsr_tensor x, y;
    uint64_t y_bytes; /* of the caller's y */
} run;

static void release(run_buffers *buffers)
{
    tsr_buffer_destroy(buffers->x);
    tsr_buffer_destroy(buffers->w);
    tsr_buffer_destroy(buffers->scale);
    tsr_buffer_destroy(buffers->bias);
    tsr_buffer_destroy(buffers->residual);
    tsr_buffer_destroy(buffers->slope);
    tsr_buffer_destroy(buffers->y);
    tsr_buffer_destroy(buffers->indices);
}

static tsr_status upload(tsr_context *context, const void *data, uint64_t bytes, tsr_buffer **buffer)
{
    if (data == NULL || bytes == 0) return TSR_OK;
    const tsr_status status = tsr_buffer_create(context, bytes, buffer);
    return status != TSR_OK ? status : tsr_buffer_write(*buffer, 0, data, bytes);
}

/* Replaces the buffer by one in the other layout, where the layouts differ. */
static tsr_status reorder(tsr_context *context, const tsr_tensor *from, const tsr_tensor *to, tsr_buffer **buffer)
{
    if (*buffer == NULL || from->layout == to->layout) return TSR_OK;
    tsr_plan *plan = NULL;
    tsr_buffer *reordered = NULL;
    uint64_t bytes = 0;
    tsr_status status = tsr_tensor_bytes(to, &bytes);
    if (status == TSR_OK) status = tsr_buffer_create(context, bytes, &reordered);
    if (status == TSR_OK) status = tsr_reorder_plan(context, from, to, NULL, &plan);
    if (status == TSR_OK) status = tsr_plan_run(plan, &(tsr_args){.x = *buffer, .y = reordered});
    tsr_plan_destroy(plan);
    if (status != TSR_OK) {
        tsr_buffer_destroy(reordered);
        return status;
    }
    tsr_buffer_destroy(*buffer);
    *buffer = reordered;
    return TSR_OK;
}

static tsr_status upload_tensor(tsr_context *context, const void *data, const tsr_tensor *from, const tsr_tensor *to,
                                tsr_buffer **buffer)
{
    uint64_t bytes = 0;
    tsr_status status = data != NULL ? tsr_tensor_bytes(from, &bytes) : TSR_OK;
    if (status == TSR_OK) status = upload(context, data, bytes, buffer);
    return status == TSR_OK ? reorder(context, from, to, buffer) : status;
}

static tsr_status upload_all(const run *one, run_buffers *buffers)
{
    tsr_context *context = one->context;
    const run_data *data = one->data;
    const tsr_plan_info *info = &one->info;
    tsr_status status = upload_tensor(context, data->x, &one->x, &info->x, &buffers->x);
    if (status == TSR_OK) status = upload(context, data->w, info->w_bytes, &buffers->w);
    if (status == TSR_OK) status = upload(context, data->scale, info->scale_bytes, &buffers->scale);
    if (status == TSR_OK) status = upload(context, data->bias, info->bias_bytes, &buffers->bias);
    if (status == TSR_OK) status = upload(context, data->slope, info->slope_bytes, &buffers->slope);
    if (status == TSR_OK) status = upload(context, data->indices, info->indices_bytes, &buffers->indices);
    if (status == TSR_OK) status = upload_tensor(context, data->residual, &one->y, &info->y, &buffers->residual);
    if (status == TSR_OK) status = tsr_buffer_create(context, info->y_bytes, &buffers->y);
    if (status == TSR_OK && info->indices_bytes > 0 && data->indices == NULL)
        status = tsr_buffer_create(context, info->indices_bytes, &buffers->indices);
    return status;
}

static tsr_status run_in(const run *one, run_buffers *buffers, run_result *result)
{
    tsr_status status = upload_all(one, buffers);
    if (status != TSR_OK) return status;
    const tsr_args args = {.x = buffers->x,
                           .w = buffers->w,
                           .scale = buffers->scale,
                           .bias = buffers->bias,
                           .residual = buffers->residual,
                           .slope = buffers->slope,
                           .y = buffers->y,
                           .indices = buffers->indices};
    status = tsr_plan_run(one->plan, &args);
    if (status == TSR_OK) status = reorder(one->context, &one->info.y, &one->y, &buffers->y);
    if (status == TSR_OK) status = tsr_buffer_read(buffers->y, 0, result->y, one->y_bytes);
    if (status == TSR_OK && result->indices != NULL)
        status = tsr_buffer_read(buffers->indices, 0, result->indices, one->info.indices_bytes);
    return status;
}

/* A tensor as the caller has it: dense, and in NCHW where the choice was the plan's. */
static tsr_tensor callers_tensor(const tsr_tensor *planned, tsr_layout asked)
{
    tsr_tensor tensor = *planned;
    tensor.layout = asked == TSR_LAYOUT_ANY ? TSR_LAYOUT_NCHW : asked;
    tensor.strides = (tsr_strides){0};
    return tensor;
}

static int run_described(run *one, run_result *result)
{
    const tsr_status status = tsr_tensor_bytes(&one->y, &one->y_bytes);
    if (status != TSR_OK) return report_status(status, "cannot hold y");
    const bool indices = one->info.indices_bytes > 0 && one->data->indices == NULL;
    result->y = malloc(one->y_bytes);
    if (indices) result->indices = malloc(one->info.indices_bytes);
    if (result->y == NULL || (indices && result->indices == NULL)) return report(EXIT_DEVICE, "out of memory for y");

    run_buffers buffers = {0};
    const tsr_status ran = run_in(one, &buffers, result);
    release(&buffers);
    if (ran != TSR_OK) return report_status(ran, "cannot run");
    result->shape = one->y;
    result->x_layout = one->info.x.layout;
    result->y_layout = one->info.y.layout;
    result->workspace_bytes = one->info.workspace_bytes;
    snprintf(result->algorithm, sizeof result->algorithm, "%s", one->info.algorithm);
    snprintf(result->description, sizeof result->description, "%s", one->info.description);
    return EXIT_DONE;
}

/* Runs the plan and destroys it. The layouts are the problem's. */
static int run_plan(tsr_context *context, tsr_plan *plan, tsr_layout x_layout, tsr_layout y_layout,
                    const run_data *data, run_result *result)
{
    *result = (run_result){0};
    run one = {.context = context, .plan = plan, .data = data};
    const tsr_status status = tsr_plan_describe(plan, &one.info);
    int failed = status == TSR_OK ? EXIT_DONE : report_status(status, "cannot describe the plan");
    if (!failed) {
        one.x = callers_tensor(&one.info.x, x_layout);
        one.y = callers_tensor(&one.info.y, y_layout);
        failed = run_described(&one, result);
    }
    if (failed) run_result_free(result);
    tsr_plan_destroy(plan);
    return failed;
}

int run_conv(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options, const run_data *data,
             run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_conv_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the convolution");
    return run_plan(context, plan, problem->x_layout, problem->y_layout, data, result);
}

int run_pool(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options, const run_data *data,
             run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_pool_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the pooling");
    return run_plan(context, plan, problem->x_layout, problem->y_layout, data, result);
}

int run_unpool(tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options, const run_data *data,
               run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_unpool_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the unpooling");
    return run_plan(context, plan, problem->layout, problem->layout, data, result);
}

int run_reorder(tsr_context *context, const tsr_tensor *x, const tsr_tensor *y, const tsr_plan_options *options,
                const run_data *data, run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_reorder_plan(context, x, y, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the reorder");
    return run_plan(context, plan, x->layout, y->layout, data, result);
}

void run_result_free(run_result *result)
{
    free(result->y);
    free(result->indices);
    *result = (run_result){0};
}
