/* What follows the sums of every algorithm of the weights pass: launches that write dw, dscale and dbias. */
#ifndef TSR_HOST_CONV_BACKWARD_WEIGHTS_FINISH_H
#define TSR_HOST_CONV_BACKWARD_WEIGHTS_FINISH_H

#include "channel_sums.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_backward_weights_reference;

/* Makes dw, and dscale where asked, of sums that lie at the beginning of the workspace: `pieces` of them for each
 * element of the weights, a whole dw behind the other, which are added in that order. `sharers` work-items of a group
 * share an output channel. */
static inline void tsr__launch_finish(tsr__launches *out, const tsr__problem *p, int64_t pieces, int64_t sharers)
{
    /* A channel's dscale is the work of one group. */
    const bool divides = sharers > 1 && !p->dscale;
    const int64_t global[3] = {divides ? tsr__group_c(p) * tsr__taps(p) : sharers, p->y.c, 1};
    const size_t local[3] = {(size_t)sharers, 1, 1};
    tsr__launch *l =
        tsr__launches_add(out, &tsr__source_conv_backward_weights_reference, "conv_backward_weights_finish");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_define(l, "GROUP", sharers);
    tsr__launch_define(l, "HAS_SCALE", p->scale);
    tsr__launch_define(l, "HAS_DSCALE", p->dscale);
    tsr__launch_define(l, "ACCUMULATE", p->accumulate);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__SCALE);
    tsr__launch_slot(l, TSR__DW);
    tsr__launch_slot(l, TSR__DSCALE);
    tsr__launch_long(l, pieces);
    tsr__launch_long(l, p->w_elements);
    tsr__launch_long(l, tsr__group_c(p));
    tsr__launch_long(l, tsr__group_k(p));
    tsr__launch_long(l, tsr__taps(p));
    tsr__launch_int(l, p->window.transposed);
    tsr__launch_grid(l, global, local);
}

#endif
