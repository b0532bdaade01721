#include "plan_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "scaled_weights.h"
#include "tuned.h"
#include "tuner.h"

tsr_plan_options tsr_plan_options_default(void)
{
    return (tsr_plan_options){.workspace_limit_bytes = UINT64_MAX};
}

void tsr_plan_destroy(tsr_plan *plan)
{
    if (plan == NULL) return;
    if (plan->scale_weights.kernel != NULL) clReleaseKernel(plan->scale_weights.kernel);
    if (plan->pack.kernel != NULL) clReleaseKernel(plan->pack.kernel);
    for (int i = 0; i < plan->step_count; ++i)
        if (plan->steps[i].kernel != NULL) clReleaseKernel(plan->steps[i].kernel);
    pthread_mutex_destroy(&plan->lock);
    tsr_context_destroy(plan->context);
    free(plan);
}

/* ---- Building -------------------------------------------------------------------------------------------------- */

static tsr_status ask_kernel(const tsr_context *context, const tsr__step *step, cl_kernel_work_group_info what,
                             size_t *answer)
{
    const cl_int code = clGetKernelWorkGroupInfo(step->kernel, context->id, what, sizeof *answer, answer, NULL);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clGetKernelWorkGroupInfo");
}

/* A driver may grant one kernel less than the device's limit, where it takes many registers. rusticl of Mesa 22.3
 * answers with the width of its vectors, whatever the kernel, and runs it all the same. */
static tsr_status check_group(const tsr_context *context, const tsr__step *step)
{
    const tsr__launch *l = &step->launch;
    const size_t items = l->local[0] * l->local[1] * l->local[2];
    size_t limit = 0, width = 0;
    if (l->local[0] == 0) return TSR_OK;
    TSR__TRY(ask_kernel(context, step, CL_KERNEL_WORK_GROUP_SIZE, &limit));
    if (items <= limit) return TSR_OK;
    TSR__TRY(ask_kernel(context, step, CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, &width));
    if (limit == width) return TSR_OK;
    return tsr__fail(TSR_BUILD_FAILED, "%s: a work-group of %zu is above the %zu that the driver grants %s",
                     l->source->name, items, limit, l->entry);
}

static tsr_status build_step(tsr_context *context, tsr__step *step)
{
    const tsr__launch *l = &step->launch;
    TSR__TRY(tsr__launch_check(l));
    tsr__launch_numbers(l, &step->numbers);
    cl_program program = NULL;
    TSR__TRY(tsr__programs_get(&context->programs, l->source, l->options, &program));
    cl_int code = CL_SUCCESS;
    step->kernel = clCreateKernel(program, l->entry, &code);
    if (code != CL_SUCCESS) {
        step->kernel = NULL;
        return tsr__fail_cl(code, "clCreateKernel");
    }
    tsr__log_write(&context->log, TSR_LOG_DEBUG, "launch %s: global %zu x %zu x %zu, local %zu x %zu x %zu", l->entry,
                   l->global[0], l->global[1], l->global[2], l->local[0], l->local[1], l->local[2]);
    return check_group(context, step);
}

static tsr_status build_steps(tsr_plan *plan)
{
    const tsr__offer *o = &plan->offer;
    if (o->algorithm->launches == NULL) return TSR_OK;
    const tsr_device *device = &plan->context->device;
    tsr__launches launches = {.count = 0};
    o->algorithm->launches(device, &o->problem, &o->params, &launches);
    plan->step_count = launches.count;
    for (int i = 0; i < launches.count; ++i) plan->steps[i].launch = launches.items[i];
    for (int i = 0; i < launches.count; ++i) TSR__TRY(build_step(plan->context, &plan->steps[i]));
    if (o->whole.scaled_weights) {
        tsr__scaled_weights_launch(device, o, &plan->scale_weights.launch);
        TSR__TRY(build_step(plan->context, &plan->scale_weights));
    }
    if (o->algorithm->pack == NULL) return TSR_OK;
    o->algorithm->pack(device, &o->problem, &o->params, &plan->pack.launch);
    return build_step(plan->context, &plan->pack);
}

static void describe(tsr_plan *plan)
{
    const tsr__offer *o = &plan->offer;
    tsr__text text = tsr__text_over(plan->description, sizeof plan->description);
    tsr__text_add(&text, "%s/%s ", o->problem.op->name, o->algorithm->name);
    o->problem.op->format(&o->whole, &text);
    tsr__text_add(&text, " %s->%s", tsr_layout_text(o->problem.x.layout), tsr_layout_text(o->problem.y.layout));
    if (o->parts > 1)
        tsr__text_add(&text, " in %" PRId64 " parts of the %s", o->parts, o->splits_channels ? "channels" : "batch");
    if (o->algorithm->param_names != NULL) tsr__text_add(&text, " ");
    tsr__params_format(o->algorithm, &o->params, &text);
}

/* What a slot holds in all parts together. */
static uint64_t packed_bytes(const tsr__offer *o)
{
    return o->packed_bytes * (uint64_t)(o->splits_channels ? o->parts : 1);
}

uint64_t tsr__plan_needs(const tsr_plan *plan, const tsr__operand *operand)
{
    const tsr__problem *p = &plan->offer.whole;
    if (!tsr__operand_is_used(operand, p)) return 0;
    return operand->slot == TSR__W && plan->packed_weights ? packed_bytes(&plan->offer)
                                                           : tsr__slot_bytes(p, operand->slot);
}

/* Bytes of a tensor or of its gradient, which is as large. */
static uint64_t needs(const tsr_plan *plan, tsr__slot slot, tsr__slot gradient)
{
    uint64_t bytes = 0;
    for (const tsr__operand *o = plan->offer.whole.op->operands; o->name != NULL; ++o)
        if (o->slot == slot || o->slot == gradient) bytes = bytes > 0 ? bytes : tsr__plan_needs(plan, o);
    return bytes;
}

static void fill_info(tsr_plan *plan, double build_ms)
{
    const tsr__offer *o = &plan->offer;
    const tsr__problem *p = &o->whole;
    const tsr_tensor *x = p->op->swaps ? &p->y : &p->x, *y = p->op->swaps ? &p->x : &p->y;
    plan->info = (tsr_plan_info){
        .algorithm = o->algorithm->name,
        .description = plan->description,
        .x = *x,
        .y = *y,
        .x_bytes = tsr__tensor_bytes(x),
        .y_bytes = tsr__tensor_bytes(y),
        .w_bytes = needs(plan, TSR__W, TSR__DW),
        .bias_bytes = needs(plan, TSR__BIAS, TSR__DBIAS),
        .scale_bytes = needs(plan, TSR__SCALE, TSR__DSCALE),
        .slope_bytes = needs(plan, TSR__SLOPE, TSR__DSLOPE),
        .residual_bytes = needs(plan, TSR__RESIDUAL, TSR__RESIDUAL),
        .indices_bytes = needs(plan, TSR__INDICES, TSR__INDICES),
        .workspace_bytes = o->workspace_bytes,
        .packed_bytes = packed_bytes(o),
        .parts = o->parts,
        .build_ms = build_ms,
        .tuned_ms = o->tuned_ms,
        .default_ms = o->default_ms,
    };
}

tsr_status tsr__plan_from_offer(tsr_context *context, const tsr__offer *offer, const tsr_plan_options *options,
                                tsr_plan **out)
{
    tsr_plan *plan = calloc(1, sizeof *plan);
    if (plan == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%zu bytes for a plan", sizeof *plan);
    if (pthread_mutex_init(&plan->lock, NULL) != 0) {
        free(plan);
        return tsr__fail(TSR_OUT_OF_MEMORY, "a plan's lock");
    }
    plan->context = tsr__context_retain(context);
    plan->offer = *offer;
    plan->packed_weights = options->packed_weights && offer->problem.op->takes_packed;
    const double started = tsr__clock_ms();
    const tsr_status status = build_steps(plan);
    if (status != TSR_OK) {
        tsr_plan_destroy(plan);
        return status;
    }
    describe(plan);
    fill_info(plan, tsr__clock_ms() - started);
    tsr__log_write(&context->log, TSR_LOG_DEBUG, "plan %s: workspace %" PRIu64 " bytes, built in %.1f ms",
                   plan->description, offer->workspace_bytes, plan->info.build_ms);
    *out = plan;
    return TSR_OK;
}

/* ---- Choosing -------------------------------------------------------------------------------------------------- */

/* Nothing falls to the slow reference in silence, unless there is nothing else for such a device. */
static void warn_if_slow(const tsr_context *context, const tsr_plan *plan, const char *last_refusal)
{
    if (last_refusal == NULL || strcmp(plan->info.algorithm, TSR__REFERENCE) != 0) return;
    tsr__log_write(&context->log, TSR_LOG_WARN, "%s runs on the slow reference: %s", plan->description, last_refusal);
}

static void warn_of_failed_build(const tsr_context *context, const tsr__offer *offer)
{
    tsr__log_write(&context->log, TSR_LOG_WARN, "%s/%s does not build here and is passed over: %s",
                   offer->problem.op->name, offer->algorithm->name, tsr_error_message());
}

static tsr__tuned tuned_offer(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                              tsr__offer *offer)
{
    return tsr__offer_tuned(&context->tuning, &context->device, problem, options, &context->log, offer);
}

/* Whether what does not build is passed over. */
static bool is_forgiving(const tsr_plan_options *options)
{
    return options->algorithm == NULL && !options->strict;
}

/* Tries those of the list that selection prefers, or the others, in order. TSR_OK without a plan: there are none. What
 * does not build on this driver is passed over with a warning, but not where the caller named it or asked for
 * strictness. */
static tsr_status try_list(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                           bool preferred, tsr_plan **plan)
{
    const tsr_device *device = &context->device;
    tsr_status status = TSR_OK;
    const char *last_refusal = NULL;
    for (const tsr__algorithm *const *a = tsr__algorithms_for(device, problem->op); *a != NULL; ++a) {
        if (!tsr__admits(options, device, *a)) continue;
        tsr__offer offer;
        tsr__offer_from(*a, device, problem, options, &offer);
        if (offer.refusal != NULL) {
            if (preferred)
                tsr__log_write(&context->log, TSR_LOG_DEBUG, "%s/%s refuses: %s", problem->op->name, (*a)->name,
                               offer.refusal);
            last_refusal = offer.refusal;
            continue;
        }
        if ((options->algorithm != NULL || tsr__prefers(device, &offer)) != preferred) {
            if (preferred)
                tsr__log_write(&context->log, TSR_LOG_DEBUG, "%s/%s waits: another is likely faster", problem->op->name,
                               (*a)->name);
            continue;
        }
        status = tsr__plan_from_offer(context, &offer, options, plan);
        if (status == TSR_OK) warn_if_slow(context, *plan, last_refusal);
        if (status != TSR_BUILD_FAILED || !is_forgiving(options)) return status;
        warn_of_failed_build(context, &offer);
    }
    return status;
}

static tsr_status choose(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                         tsr_plan **plan)
{
    tsr_status failure = TSR_OK;
    tsr_plan *made = NULL;
    for (int round = 0; round < 2; ++round) {
        const tsr_status status = try_list(context, problem, options, round == 0, &made);
        if (made != NULL) {
            *plan = made;
            return TSR_OK;
        }
        if (status == TSR_OK) continue;
        if (status != TSR_BUILD_FAILED || !is_forgiving(options)) return status;
        failure = status;
    }
    /* The message of the last failed build stands. */
    return failure != TSR_OK ? failure : tsr__nothing_chosen(&context->device, problem, options);
}

tsr_status tsr__plan_check(const tsr_context *context, tsr_plan *const *plan)
{
    if (context != NULL && plan != NULL) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", context == NULL ? "context" : "plan");
}

tsr_status tsr__plan_create(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                            tsr_plan **plan)
{
    const tsr_plan_options defaults = tsr_plan_options_default();
    if (options == NULL) options = &defaults;
    TSR__TRY(tsr__check_options(options, tsr__algorithms_for(&context->device, problem->op)));
    tsr__offer offer;
    tsr__tuned tuned = tuned_offer(context, problem, options, &offer);
    if (tuned != TSR__TUNED && options->tune_ms > 0) {
        TSR__TRY(tsr__tune(context, problem, options));
        tuned = tuned_offer(context, problem, options, &offer);
    }
    if (tuned != TSR__UNTUNED) {
        const tsr_status status = tsr__plan_from_offer(context, &offer, options, plan);
        if (status != TSR_BUILD_FAILED) return status;
        warn_of_failed_build(context, &offer);
    }
    return choose(context, problem, options, plan);
}

tsr_status tsr__plan_explain(const tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                             tsr_candidate *candidates, size_t capacity, size_t *count)
{
    const tsr_plan_options defaults = tsr_plan_options_default();
    if (options == NULL) options = &defaults;
    if (context == NULL || count == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", context == NULL ? "context" : "count");
    if (candidates == NULL && capacity > 0)
        return tsr__fail(TSR_INVALID_VALUE, "candidates is NULL while capacity is %zu", capacity);
    TSR__TRY(tsr__explain(&context->device, problem, options, candidates, capacity, count));
    /* The lock inside is all that changes. */
    tsr__offer offer;
    if (tuned_offer((tsr_context *)context, problem, options, &offer) == TSR__UNTUNED) return TSR_OK;
    for (size_t i = 0; i < *count && i < capacity; ++i) {
        candidates[i].chosen = strcmp(candidates[i].algorithm, offer.algorithm->name) == 0;
        if (!candidates[i].chosen) continue;
        candidates[i].admitted = true;
        candidates[i].workspace_bytes = offer.workspace_bytes;
    }
    return TSR_OK;
}

tsr_status tsr_plan_describe(const tsr_plan *plan, tsr_plan_info *info)
{
    if (plan == NULL || info == NULL) return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", plan == NULL ? "plan" : "info");
    *info = plan->info;
    return TSR_OK;
}
