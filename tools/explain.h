/* --explain: which algorithms there are for a problem, why they refuse, and which one runs. On stderr. */
#ifndef TESSERA_TOOLS_EXPLAIN_H
#define TESSERA_TOOLS_EXPLAIN_H

#include "tessera.h"

/* Each returns an exit code (report.h). */
int explain_conv(const tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options);
int explain_pool(const tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options);
int explain_unpool(const tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options);
int explain_reorder(const tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                    const tsr_plan_options *options);

#endif
