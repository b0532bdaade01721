/* What the fast algorithms of the weights pass read, and where they put it. */
#ifndef TSR_HOST_CONV_BACKWARD_WEIGHTS_INPUTS_H
#define TSR_HOST_CONV_BACKWARD_WEIGHTS_INPUTS_H

#include "conv_backward_weights/finish.h"
#include "reorder_rows.h"

/* One of the two tensors: as it is given, and as it is read. Where they differ it is staged: copied into the workspace
 * first, which costs little beside the products. */
typedef struct tsr__weights_input {
    tsr_tensor given, read;
    tsr__slot slot;
    bool staged;
} tsr__weights_input;

/* The kernels' x is read through the window, and of their dv every element. A transposed convolution's output is what
 * is read through the window: there x and dv change places. */
typedef struct tsr__weights_inputs {
    tsr__weights_input x, dv;
    int64_t pieces; /* whole sets of sums, which are added at the end */
} tsr__weights_inputs;

static inline tsr__weights_inputs tsr__weights_inputs_of(const tsr__problem *p)
{
    const tsr__weights_input x = {p->x, p->x, TSR__X, false}, dv = {p->y, p->y, TSR__DV, false};
    return p->window.transposed ? (tsr__weights_inputs){dv, x, 1} : (tsr__weights_inputs){x, dv, 1};
}

/* Has it read in another layout, as what is computed with. */
static inline void tsr__weights_stage(tsr__weights_input *in, tsr_layout layout)
{
    in->read = tsr__staged(&in->given, layout);
    in->staged = true;
}

/* Whether the sums are the gradient, and are stored as such. */
static inline bool tsr__weights_are_direct(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return in->pieces == 1 && !p->scale && !p->dscale && p->x.dtype != TSR_F16;
}

/* The workspace: sums, then what is staged of x, then of dv. */
static inline int64_t tsr__weights_x_at(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return tsr__weights_are_direct(p, in) ? 0 : in->pieces * p->w_elements;
}

static inline int64_t tsr__weights_dv_at(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return tsr__weights_x_at(p, in) + (in->x.staged ? tsr__tensor_elements(&in->x.read) : 0);
}

static inline int64_t tsr__weights_workspace(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return tsr__weights_dv_at(p, in) + (in->dv.staged ? tsr__tensor_elements(&in->dv.read) : 0);
}

/* Adds the launches that stage, and begins the one that sums: DTYPE ACCUMULATE, and x, dv and the sums as arguments. */
static inline tsr__launch *tsr__weights_begin(tsr__launches *out, const tsr__problem *p, const tsr__weights_inputs *in,
                                              const tsr__source *source, const char *entry)
{
    const int64_t at[2] = {tsr__weights_x_at(p, in), tsr__weights_dv_at(p, in)};
    const tsr__weights_input *const inputs[2] = {&in->x, &in->dv};
    for (int i = 0; i < 2; ++i)
        if (inputs[i]->staged)
            tsr__reorder_rows_launch(tsr__launches_add(out, NULL, NULL), &inputs[i]->given, inputs[i]->slot,
                                     &inputs[i]->read, TSR__WORKSPACE, at[i]);
    tsr__launch *l = tsr__launches_add(out, source, entry);
    tsr__launch_define(l, "DTYPE", in->x.read.dtype);
    tsr__launch_define(l, "ACCUMULATE", tsr__weights_are_direct(p, in) && p->accumulate);
    for (int i = 0; i < 2; ++i)
        tsr__launch_slot_at(l, inputs[i]->staged ? TSR__WORKSPACE : inputs[i]->slot, inputs[i]->staged ? at[i] : 0);
    tsr__launch_slot(l, tsr__weights_are_direct(p, in) ? TSR__DW : TSR__WORKSPACE);
    return l;
}

/* Adds what follows the sums. */
static inline void tsr__weights_end(tsr__launches *out, const tsr__problem *p, const tsr__weights_inputs *in,
                                    const tsr_device *device)
{
    if (!tsr__weights_are_direct(p, in)) tsr__launch_finish(out, p, in->pieces, 1);
    if (p->dbias) tsr__launch_channel_sums(out, p, device);
}

/* The same for GPUs, where work-items share an output channel, and its workspace: what dbias takes lies behind the
 * rest. */
static inline int64_t tsr__weights_shared_workspace(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return tsr__weights_workspace(p, in) + tsr__shared_sums_elements(p);
}

static inline void tsr__weights_end_shared(tsr__launches *out, const tsr__problem *p, const tsr__weights_inputs *in)
{
    if (!tsr__weights_are_direct(p, in)) tsr__launch_finish(out, p, in->pieces, TSR__SHARERS);
    if (p->dbias) tsr__launch_shared_sums(out, p, false, tsr__weights_workspace(p, in));
}

#endif
