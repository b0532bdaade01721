/* Runs one problem on host memory: buffers, plan, run, result. */
#ifndef TESSERA_TOOLS_RUN_ONCE_H
#define TESSERA_TOOLS_RUN_ONCE_H

#include "conv_pass.h"

/* The dense arrays of a run, in the problem's type; what the problem does not use stays NULL. Where a layout of the
 * problem is ANY they are NCHW, and are reordered on the device to what the plan likes best. */
typedef struct run_data {
    const void *x, *w, *scale, *bias, *residual, *slope;
    const void *y, *dy, *dv; /* of backward passes; y is v where the pass takes that */
    const int64_t *indices;  /* of an unpooling, or of a maximum pooling backward    */
} run_data;

/* What a run writes. */
enum {
    RUN_Y = 1 << 0,
    RUN_INDICES = 1 << 1,
    RUN_DV = 1 << 2,
    RUN_DX = 1 << 3,
    RUN_DW = 1 << 4,
    RUN_DBIAS = 1 << 5,
    RUN_DSCALE = 1 << 6,
    RUN_DSLOPE = 1 << 7,
    RUN_OUTPUTS = 8,
};

/* Arrays in the caller's layout, freed by run_result_free(); what is not written is NULL. */
typedef struct run_result {
    void *y, *indices; /* the indices, of a pooling that has some, lie as y does */
    void *dv, *dx, *dw, *dbias, *dscale, *dslope;
    tsr_tensor shape;              /* of y          */
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

/* One pass, which writes this set of gradients. */
int run_conv_pass(tsr_context *context, const conv_pass *pass, const tsr_conv_backward *problem,
                  const tsr_plan_options *options, unsigned written, const run_data *data, run_result *result);
int run_pool_backward(tsr_context *context, const tsr_pool *forward, const tsr_plan_options *options,
                      const run_data *data, run_result *result);
void run_result_free(run_result *result);

#endif
