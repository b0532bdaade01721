/* The text of a kernel file, embedded by the build with its includes inlined. */
#ifndef TSR_HOST_SOURCE_H
#define TSR_HOST_SOURCE_H

#include <stddef.h>

typedef struct tsr__source {
    const char *name; /* "conv/implicit_gemm.cl" */
    const char *text; /* ends with a 0 */
    size_t length;    /* without it */
} tsr__source;

#endif
