/* A range of bytes on a context's device. */
#ifndef TSR_HOST_BUFFER_H
#define TSR_HOST_BUFFER_H

#include "context.h"

typedef struct tsr__block tsr__block;

struct tsr_buffer {
    tsr_context *context; /* retained */
    uint64_t bytes;
    cl_mem memory;     /* OpenCL: retained, and the range begins at `offset` */
    uint64_t offset;   /* bytes */
    void *host;        /* CPU path */
    tsr__block *owner; /* what `host` lies in, where the library allocated it */
};

/* Whether two buffers share a byte. */
bool tsr__buffer_overlaps(const tsr_buffer *a, const tsr_buffer *b);

#endif
