#include "run_once.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

/* The buffers of one run; what is not needed stays NULL. */
typedef struct run_buffers {
    tsr_buffer *x, *w, *scale, *bias, *residual, *slope, *y, *indices;
    tsr_buffer *dy, *dv, *dx, *dw, *dbias, *dscale, *dslope;
} run_buffers;

/* One run: the plan, and x and y as the caller has them. */
typedef struct run {
    tsr_context *context;
    const tsr_plan *plan;
    const run_data *data;
    unsigned written; /* a set of RUN_Y and so on */
    tsr_plan_info info;
    tsr_tensor x, y;
} run;

static void release(run_buffers *b)
{
    tsr_buffer *const all[] = {b->x,  b->w,  b->scale, b->bias, b->residual, b->slope,  b->y,     b->indices,
                               b->dy, b->dv, b->dx,    b->dw,   b->dbias,    b->dscale, b->dslope};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i) tsr_buffer_destroy(all[i]);
}

/* ---- Inputs ---------------------------------------------------------------------------------------------------- */

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

static tsr_status upload_all(const run *one, run_buffers *b)
{
    tsr_context *context = one->context;
    const run_data *data = one->data;
    const tsr_plan_info *info = &one->info;
    tsr_status status = upload_tensor(context, data->x, &one->x, &info->x, &b->x);
    if (status == TSR_OK) status = upload(context, data->w, info->w_bytes, &b->w);
    if (status == TSR_OK) status = upload(context, data->scale, info->scale_bytes, &b->scale);
    if (status == TSR_OK) status = upload(context, data->bias, info->bias_bytes, &b->bias);
    if (status == TSR_OK) status = upload(context, data->slope, info->slope_bytes, &b->slope);
    if (status == TSR_OK) status = upload(context, data->indices, info->indices_bytes, &b->indices);
    if (status == TSR_OK) status = upload_tensor(context, data->residual, &one->y, &info->y, &b->residual);
    if (status == TSR_OK) status = upload_tensor(context, data->y, &one->y, &info->y, &b->y);
    if (status == TSR_OK) status = upload_tensor(context, data->dy, &one->y, &info->y, &b->dy);
    if (status == TSR_OK) status = upload_tensor(context, data->dv, &one->y, &info->y, &b->dv);
    return status;
}

/* ---- Outputs --------------------------------------------------------------------------------------------------- */

/* What is written: on the device, and for the caller. */
typedef struct output {
    tsr_buffer **buffer;
    void **array;
    uint64_t bytes;                  /* of the buffer */
    const tsr_tensor *planned, *had; /* as it lies on the device and as the caller has it; NULL: plain numbers */
} output;

static int list_outputs(const run *one, run_buffers *b, run_result *r, output outputs[RUN_OUTPUTS])
{
    const tsr_plan_info *i = &one->info;
    const output all[RUN_OUTPUTS] = {
        {&b->y, &r->y, i->y_bytes, &i->y, &one->y},
        {&b->indices, &r->indices, i->indices_bytes, NULL, NULL},
        {&b->dv, &r->dv, i->y_bytes, &i->y, &one->y},
        {&b->dx, &r->dx, i->x_bytes, &i->x, &one->x},
        {&b->dw, &r->dw, i->w_bytes, NULL, NULL},
        {&b->dbias, &r->dbias, i->bias_bytes, NULL, NULL},
        {&b->dscale, &r->dscale, i->scale_bytes, NULL, NULL},
        {&b->dslope, &r->dslope, i->slope_bytes, NULL, NULL},
    };
    int count = 0;
    for (int n = 0; n < RUN_OUTPUTS; ++n)
        if (one->written & 1u << n) outputs[count++] = all[n];
    return count;
}

static tsr_status download(tsr_context *context, const output *o)
{
    uint64_t bytes = o->bytes;
    tsr_status status = TSR_OK;
    if (o->planned != NULL) {
        status = tsr_tensor_bytes(o->had, &bytes);
        if (status == TSR_OK) status = reorder(context, o->planned, o->had, o->buffer);
    }
    if (status != TSR_OK) return status;
    *o->array = malloc(bytes);
    return *o->array != NULL ? tsr_buffer_read(*o->buffer, 0, *o->array, bytes) : TSR_OUT_OF_MEMORY;
}

/* ---- Runs ------------------------------------------------------------------------------------------------------ */

static tsr_status run_in(const run *one, run_buffers *b, run_result *result)
{
    output outputs[RUN_OUTPUTS];
    const int count = list_outputs(one, b, result, outputs);
    tsr_status status = upload_all(one, b);
    for (int i = 0; i < count && status == TSR_OK; ++i)
        status = tsr_buffer_create(one->context, outputs[i].bytes, outputs[i].buffer);
    if (status != TSR_OK) return status;
    const tsr_args args = {.x = b->x,
                           .w = b->w,
                           .scale = b->scale,
                           .bias = b->bias,
                           .residual = b->residual,
                           .slope = b->slope,
                           .y = b->y,
                           .indices = b->indices,
                           .dy = b->dy,
                           .dv = b->dv,
                           .dx = b->dx,
                           .dw = b->dw,
                           .dbias = b->dbias,
                           .dscale = b->dscale,
                           .dslope = b->dslope};
    status = tsr_plan_run(one->plan, &args);
    for (int i = 0; i < count && status == TSR_OK; ++i) status = download(one->context, &outputs[i]);
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

static int run_described(const run *one, run_result *result)
{
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
static int run_plan(run one, tsr_plan *plan, tsr_layout x_layout, tsr_layout y_layout, run_result *result)
{
    one.plan = plan;
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
    return run_plan((run){.context = context, .data = data, .written = RUN_Y}, plan, problem->x_layout,
                    problem->y_layout, result);
}

int run_pool(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options, const run_data *data,
             run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_pool_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the pooling");
    const unsigned written = RUN_Y | (problem->indices != TSR_INDICES_NONE ? RUN_INDICES : 0);
    return run_plan((run){.context = context, .data = data, .written = written}, plan, problem->x_layout,
                    problem->y_layout, result);
}

int run_unpool(tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options, const run_data *data,
               run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_unpool_plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the unpooling");
    return run_plan((run){.context = context, .data = data, .written = RUN_Y}, plan, problem->layout, problem->layout,
                    result);
}

int run_reorder(tsr_context *context, const tsr_tensor *x, const tsr_tensor *y, const tsr_plan_options *options,
                const run_data *data, run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_reorder_plan(context, x, y, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the reorder");
    return run_plan((run){.context = context, .data = data, .written = RUN_Y}, plan, x->layout, y->layout, result);
}

int run_conv_pass(tsr_context *context, const conv_pass *pass, const tsr_conv_backward *problem,
                  const tsr_plan_options *options, unsigned written, const run_data *data, run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = pass->plan(context, problem, options, &plan);
    if (status != TSR_OK) return report_status(status, pass->name);
    const tsr_conv *forward = &problem->forward;
    return run_plan((run){.context = context, .data = data, .written = written}, plan, forward->x_layout,
                    forward->y_layout, result);
}

int run_pool_backward(tsr_context *context, const tsr_pool *forward, const tsr_plan_options *options,
                      const run_data *data, run_result *result)
{
    *result = (run_result){0};
    tsr_plan *plan = NULL;
    const tsr_status status = tsr_pool_backward_plan(context, forward, options, &plan);
    if (status != TSR_OK) return report_status(status, "cannot plan the pooling's gradient");
    return run_plan((run){.context = context, .data = data, .written = RUN_DX}, plan, forward->x_layout,
                    forward->y_layout, result);
}

void run_result_free(run_result *r)
{
    void *const all[] = {r->y, r->indices, r->dv, r->dx, r->dw, r->dbias, r->dscale, r->dslope};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i) free(all[i]);
    *r = (run_result){0};
}
