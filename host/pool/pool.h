/* The pool operator: its check of a problem and its lists of algorithms. */
#ifndef TSR_HOST_POOL_H
#define TSR_HOST_POOL_H

#include "algorithm.h"

/* Checks everything and makes what algorithms look at. */
tsr_status tsr__pool_problem(const tsr_pool *c, tsr__problem *p);

/* The notation of tessera.h, for the operator and those of its gradients. */
void tsr__pool_notation(const tsr__problem *p, tsr__text *text);

extern const tsr__operator tsr__pool;

#endif
