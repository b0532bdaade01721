/* What the passes of a convolution's gradients have in common. */
#ifndef TSR_HOST_CONV_BACKWARD_H
#define TSR_HOST_CONV_BACKWARD_H

#include "algorithm.h"
#include "tessera_training.h"

/* Checks everything and makes the forward problem, without what follows the sum but for its scale; the pass adds what
 * is its own, and its operator. */
tsr_status tsr__conv_backward_problem(const tsr_conv_backward *b, tsr__problem *p);

/* Fails where the options ask for packed weights, which a pass does not take because of what `reason` says. */
tsr_status tsr__check_plain_weights(const tsr_plan_options *options, const char *reason);

#endif
