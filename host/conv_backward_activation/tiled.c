/* The gradient of activations for GPUs: kernels/conv_backward_activation/tiled.cl tells what it does and why. */
#include "algorithm.h"
#include "channel_sums.h"

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    return tsr__shared_sums_elements(p);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *reason = tsr__refuse_sharers(device, p);
    return reason != NULL ? reason : tsr__refuse_elements(tsr__shared_sums_elements(p));
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    (void)params;
    tsr__launch_shared_sums(out, p, true, 0);
}

const tsr__algorithm tsr__conv_backward_activation_tiled = {
    .name = "tiled",
    .family = TSR__GPU_FAMILY,
    .features = TSR__ALL_FEATURES & ~TSR__WIDE_BIT,
    .refuse = refuse,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
