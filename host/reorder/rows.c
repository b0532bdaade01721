/* The reorder for CPUs: kernels/reorder/rows.cl tells what it does and why. */
#include "reorder_rows.h"

#include "algorithm.h"
#include "reference_family.h"

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    (void)params;
    tsr__launch *l = tsr__launches_add(out, NULL, NULL);
    tsr__reorder_rows_launch(l, &p->x, TSR__X, &p->y, TSR__Y, 0);
}

const tsr__algorithm tsr__reorder_rows = {
    .name = "rows",
    .family = TSR__CPU_FAMILY,
    .features = TSR__ALL_FEATURES & ~TSR__WIDE_BIT,
    .refuse = tsr__refuse_types,
    .launches = launches,
};
