/* The data pass: dx of a convolution. Most are convolutions themselves, the operator tsr__conv_gradient, which has
 * conv's algorithms; the rest are tsr__conv_backward_data. */
#ifndef TSR_HOST_CONV_BACKWARD_DATA_H
#define TSR_HOST_CONV_BACKWARD_DATA_H

#include "conv/backward.h"

/* Checks everything and makes what algorithms look at: a convolution with x = dv and y = dx, or for
 * tsr__conv_backward_data the forward problem. */
tsr_status tsr__conv_backward_data_problem(const tsr_conv_backward *b, tsr__problem *p);

extern const tsr__operator tsr__conv_gradient, tsr__conv_backward_data;

#endif
