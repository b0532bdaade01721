/* A problem with its algorithm chosen and its kernels built. The operators' plan calls end here. */
#ifndef TSR_HOST_PLAN_H
#define TSR_HOST_PLAN_H

#include "context.h"
#include "problem.h"

/* Fails where one of them is NULL. */
tsr_status tsr__plan_check(const tsr_context *context, tsr_plan *const *plan);

/* `options` may be NULL; `problem` is checked. */
tsr_status tsr__plan_create(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                            tsr_plan **plan);

/* The common part of tsr_conv_explain() and its like. */
tsr_status tsr__plan_explain(const tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options,
                             tsr_candidate *candidates, size_t capacity, size_t *count);

#endif
