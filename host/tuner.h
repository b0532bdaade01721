/* Measures what would run a problem fastest. */
#ifndef TSR_HOST_TUNER_H
#define TSR_HOST_TUNER_H

#include "context.h"

/* Tries the candidates of every algorithm that the options admit, for about options->tune_ms, and records the fastest
 * in the context's tuning data; candidates that do not build are recorded too, and not tried again. Where nothing could
 * be compared in the time it records nothing. */
tsr_status tsr__tune(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options);

#endif
