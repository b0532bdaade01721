/* Unpooling: the check of a problem and its lists of algorithms. */
#ifndef TSR_HOST_UNPOOL_H
#define TSR_HOST_UNPOOL_H

#include "algorithm.h"

/* Checks everything and makes what algorithms look at. */
tsr_status tsr__unpool_problem(const tsr_unpool *u, tsr__problem *p);

extern const tsr__operator tsr__unpool;

#endif
