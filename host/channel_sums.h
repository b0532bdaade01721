/* Sums over batch and plane for each output channel, which several backward passes make. */
#ifndef TSR_HOST_CHANNEL_SUMS_H
#define TSR_HOST_CHANNEL_SUMS_H

#include "reference_family.h"

extern const tsr__source tsr__source_conv_backward_activation_reference, tsr__source_conv_backward_activation_tiled;

/* Adds the launch that makes dbias and dslope, as the problem asks; dv is complete before it. */
static inline void tsr__launch_channel_sums(tsr__launches *out, const tsr__problem *p, const tsr_device *device)
{
    const int64_t global[3] = {p->y.c, 1, 1};
    tsr__launch *l =
        tsr__launches_add(out, &tsr__source_conv_backward_activation_reference, "conv_backward_activation_sums");
    tsr__launch_define(l, "DTYPE", p->y.dtype);
    tsr__launch_define(l, "HAS_DBIAS", p->dbias);
    tsr__launch_define(l, "HAS_DSLOPE", p->dslope);
    tsr__launch_define(l, "ACCUMULATE", p->accumulate);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__DBIAS);
    tsr__launch_slot(l, TSR__DSLOPE);
    tsr__launch_tensor(l, &p->y);
    tsr__launch_long(l, p->y.n);
    tsr__launch_long(l, p->y.c);
    tsr__launch_long_axes(l, p->y.size);
    tsr__launch_groups(l, global, device);
}

/* ---- Sums of GPUs: kernels/conv_backward_activation/tiled.cl ---------------------------------------------------- */

/* Work-items that share sums, which any GPU has in a group, and pixels of each. */
enum { TSR__SHARERS = 64, TSR__SHARED_ROUNDS = 16 };

/* Why a device cannot serve kernels whose work-items share sums, or NULL. */
static inline const char *tsr__refuse_sharers(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    return device->max_work_group < TSR__SHARERS || device->max_work_items[0] < TSR__SHARERS
               ? "the device has no work-groups of 64, which its kernel wants"
               : NULL;
}

/* Channels that a work-group makes where they lie side by side: so many elements are a line of a GPU's cache. */
static inline int64_t tsr__shared_lanes(const tsr_tensor *y)
{
    enum { MOST_LANES = 32 };
    int64_t lanes = 1;
    while (lanes < MOST_LANES && lanes < tsr__tensor_block(y)) lanes *= 2;
    return lanes;
}

/* The problem alone decides how many pieces there are, so that every device adds in the same order. */
static inline int64_t tsr__shared_pieces(const tsr_tensor *y)
{
    const int64_t pixels = TSR__SHARERS / tsr__shared_lanes(y) * TSR__SHARED_ROUNDS;
    return tsr__ceil_div(y->n * tsr__tensor_plane(y), pixels);
}

/* What the sums take of the workspace. */
static inline int64_t tsr__shared_sums_elements(const tsr__problem *p)
{
    return (p->dbias + p->dslope) * p->y.c * tsr__shared_pieces(&p->y);
}

static inline tsr__launch *tsr__shared_launch(tsr__launches *out, const tsr__problem *p, bool makes_dv,
                                              const char *entry)
{
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_backward_activation_tiled, entry);
    tsr__launch_define(l, "GROUP", TSR__SHARERS);
    tsr__launch_define(l, "ROUNDS", TSR__SHARED_ROUNDS);
    tsr__launch_define(l, "MAKES_DV", makes_dv);
    tsr__launch_define(l, "DTYPE", p->y.dtype);
    tsr__launch_define(l, "ACTIVATION", makes_dv ? (int64_t)p->activation : TSR_ACTIVATION_NONE);
    tsr__launch_define(l, "FROM_V", p->from_v);
    tsr__launch_define(l, "HAS_DBIAS", p->dbias);
    tsr__launch_define(l, "HAS_DSLOPE", p->dslope);
    tsr__launch_define(l, "ACCUMULATE", p->accumulate);
    return l;
}

/* Adds the launches that make dv, or take it as it is, and the sums that the problem asks for, which lie at `at` of the
 * workspace. */
static inline void tsr__launch_shared_sums(tsr__launches *out, const tsr__problem *p, bool makes_dv, int64_t at)
{
    const tsr_tensor *y = &p->y;
    const int64_t lanes = tsr__shared_lanes(y), channels = tsr__tensor_channels(y), pieces = tsr__shared_pieces(y);
    const int64_t global[3] = {tsr__ceil_div(channels, lanes) * pieces * TSR__SHARERS, 1, 1};
    const int64_t finish_global[3] = {y->c * TSR__SHARERS, 1, 1};
    const size_t local[3] = {TSR__SHARERS, 1, 1};
    tsr__launch *l = tsr__shared_launch(out, p, makes_dv, "conv_backward_activation_tiled");
    tsr__launch_slot(l, TSR__DY);
    tsr__launch_slot(l, TSR__Y);
    tsr__launch_slot(l, TSR__SLOPE);
    tsr__launch_slot(l, TSR__DV);
    tsr__launch_slot_at(l, TSR__WORKSPACE, at);
    tsr__launch_float(l, p->alpha);
    tsr__launch_float(l, p->beta);
    tsr__launch_int(l, y->c);
    tsr__launch_int(l, channels);
    tsr__launch_int(l, lanes);
    tsr__launch_int(l, tsr__tensor_block(y));
    tsr__launch_int(l, pieces);
    tsr__launch_int(l, y->n);
    tsr__launch_int_axes(l, y->size);
    tsr__launch_int(l, tsr__spanned_n(y));
    tsr__launch_int(l, tsr__spanned_c(y));
    tsr__launch_int_axes(l, y->strides.size);
    tsr__launch_grid(l, global, local);
    if (!p->dbias && !p->dslope) return;

    l = tsr__shared_launch(out, p, makes_dv, "conv_backward_activation_tiled_finish");
    tsr__launch_slot_at(l, TSR__WORKSPACE, at);
    tsr__launch_slot(l, TSR__DBIAS);
    tsr__launch_slot(l, TSR__DSLOPE);
    tsr__launch_int(l, pieces);
    tsr__launch_grid(l, finish_global, local);
}

#endif
