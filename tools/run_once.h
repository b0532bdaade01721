/* Runs one problem on host memory: buffers, plan, run, result. */
#ifndef TESSERA_TOOLS_RUN_ONCE_H
#define TESSERA_TOOLS_RUN_ONCE_H

#include "tessera.h"

/* The dense arrays of a run, in the problem's type; what the problem does not use stays NULL. Where a layout of the
 * problem is ANY they are NCHW, and are reordered on the device to what the plan likes best. */
typedef struct run_data {
    const void *x, *w, *scale, *bias, *residual, *slope;
    const int64_t *indices; /* of an unpooling */
} run_data;

typedef struct run_result {
    void *y;                       /* in the caller's layout; freed by run_result_free(), as are the indices */
    int64_t *indices;              /* of a pooling that has some, in y's layout; else NULL                   */
    tsr_tensor shape;              /* of y                                                                   */
    tsr_layout x_layout, y_layout; /* on the device */
    char algorithm[64], description[512];
    uint64_t workspace_bytes;
} run_result;

/* options may be NULL. Each returns an exit code (report.h); on failure *result is empty. A pooling's indices are 64
 * bits wide, and its y_layout is not ANY where it has some. */
int run_conv(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options, const run_data *data,
             run_result *result);
int run_pool(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options, const run_data *data,
             run_result *result);
int run_unpool(tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options, const run_data *data,
               run_result *result);
int run_reorder(tsr_context *context, const tsr_tensor *x, const tsr_tensor *y, const tsr_plan_options *options,
                const run_data *data, run_result *result);
void run_result_free(run_result *result);

#endif
