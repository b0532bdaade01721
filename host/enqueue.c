#include "plan_internal.h"

#include <inttypes.h>

#include "buffer.h"

tsr_args tsr_args_default(void)
{
    return (tsr_args){0};
}

/* The memory of each slot in one run; NULL where there is none. */
typedef struct bindings {
    const tsr_buffer *buffer[TSR__SLOTS];
    uint64_t skipped_bytes[TSR__SLOTS]; /* from the buffer's beginning */
} bindings;

/* The caller's side of a run, as OpenCL calls have it. */
typedef struct schedule {
    cl_command_queue queue;
    cl_uint num_events;
    const cl_event *wait_list;
    cl_event *event;
} schedule;

/* ---- Checks ---------------------------------------------------------------------------------------------------- */

static tsr_status check_buffer(const tsr_plan *plan, const char *name, const tsr_buffer *buffer, uint64_t needed)
{
    if (needed == 0) return TSR_OK;
    if (buffer == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL; the plan needs %" PRIu64 " bytes", name, needed);
    if (buffer->context != plan->context)
        return tsr__fail(TSR_INVALID_VALUE, "%s belongs to another context than the plan", name);
    if (buffer->bytes >= needed) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s has %" PRIu64 " bytes; the plan needs %" PRIu64, name, buffer->bytes,
                     needed);
}

static tsr_status check_apart(const char *name, const tsr_buffer *written, const char *other_name,
                              const tsr_buffer *other)
{
    if (written == NULL || other == NULL || !tsr__buffer_overlaps(written, other)) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s overlaps %s", name, other_name);
}

static tsr_status check_args(const tsr_plan *plan, const tsr_args *a)
{
    const tsr_plan_info *i = &plan->info;
    TSR__TRY(check_buffer(plan, "x", a->x, i->x_bytes));
    TSR__TRY(check_buffer(plan, "w", a->w, i->w_bytes));
    TSR__TRY(check_buffer(plan, "bias", a->bias, i->bias_bytes));
    TSR__TRY(check_buffer(plan, "y", a->y, i->y_bytes));
    TSR__TRY(check_buffer(plan, "workspace", a->workspace, i->workspace_bytes));

    const tsr_buffer *workspace = i->workspace_bytes > 0 ? a->workspace : NULL;
    const tsr_buffer *w = i->w_bytes > 0 ? a->w : NULL;
    const tsr_buffer *bias = i->bias_bytes > 0 ? a->bias : NULL;
    TSR__TRY(check_apart("y", a->y, "x", a->x));
    TSR__TRY(check_apart("y", a->y, "w", w));
    TSR__TRY(check_apart("y", a->y, "bias", bias));
    TSR__TRY(check_apart("workspace", workspace, "x", a->x));
    TSR__TRY(check_apart("workspace", workspace, "w", w));
    TSR__TRY(check_apart("workspace", workspace, "bias", bias));
    return check_apart("workspace", workspace, "y", a->y);
}

/* The queue is the caller's or the context's own, and belongs to the plan's context and device. */
static tsr_status check_schedule(const tsr_plan *plan, schedule *s)
{
    if ((s->num_events > 0) != (s->wait_list != NULL))
        return tsr__fail(TSR_INVALID_VALUE, "num_events is %u while wait_list is %s", s->num_events,
                         s->wait_list == NULL ? "NULL" : "given");
    if (tsr__context_is_host(plan->context)) {
        if (s->queue == NULL && s->num_events == 0 && s->event == NULL) return TSR_OK;
        return tsr__fail(TSR_INVALID_VALUE, "the CPU path takes no queue, no wait list and no event");
    }
    if (s->queue == NULL) {
        s->queue = plan->context->queue;
        return TSR_OK;
    }
    cl_context context = NULL;
    cl_device_id device = NULL;
    cl_int code = clGetCommandQueueInfo(s->queue, CL_QUEUE_CONTEXT, sizeof(cl_context), &context, NULL);
    if (code == CL_SUCCESS)
        code = clGetCommandQueueInfo(s->queue, CL_QUEUE_DEVICE, sizeof(cl_device_id), &device, NULL);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clGetCommandQueueInfo");
    if (context == plan->context->cl && device == plan->context->id) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "queue belongs to another %s than the plan",
                     context == plan->context->cl ? "device" : "context");
}

/* ---- Launching ------------------------------------------------------------------------------------------------- */

static cl_int set_slot(cl_kernel kernel, cl_uint *index, const bindings *b, const tsr__arg *arg)
{
    const tsr_buffer *buffer = b->buffer[arg->slot];
    const cl_mem memory = buffer == NULL ? NULL : buffer->memory;
    const uint64_t bytes = buffer == NULL ? 0 : buffer->offset + b->skipped_bytes[arg->slot];
    const cl_ulong offset = bytes / sizeof(float) + (uint64_t)arg->value;
    const cl_int code = clSetKernelArg(kernel, (*index)++, sizeof memory, &memory);
    return code != CL_SUCCESS ? code : clSetKernelArg(kernel, (*index)++, sizeof offset, &offset);
}

static tsr_status set_args(const tsr__step *step, const bindings *b)
{
    cl_uint index = 0;
    cl_int code = CL_SUCCESS;
    for (int i = 0; i < step->launch.arg_count && code == CL_SUCCESS; ++i) {
        const tsr__arg *arg = &step->launch.args[i];
        const cl_int narrow = (cl_int)arg->value;
        const cl_long wide = arg->value;
        switch (arg->kind) {
        case TSR__ARG_SLOT:
            code = set_slot(step->kernel, &index, b, arg);
            break;
        case TSR__ARG_INT:
            code = clSetKernelArg(step->kernel, index++, sizeof narrow, &narrow);
            break;
        case TSR__ARG_LONG:
            code = clSetKernelArg(step->kernel, index++, sizeof wide, &wide);
            break;
        }
    }
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clSetKernelArg");
}

static tsr_status launch(const tsr__step *step, const bindings *b, const schedule *s)
{
    TSR__TRY(set_args(step, b));
    const tsr__launch *l = &step->launch;
    const cl_int code =
        clEnqueueNDRangeKernel(s->queue, step->kernel, 3, NULL, l->global, l->local[0] == 0 ? NULL : l->local,
                               s->num_events, s->wait_list, s->event);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clEnqueueNDRangeKernel");
}

/* Enqueues steps one behind the other: each waits for the one before, which also holds in an out-of-order queue. */
static tsr_status launch_chain(const tsr__step *const *steps, int count, const bindings *b, const schedule *s)
{
    cl_event previous = NULL;
    tsr_status status = TSR_OK;
    for (int i = 0; i < count && status == TSR_OK; ++i) {
        const bool last = i == count - 1;
        cl_event done = NULL;
        const schedule mine = {.queue = s->queue,
                               .num_events = i == 0 ? s->num_events : 1,
                               .wait_list = i == 0 ? s->wait_list : &previous,
                               .event = last ? s->event : &done};
        status = launch(steps[i], b, &mine);
        if (previous != NULL) clReleaseEvent(previous);
        previous = done;
    }
    if (previous != NULL) clReleaseEvent(previous);
    return status;
}

static tsr_status launch_plan(const tsr_plan *plan, const tsr_args *a, const schedule *s)
{
    bindings b = {.buffer = {[TSR__X] = a->x,
                             [TSR__W] = a->w,
                             [TSR__BIAS] = plan->offer.problem.bias ? a->bias : NULL,
                             [TSR__Y] = a->y,
                             [TSR__PACKED] = plan->packed_weights ? a->w : a->workspace,
                             [TSR__WORKSPACE] = a->workspace}};
    if (!plan->packed_weights) b.skipped_bytes[TSR__PACKED] = plan->offer.packed_at;

    const tsr__step *chain[TSR__MAX_LAUNCHES + 1];
    int count = 0;
    if (plan->pack.kernel != NULL && !plan->packed_weights) chain[count++] = &plan->pack;
    for (int i = 0; i < plan->step_count; ++i) chain[count++] = &plan->steps[i];
    return launch_chain(chain, count, &b, s);
}

/* The kernels' arguments live in the kernels, so that one thread at a time sets and enqueues. The lock is the one part
 * of a plan that changes. */
static pthread_mutex_t *lock_of(const tsr_plan *plan)
{
    return (pthread_mutex_t *)&plan->lock;
}

static void run_on_host(const tsr_plan *plan, const tsr_args *a)
{
    const tsr__problem *p = &plan->offer.problem;
    const tsr__host_args host = {.x = a->x->host,
                                 .w = p->w_elements > 0 ? a->w->host : NULL,
                                 .bias = p->bias ? a->bias->host : NULL,
                                 .y = a->y->host};
    plan->offer.algorithm->run_host(p, &host);
}

tsr_status tsr_plan_enqueue(const tsr_plan *plan, const tsr_args *args, cl_command_queue queue, cl_uint num_events,
                            const cl_event *wait_list, cl_event *event)
{
    if (plan == NULL || args == NULL) return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", plan == NULL ? "plan" : "args");
    schedule s = {.queue = queue, .num_events = num_events, .wait_list = wait_list, .event = event};
    TSR__TRY(check_schedule(plan, &s));
    TSR__TRY(check_args(plan, args));
    if (tsr__context_is_host(plan->context)) {
        run_on_host(plan, args);
        return TSR_OK;
    }
    pthread_mutex_lock(lock_of(plan));
    const tsr_status status = launch_plan(plan, args, &s);
    pthread_mutex_unlock(lock_of(plan));
    return status;
}

/* ---- Packing --------------------------------------------------------------------------------------------------- */

static tsr_status copy_weights(const tsr_plan *plan, const tsr_buffer *w, tsr_buffer *packed, const schedule *s)
{
    if (tsr__context_is_host(plan->context)) return tsr_buffer_write(packed, 0, w->host, plan->info.packed_bytes);
    const cl_int code = clEnqueueCopyBuffer(s->queue, w->memory, packed->memory, w->offset, packed->offset,
                                            plan->info.packed_bytes, s->num_events, s->wait_list, s->event);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clEnqueueCopyBuffer");
}

static tsr_status pack_weights(const tsr_plan *plan, const tsr_buffer *w, tsr_buffer *packed, const schedule *s)
{
    const bindings b = {.buffer = {[TSR__W] = w, [TSR__PACKED] = packed}};
    pthread_mutex_lock(lock_of(plan));
    const tsr_status status = launch(&plan->pack, &b, s);
    pthread_mutex_unlock(lock_of(plan));
    return status;
}

tsr_status tsr_plan_pack_enqueue(const tsr_plan *plan, const tsr_buffer *w, tsr_buffer *packed, cl_command_queue queue,
                                 cl_uint num_events, const cl_event *wait_list, cl_event *event)
{
    if (plan == NULL) return tsr__fail(TSR_INVALID_VALUE, "plan is NULL");
    if (plan->info.packed_bytes == 0) return tsr__fail(TSR_INVALID_VALUE, "the plan's operator has no weights to pack");
    schedule s = {.queue = queue, .num_events = num_events, .wait_list = wait_list, .event = event};
    TSR__TRY(check_schedule(plan, &s));
    TSR__TRY(check_buffer(plan, "w", w, sizeof(float) * (uint64_t)plan->offer.problem.w_elements));
    TSR__TRY(check_buffer(plan, "packed", packed, plan->info.packed_bytes));
    TSR__TRY(check_apart("packed", packed, "w", w));
    return plan->pack.kernel != NULL ? pack_weights(plan, w, packed, &s) : copy_weights(plan, w, packed, &s);
}

/* ---- The simple way -------------------------------------------------------------------------------------------- */

tsr_status tsr_plan_run(const tsr_plan *plan, const tsr_args *args)
{
    if (plan == NULL || args == NULL) return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", plan == NULL ? "plan" : "args");
    tsr_args whole = *args;
    tsr_buffer *workspace = NULL;
    if (args->workspace == NULL && plan->info.workspace_bytes > 0) {
        TSR__TRY(tsr_buffer_create(plan->context, plan->info.workspace_bytes, &workspace));
        whole.workspace = workspace;
    }
    tsr_status status = tsr_plan_enqueue(plan, &whole, NULL, 0, NULL, NULL);
    if (status == TSR_OK) status = tsr_context_finish(plan->context);
    tsr_buffer_destroy(workspace);
    return status;
}
