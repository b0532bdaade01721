/* The conv operator: its check of a problem and its lists of algorithms. */
#ifndef TSR_HOST_CONV_H
#define TSR_HOST_CONV_H

#include "algorithm.h"

/* Checks everything and makes what algorithms look at. */
tsr_status tsr__conv_problem(const tsr_conv *c, tsr__problem *p);

/* The notation of tessera.h, for the operator and those of its gradients. */
void tsr__conv_notation(const tsr__problem *p, tsr__text *text);

extern const tsr__operator tsr__conv;

#endif
