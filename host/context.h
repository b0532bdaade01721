/* One device with its caches; counted, so that plans and buffers keep it alive. */
#ifndef TSR_HOST_CONTEXT_H
#define TSR_HOST_CONTEXT_H

#include <stdatomic.h>

#include "program.h"
#include "tuning.h"

struct tsr_context {
    atomic_size_t references;
    tsr_device device;
    tsr__log log;
    tsr__tuning tuning;
    cl_context cl; /* this and the rest are unset on the CPU path */
    cl_device_id id;
    cl_command_queue queue;
    tsr__programs programs;
};

static inline bool tsr__context_is_host(const tsr_context *context)
{
    return context->device.kind == TSR_DEVICE_HOST;
}

tsr_context *tsr__context_retain(tsr_context *context);

#endif
