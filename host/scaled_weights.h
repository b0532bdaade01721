/* Weights times scale, where a pass wants them so: made in the workspace before the algorithm runs, which takes them
 * for the weights. */
#ifndef TSR_HOST_SCALED_WEIGHTS_H
#define TSR_HOST_SCALED_WEIGHTS_H

#include "select.h"

/* The launch that makes all of them, whatever the parts of the offer. */
void tsr__scaled_weights_launch(const tsr_device *device, const tsr__offer *offer, tsr__launch *out);

/* The same on the CPU path. */
void tsr__scaled_weights_run(const tsr__problem *p, const void *w, const void *scale, void *scaled);

#endif
