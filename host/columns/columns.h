/* Columns (unfold and fold): the check of a problem and its lists of algorithms. */
#ifndef TSR_HOST_COLUMNS_H
#define TSR_HOST_COLUMNS_H

#include "algorithm.h"

/* Checks everything and makes what algorithms look at: x is the image and y the columns, or with `fold` x the columns
 * and y the image. The window's size is the image's, its out the number of windows on each axis. */
tsr_status tsr__columns_problem(const tsr_unfold *u, bool fold, tsr__problem *p);

extern const tsr__operator tsr__columns;

#endif
