/* The contract of one algorithm, and of the operator whose list it stands in.
 *
 * An algorithm is a constant struct of pure functions. An OpenCL algorithm describes its launches as data; an algorithm
 * of the CPU path has run_host() instead. A member that may be NULL says so. */
#ifndef TSR_HOST_ALGORITHM_H
#define TSR_HOST_ALGORITHM_H

#include "launch.h"
#include "operand.h"
#include "problem.h"

/* Tile sizes and the like: what a tuner may change without changing results. */
enum { TSR__MAX_PARAMS = 8 };
typedef struct tsr__params {
    int32_t value[TSR__MAX_PARAMS];
} tsr__params;

/* For `candidates`: copies as many as `capacity` holds, the best of them first, answering how many. */
static inline size_t tsr__tell_candidates(const tsr__params *all, size_t count, size_t best, tsr__params *out,
                                          size_t capacity)
{
    if (count > capacity) count = capacity;
    for (size_t i = 0; i < count; ++i) out[i] = all[i == 0 ? best : i <= best ? i - 1 : i];
    return count;
}

/* The devices that an algorithm is made for. Selection passes over the other family's algorithms unless the caller
 * names one: they would be right there, but slow. */
typedef enum tsr__family { TSR__ANY_FAMILY, TSR__GPU_FAMILY, TSR__CPU_FAMILY } tsr__family;

/* Host memory of one run on the CPU path, of the problem's types; NULL where the problem has none. */
typedef struct tsr__host_args {
    const void *x, *w, *scale, *bias, *residual, *slope, *dy;
    void *y, *indices, *dv, *dx, *dw, *dbias, *dslope, *dscale;
} tsr__host_args;

typedef struct tsr__algorithm {
    const char *name;
    tsr__family family;
    uint32_t features;     /* of enum tsr__feature: what it can do; selection refuses the rest */
    const char *extension; /* of OpenCL that the device must have; NULL: none */
    double error; /* without TSR__EXACT_BIT: the bound of the headers for what it rounds; 0: integers stay exact */
    const char *const *param_names; /* ends with NULL; NULL: no params */

    /* Settles the layouts that are ANY. NULL: they become NCHW. */
    void (*layouts)(const tsr_device *device, tsr__problem *p);

    /* Why, beyond its features, it cannot run the problem on the device, or NULL. The text outlives everything. NULL:
     * it runs anything. */
    const char *(*refuse)(const tsr_device *device, const tsr__problem *p);

    /* Whether it is likely to be faster on a problem that it accepts than those after it in the list. Where it is not,
     * selection tries those first, all but the reference. NULL: it always is. */
    bool (*pays)(const tsr_device *device, const tsr__problem *p, const tsr__params *params);

    /* The default params, in constant time; and up to `capacity` that are worth trying, all legal, with the default
     * first, answering how many. NULL where there are no params. */
    void (*params)(const tsr_device *device, const tsr__problem *p, tsr__params *out);
    size_t (*candidates)(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity);

    /* Elements of the packed weights. NULL: it runs on plain ones. */
    int64_t (*packed_elements)(const tsr__problem *p, const tsr__params *params);
    /* Elements of workspace beside packed weights. NULL: none. */
    int64_t (*workspace_elements)(const tsr__problem *p, const tsr__params *params);

    /* The launch that packs TSR__W into TSR__PACKED; NULL with packed_elements. */
    void (*pack)(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *out);
    /* The launches of one run, in order. NULL for the CPU path. */
    void (*launches)(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out);
    /* One run on host memory. NULL for OpenCL. */
    void (*run_host)(const tsr__problem *p, const tsr__host_args *args);
} tsr__algorithm;

/* The slow algorithm that runs anything, last in every list. */
#define TSR__REFERENCE "reference"

typedef struct tsr__operator {
    const char *name;                                       /* "conv": also the name of its folders */
    const tsr__operand *operands;                           /* what a run is given; ends with a name of NULL */
    bool has_window;                                        /* its problems have one */
    bool swaps;                                             /* its x is dv and its y is dx: the data pass */
    bool takes_packed;                                      /* w may have been packed beforehand */
    bool indivisible;                                       /* it sums over what parts would divide */
    const tsr__algorithm *const *opencl;                    /* in order of preference; ends with NULL */
    const tsr__algorithm *const *host;                      /* the CPU path's */
    void (*format)(const tsr__problem *p, tsr__text *text); /* the problem in the notation of tessera.h */
} tsr__operator;

#endif
