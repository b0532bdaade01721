/* --explain: which algorithms there are for a problem, why they refuse, and which one runs. On stderr. */
#ifndef TESSERA_TOOLS_EXPLAIN_H
#define TESSERA_TOOLS_EXPLAIN_H

#include "conv_pass.h"

/* Each returns an exit code (report.h). */
int explain_conv(const tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options);
int explain_pool(const tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options);
int explain_unpool(const tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options);
int explain_reorder(const tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                    const tsr_plan_options *options);
int explain_conv_pass(const tsr_context *context, const conv_pass *pass, const tsr_conv_backward *problem,
                      const tsr_plan_options *options);
int explain_pool_backward(const tsr_context *context, const tsr_pool *forward, const tsr_plan_options *options);

#endif
