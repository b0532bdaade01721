/* The gradient of a pooling: dx. */
#ifndef TSR_HOST_POOL_BACKWARD_H
#define TSR_HOST_POOL_BACKWARD_H

#include "algorithm.h"
#include "tessera_training.h"

/* Checks everything and makes what algorithms look at: the forward problem. */
tsr_status tsr__pool_backward_problem(const tsr_pool *forward, tsr__problem *p);

extern const tsr__operator tsr__pool_backward;

#endif
