/* When convolutions of one tap on NCHW are pointwise_planes.c's. */
#ifndef TSR_HOST_CONV_POINTWISE_PLANES_H
#define TSR_HOST_CONV_POINTWISE_PLANES_H

#include "problem.h"

/* Whether it accepts the problem, which direct_blocked accepts too, and is faster. In small planes direct_blocked is as
 * good, as its tiles fit them better. Measured on a Xeon with PoCL. */
bool tsr__pointwise_planes_pay(const tsr_device *device, const tsr__problem *p);

#endif
