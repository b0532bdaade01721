#include "plan_internal.h"

#include <inttypes.h>
#include <string.h>

#include "buffer.h"
#include "scaled_weights.h"

tsr_args tsr_args_default(void)
{
    return (tsr_args){0};
}

/* The memory of each slot in one run; NULL where there is none. */
typedef struct bindings {
    const tsr_buffer *buffer[TSR__SLOTS];
    uint64_t skipped_bytes[TSR__SLOTS]; /* from the buffer's beginning */
    uint64_t element_bytes[TSR__SLOTS];
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

/* One tensor of a run, as checks see it. */
typedef struct given {
    const char *name;
    const tsr_buffer *buffer;
    uint64_t needed; /* bytes */
    bool written;
    tsr__slot slot;
} given;

enum { MAX_GIVEN = 10 };

/* The tensors that the plan uses, its workspace last; answers how many. */
static int list_given(const tsr_plan *plan, const tsr_args *a, given all[MAX_GIVEN])
{
    int count = 0;
    for (const tsr__operand *o = plan->offer.problem.op->operands; o->name != NULL; ++o) {
        const uint64_t needed = tsr__plan_needs(plan, o);
        if (needed > 0) all[count++] = (given){o->name, tsr__operand_buffer(o, a), needed, o->written, o->slot};
    }
    if (plan->info.workspace_bytes > 0)
        all[count++] = (given){"workspace", a->workspace, plan->info.workspace_bytes, true, TSR__WORKSPACE};
    return count;
}

/* A range that starts between two elements could not be addressed; plain 4-byte types always start well. */
static tsr_status check_alignment(const tsr_plan *plan, const given *o)
{
    const uint64_t element = tsr__slot_element_bytes(&plan->offer.problem, o->slot);
    const uint64_t offset = o->buffer->host != NULL ? (uint64_t)(uintptr_t)o->buffer->host : o->buffer->offset;
    if (offset % element == 0) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s begins at byte %" PRIu64 "; its elements need a multiple of %" PRIu64,
                     o->name, offset, element);
}

static tsr_status check_given(const tsr_plan *plan, const given *o)
{
    TSR__TRY(check_buffer(plan, o->name, o->buffer, o->needed));
    return check_alignment(plan, o);
}

static tsr_status check_args(const tsr_plan *plan, const tsr_args *a)
{
    given all[MAX_GIVEN];
    const int count = list_given(plan, a, all);
    for (int i = 0; i < count; ++i) TSR__TRY(check_given(plan, &all[i]));
    for (int i = count - 1; i > 0; --i)
        for (int j = 0; j < i; ++j)
            if (all[i].written || all[j].written)
                TSR__TRY(check_apart(all[i].name, all[i].buffer, all[j].name, all[j].buffer));
    return TSR_OK;
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

static cl_mem slot_memory(const bindings *b, const tsr__arg *arg, cl_ulong *offset)
{
    const tsr_buffer *buffer = b->buffer[arg->slot];
    const uint64_t bytes = buffer == NULL ? 0 : buffer->offset + b->skipped_bytes[arg->slot];
    *offset = bytes / b->element_bytes[arg->slot] + (uint64_t)arg->value;
    return buffer == NULL ? NULL : buffer->memory;
}

static tsr_status image_memory(const bindings *b, const tsr__arg *arg, cl_int *texel, cl_mem *memory)
{
    const tsr_buffer *buffer = b->buffer[arg->slot];
    const uint64_t element_bytes = b->element_bytes[arg->slot], texel_bytes = TSR__TEXEL * element_bytes;
    const uint64_t at = buffer->offset + b->skipped_bytes[arg->slot], end = at + (uint64_t)arg->value * element_bytes;
    tsr__image image;
    TSR__TRY(tsr__buffer_image(buffer, element_bytes == sizeof(cl_half), &image));
    const bool shows = at % texel_bytes == 0 && end <= image.texels * texel_bytes;
    *texel = shows ? (cl_int)(at / texel_bytes) : -1;
    *memory = image.memory;
    return TSR_OK;
}

/* The memory of a run, and the plan's numbers with the places in it. */
static tsr_status set_args(const tsr__step *step, const bindings *b)
{
    const tsr__numbers *numbers = &step->numbers;
    unsigned char bytes[sizeof numbers->bytes];
    cl_uint index = 0;
    cl_int code = CL_SUCCESS;
    memcpy(bytes, numbers->bytes, numbers->used);
    for (int i = 0; i < step->launch.arg_count && code == CL_SUCCESS; ++i) {
        const tsr__arg *arg = &step->launch.args[i];
        cl_mem memory = NULL;
        cl_ulong offset = 0;
        cl_int texel = 0;
        if (arg->kind == TSR__ARG_SLOT) {
            memory = slot_memory(b, arg, &offset);
            memcpy(bytes + numbers->place[i], &offset, sizeof offset);
        } else if (arg->kind == TSR__ARG_IMAGE) {
            TSR__TRY(image_memory(b, arg, &texel, &memory));
            memcpy(bytes + numbers->place[i], &texel, sizeof texel);
        } else {
            continue;
        }
        code = clSetKernelArg(step->kernel, index++, sizeof memory, &memory);
    }
    if (code == CL_SUCCESS) code = clSetKernelArg(step->kernel, index, numbers->used, bytes);
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

/* Launches that go one behind the other: each waits for the one before, which also holds in an out-of-order queue. */
typedef struct chain {
    const schedule *schedule;
    cl_event previous; /* NULL before the first */
} chain;

static tsr_status chain_add(chain *c, const tsr__step *step, const bindings *b, bool last)
{
    cl_event done = NULL;
    const bool first = c->previous == NULL;
    const schedule mine = {.queue = c->schedule->queue,
                           .num_events = first ? c->schedule->num_events : 1,
                           .wait_list = first ? c->schedule->wait_list : &c->previous,
                           .event = last ? c->schedule->event : &done};
    const tsr_status status = launch(step, b, &mine);
    if (c->previous != NULL) clReleaseEvent(c->previous);
    c->previous = done;
    return status;
}

/* Elements from a part's tensor to the next part's, along the channels. */
static int64_t channels_step(const tsr_tensor *part, const tsr_tensor *whole)
{
    return part->layout == TSR_LAYOUT_NHWC ? part->c : part->c / tsr__tensor_block(whole) * part->strides.c;
}

/* How far, in elements, a part of a problem lies from the part before in each slot. */
static void part_steps(const tsr__offer *o, int64_t step[TSR__SLOTS])
{
    const tsr__problem *p = &o->problem;
    for (int slot = 0; slot < TSR__SLOTS; ++slot) step[slot] = 0;
    if (o->splits_channels) {
        if (o->whole.groups != 1) step[TSR__X] = channels_step(&p->x, &o->whole.x);
        step[TSR__Y] = channels_step(&p->y, &o->whole.y);
        step[TSR__RESIDUAL] = channels_step(&p->residual, &o->whole.residual);
        step[TSR__W] = step[TSR__DW] = p->w_elements;
        step[TSR__SCALE] = step[TSR__BIAS] = step[TSR__SLOPE] = p->y.c;
        step[TSR__DSCALE] = step[TSR__DBIAS] = step[TSR__DSLOPE] = p->y.c;
    } else {
        step[TSR__X] = p->x.n * p->x.strides.n;
        step[TSR__Y] = p->y.n * p->y.strides.n;
        step[TSR__RESIDUAL] = p->residual.n * p->residual.strides.n;
    }
    step[TSR__DX] = step[TSR__X];
    step[TSR__DY] = step[TSR__DV] = step[TSR__Y];
    step[TSR__INDICES] = p->op->has_window ? step[TSR__Y] : step[TSR__X]; /* a pooling's, or an unpooling's */
}

/* Moves the bindings to the next part. Weights that are packed at every run are packed for each part into one place. */
static void next_part(const tsr_plan *plan, const int64_t step[TSR__SLOTS], bindings *b)
{
    for (int slot = 0; slot < TSR__SLOTS; ++slot)
        b->skipped_bytes[slot] += (uint64_t)step[slot] * b->element_bytes[slot];
    if (plan->packed_weights && plan->offer.splits_channels) b->skipped_bytes[TSR__PACKED] += plan->offer.packed_bytes;
}

static bindings bind(const tsr_plan *plan, const tsr_args *a)
{
    bindings b = {.buffer = {[TSR__PACKED] = plan->packed_weights ? a->w : a->workspace}};
    given all[MAX_GIVEN];
    const int count = list_given(plan, a, all);
    for (int i = 0; i < count; ++i) b.buffer[all[i].slot] = all[i].buffer;
    for (int slot = 0; slot < TSR__SLOTS; ++slot)
        b.element_bytes[slot] = tsr__slot_element_bytes(&plan->offer.problem, (tsr__slot)slot);
    b.element_bytes[TSR__INDICES] += b.buffer[TSR__INDICES] == NULL; /* 0 where there are none */
    if (!plan->packed_weights) b.skipped_bytes[TSR__PACKED] = plan->offer.packed_at;
    return b;
}

/* The algorithm finds the weights where they have been multiplied by scale. */
static void use_scaled_weights(const tsr_plan *plan, bindings *b)
{
    b->buffer[TSR__W] = b->buffer[TSR__WORKSPACE];
    b->skipped_bytes[TSR__W] = plan->offer.scaled_at;
}

static tsr_status launch_plan(const tsr_plan *plan, const tsr_args *a, const schedule *s)
{
    const tsr__offer *o = &plan->offer;
    const bool packs = plan->pack.kernel != NULL && !plan->packed_weights;
    bindings b = bind(plan, a);
    int64_t step[TSR__SLOTS];
    part_steps(o, step);
    chain c = {.schedule = s};
    tsr_status status = TSR_OK;
    if (plan->scale_weights.kernel != NULL) {
        status = chain_add(&c, &plan->scale_weights, &b, false);
        use_scaled_weights(plan, &b);
    }
    for (int64_t part = 0; part < o->parts && status == TSR_OK; ++part) {
        if (packs && (part == 0 || o->splits_channels)) status = chain_add(&c, &plan->pack, &b, false);
        for (int i = 0; i < plan->step_count && status == TSR_OK; ++i)
            status = chain_add(&c, &plan->steps[i], &b, part == o->parts - 1 && i == plan->step_count - 1);
        next_part(plan, step, &b);
    }
    if (c.previous != NULL) clReleaseEvent(c.previous);
    return status;
}

/* The kernels' arguments live in the kernels, so that one thread at a time sets and enqueues. The lock is the one part
 * of a plan that changes. */
static pthread_mutex_t *lock_of(const tsr_plan *plan)
{
    return (pthread_mutex_t *)&plan->lock;
}

static void *host_memory(const bindings *b, tsr__slot slot)
{
    return b->buffer[slot] == NULL ? NULL : (char *)b->buffer[slot]->host + b->skipped_bytes[slot];
}

static void run_on_host(const tsr_plan *plan, const tsr_args *a)
{
    bindings b = bind(plan, a);
    int64_t step[TSR__SLOTS];
    part_steps(&plan->offer, step);
    if (plan->offer.whole.scaled_weights) {
        const void *w = host_memory(&b, TSR__W), *scale = host_memory(&b, TSR__SCALE);
        use_scaled_weights(plan, &b);
        tsr__scaled_weights_run(&plan->offer.whole, w, scale, host_memory(&b, TSR__W));
    }
    for (int64_t part = 0; part < plan->offer.parts; ++part) {
        const tsr__host_args host = {.x = host_memory(&b, TSR__X),
                                     .w = host_memory(&b, TSR__W),
                                     .scale = host_memory(&b, TSR__SCALE),
                                     .bias = host_memory(&b, TSR__BIAS),
                                     .residual = host_memory(&b, TSR__RESIDUAL),
                                     .slope = host_memory(&b, TSR__SLOPE),
                                     .dy = host_memory(&b, TSR__DY),
                                     .y = host_memory(&b, TSR__Y),
                                     .indices = host_memory(&b, TSR__INDICES),
                                     .dv = host_memory(&b, TSR__DV),
                                     .dx = host_memory(&b, TSR__DX),
                                     .dw = host_memory(&b, TSR__DW),
                                     .dbias = host_memory(&b, TSR__DBIAS),
                                     .dslope = host_memory(&b, TSR__DSLOPE),
                                     .dscale = host_memory(&b, TSR__DSCALE)};
        plan->offer.algorithm->run_host(&plan->offer.problem, &host);
        next_part(plan, step, &b);
    }
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
    const tsr__offer *o = &plan->offer;
    const int64_t parts = o->splits_channels ? o->parts : 1;
    bindings b = {.buffer = {[TSR__W] = w, [TSR__PACKED] = packed}};
    for (int slot = 0; slot < TSR__SLOTS; ++slot)
        b.element_bytes[slot] = tsr__slot_element_bytes(&o->problem, (tsr__slot)slot);
    chain c = {.schedule = s};
    tsr_status status = TSR_OK;
    pthread_mutex_lock(lock_of(plan));
    for (int64_t part = 0; part < parts && status == TSR_OK; ++part) {
        status = chain_add(&c, &plan->pack, &b, part == parts - 1);
        b.skipped_bytes[TSR__W] += (uint64_t)o->problem.w_elements * b.element_bytes[TSR__W];
        b.skipped_bytes[TSR__PACKED] += o->packed_bytes;
    }
    pthread_mutex_unlock(lock_of(plan));
    if (c.previous != NULL) clReleaseEvent(c.previous);
    return status;
}

tsr_status tsr_plan_pack_enqueue(const tsr_plan *plan, const tsr_buffer *w, tsr_buffer *packed, cl_command_queue queue,
                                 cl_uint num_events, const cl_event *wait_list, cl_event *event)
{
    if (plan == NULL) return tsr__fail(TSR_INVALID_VALUE, "plan is NULL");
    if (plan->info.packed_bytes == 0) return tsr__fail(TSR_INVALID_VALUE, "the plan's operator has no weights to pack");
    schedule s = {.queue = queue, .num_events = num_events, .wait_list = wait_list, .event = event};
    TSR__TRY(check_schedule(plan, &s));
    const tsr__problem *p = &plan->offer.whole;
    const given both[] = {
        {"w", w, tsr__slot_bytes(p, TSR__W), false, TSR__W},
        {"packed", packed, plan->info.packed_bytes, true, TSR__PACKED},
    };
    for (int i = 0; i < 2; ++i) TSR__TRY(check_given(plan, &both[i]));
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
