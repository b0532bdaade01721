/* A convolution with everything that it needs for a run, on integer data: what several API tests share. */
#ifndef TSR_TESTS_RUNS_H
#define TSR_TESTS_RUNS_H

#include "tessera.h"

typedef struct conv_run {
    tsr_context *context; /* not owned */
    tsr_plan *plan;
    tsr_plan_info info;
    tsr_buffer *x, *w, *scale, *bias, *residual, *slope, *y, *workspace;
} conv_run;

/* Plans the problem and fills every buffer with small integers, the same ones for the same problem; y holds poison.
 * options may be NULL. */
conv_run conv_run_open(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options);
void conv_run_close(conv_run *run);

/* The buffers as arguments. */
tsr_args conv_run_args(const conv_run *run);

/* y's bytes; the caller frees. */
unsigned char *conv_run_result(const conv_run *run);

/* Fills y with poison again. */
void conv_run_poison(const conv_run *run);

/* Parses a problem and gives it layouts. */
tsr_conv conv_run_problem(const char *text, tsr_layout layout);

#endif
