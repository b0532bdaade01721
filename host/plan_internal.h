/* What a plan holds: shared by plan.c, which makes plans, and enqueue.c, which runs them. */
#ifndef TSR_HOST_PLAN_INTERNAL_H
#define TSR_HOST_PLAN_INTERNAL_H

#include "plan.h"
#include "select.h"

enum { TSR__MAX_DESCRIPTION = 512 };

/* A launch with its kernel. */
typedef struct tsr__step {
    tsr__launch launch;
    tsr__numbers numbers; /* of the launch */
    cl_kernel kernel;
} tsr__step;

/* Immutable but for the kernels' arguments, which OpenCL keeps in the kernel: `lock` is held from setting them to
 * enqueueing. */
struct tsr_plan {
    tsr_context *context; /* retained */
    tsr__offer offer;
    bool packed_weights;
    tsr__step scale_weights; /* kernel NULL: they are as given */
    tsr__step pack;          /* kernel NULL: the algorithm runs on plain weights */
    tsr__step steps[TSR__MAX_LAUNCHES];
    int step_count; /* 0 on the CPU path */
    pthread_mutex_t lock;
    tsr_plan_info info;
    char description[TSR__MAX_DESCRIPTION];
};

/* Builds what an offer describes, whose params may be others than the default ones. */
tsr_status tsr__plan_from_offer(tsr_context *context, const tsr__offer *offer, const tsr_plan_options *options,
                                tsr_plan **out);

/* Bytes that a run of the plan needs of an operand; 0: it is not used. */
uint64_t tsr__plan_needs(const tsr_plan *plan, const tsr__operand *operand);

#endif
