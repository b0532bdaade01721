/* What convolution kernels compile in and are passed. */
#ifndef TSR_HOST_CONV_DEFINES_H
#define TSR_HOST_CONV_DEFINES_H

#include "algorithm.h"
#include "reference_family.h"
#include "window_define.h"

/* What kernels/common/epilogue.cl compiles in, DTYPE with it. */
static inline void tsr__epilogue_define(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_define(launch, "DTYPE", p->x.dtype);
    tsr__launch_define(launch, "HAS_SCALE", p->scale);
    tsr__launch_define(launch, "HAS_BIAS", p->bias);
    tsr__launch_define(launch, "HAS_RESIDUAL", p->has_residual);
    tsr__launch_define(launch, "HAS_SLOPE", p->activation == TSR_ACTIVATION_PRELU);
    tsr__launch_define(launch, "ACTIVATION", p->activation);
}

/* EPILOGUE_MEMORY and EPILOGUE_NUMBERS of kernels/common/epilogue.cl. */
static inline void tsr__launch_epilogue(tsr__launch *launch, const tsr__problem *p)
{
    tsr__launch_slot(launch, TSR__SCALE);
    tsr__launch_slot(launch, TSR__BIAS);
    tsr__launch_slot(launch, TSR__RESIDUAL);
    tsr__launch_slot(launch, TSR__SLOPE);
    tsr__launch_float(launch, p->alpha);
    tsr__launch_float(launch, p->beta);
}

/* The window, or 0 for all of it where that is passed, and the epilogue. */
static inline void tsr__conv_define(tsr__launch *launch, const tsr__problem *p, bool compiled)
{
    static const tsr__window passed = {0};
    const tsr__window *w = compiled ? &p->window : &passed;
    tsr__window_define(launch, w);
    tsr__launch_define(launch, "T", w->filter[TSR_D]);
    tsr__launch_define(launch, "STRIDE_D", w->stride[TSR_D]);
    tsr__launch_define(launch, "DILATION_D", w->dilation[TSR_D]);
    tsr__epilogue_define(launch, p);
}

/* The window of the kernels for GPUs that have a loop over a column of the filter: that is compiled in, and all else is
 * passed. */
static inline void tsr__column_define(tsr__launch *l, const tsr__window *w)
{
    tsr__launch_define(l, "R", w->filter[TSR_H]);
    tsr__launch_define(l, "STRIDE_H", w->stride[TSR_H]);
    tsr__launch_define(l, "DILATION_H", w->dilation[TSR_H]);
    tsr__launch_define(l, "PAD_MODE", w->pad_mode);
}

/* What is passed. */
static inline void tsr__launch_column_window(tsr__launch *l, const tsr__window *w)
{
    tsr__launch_int(l, w->filter[TSR_D]);
    tsr__launch_int(l, w->filter[TSR_W]);
    tsr__launch_int(l, w->stride[TSR_D]);
    tsr__launch_int(l, w->stride[TSR_W]);
    tsr__launch_int(l, w->dilation[TSR_D]);
    tsr__launch_int(l, w->dilation[TSR_W]);
    tsr__launch_int_axes(l, w->pad_begin);
}

/* How taps and outputs move in the input on one axis: see kernels/common/taps.cl. */
typedef struct tsr__tap_steps {
    int64_t pixel; /* of the input for a step of the output, within a phase */
    int64_t phase; /* from one output of a phase to the next; 1 where there are no phases */
    int64_t tap;   /* from one tap that a phase meets to the next */
    int64_t reach; /* of the input for a step of those taps */
} tsr__tap_steps;

static inline tsr__tap_steps tsr__tap_steps_of(const tsr__window *w, int axis)
{
    const int64_t stride = w->stride[axis], dilation = w->dilation[axis];
    int64_t common = stride, rest = dilation; /* Euclid's greatest common divisor */
    while (rest != 0) {
        const int64_t next = common % rest;
        common = rest;
        rest = next;
    }
    if (!w->transposed) return (tsr__tap_steps){stride, 1, 1, dilation};
    return (tsr__tap_steps){1, stride, stride / common, -dilation / common};
}

/* Phases of a transposed convolution, and outputs of the largest. */
static inline int64_t tsr__phases(const tsr__problem *p)
{
    const int64_t *stride = p->window.stride;
    return p->window.transposed ? stride[TSR_D] * stride[TSR_H] * stride[TSR_W] : 1;
}

static inline int64_t tsr__phase_pixels(const tsr__problem *p)
{
    int64_t count = 1;
    for (int axis = 0; axis < TSR_AXES; ++axis)
        count *= tsr__ceil_div(p->y.size[axis], p->window.transposed ? p->window.stride[axis] : 1);
    return count;
}

/* The strides of a tensor without blocks. */
static inline void tsr__launch_plain_strides(tsr__launch *l, const tsr_tensor *t)
{
    tsr__launch_int(l, tsr__spanned_n(t));
    tsr__launch_int(l, tsr__channel_stride(t));
    tsr__launch_int_axes(l, t->strides.size);
}

/* Sizes of x and y, the window, and the strides of x, y and the residual, none of them in blocks. */
static inline void tsr__launch_plain_problem(tsr__launch *l, const tsr__problem *p)
{
    tsr__launch_int_axes(l, p->x.size);
    tsr__launch_int_axes(l, p->y.size);
    tsr__launch_window(l, &p->window);
    tsr__launch_int(l, p->window.pad_mode);
    tsr__launch_plain_strides(l, &p->x);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
}

/* For algorithms that read channels side by side. */
static inline void tsr__nhwc_layouts(const tsr_device *device, tsr__problem *p)
{
    (void)device;
    tsr__same_layouts(&p->x, &p->y, TSR_LAYOUT_NHWC);
}

/* In plain weights, from one output channel of a group to the next, and from one input channel. */
static inline int64_t tsr__weights_k_step(const tsr__problem *p)
{
    return p->window.transposed ? tsr__taps(p) : tsr__group_c(p) * tsr__taps(p);
}

static inline int64_t tsr__weights_c_step(const tsr__problem *p)
{
    return p->window.transposed ? tsr__group_k(p) * tsr__taps(p) : tsr__taps(p);
}

/* How plain weights lie, for kernels that pack them: from group to group, from output channel to output channel of a
 * group, and from input channel to input channel; and whether taps are counted from the last on. */
static inline void tsr__launch_weights(tsr__launch *l, const tsr__problem *p)
{
    tsr__launch_int(l, tsr__group_k(p) * tsr__group_c(p) * tsr__taps(p));
    tsr__launch_int(l, tsr__weights_k_step(p));
    tsr__launch_int(l, tsr__weights_c_step(p));
    tsr__launch_int(l, p->flip);
}

/* Refusals that several algorithms share. */
#define TSR__CONV_LARGE_FILTER   "the filter is above 16 on an axis, and its loops over it are unrolled"
#define TSR__CONV_SHARED_CHANNEL "one group of several filters is not depthwise"

/* Whether several filters look at the only input channel, which kernels for depthwise convolution do not divide among
 * them. */
static inline bool tsr__shares_channel(const tsr__problem *p)
{
    return p->groups == 1 && p->y.c > 1;
}

static inline const char *tsr__conv_refuse_packed(int64_t elements)
{
    return elements <= TSR__MAX_INT_INDEX ? NULL
                                          : "the packed weights have more elements than its 32-bit indices reach";
}

#endif
