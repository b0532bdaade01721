#include "window.h"

#include <inttypes.h>
#include <stdio.h>

#include "tensor.h"

/* ---- Checks ---------------------------------------------------------------------------------------------------- */

const char *tsr__pad_mode_text(tsr_pad_mode mode)
{
    static const char *const texts[] = {"zeros", "reflect", "replicate", "circular"};
    return texts[mode];
}

static tsr_status check_fields(const tsr__window *w)
{
    TSR__TRY(tsr__check_axes("size", w->size, 1, TSR__MAX_SIZE));
    TSR__TRY(tsr__check_axes("filter", w->filter, 1, w->adaptive ? TSR__MAX_SIZE : TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("stride", w->stride, 1, w->adaptive ? TSR__MAX_SIZE : TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("dilation", w->dilation, 1, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("pad_begin", w->pad_begin, 0, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_axes("pad_end", w->pad_end, 0, TSR__MAX_WINDOW));
    TSR__TRY(tsr__check_range("auto_pad", w->auto_pad, TSR_PAD_NOTSET, TSR_PAD_VALID));
    return tsr__check_range("pad_mode", w->pad_mode, TSR_PAD_ZEROS, TSR_PAD_CIRCULAR);
}

/* Padding that mirrors or repeats reaches back into the input once. */
static tsr_status check_pad_mode(const tsr__window *w, int axis)
{
    if (w->pad_mode != TSR_PAD_REFLECT && w->pad_mode != TSR_PAD_CIRCULAR) return TSR_OK;
    const int64_t limit = w->pad_mode == TSR_PAD_REFLECT ? w->size[axis] - 1 : w->size[axis];
    if (w->pad_begin[axis] <= limit && w->pad_end[axis] <= limit) return TSR_OK;
    return tsr__fail(
        TSR_INVALID_VALUE, "pad[%c] is %" PRId64 " and %" PRId64 "; with %s padding it may be at most %" PRId64 " here",
        tsr__axis_letter(axis), w->pad_begin[axis], w->pad_end[axis], tsr__pad_mode_text(w->pad_mode), limit);
}

static tsr_status check_no_pads(const tsr__window *w, int axis, const char *with)
{
    if (w->pad_begin[axis] == 0 && w->pad_end[axis] == 0) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "pad[%c] is %" PRId64 " and %" PRId64 "; with %s explicit pads must be 0",
                     tsr__axis_letter(axis), w->pad_begin[axis], w->pad_end[axis], with);
}

tsr_status tsr__window_check_unsaid(const tsr__window *w, const char *whose)
{
    const struct {
        const char *name;
        const int64_t *values;
        int64_t low, high;
    } fields[] = {{"filter", w->filter, 1, 1},
                  {"stride", w->stride, 0, 1},
                  {"dilation", w->dilation, 1, 1},
                  {"pad_begin", w->pad_begin, 0, 0},
                  {"pad_end", w->pad_end, 0, 0}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; ++i) {
        char name[64];
        snprintf(name, sizeof name, "%s %s", whose, fields[i].name);
        TSR__TRY(tsr__check_axes(name, fields[i].values, fields[i].low, fields[i].high));
    }
    if (w->ceil) return tsr__fail(TSR_INVALID_VALUE, "%s ceil is true; allowed is false", whose);
    if (w->auto_pad == TSR_PAD_NOTSET) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s auto_pad is %d; allowed is notset (0)", whose, (int)w->auto_pad);
}

/* ---- Forward --------------------------------------------------------------------------------------------------- */

/* Spreads an axis' padding over its ends, an odd element at the end that `upper` tells. */
static void spread_padding(tsr__window *w, int axis, int64_t total, bool upper)
{
    const int64_t smaller = total / 2;
    w->pad_begin[axis] = upper ? smaller : total - smaller;
    w->pad_end[axis] = total - w->pad_begin[axis];
}

/* ONNX Conv, opset 22: SAME gives ceil(size / stride) outputs. */
static tsr_status pad_automatically(tsr__window *w, int axis)
{
    TSR__TRY(check_no_pads(w, axis, "auto_pad"));
    if (w->auto_pad == TSR_PAD_VALID) return TSR_OK;
    const int64_t out = tsr__ceil_div(w->size[axis], w->stride[axis]);
    const int64_t wanted = (out - 1) * w->stride[axis] + tsr__window_extent(w, axis) - w->size[axis];
    spread_padding(w, axis, wanted > 0 ? wanted : 0, w->auto_pad == TSR_PAD_SAME_UPPER);
    return TSR_OK;
}

static tsr_status resolve_axis(tsr__window *w, int axis)
{
    if (w->auto_pad != TSR_PAD_NOTSET) TSR__TRY(pad_automatically(w, axis));
    TSR__TRY(check_pad_mode(w, axis));
    const int64_t stride = w->stride[axis];
    const int64_t padded = w->size[axis] + w->pad_begin[axis] + w->pad_end[axis];
    const int64_t extent = tsr__window_extent(w, axis);
    /* With ceil a window that is too large hangs over once, where rounding up makes that one output. */
    const int64_t room = padded - extent + (w->ceil ? stride - 1 : 0);
    if (room < 0)
        return tsr__fail(TSR_INVALID_VALUE,
                         "filter[%c] is %" PRId64 " with dilation %" PRId64 ", spanning %" PRId64
                         "; the padded input has only %" PRId64,
                         tsr__axis_letter(axis), w->filter[axis], w->dilation[axis], extent, padded);
    w->out[axis] = room / stride + 1;
    if (w->ceil && w->out[axis] > 1 && (w->out[axis] - 1) * stride >= w->size[axis] + w->pad_begin[axis])
        --w->out[axis];
    return TSR_OK;
}

static tsr_status resolve_adaptive(tsr__window *w, int axis)
{
    const int64_t out = w->output_size[axis] == 0 ? 1 : w->output_size[axis];
    if (out > INT64_MAX / 2 / w->size[axis])
        return tsr__fail(TSR_INVALID_VALUE,
                         "output_size[%c] is %" PRId64 "; its product with size must stay below 2^62",
                         tsr__axis_letter(axis), out);
    w->out[axis] = out;
    w->filter[axis] = tsr__ceil_div(w->size[axis], out) + (w->size[axis] % out != 0);
    return TSR_OK;
}

/* ---- Transposed ------------------------------------------------------------------------------------------------ */

/* ONNX ConvTranspose, opset 22. The size that is asked for becomes pads, or output padding where it is larger than
 * what the windows cover. */
static tsr_status fit_output(tsr__window *w, int axis, int64_t covered, int64_t wanted)
{
    const int64_t total = covered + w->output_padding[axis] - wanted;
    if (total >= 0)
        spread_padding(w, axis, total, w->auto_pad == TSR_PAD_SAME_UPPER);
    else
        w->output_padding[axis] -= total;
    return TSR_OK;
}

static tsr_status resolve_transposed(tsr__window *w, int axis)
{
    const int64_t stride = w->stride[axis];
    const int64_t largest = (stride > w->dilation[axis] ? stride : w->dilation[axis]) - 1;
    if (w->output_padding[axis] < 0 || w->output_padding[axis] > largest)
        return tsr__fail(TSR_INVALID_VALUE,
                         "output_padding[%c] is %" PRId64 "; allowed are 0 to %" PRId64 ", less than stride, %" PRId64
                         ", or dilation, %" PRId64,
                         tsr__axis_letter(axis), w->output_padding[axis], largest, stride, w->dilation[axis]);
    uint64_t spread = (uint64_t)stride;
    if (!tsr__multiply(&spread, w->size[axis]) || spread > (uint64_t)INT64_MAX / 4)
        return tsr__fail(TSR_INVALID_VALUE,
                         "size[%c] is %" PRId64 "; its product with stride, %" PRId64 ", must stay below 2^61",
                         tsr__axis_letter(axis), w->size[axis], stride);
    const int64_t covered = stride * (w->size[axis] - 1) + tsr__window_extent(w, axis);
    const int64_t asked = w->output_size[axis];
    if (asked > 0 || w->auto_pad != TSR_PAD_NOTSET)
        TSR__TRY(check_no_pads(w, axis, asked > 0 ? "output_size" : "auto_pad"));
    const bool same = w->auto_pad == TSR_PAD_SAME_UPPER || w->auto_pad == TSR_PAD_SAME_LOWER;
    if (asked > 0 || same) TSR__TRY(fit_output(w, axis, covered, asked > 0 ? asked : w->size[axis] * stride));
    if (w->output_padding[axis] > largest)
        return tsr__fail(TSR_INVALID_VALUE,
                         "output_size[%c] is %" PRId64 "; without padding it may be %" PRId64 " at most",
                         tsr__axis_letter(axis), asked, covered + largest);
    w->out[axis] = covered + w->output_padding[axis] - w->pad_begin[axis] - w->pad_end[axis];
    if (w->out[axis] >= 1) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE,
                     "pad[%c] is %" PRId64 " and %" PRId64 "; of the transposed output's %" PRId64 " nothing is left",
                     tsr__axis_letter(axis), w->pad_begin[axis], w->pad_end[axis], covered + w->output_padding[axis]);
}

static tsr_status check_output_fields(const tsr__window *w)
{
    if (w->transposed && w->pad_mode != TSR_PAD_ZEROS)
        return tsr__fail(TSR_INVALID_VALUE, "pad_mode is %s; transposed convolution pads with zeros alone",
                         tsr__pad_mode_text(w->pad_mode));
    if (w->adaptive) TSR__TRY(tsr__window_check_unsaid(w, "adaptive pooling's"));
    if (!w->transposed) TSR__TRY(tsr__check_axes("without transposed, output_padding", w->output_padding, 0, 0));
    if (w->transposed || w->adaptive) return tsr__check_axes("output_size", w->output_size, 0, TSR__MAX_SIZE);
    return tsr__check_axes("without transposed or adaptive, output_size", w->output_size, 0, 0);
}

/* ---- All ------------------------------------------------------------------------------------------------------- */

tsr_status tsr__window_resolve(tsr__window *w, int64_t out[TSR_AXES])
{
    TSR__TRY(check_fields(w));
    TSR__TRY(check_output_fields(w));
    for (int axis = 0; axis < TSR_AXES; ++axis)
        TSR__TRY(w->transposed ? resolve_transposed(w, axis)
                 : w->adaptive ? resolve_adaptive(w, axis)
                               : resolve_axis(w, axis));
    w->auto_pad = TSR_PAD_NOTSET;
    tsr__copy_axes(out, w->out);
    return TSR_OK;
}

/* Where padding looks: into the input, or -1 for zero. */
static int64_t look_up(const tsr__window *w, int axis, int64_t at)
{
    const int64_t size = w->size[axis];
    if (at >= 0 && at < size) return at;
    switch (w->pad_mode) {
    case TSR_PAD_ZEROS:
        break;
    case TSR_PAD_REFLECT:
        return at < 0 ? -at : 2 * (size - 1) - at;
    case TSR_PAD_REPLICATE:
        return at < 0 ? 0 : size - 1;
    case TSR_PAD_CIRCULAR:
        return at < 0 ? at + size : at - size;
    }
    return -1;
}

int64_t tsr__window_source(const tsr__window *w, int axis, int64_t out, int64_t tap)
{
    if (!w->transposed) return look_up(w, axis, tsr__window_at(w, axis, out, tap));
    const int64_t scaled = out + w->pad_begin[axis] - tap * w->dilation[axis];
    if (scaled < 0 || scaled % w->stride[axis] != 0) return -1;
    const int64_t at = scaled / w->stride[axis];
    return at < w->size[axis] ? at : -1;
}

int64_t tsr__window_images(const tsr__window *w, int axis)
{
    if (w->pad_mode == TSR_PAD_ZEROS) return 1;
    return w->pad_mode == TSR_PAD_REPLICATE ? 1 + w->pad_begin[axis] + w->pad_end[axis] : 3;
}

/* Where an image of an input lies on the padded axis; the input itself where there is no such image. */
static int64_t place_image(const tsr__window *w, int axis, int64_t at, int64_t image)
{
    const int64_t last = w->size[axis] - 1;
    switch (w->pad_mode) {
    case TSR_PAD_ZEROS:
        break;
    case TSR_PAD_REFLECT:
        return image == 1 ? -at : 2 * last - at;
    case TSR_PAD_REPLICATE:
        if (image <= w->pad_begin[axis]) return at == 0 ? -image : at;
        return at == last ? last + image - w->pad_begin[axis] : at;
    case TSR_PAD_CIRCULAR:
        return image == 1 ? at - w->size[axis] : at + w->size[axis];
    }
    return at;
}

int64_t tsr__window_reader(const tsr__window *w, int axis, int64_t at, int64_t image, int64_t tap)
{
    const int64_t place = image == 0 ? at : place_image(w, axis, at, image);
    const int64_t begin = place + w->pad_begin[axis] - tap * w->dilation[axis];
    if ((image > 0 && place == at) || begin < 0 || begin % w->stride[axis] != 0) return -1;
    return begin / w->stride[axis] < w->out[axis] ? begin / w->stride[axis] : -1;
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

tsr__range tsr__window_over(const tsr__window *w, int axis, int64_t at)
{
    const int64_t outs = w->out[axis], size = w->size[axis], stride = w->stride[axis];
    if (w->adaptive) return (tsr__range){.first = at * outs / size, .end = ((at + 1) * outs - 1) / size + 1};
    const int64_t place = at + w->pad_begin[axis], before = place - tsr__window_extent(w, axis);
    const tsr__range range = {.first = before < 0 ? 0 : before / stride + 1, .end = place / stride + 1};
    return range.end < outs ? range : (tsr__range){.first = range.first < outs ? range.first : outs, .end = outs};
}

bool tsr__window_has(const tsr__window *w, int axis, int64_t out, int64_t at)
{
    const int64_t offset = at - tsr__window_begin(w, axis, out);
    return offset >= 0 && offset % w->dilation[axis] == 0 &&
           offset / w->dilation[axis] < tsr__window_taps(w, axis, out);
}

int64_t tsr__window_count(const tsr__window *w, int axis, int64_t out, bool padded)
{
    const int64_t low = padded ? -w->pad_begin[axis] : 0;
    const int64_t high = w->size[axis] + (padded ? w->pad_end[axis] : 0);
    const int64_t taps = tsr__window_taps(w, axis, out);
    int64_t count = 0;
    for (int64_t tap = 0; tap < taps; ++tap) {
        const int64_t at = tsr__window_at(w, axis, out, tap);
        count += at >= low && at < high;
    }
    return count;
}
