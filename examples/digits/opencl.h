/* The example's own part of OpenCL: memory that its kernels and the library share, and those kernels. */
#ifndef DIGITS_OPENCL_H
#define DIGITS_OPENCL_H

#include <stdbool.h>
#include <stddef.h>
#include <tessera.h>

/* Whether a call succeeded; else its number is printed behind `what`. */
bool cl_succeeded(cl_int code, const char *what);

/* Memory on the context's device, filled from `contents` where that is not NULL; *view is all of it as the library's
 * buffer, where view is not NULL. */
bool memory_create(tsr_context *context, size_t bytes, const void *contents, cl_mem *memory, tsr_buffer **view);
void memory_free(cl_mem *memory, tsr_buffer **view);

/* Copies to and from the host, in order with the context's queue, and waits for the copy. */
bool memory_write(tsr_context *context, cl_mem memory, size_t offset, const void *source, size_t bytes);
bool memory_read(tsr_context *context, cl_mem memory, size_t offset, void *target, size_t bytes);

/* kernels.cl, built for the context's device. */
typedef struct program {
    cl_program built;
    cl_kernel gather, cross_entropy, descend;
} program;

bool program_create(tsr_context *context, program *made);
void program_free(program *used);

/* An argument of a kernel: where it lies and its size. */
typedef struct argument {
    size_t bytes;
    const void *value;
} argument;

/* Enqueues a kernel over so many work-items. */
bool kernel_run(tsr_context *context, cl_kernel kernel, const size_t items[3], const argument *list, int count);

#endif
