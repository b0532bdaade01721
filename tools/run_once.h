/* Runs one problem on host memory: buffers, plan, run, result. */
#ifndef TESSERA_TOOLS_RUN_ONCE_H
#define TESSERA_TOOLS_RUN_ONCE_H

#include "tessera.h"

typedef struct run_result {
    float *y; /* freed by run_result_free() */
    tsr_tensor shape;
    char algorithm[64];
    uint64_t workspace_bytes;
} run_result;

/* Tensors are NCHW; bias may be NULL where the problem has none; options may be NULL. Each returns an exit code
 * (report.h); on failure *result is empty. */
int run_conv(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options, const float *x,
             const float *w, const float *bias, run_result *result);
int run_pool(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options, const float *x,
             run_result *result);
void run_result_free(run_result *result);

#endif
