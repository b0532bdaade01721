/* Unfold and fold: see kernels/columns/reference.cl. */
#include "algorithm.h"
#include "reference_family.h"

extern const tsr__source tsr__source_columns_reference;

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)params;
    tsr__launch *l =
        tsr__launches_add(out, &tsr__source_columns_reference, p->fold ? "columns_fold" : "columns_unfold");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_slot(l, TSR__X);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_long(l, p->fold ? p->y.c : p->x.c);
    tsr__launch_long_axes(l, p->window.size);
    tsr__launch_long_axes(l, p->window.out);
    tsr__launch_window(l, &p->window);
    tsr__launch_reference_grid(l, &p->y, device);
}

const tsr__algorithm tsr__columns_reference = {.name = TSR__REFERENCE,
                                               .features = TSR__ALL_FEATURES & ~TSR__VIEW_BIT,
                                               .refuse = tsr__refuse_types,
                                               .launches = launches};
