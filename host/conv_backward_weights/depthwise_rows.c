/* The gradient by depthwise weights for CPUs: see kernels/conv_backward_weights/depthwise_rows.cl. */
#include "conv/defines.h"
#include "conv_backward_weights/inputs.h"
#include "cpu_family.h"

extern const tsr__source tsr__source_conv_backward_weights_depthwise_rows;

static const char *const param_names[] = {"vec", "q", NULL};

static int64_t filters(const tsr__problem *p)
{
    return p->w_elements / tsr__taps(p);
}

/* Images whose sums one work-item makes: few filters would leave compute units idle. The problem alone decides, so that
 * every device adds in the same order. */
static int64_t images(const tsr__problem *p)
{
    enum { LEAST = 32 };
    return tsr__ceil_div(p->x.n, tsr__ceil_div(LEAST, filters(p)));
}

/* The kernel reads NCHW, and REALs where it is not as it is. */
static tsr__weights_inputs inputs_of(const tsr__problem *p)
{
    tsr__weights_inputs in = tsr__weights_inputs_of(p);
    const bool plain = in.x.given.layout == TSR_LAYOUT_NCHW && in.dv.given.layout == TSR_LAYOUT_NCHW;
    const bool both = p->x.dtype == TSR_F16 && !plain;
    if (both || in.x.given.layout != TSR_LAYOUT_NCHW) tsr__weights_stage(&in.x, TSR_LAYOUT_NCHW);
    if (both || in.dv.given.layout != TSR_LAYOUT_NCHW) tsr__weights_stage(&in.dv, TSR_LAYOUT_NCHW);
    in.pieces = tsr__ceil_div(p->x.n, images(p));
    return in;
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    const tsr__weights_inputs in = inputs_of(p);
    return tsr__weights_workspace(p, &in);
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Rows of dv whose part of x fits the region; 0: not even one. To the kernel nothing is transposed. */
static int64_t rows_of(const tsr__problem *p, const tsr__params *params)
{
    tsr__window seen = p->window;
    seen.transposed = false;
    return tsr__cpu_region_rows(&seen, 1, params);
}

static bool fits(const tsr__problem *p, const tsr__params *params)
{
    return rows_of(p, params) > 0;
}

static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    return tsr__cpu_row_tiles(device, p, p->y.size[TSR_W], fits, out, capacity);
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    tsr__params made;
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if (!tsr__cpu_is_unrolled(&p->window)) return "its kernel unrolls filters of 16 x 16 at the most";
    if (candidates(device, p, &made, 1) == 0) return "what a few outputs see has more than 4096 elements";
    return tsr__refuse_elements(workspace_elements(p, &made));
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__weights_inputs in = inputs_of(p);
    const tsr_tensor *const read[2] = {&in.x.read, &in.dv.read};
    const int64_t global[3] = {filters(p), in.pieces, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__weights_begin(out, p, &in, &tsr__source_conv_backward_weights_depthwise_rows,
                                        "conv_backward_weights_depthwise_rows");
    tsr__window_define(l, &p->window);
    tsr__launch_define(l, "PAD_MODE", p->window.pad_mode);
    tsr__launch_define(l, "TRANSPOSED", 0); /* the kernel sees none */
    tsr__launch_define(l, "VEC", params->value[TSR__CPU_VECTOR]);
    tsr__launch_define(l, "TILE_Q", params->value[TSR__CPU_TILE_Q]);
    tsr__launch_define(l, "REGION", TSR__CPU_REGION);
    tsr__launch_int(l, p->x.n);
    tsr__launch_int(l, images(p));
    tsr__launch_int(l, rows_of(p, params));
    for (int i = 0; i < 2; ++i) tsr__launch_int(l, filters(p) / read[i]->c);
    tsr__launch_int(l, p->flip);
    for (int i = 0; i < 2; ++i) {
        tsr__launch_int(l, read[i]->size[TSR_H]);
        tsr__launch_int(l, read[i]->size[TSR_W]);
    }
    tsr__launch_int(l, p->window.pad_begin[TSR_H]);
    tsr__launch_int(l, p->window.pad_begin[TSR_W]);
    for (int i = 0; i < 2; ++i) {
        tsr__launch_int(l, tsr__spanned_n(read[i]));
        tsr__launch_int(l, tsr__spanned_c(read[i]));
        tsr__launch_int(l, read[i]->strides.size[TSR_H]);
    }
    tsr__launch_grid(l, global, local);
    tsr__weights_end(out, p, &in, device);
}

const tsr__algorithm tsr__conv_backward_weights_depthwise_rows = {
    .name = "depthwise_rows",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__WIDE_BIT | TSR__DENSE_BIT | TSR__DEPTH_BIT),
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
