/* Sliding windows: the one place that knows automatic padding, the output size and where a window looks. */
#ifndef TSR_HOST_WINDOW_H
#define TSR_HOST_WINDOW_H

#include "status.h"

/* What a convolution's filter and a pooling's window have in common, for all axes. */
typedef struct tsr__window {
    int64_t size[TSR_AXES], filter[TSR_AXES], stride[TSR_AXES], dilation[TSR_AXES];
    int64_t pad_begin[TSR_AXES], pad_end[TSR_AXES];
    int64_t out[TSR_AXES]; /* once resolved */
    int64_t output_padding[TSR_AXES], output_size[TSR_AXES];
    tsr_auto_pad auto_pad;
    tsr_pad_mode pad_mode;
    bool transposed;
    bool ceil;     /* the output size is rounded up */
    bool adaptive; /* windows share the input evenly; once resolved, no filter is longer than `filter` */
} tsr__window;

static inline void tsr__copy_axes(int64_t to[TSR_AXES], const int64_t from[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) to[axis] = from[axis];
}

/* The fields that a window and the problems of tessera.h have by the same names, from one to the other. */
#define TSR__COPY_WINDOW(to, from)                          \
    do {                                                    \
        tsr__copy_axes((to)->size, (from)->size);           \
        tsr__copy_axes((to)->filter, (from)->filter);       \
        tsr__copy_axes((to)->stride, (from)->stride);       \
        tsr__copy_axes((to)->dilation, (from)->dilation);   \
        tsr__copy_axes((to)->pad_begin, (from)->pad_begin); \
        tsr__copy_axes((to)->pad_end, (from)->pad_end);     \
    } while (0)

/* Elements of input that a window spans on an axis. */
static inline int64_t tsr__window_extent(const tsr__window *w, int axis)
{
    return w->dilation[axis] * (w->filter[axis] - 1) + 1;
}

/* What a convolution of stride 1 by the mirrored filter pads with where it does the same as a transposed one, or makes
 * the gradient of one, that pads with `pad`; may be negative. */
static inline int64_t tsr__window_mirrored_pad(const tsr__window *w, int axis, int64_t pad)
{
    return tsr__window_extent(w, axis) - 1 - pad;
}

/* Where the window of an output begins; in the padding that is outside of the input. Not for transposed ones. */
static inline int64_t tsr__window_begin(const tsr__window *w, int axis, int64_t out)
{
    if (w->adaptive) return out * w->size[axis] / w->out[axis];
    return out * w->stride[axis] - w->pad_begin[axis];
}

/* How many elements the window of an output has. */
static inline int64_t tsr__window_taps(const tsr__window *w, int axis, int64_t out)
{
    if (!w->adaptive) return w->filter[axis];
    const int64_t end = ((out + 1) * w->size[axis] + w->out[axis] - 1) / w->out[axis];
    return end - tsr__window_begin(w, axis, out);
}

/* The input coordinate that element `tap` of a window looks at for an output; in the padding it is outside. */
static inline int64_t tsr__window_at(const tsr__window *w, int axis, int64_t out, int64_t tap)
{
    return tsr__window_begin(w, axis, out) + tap * w->dilation[axis];
}

/* The same where padding has been looked up: -1 where the element is zero padding, or, transposed, where no input
 * meets the output there. */
int64_t tsr__window_source(const tsr__window *w, int axis, int64_t out, int64_t tap);

/* The reverse: the outputs of a window whose element `tap` reads the input at `at`. Padding that mirrors or repeats
 * reads an input in several places of the padded axis, its images: itself, which is image 0, and at most so many in
 * all. For each image there is one output or none, -1. Not for transposed ones. */
int64_t tsr__window_images(const tsr__window *w, int axis);
int64_t tsr__window_reader(const tsr__window *w, int axis, int64_t at, int64_t image, int64_t tap);

static inline bool tsr__window_inside(const tsr__window *w, int64_t d, int64_t h, int64_t column)
{
    return d >= 0 && d < w->size[TSR_D] && h >= 0 && h < w->size[TSR_H] && column >= 0 && column < w->size[TSR_W];
}

/* Whether each output looks at the input of its own place, and at no other, and both have the same size. */
static inline bool tsr__window_is_pointwise(const tsr__window *w)
{
    for (int axis = 0; axis < TSR_AXES; ++axis)
        if (w->filter[axis] != 1 || w->stride[axis] != 1 || w->pad_begin[axis] != 0 || w->pad_end[axis] != 0 ||
            w->output_padding[axis] != 0)
            return false;
    return true;
}

/* A range of outputs: first, and one past the last. */
typedef struct tsr__range {
    int64_t first, end;
} tsr__range;

/* The outputs of [low, high) for which element `tap` of the window lies inside the input; first <= end. */
tsr__range tsr__window_outputs(const tsr__window *w, int axis, int64_t tap, int64_t low, int64_t high);

/* The outputs whose windows span the input at `at`, sliding or adaptive; and whether the window of an output has an
 * element there, which dilation may pass over. */
tsr__range tsr__window_over(const tsr__window *w, int axis, int64_t at);
bool tsr__window_has(const tsr__window *w, int axis, int64_t out, int64_t at);

/* Elements of the window of an output that lie inside the input, or with `padded` inside the padded input. */
int64_t tsr__window_count(const tsr__window *w, int axis, int64_t out, bool padded);

/* "zeros", "reflect", "replicate", "circular"; for a mode that was checked. */
const char *tsr__pad_mode_text(tsr_pad_mode mode);

/* Refuses what a window says of itself where the pooling settles it; messages call that "<whose> filter". */
tsr_status tsr__window_check_unsaid(const tsr__window *window, const char *whose);

/* Checks every field, turns auto_pad and output_size into explicit pads, and tells the output sizes, in `out` too. */
tsr_status tsr__window_resolve(tsr__window *window, int64_t out[TSR_AXES]);

#endif
