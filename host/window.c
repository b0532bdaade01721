#include "window.h"

#include <inttypes.h>

#include "tensor.h"

static tsr_status check_fields(const tsr__window *w)
{
    TSR__TRY(tsr__check_axes("size", w->size, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_axes("filter", w->filter, 1, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("stride", w->stride, 1, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("dilation", w->dilation, 1, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("pad_begin", w->pad_begin, 0, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("pad_end", w->pad_end, 0, TSR__MAX_WINDOW));
    return tsr__check_range("auto_pad", w->auto_pad, TSR_PAD_NOTSET, TSR_PAD_VALID);
}

/* ONNX Conv, opset 22: SAME gives ceil(size / stride) outputs. */
static tsr_status pad_automatically(tsr__window *w, int axis)
{
    if (w->pad_begin[axis] != 0 || w->pad_end[axis] != 0)
        return tsr__fail(TSR_INVALID_VALUE,
                         "pad[%c] is %" PRId64 " and %" PRId64 "; with auto_pad explicit pads must be 0", "DHW"[axis],
                         w -> pad_begin[axis], w -> pad_end[axis]);
    if (w->auto_pad == TSR_PAD_VALID) return TSR_OK;
    const int64_t out = tsr__ceil_div(w->size[axis], w->stride[axis]);
    const int64_t wanted = (out - 1) * w->stride[axis] + tsr__window_extent(w, axis) - w->size[axis];
    const int64_t total = wanted > 0 ? wanted : 0;
    const int64_t smaller = total / 2;
    w->pad_begin[axis] = w->auto_pad == TSR_PAD_SAME_UPPER ? smaller : total - smaller;
    w->pad_end[axis] = total - w->pad_begin[axis];
    return TSR_OK;
}

tsr_status tsr__window_resolve(tsr__window *w, int64_t out[TSR_AXES])
{
    TSR__TRY(check_fields(w));
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        if (w->auto_pad != TSR_PAD_NOTSET) TSR__TRY(pad_automatically(w, axis));
        const int64_t padded = w->size[axis] + w->pad_begin[axis] + w->pad_end[axis];
        const int64_t extent = tsr__window_extent(w, axis);
        if (extent > padded)
            return tsr__fail(TSR_INVALID_VALUE,
                             "filter[%c] is %" PRId64 " with dilation %" PRId64 ", spanning %" PRId64
                             "; the padded input has only %" PRId64,
                             "DHW"[axis], w -> filter[axis], w -> dilation[axis], extent, padded);
        out[axis] = (padded - extent) / w->stride[axis] + 1;
    }
    w->auto_pad = TSR_PAD_NOTSET;
    return TSR_OK;
}

/* Rounded down, also below 0; b is positive. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

tsr__range tsr__window_outputs(const tsr__window *w, int axis, int64_t tap, int64_t low, int64_t high)
{
    /* 0 <= out * stride + shift < size */
    const int64_t shift = tap * w->dilation[axis] - w->pad_begin[axis];
    const int64_t first = -floor_div(shift, w->stride[axis]);
    const int64_t end = floor_div(w->size[axis] - 1 - shift, w->stride[axis]) + 1;
    tsr__range range = {.first = first > low ? first : low, .end = end < high ? end : high};
    if (range.first > high) range.first = high;
    if (range.end < range.first) range.end = range.first;
    return range;
}

int64_t tsr__window_count(const tsr__window *w, int axis, int64_t out, bool padded)
{
    const int64_t low = padded ? -w->pad_begin[axis] : 0;
    const int64_t high = w->size[axis] + (padded ? w->pad_end[axis] : 0);
    int64_t count = 0;
    for (int64_t tap = 0; tap < w->filter[axis]; ++tap) {
        const int64_t at = tsr__window_at(w, axis, out, tap);
        count += at >= low && at < high;
    }
    return count;
}
