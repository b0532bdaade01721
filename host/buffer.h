/* A range of bytes on a context's device. */
#ifndef TSR_HOST_BUFFER_H
#define TSR_HOST_BUFFER_H

#include "context.h"

typedef struct tsr__block tsr__block;

struct tsr_buffer {
    tsr_context *context; /* retained */
    uint64_t bytes;
    cl_mem memory;             /* OpenCL: retained, and the range begins at `offset` */
    uint64_t offset;           /* bytes */
    void *host;                /* CPU path */
    tsr__block *owner;         /* what `host` lies in, where the library allocated it */
    _Atomic(cl_mem) images[2]; /* over `memory`, by tsr__buffer_image(); NULL before they are asked for */
};

/* An image over a buffer's memory, from the memory's first byte to the buffer's end, or as far as the device's images
 * reach; its texels are the bits of 4 halves or of 4 floats. */
typedef struct tsr__image {
    cl_mem memory; /* the buffer's: it lives as long, because PoCL's commands do not keep images that they read */
    uint64_t texels;
} tsr__image;

tsr_status tsr__buffer_image(const tsr_buffer *buffer, bool halves, tsr__image *image);

/* Whether two buffers share a byte. */
bool tsr__buffer_overlaps(const tsr_buffer *a, const tsr_buffer *b);

#endif
