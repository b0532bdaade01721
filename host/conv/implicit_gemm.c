/* The convolution for GPUs: kernels/conv/implicit_gemm.cl tells what it does and why. */
#include "conv/defines.h"
#include "conv/pack.h"
#include "conv/product.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_implicit_gemm;

static const char *const param_names[] = {TSR__PRODUCT_PARAM_NAMES, NULL};

/* The parts of the sums where work-groups share them. */
static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    const int64_t splits = params->value[TSR__SPLITS];
    return splits > 1 ? splits * p->y.n * p->y.c * tsr__tensor_plane(&p->y) : 0;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    return tsr__product_candidates(device, p, true, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params ignored;
    if (candidates(device, p, &ignored, 1) == 0) return TSR__PRODUCT_FITS_NOT;
    return tsr__refuse_types(device, p);
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__launch_pack_elements(l, device, p, tsr__product_tiles_of_k(p, params), params->value[TSR__GEMM_K],
                              tsr__product_padded_c(p, params));
}

/* The launch that adds up the parts. */
static void launch_finish(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    enum { BLOCK = 4 }; /* channels of a work-item */
    const int64_t global[3] = {p->y.n * tsr__tensor_plane(&p->y), tsr__ceil_div(p->y.c, BLOCK), 1};
    tsr__product_define(p, params, l);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, p->y.n);
    tsr__launch_int_axes(l, p->y.size);
    tsr__launch_int(l, params->value[TSR__SPLITS]);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
    tsr__launch_groups(l, global, device);
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    tsr__product_launch(p, params, TSR__X, 0, TSR__Y, 0, out);
    if (params->value[TSR__SPLITS] > 1)
        launch_finish(device, p, params,
                      tsr__launches_add(out, &tsr__source_conv_implicit_gemm, "conv_implicit_gemm_finish"));
}

const tsr__algorithm tsr__conv_implicit_gemm = {
    .name = "implicit_gemm",
    .family = TSR__GPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__WIDE_BIT | TSR__HALF_SUMS_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .packed_elements = tsr__product_packed_elements,
    .workspace_elements = workspace_elements,
    .pack = pack,
    .launches = launches,
};
