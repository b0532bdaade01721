/* How a call fails: it leaves its message for the calling thread and returns its status. */
#ifndef TSR_HOST_STATUS_H
#define TSR_HOST_STATUS_H

#include "tessera.h"
#include "text.h"

/* Returns `status` after setting the thread's message: `return tsr__fail(TSR_INVALID_VALUE, "stride_h is %d ...")`. */
tsr_status tsr__fail(tsr_status status, const char *format, ...) TSR__PRINTF(2, 3);

/* The same for an OpenCL call that answered `code`: out of memory or TSR_OPENCL. */
tsr_status tsr__fail_cl(cl_int code, const char *call);

/* "CL_INVALID_VALUE" for -30; "unknown code" for what OpenCL 1.2 does not define. */
const char *tsr__cl_code_text(cl_int code);

/* Leaves the function with the status of a step that failed. */
#define TSR__TRY(step)                               \
    do {                                             \
        const tsr_status try_status = (step);        \
        if (try_status != TSR_OK) return try_status; \
    } while (0)

#endif
