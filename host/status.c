#include "status.h"

#include <stdarg.h>

/* The one piece of state outside a context: like errno it belongs to the thread, so that a failure without any context
 * (a bad problem, no device) has a message too, and threads never see each other's. */
static _Thread_local char thread_message[4096];

const char *tsr_version(void)
{
#define TEXT_OF(x)       #x
#define VERSION(x, y, z) TEXT_OF(x) "." TEXT_OF(y) "." TEXT_OF(z)
    return VERSION(TSR_VERSION_MAJOR, TSR_VERSION_MINOR, TSR_VERSION_PATCH);
}

const char *tsr_status_text(tsr_status status)
{
    switch (status) {
#define STATUS_CASE(name, value, text) \
    case TSR_##name:                   \
        return text;
        TSR_STATUS_LIST(STATUS_CASE)
    }
    return "unknown status";
}

const char *tsr_error_message(void)
{
    return thread_message;
}

tsr_status tsr__fail(tsr_status status, const char *format, ...)
{
    /* Built aside first: an argument may be the present message. */
    char fresh[sizeof thread_message];
    tsr__text text = tsr__text_over(fresh, sizeof fresh);
    va_list list;
    va_start(list, format);
    tsr__text_add_list(&text, format, list);
    va_end(list);
    text = tsr__text_over(thread_message, sizeof thread_message);
    tsr__text_add(&text, "%s", fresh);
    return status;
}

const char *tsr__cl_code_text(cl_int code)
{
#define CODE(name) \
    case name:     \
        return #name;
    switch (code) {
        CODE(CL_SUCCESS)
        CODE(CL_DEVICE_NOT_FOUND)
        CODE(CL_DEVICE_NOT_AVAILABLE)
        CODE(CL_COMPILER_NOT_AVAILABLE)
        CODE(CL_MEM_OBJECT_ALLOCATION_FAILURE)
        CODE(CL_OUT_OF_RESOURCES)
        CODE(CL_OUT_OF_HOST_MEMORY)
        CODE(CL_PROFILING_INFO_NOT_AVAILABLE)
        CODE(CL_MEM_COPY_OVERLAP)
        CODE(CL_IMAGE_FORMAT_NOT_SUPPORTED)
        CODE(CL_BUILD_PROGRAM_FAILURE)
        CODE(CL_MAP_FAILURE)
        CODE(CL_MISALIGNED_SUB_BUFFER_OFFSET)
        CODE(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST)
        CODE(CL_INVALID_VALUE)
        CODE(CL_INVALID_DEVICE_TYPE)
        CODE(CL_INVALID_PLATFORM)
        CODE(CL_INVALID_DEVICE)
        CODE(CL_INVALID_CONTEXT)
        CODE(CL_INVALID_QUEUE_PROPERTIES)
        CODE(CL_INVALID_COMMAND_QUEUE)
        CODE(CL_INVALID_HOST_PTR)
        CODE(CL_INVALID_MEM_OBJECT)
        CODE(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR)
        CODE(CL_INVALID_IMAGE_SIZE)
        CODE(CL_INVALID_BINARY)
        CODE(CL_INVALID_BUILD_OPTIONS)
        CODE(CL_INVALID_PROGRAM)
        CODE(CL_INVALID_PROGRAM_EXECUTABLE)
        CODE(CL_INVALID_KERNEL_NAME)
        CODE(CL_INVALID_KERNEL_DEFINITION)
        CODE(CL_INVALID_KERNEL)
        CODE(CL_INVALID_ARG_INDEX)
        CODE(CL_INVALID_ARG_VALUE)
        CODE(CL_INVALID_ARG_SIZE)
        CODE(CL_INVALID_KERNEL_ARGS)
        CODE(CL_INVALID_WORK_DIMENSION)
        CODE(CL_INVALID_WORK_GROUP_SIZE)
        CODE(CL_INVALID_WORK_ITEM_SIZE)
        CODE(CL_INVALID_GLOBAL_OFFSET)
        CODE(CL_INVALID_EVENT_WAIT_LIST)
        CODE(CL_INVALID_EVENT)
        CODE(CL_INVALID_OPERATION)
        CODE(CL_INVALID_BUFFER_SIZE)
        CODE(CL_INVALID_GLOBAL_WORK_SIZE)
        CODE(CL_INVALID_PROPERTY)
    }
#undef CODE
    return "unknown code";
}

tsr_status tsr__fail_cl(cl_int code, const char *call)
{
    const bool memory =
        code == CL_OUT_OF_HOST_MEMORY || code == CL_OUT_OF_RESOURCES || code == CL_MEM_OBJECT_ALLOCATION_FAILURE;
    return tsr__fail(memory ? TSR_OUT_OF_MEMORY : TSR_OPENCL, "%s failed: %s (%d)", call, tsr__cl_code_text(code),
                     code);
}
