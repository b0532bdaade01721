/* The library's calls of the C library and of OpenCL, counted and made to fail: the linker's --wrap leads them here
 * (tests/CMakeLists.txt). Calls that drivers make among themselves are not seen. */
#ifndef TSR_TESTS_WRAPPED_H
#define TSR_TESTS_WRAPPED_H

#include <stdatomic.h>

typedef struct wrapped_counts {
    atomic_long allocations;               /* calls that allocate */
    atomic_long live_memory;               /* allocated and not yet freed */
    atomic_long fail_memory_at;            /* the allocation that fails, counted from 1; 0: none */
    atomic_long cl_calls;                  /* OpenCL calls that may fail */
    atomic_long fail_cl_at;                /* the OpenCL call that fails; 0: none */
    atomic_long fail_builds;               /* so many builds fail from now on, as where a compiler refuses */
    atomic_long live_objects;              /* OpenCL references created or retained and not yet released */
    atomic_long sources, binaries, builds; /* programs from source, from a binary; builds */
    atomic_long launches, waits;           /* kernels enqueued; calls that wait */
} wrapped_counts;

extern wrapped_counts wrapped;

/* Sets everything to 0 but what is live. */
void wrapped_reset(void);

#endif
