/* The launch that rewrites a tensor on CPUs: kernels/reorder/rows.cl. The reorder operator's own, and what algorithms
 * stage an input with that they cannot read as it is. */
#ifndef TSR_HOST_REORDER_ROWS_H
#define TSR_HOST_REORDER_ROWS_H

#include "launch.h"
#include "problem.h"

/* The tensor as it is staged: dense, in another layout, and as what is computed with. */
tsr_tensor tsr__staged(const tsr_tensor *given, tsr_layout layout);

/* Both tensors are settled and have the same shape; each lies in its slot, y behind the first `at` elements. */
void tsr__reorder_rows_launch(tsr__launch *launch, const tsr_tensor *x, tsr__slot from, const tsr_tensor *y,
                              tsr__slot to, int64_t at);

/* The distance from pixel to pixel that kernels compile in: NCHW's 1 and a block's; 0: it is passed. */
int64_t tsr__pixel_define(const tsr_tensor *t);

#endif
