/* The pool operator: its check of a problem and its lists of algorithms. */
#ifndef TSR_HOST_POOL_H
#define TSR_HOST_POOL_H

#include "algorithm.h"

/* Checks everything and makes what algorithms look at. */
tsr_status tsr__pool_problem(const tsr_pool *c, tsr__problem *p);

extern const tsr__operator tsr__pool;

#endif
