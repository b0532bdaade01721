/* The gradient by depthwise weights for GPUs: kernels/conv_backward_weights/depthwise_tiled.cl tells what it does and
 * why. */
#include "conv/defines.h"
#include "conv_backward_weights/inputs.h"

extern const tsr__source tsr__source_conv_backward_weights_depthwise_tiled;

/* Outputs below one another that a work-item takes at once; and rows of x that its loop over them unrolls. */
enum { TILE_P = 4, MOST_LINES = 32 };

static int64_t filters(const tsr__problem *p)
{
    return p->w_elements / tsr__taps(p);
}

/* Filters of a work-group where channels lie side by side. */
static int64_t lanes(const tsr__problem *p)
{
    const tsr__weights_inputs in = tsr__weights_inputs_of(p);
    return tsr__shared_lanes(&in.dv.read);
}

/* Tiles of outputs of all images. */
static int64_t tiles(const tsr_tensor *dv)
{
    return dv->n * dv->size[TSR_D] * tsr__ceil_div(dv->size[TSR_H], TILE_P) * dv->size[TSR_W];
}

/* Those of a piece: so that there are ENOUGH work-groups for any GPU, as long as each work-item has SHORTEST tiles to
 * sum, and LONGEST at the most. The problem alone decides, so that every device adds in the same order. */
static int64_t piece_tiles(const tsr__problem *p, const tsr_tensor *dv)
{
    enum { ENOUGH = 4096, SHORTEST = 4, LONGEST = 256 };
    const int64_t parts = TSR__SHARERS / lanes(p), rounds = tsr__ceil_div(tiles(dv), parts);
    int64_t each = rounds * tsr__ceil_div(filters(p), lanes(p)) / ENOUGH;
    if (each < SHORTEST) each = SHORTEST;
    if (each > LONGEST) each = LONGEST;
    return each * parts;
}

static tsr__weights_inputs inputs_of(const tsr__problem *p)
{
    tsr__weights_inputs in = tsr__weights_inputs_of(p);
    in.pieces = tsr__ceil_div(tiles(&in.dv.read), piece_tiles(p, &in.dv.read));
    return in;
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    (void)params;
    const tsr__weights_inputs in = inputs_of(p);
    return tsr__weights_shared_workspace(p, &in);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    const char *reason = tsr__refuse_sharers(device, p);
    if (reason != NULL) return reason;
    if (tsr__shares_channel(p)) return TSR__CONV_SHARED_CHANNEL;
    if ((TILE_P - 1) * w->stride[TSR_H] + tsr__window_extent(w, TSR_H) > MOST_LINES)
        return "4 rows of outputs see more than 32 rows, over which a loop is unrolled";
    return tsr__refuse_elements(workspace_elements(p, NULL));
}

/* Columns of the filter whose sums a work-item has registers for. */
static int64_t columns(const tsr__problem *p)
{
    enum { MOST_COLUMNS = 5, MOST_SUMS = 32, MOST_DOUBLES = 16 };
    const int64_t all = p->window.filter[TSR_D] * p->window.filter[TSR_W];
    int64_t made = (p->x.dtype == TSR_F64 ? MOST_DOUBLES : MOST_SUMS) / p->window.filter[TSR_H];
    if (made > MOST_COLUMNS) made = MOST_COLUMNS;
    if (made > all) made = all;
    return made > 0 ? made : 1;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    (void)device;
    (void)params;
    const tsr__weights_inputs in = inputs_of(p);
    const tsr_tensor *x = &in.x.read, *dv = &in.dv.read;
    const tsr__window *w = &p->window;
    const int64_t sets = tsr__ceil_div(w->filter[TSR_D] * w->filter[TSR_W], columns(p));
    const int64_t global[3] = {tsr__ceil_div(filters(p), lanes(p)) * TSR__SHARERS, sets, in.pieces};
    const size_t local[3] = {TSR__SHARERS, 1, 1};
    tsr__launch *l = tsr__weights_begin(out, p, &in, &tsr__source_conv_backward_weights_depthwise_tiled,
                                        "conv_backward_weights_depthwise_tiled");
    tsr__launch_define(l, "GROUP", TSR__SHARERS);
    tsr__launch_define(l, "TILE_P", TILE_P);
    tsr__column_define(l, w);
    tsr__launch_define(l, "COLUMNS", columns(p));
    tsr__launch_int(l, filters(p));
    tsr__launch_int(l, lanes(p));
    tsr__launch_int(l, filters(p) / x->c);
    tsr__launch_int(l, filters(p) / dv->c);
    tsr__launch_int(l, piece_tiles(p, dv));
    tsr__launch_int(l, dv->n);
    tsr__launch_int_axes(l, x->size);
    tsr__launch_int_axes(l, dv->size);
    tsr__launch_column_window(l, w);
    tsr__launch_int(l, p->flip);
    tsr__launch_plain_strides(l, x);
    tsr__launch_plain_strides(l, dv);
    tsr__launch_grid(l, global, local);
    tsr__weights_end_shared(out, p, &in);
}

const tsr__algorithm tsr__conv_backward_weights_depthwise_tiled = {
    .name = "depthwise_tiled",
    .family = TSR__GPU_FAMILY,
    .features = TSR__ALL_FEATURES & ~(TSR__BLOCKED_BIT | TSR__WIDE_BIT | TSR__DENSE_BIT),
    .refuse = refuse,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
