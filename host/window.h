/* Sliding windows: the one place that knows automatic padding and the output size. */
#ifndef TSR_HOST_WINDOW_H
#define TSR_HOST_WINDOW_H

#include "status.h"

/* What a convolution's filter and a pooling's window have in common, for all axes. */
typedef struct tsr__window {
    int64_t size[TSR_AXES], filter[TSR_AXES], stride[TSR_AXES], dilation[TSR_AXES];
    int64_t pad_begin[TSR_AXES], pad_end[TSR_AXES];
    tsr_auto_pad auto_pad;
} tsr__window;

static inline void tsr__copy_axes(int64_t to[TSR_AXES], const int64_t from[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) to[axis] = from[axis];
}

/* Elements of input that a window spans on an axis. */
static inline int64_t tsr__window_extent(const tsr__window *w, int axis)
{
    return w->dilation[axis] * (w->filter[axis] - 1) + 1;
}

/* The input coordinate that element `tap` of a window looks at for an output; in the padding it is outside. */
static inline int64_t tsr__window_at(const tsr__window *w, int axis, int64_t out, int64_t tap)
{
    return out * w->stride[axis] - w->pad_begin[axis] + tap * w->dilation[axis];
}

static inline bool tsr__window_inside(const tsr__window *w, int64_t d, int64_t h, int64_t column)
{
    return d >= 0 && d < w->size[TSR_D] && h >= 0 && h < w->size[TSR_H] && column >= 0 && column < w->size[TSR_W];
}

/* A range of outputs: first, and one past the last. */
typedef struct tsr__range {
    int64_t first, end;
} tsr__range;

/* The outputs of [low, high) for which element `tap` of the window lies inside the input; first <= end. */
tsr__range tsr__window_outputs(const tsr__window *w, int axis, int64_t tap, int64_t low, int64_t high);

/* Elements of the window of an output that lie inside the input, or with `padded` inside the padded input. */
int64_t tsr__window_count(const tsr__window *w, int axis, int64_t out, bool padded);

/* Checks every field, turns auto_pad into explicit pads (and into NOTSET), and tells the output sizes. */
tsr_status tsr__window_resolve(tsr__window *window, int64_t out[TSR_AXES]);

#endif
