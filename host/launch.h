/* A kernel launch as data: algorithms describe it, tests print it, the plan builds, binds and enqueues it. */
#ifndef TSR_HOST_LAUNCH_H
#define TSR_HOST_LAUNCH_H

#include "source.h"
#include "status.h"

/* The memory that a launch may name: tensors by their names in tsr_args, but see tsr__operand. */
typedef enum tsr__slot {
    TSR__X,
    TSR__W,
    TSR__SCALE,
    TSR__BIAS,
    TSR__RESIDUAL,
    TSR__SLOPE,
    TSR__Y,
    TSR__INDICES,
    TSR__DY,
    TSR__DV,
    TSR__DX,
    TSR__DW,
    TSR__DBIAS,
    TSR__DSLOPE,
    TSR__DSCALE,
    TSR__PACKED,
    TSR__WORKSPACE,
    TSR__SLOTS
} tsr__slot;

/* One value of a launch. A kernel takes memory in arguments of its own and after these, in one struct, all numbers,
 * both in this order (kernels/common/numbers.cl). A slot becomes a cl_mem and, in the struct, a ulong: the offset in
 * elements. An image of a slot becomes an image1d_buffer_t of texels of 4 elements (tsr__buffer_image), and an int: the
 * texel that the slot begins with, or -1 where it begins with none, or the image does not reach its end. */
typedef struct tsr__arg {
    enum { TSR__ARG_SLOT, TSR__ARG_IMAGE, TSR__ARG_INT, TSR__ARG_LONG, TSR__ARG_FLOAT } kind;
    tsr__slot slot;
    int64_t value; /* of an int or long; of a slot the elements to skip, of its image those to show */
    float real;    /* of a float */
} tsr__arg;

enum { TSR__TEXEL = 4 }; /* elements */

enum { TSR__MAX_ARGS = 80, TSR__MAX_LAUNCHES = 12, TSR__MAX_OPTIONS = 1024 };

typedef struct tsr__launch {
    const tsr__source *source;
    const char *entry;
    char options[TSR__MAX_OPTIONS]; /* "-DR=3 -DS=3 ..." */
    size_t global[3], local[3];     /* local[0] = 0: the driver's choice */
    tsr__arg args[TSR__MAX_ARGS];
    int arg_count;
    bool broken; /* something did not fit; tsr__launch_check() tells */
} tsr__launch;

typedef struct tsr__launches {
    tsr__launch items[TSR__MAX_LAUNCHES];
    int count;
} tsr__launches;

/* Starts a launch: no options, no arguments, a global size of 0. */
void tsr__launch_begin(tsr__launch *launch, const tsr__source *source, const char *entry);
tsr__launch *tsr__launches_add(tsr__launches *launches, const tsr__source *source, const char *entry);

/* Adds -D<name>=<value>. */
void tsr__launch_define(tsr__launch *launch, const char *name, int64_t value);

/* Adds memory and numbers, each in the order in which the kernel takes them. An int must fit 32 bits. */
void tsr__launch_slot(tsr__launch *launch, tsr__slot slot);
void tsr__launch_slot_at(tsr__launch *launch, tsr__slot slot, int64_t skipped_elements);
void tsr__launch_image(tsr__launch *launch, tsr__slot slot, int64_t elements);
void tsr__launch_int(tsr__launch *launch, int64_t value);
void tsr__launch_long(tsr__launch *launch, int64_t value);
void tsr__launch_float(tsr__launch *launch, float value);
void tsr__launch_int_axes(tsr__launch *launch, const int64_t values[TSR_AXES]);
void tsr__launch_long_axes(tsr__launch *launch, const int64_t values[TSR_AXES]);

/* Sets the sizes; the global ones are in work-items and are rounded up to whole groups. */
void tsr__launch_grid(tsr__launch *launch, const int64_t global[3], const size_t local[3]);

/* The numbers as the kernel's struct of them lies in memory, and where in it the number of each argument does. What
 * memory adds, offsets and texels, is 0. */
typedef struct tsr__numbers {
    unsigned char bytes[(TSR__MAX_ARGS + 1) * sizeof(uint64_t)];
    size_t used, place[TSR__MAX_ARGS];
} tsr__numbers;

void tsr__launch_numbers(const tsr__launch *launch, tsr__numbers *out);

/* Fails where something did not fit or a size is 0: a mistake in an algorithm, never in a problem. */
tsr_status tsr__launch_check(const tsr__launch *launch);

#endif
