/* The activation pass: dv, dbias and dslope of a convolution's dy. */
#ifndef TSR_HOST_CONV_BACKWARD_ACTIVATION_H
#define TSR_HOST_CONV_BACKWARD_ACTIVATION_H

#include "conv/backward.h"

/* Checks everything and makes what algorithms look at, where x and y are both the forward pass' y. */
tsr_status tsr__conv_backward_activation_problem(const tsr_conv_backward *b, tsr__problem *p);

extern const tsr__operator tsr__conv_backward_activation;

#endif
