#include "run_once.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

/* The buffers of one run; what is not needed stays NULL. */
typedef struct run_buffers {
    tsr_buffer *x, *w, *bias, *y;
} run_buffers;

static void release(run_buffers *buffers)
{
    tsr_buffer_destroy(buffers->x);
    tsr_buffer_destroy(buffers->w);
    tsr_buffer_destroy(buffers->bias);
    tsr_buffer_destroy(buffers->y);
}

static tsr_status upload(tsr_context *context, const float *data, uint64_t bytes, tsr_buffer **buffer)
{
    if (data == NULL || bytes == 0) return TSR_OK;
    const tsr_status status = tsr_buffer_create(context, bytes, buffer);
    return status != TSR_OK ? status : tsr_buffer_write(*buffer, 0, data, bytes);
}

static tsr_status run_in(tsr_context *context, const tsr_plan *plan, const tsr_plan_info *info, run_buffers *buffers,
                         const float *const data[3], float *y)
{
    tsr_status status = upload(context, data[0], info->x_bytes, &buffers->x);
    if (status == TSR_OK) status = upload(context, data[1], info->w_bytes, &buffers->w);
    if (status == TSR_OK) status = upload(context, data[2], info->bias_bytes, &buffers->bias);
    if (status == TSR_OK) status = tsr_buffer_create(context, info->y_bytes, &buffers->y);
    if (status != TSR_OK) return status;
    const tsr_args args = {.x = buffers->x, .w = buffers->w, .bias = buffers->bias, .y = buffers->y};
    status = tsr_plan_run(plan, &args);
    return status != TSR_OK ? status : tsr_buffer_read(buffers->y, 0, y, info->y_bytes);
}

/* `data` holds x, w and bias. */
static int run_plan(tsr_context *context, const tsr_plan *plan, const float *const data[3], run_result *result)
{
    tsr_plan_info info;
    tsr_status status = tsr_plan_describe(plan, &info);
    if (status != TSR_OK) return report_status(status, "cannot describe the plan");
    float *y = malloc(info.y_bytes);
    if (y == NULL) return report(EXIT_DEVICE, "out of memory for y");

    run_buffers buffers = {0};
    status = run_in(context, plan, &info, &buffers, data, y);
    release(&buffers);
    if (status != TSR_OK) {
        free(y);
        return report_status(status, "cannot run");
    }
    *result = (run_result){.y = y, .shape = info.y, .workspace_bytes = info.workspace_bytes};
    snprintf(result->algorithm, sizeof result->algorithm, "%s", info.algorithm);
    return EXIT_DONE;
}

int run_conv(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options, const float *x,
             const float *w, const float *bias, run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_conv_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the convolution");
    const int failed = run_plan(context, plan, (const float *const[3]){x, w, bias}, result);
    tsr_plan_destroy(plan);
    return failed;
}

int run_pool(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options, const float *x,
             run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_pool_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the pooling");
    const int failed = run_plan(context, plan, (const float *const[3]){x, NULL, NULL}, result);
    tsr_plan_destroy(plan);
    return failed;
}

void run_result_free(run_result *result)
{
    free(result->y);
    *result = (run_result){0};
}
