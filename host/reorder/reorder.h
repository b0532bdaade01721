/* The reorder operator: its check of a problem and its lists of algorithms. */
#ifndef TSR_HOST_REORDER_H
#define TSR_HOST_REORDER_H

#include "algorithm.h"

/* Checks everything and makes what algorithms look at. */
tsr_status tsr__reorder_problem(const tsr_tensor *x, const tsr_tensor *y, tsr__problem *p);

extern const tsr__operator tsr__reorder;

#endif
