#include "api/wrapped.h"

#include <stddef.h>

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

wrapped_counts wrapped;

void wrapped_reset(void)
{
    const long memory = wrapped.live_memory, objects = wrapped.live_objects;
    wrapped = (wrapped_counts){0};
    wrapped.live_memory = memory;
    wrapped.live_objects = objects;
}

/* ---- Memory ---------------------------------------------------------------------------------------------------- */

static int memory_fails(void)
{
    const long number = atomic_fetch_add(&wrapped.allocations, 1) + 1;
    return number == wrapped.fail_memory_at;
}

static void *count_memory(void *memory)
{
    if (memory != NULL) atomic_fetch_add(&wrapped.live_memory, 1);
    return memory;
}

/* Declares the real function and its stand-in, whose names the linker gives. */
#define WRAP(type, name, parameters) \
    type __real_##name parameters;   \
    type __wrap_##name parameters;   \
    type __wrap_##name parameters

WRAP(void *, malloc, (size_t bytes))
{
    return memory_fails() ? NULL : count_memory(__real_malloc(bytes));
}

WRAP(void *, calloc, (size_t count, size_t bytes))
{
    return memory_fails() ? NULL : count_memory(__real_calloc(count, bytes));
}

WRAP(void *, realloc, (void *memory, size_t bytes))
{
    if (memory_fails()) return NULL;
    void *moved = __real_realloc(memory, bytes);
    return memory == NULL ? count_memory(moved) : moved;
}

WRAP(void *, aligned_alloc, (size_t alignment, size_t bytes))
{
    return memory_fails() ? NULL : count_memory(__real_aligned_alloc(alignment, bytes));
}

WRAP(char *, strdup, (const char *text))
{
    return memory_fails() ? NULL : count_memory(__real_strdup(text));
}

WRAP(void, free, (void *memory))
{
    if (memory != NULL) atomic_fetch_sub(&wrapped.live_memory, 1);
    __real_free(memory);
}

/* ---- OpenCL ---------------------------------------------------------------------------------------------------- */

static int cl_fails(void)
{
    const long number = atomic_fetch_add(&wrapped.cl_calls, 1) + 1;
    return number == wrapped.fail_cl_at;
}

/* What a call that makes an object answers; ARGUMENTS end with the error code's pointer, called `code`. */
#define WRAP_CREATE(type, name, parameters, arguments)                \
    WRAP(type, name, parameters)                                      \
    {                                                                 \
        if (cl_fails()) {                                             \
            if (code != NULL) *code = CL_OUT_OF_RESOURCES;            \
            return NULL;                                              \
        }                                                             \
        type made = __real_##name arguments;                          \
        if (made != NULL) atomic_fetch_add(&wrapped.live_objects, 1); \
        return made;                                                  \
    }

WRAP_CREATE(cl_context, clCreateContext,
            (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
             void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data, cl_int *code),
            (properties, count, devices, notify, data, code))
WRAP_CREATE(cl_command_queue, clCreateCommandQueue,
            (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *code),
            (context, device, properties, code))
WRAP_CREATE(cl_mem, clCreateBuffer, (cl_context context, cl_mem_flags flags, size_t bytes, void *host, cl_int *code),
            (context, flags, bytes, host, code))
WRAP_CREATE(cl_mem, clCreateImage,
            (cl_context context, cl_mem_flags flags, const cl_image_format *format, const cl_image_desc *desc,
             void *host, cl_int *code),
            (context, flags, format, desc, host, code))
WRAP_CREATE(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *code), (program, name, code))

WRAP(cl_program, clCreateProgramWithSource,
     (cl_context context, cl_uint count, const char **texts, const size_t *lengths, cl_int *code))
{
    atomic_fetch_add(&wrapped.sources, 1);
    if (cl_fails()) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    cl_program made = __real_clCreateProgramWithSource(context, count, texts, lengths, code);
    if (made != NULL) atomic_fetch_add(&wrapped.live_objects, 1);
    return made;
}

WRAP(cl_program, clCreateProgramWithBinary,
     (cl_context context, cl_uint count, const cl_device_id *devices, const size_t *lengths,
      const unsigned char **binaries, cl_int *status, cl_int *code))
{
    atomic_fetch_add(&wrapped.binaries, 1);
    if (cl_fails()) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    cl_program made = __real_clCreateProgramWithBinary(context, count, devices, lengths, binaries, status, code);
    if (made != NULL) atomic_fetch_add(&wrapped.live_objects, 1);
    return made;
}

/* A call that answers with a code; `count` is what else it is counted as. */
#define WRAP_CALL(name, parameters, arguments, count)                      \
    WRAP(cl_int, name, parameters)                                         \
    {                                                                      \
        count;                                                             \
        return cl_fails() ? CL_OUT_OF_RESOURCES : __real_##name arguments; \
    }
#define NOTHING_ELSE  (void)0
#define COUNT(member) atomic_fetch_add(&wrapped.member, 1)

WRAP(cl_int, clBuildProgram,
     (cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
      void(CL_CALLBACK *notify)(cl_program, void *), void *data))
{
    COUNT(builds);
    if (cl_fails()) return CL_OUT_OF_RESOURCES;
    if (wrapped.fail_builds > 0) {
        --wrapped.fail_builds;
        return CL_BUILD_PROGRAM_FAILURE;
    }
    return __real_clBuildProgram(program, count, devices, options, notify, data);
}
WRAP_CALL(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t bytes, const void *value),
          (kernel, index, bytes, value), NOTHING_ELSE)
WRAP_CALL(clGetPlatformIDs, (cl_uint capacity, cl_platform_id *ids, cl_uint *count), (capacity, ids, count),
          NOTHING_ELSE)
WRAP_CALL(clGetDeviceIDs,
          (cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id *ids, cl_uint *count),
          (platform, type, capacity, ids, count), NOTHING_ELSE)
WRAP_CALL(clGetDeviceInfo, (cl_device_id device, cl_device_info what, size_t bytes, void *value, size_t *used),
          (device, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetPlatformInfo, (cl_platform_id id, cl_platform_info what, size_t bytes, void *value, size_t *used),
          (id, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetProgramInfo, (cl_program program, cl_program_info what, size_t bytes, void *value, size_t *used),
          (program, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetKernelWorkGroupInfo,
          (cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what, size_t bytes, void *value,
           size_t *used),
          (kernel, device, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetProgramBuildInfo,
          (cl_program program, cl_device_id device, cl_program_build_info what, size_t bytes, void *value,
           size_t *used),
          (program, device, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetContextInfo, (cl_context context, cl_context_info what, size_t bytes, void *value, size_t *used),
          (context, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetMemObjectInfo, (cl_mem memory, cl_mem_info what, size_t bytes, void *value, size_t *used),
          (memory, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clGetCommandQueueInfo,
          (cl_command_queue queue, cl_command_queue_info what, size_t bytes, void *value, size_t *used),
          (queue, what, bytes, value, used), NOTHING_ELSE)
WRAP_CALL(clFinish, (cl_command_queue queue), (queue), COUNT(waits))
WRAP_CALL(clWaitForEvents, (cl_uint count, const cl_event *events), (count, events), COUNT(waits))
WRAP_CALL(clEnqueueReadBuffer,
          (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t bytes, void *target,
           cl_uint count, const cl_event *list, cl_event *event),
          (queue, memory, blocking, offset, bytes, target, count, list, event), COUNT(waits))
WRAP_CALL(clEnqueueWriteBuffer,
          (cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset, size_t bytes, const void *source,
           cl_uint count, const cl_event *list, cl_event *event),
          (queue, memory, blocking, offset, bytes, source, count, list, event), COUNT(waits))

/* Counts the event that a call gave. */
static cl_int count_event(cl_int code, const cl_event *event)
{
    if (code == CL_SUCCESS && event != NULL) atomic_fetch_add(&wrapped.live_objects, 1);
    return code;
}

WRAP(cl_int, clEnqueueNDRangeKernel,
     (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset, const size_t *global,
      const size_t *local, cl_uint count, const cl_event *list, cl_event *event))
{
    atomic_fetch_add(&wrapped.launches, 1);
    if (cl_fails()) return CL_OUT_OF_RESOURCES;
    return count_event(
        __real_clEnqueueNDRangeKernel(queue, kernel, dimensions, offset, global, local, count, list, event), event);
}

WRAP(cl_int, clEnqueueCopyBuffer,
     (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_at, size_t to_at, size_t bytes, cl_uint count,
      const cl_event *list, cl_event *event))
{
    if (cl_fails()) return CL_OUT_OF_RESOURCES;
    return count_event(__real_clEnqueueCopyBuffer(queue, from, to, from_at, to_at, bytes, count, list, event), event);
}

#define WRAP_RETAIN(name, type)                     \
    WRAP(cl_int, name, (type object))               \
    {                                               \
        if (cl_fails()) return CL_OUT_OF_RESOURCES; \
        atomic_fetch_add(&wrapped.live_objects, 1); \
        return __real_##name(object);               \
    }
#define WRAP_RELEASE(name, type)                    \
    WRAP(cl_int, name, (type object))               \
    {                                               \
        atomic_fetch_sub(&wrapped.live_objects, 1); \
        return __real_##name(object);               \
    }

WRAP_RETAIN(clRetainContext, cl_context)
WRAP_RETAIN(clRetainMemObject, cl_mem)
WRAP_RELEASE(clReleaseContext, cl_context)
WRAP_RELEASE(clReleaseMemObject, cl_mem)
WRAP_RELEASE(clReleaseCommandQueue, cl_command_queue)
WRAP_RELEASE(clReleaseProgram, cl_program)
WRAP_RELEASE(clReleaseKernel, cl_kernel)
WRAP_RELEASE(clReleaseEvent, cl_event)
