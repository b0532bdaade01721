/* Winograd's F(2x2, 3x3) for CPUs: kernels/conv/winograd_2x2.cl and kernels/common/winograd.cl tell what it does and
 * why. */
#include "conv/winograd.h"
#include "cpu_family.h"

extern const tsr__source tsr__source_conv_winograd_2x2;

enum { OUT = 2 };

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    return tsr__winograd_refuse(device, p, OUT);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    tsr__winograd_candidates(device, p, OUT, out, 1);
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    return tsr__winograd_candidates(device, p, OUT, out, capacity);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    tsr__winograd_launches(&tsr__source_conv_winograd_2x2, p, params, out);
}

const tsr__algorithm tsr__conv_winograd_2x2 = {
    .name = "winograd_2x2",
    .family = TSR__CPU_FAMILY,
    .param_names = tsr__winograd_param_names,
    .features = TSR__WINOGRAD_FEATURES,
    .layouts = tsr__cpu_layouts,
    .refuse = refuse,
    .pays = tsr__winograd_pays,
    .params = params,
    .candidates = candidates,
    .packed_elements = tsr__winograd_packed_elements,
    .workspace_elements = tsr__winograd_workspace_elements,
    .pack = tsr__winograd_pack,
    .launches = launches,
};
