/* The weights pass: dw, dbias and dscale of a convolution. */
#ifndef TSR_HOST_CONV_BACKWARD_WEIGHTS_H
#define TSR_HOST_CONV_BACKWARD_WEIGHTS_H

#include "conv/backward.h"

/* Checks everything and makes what algorithms look at: the forward problem. */
tsr_status tsr__conv_backward_weights_problem(const tsr_conv_backward *b, tsr__problem *p);

extern const tsr__operator tsr__conv_backward_weights;

#endif
