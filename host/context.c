#include "context.h"

#include <inttypes.h>
#include <stdlib.h>

tsr_context_options tsr_context_options_default(void)
{
    return (tsr_context_options){.log_level = TSR_LOG_WARN, .cache_limit_bytes = UINT64_C(256) << 20};
}

tsr_context *tsr__context_retain(tsr_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

/* The end of what allocate() began. */
static void release(tsr_context *context)
{
    tsr__tuning_close(&context->tuning);
    free(context);
}

void tsr_context_destroy(tsr_context *context)
{
    if (context == NULL || atomic_fetch_sub(&context->references, 1) > 1) return;
    if (context->cl != NULL) {
        tsr__programs_close(&context->programs);
        clReleaseCommandQueue(context->queue);
        clReleaseContext(context->cl);
    }
    release(context);
}

/* ---- Creation -------------------------------------------------------------------------------------------------- */

static tsr_status allocate(const tsr_context_options *options, tsr_context **context)
{
    tsr_context *fresh = calloc(1, sizeof *fresh);
    if (fresh == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%zu bytes for a context", sizeof *fresh);
    atomic_init(&fresh->references, 1);
    fresh->log = (tsr__log){.function = options->log, .cookie = options->log_cookie, .level = options->log_level};
    const tsr_status status = tsr__tuning_open(&fresh->tuning);
    if (status != TSR_OK) {
        free(fresh);
        return status;
    }
    *context = fresh;
    return TSR_OK;
}

/* Gives a fresh context its OpenCL side. On success it owns one reference to `cl`; on failure it owns nothing. */
static tsr_status attach(tsr_context *context, cl_context cl, cl_device_id id, const tsr_context_options *options)
{
    TSR__TRY(tsr__device_query(id, &context->device));
    const cl_command_queue_properties properties = options->profiling ? CL_QUEUE_PROFILING_ENABLE : 0;
    cl_int code = CL_SUCCESS;
    cl_command_queue queue = clCreateCommandQueue(cl, id, properties, &code);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clCreateCommandQueue");
    const tsr_status status = tsr__programs_open(&context->programs, cl, id, &context->device, &context->log,
                                                 options->cache_folder, options->cache_limit_bytes);
    if (status != TSR_OK) {
        clReleaseCommandQueue(queue);
        return status;
    }
    context->cl = cl;
    context->id = id;
    context->queue = queue;
    return TSR_OK;
}

static void log_device(const tsr_context *context)
{
    const tsr_device *d = &context->device;
    tsr__log_write(&context->log, TSR_LOG_INFO,
                   "device \"%s\" of \"%s\", driver %s: %u compute units, float width %u, local memory %" PRIu64
                   " bytes",
                   d->name, d->platform, d->driver, d->compute_units, d->float_width, d->local_bytes);
}

static tsr_status create_opencl(tsr__cl_device chosen, const tsr_context_options *options, tsr_context *context)
{
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)chosen.platform, 0};
    cl_int code = CL_SUCCESS;
    cl_context cl = clCreateContext(properties, 1, &chosen.id, NULL, NULL, &code);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clCreateContext");
    const tsr_status status = attach(context, cl, chosen.id, options);
    if (status != TSR_OK) clReleaseContext(cl);
    return status;
}

static tsr_status finish_creation(tsr_status status, tsr_context *fresh, tsr_context **context)
{
    if (status != TSR_OK) {
        release(fresh);
        return status;
    }
    log_device(fresh);
    *context = fresh;
    return TSR_OK;
}

tsr_status tsr_context_create(const char *selector, const tsr_context_options *options, tsr_context **context)
{
    if (context == NULL) return tsr__fail(TSR_INVALID_VALUE, "context is NULL");
    const tsr_context_options defaults = tsr_context_options_default();
    if (options == NULL) options = &defaults;
    tsr__cl_device chosen = {0};
    TSR__TRY(tsr__device_select(selector, &chosen));
    tsr_context *fresh = NULL;
    TSR__TRY(allocate(options, &fresh));
    tsr_status status = TSR_OK;
    if (chosen.id == NULL)
        fresh->device = tsr__device_host();
    else
        status = create_opencl(chosen, options, fresh);
    return finish_creation(status, fresh, context);
}

/* Fails unless the device is one of the context's. */
static tsr_status check_membership(cl_context cl, cl_device_id device)
{
    cl_uint count = 0;
    cl_int code = clGetContextInfo(cl, CL_CONTEXT_NUM_DEVICES, sizeof count, &count, NULL);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clGetContextInfo");
    cl_device_id *ids = calloc(count, sizeof *ids);
    if (ids == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "a list of %u devices", count);
    code = clGetContextInfo(cl, CL_CONTEXT_DEVICES, count * sizeof *ids, ids, NULL);
    bool member = false;
    for (cl_uint i = 0; code == CL_SUCCESS && i < count; ++i) member |= ids[i] == device;
    free(ids);
    if (code != CL_SUCCESS) return tsr__fail_cl(code, "clGetContextInfo");
    return member ? TSR_OK : tsr__fail(TSR_INVALID_VALUE, "device is not one of the %u devices of cl", count);
}

tsr_status tsr_context_wrap(cl_context cl, cl_device_id device, const tsr_context_options *options,
                            tsr_context **context)
{
    if (cl == NULL || device == NULL || context == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", cl == NULL ? "cl" : (device == NULL ? "device" : "context"));
    const tsr_context_options defaults = tsr_context_options_default();
    if (options == NULL) options = &defaults;
    TSR__TRY(check_membership(cl, device));
    tsr_context *fresh = NULL;
    TSR__TRY(allocate(options, &fresh));
    const cl_int code = clRetainContext(cl);
    if (code != CL_SUCCESS) return finish_creation(tsr__fail_cl(code, "clRetainContext"), fresh, context);
    const tsr_status status = attach(fresh, cl, device, options);
    if (status != TSR_OK) clReleaseContext(cl);
    return finish_creation(status, fresh, context);
}

/* ---- Queries --------------------------------------------------------------------------------------------------- */

const tsr_device *tsr_context_device(const tsr_context *context)
{
    return context == NULL ? NULL : &context->device;
}

cl_context tsr_context_cl(const tsr_context *context)
{
    return context == NULL ? NULL : context->cl;
}

cl_device_id tsr_context_cl_device(const tsr_context *context)
{
    return context == NULL ? NULL : context->id;
}

cl_command_queue tsr_context_queue(const tsr_context *context)
{
    return context == NULL ? NULL : context->queue;
}

tsr_status tsr_context_finish(const tsr_context *context)
{
    if (context == NULL) return tsr__fail(TSR_INVALID_VALUE, "context is NULL");
    if (tsr__context_is_host(context)) return TSR_OK;
    const cl_int code = clFinish(context->queue);
    return code == CL_SUCCESS ? TSR_OK : tsr__fail_cl(code, "clFinish");
}
