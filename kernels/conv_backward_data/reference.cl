/* conv_backward_data/reference: dx = the gradient of a convolution by its input, for any problem: 1 to 3 axes, any
 * layout, strides, type and size. It runs where the gradient is no convolution itself: with padding that mirrors or
 * repeats the input, and with output padding of the stride or more.
 *
 *   launch      conv_backward_data_reference: global = (D * H * W rounded up to whole groups, C with spare lanes, N)
 *               conv_backward_data_scale:     global = (elements of the weights rounded up to whole groups, 1, 1)
 *               local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE; HAS_SCALE and PAD_MODE, a number of tsr_pad_mode, by conv_backward_data_reference
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * One work-item makes one element of dx: it gathers what read its element of x, in a fixed order. host/window.c has the
 * twin of where that is. conv_backward_data_scale multiplies weights by scale for the passes that are convolutions.
 */
#include "common/types.cl"
#include "common/tensor.cl"
#ifndef HAS_SCALE
#define HAS_SCALE 0
#define PAD_MODE  0
#endif

/* With zeros around it, a convolution that is not transposed has a gradient that is one. */
#define TRANSPOSED (PAD_MODE == 0)

#define SCALE_NUMBERS(EACH)                                                                           \
    OFFSET(EACH, w) OFFSET(EACH, scale) OFFSET(EACH, scaled) EACH(long, skipped) EACH(long, elements) \
        EACH(long, inner) EACH(long, per_group) EACH(long, outer)
STRUCT(SCALE_NUMBERS) scale_numbers;

__kernel void conv_backward_data_scale(__global const X_ELEMENT *restrict weights,
                                       __global const X_ELEMENT *restrict scale, __global X_ELEMENT *restrict scaled,
                                       const scale_numbers passed)
{
    SCALE_NUMBERS(UNPACK);
    const long i = (long)get_global_id(0);
    if (i >= elements) return;
    const long channel = i / outer * per_group + i / inner % per_group;
    const REAL v = LOAD_X(weights, w_offset + (ulong)i) * LOAD_X(scale, scale_offset + (ulong)channel);
    /* The offset counts the workspace's elements, which are as long as what is computed with. */
    const ulong begin = scaled_offset * (sizeof(REAL) / sizeof(X_ELEMENT)) + (ulong)skipped;
    STORE_Y(v, scaled, begin + (ulong)i);
}

/* In how many places of the padded input, at most, an element of the input is read: its images, 0 being itself. */
static uint count_images(int pad_begin, int pad_end)
{
    return PAD_MODE == 0 ? 1 : PAD_MODE == 2 ? 1 + (uint)pad_begin + (uint)pad_end : 3;
}

/* Where an image of an element lies on the padded axis; at the element itself where there is none. */
static long place_image(long at, long image, long last, long pad_begin)
{
    if (PAD_MODE == 1) return image == 1 ? -at : 2 * last - at;
    if (PAD_MODE == 3) return image == 1 ? at - last - 1 : at + last + 1;
    if (image <= pad_begin) return at == 0 ? -image : at;
    return at == last ? last + image - pad_begin : at;
}

/* The output whose filter element `tap` read an element of the input through an image of it, on one axis; -1: none. */
static long reader(long at, long image, long tap, long size, long outs, long stride, long dilation, long pad_begin)
{
    const long place = image == 0 ? at : place_image(at, image, size - 1, pad_begin);
    const long begin = TRANSPOSED ? at * stride - pad_begin + tap * dilation : place + pad_begin - tap * dilation;
    if ((image > 0 && place == at) || begin < 0 || (!TRANSPOSED && begin % stride != 0)) return -1;
    const long out = TRANSPOSED ? begin : begin / stride;
    return out < outs ? out : -1;
}

#define REFERENCE_NUMBERS(EACH)                                                                                   \
    OFFSET(EACH, dv) OFFSET(EACH, w) OFFSET(EACH, scale) OFFSET(EACH, dx) TENSOR_NUMBERS(EACH, dx)                \
        TENSOR_NUMBERS(EACH, dv) EACH(long, c) THREE(EACH, long, d, h, w) THREE(EACH, long, o, p, q) WINDOW(EACH) \
            AXES(EACH, int, end) EACH(long, group_c) EACH(long, group_k) EACH(int, flip)
STRUCT(REFERENCE_NUMBERS) reference_numbers;

__kernel void conv_backward_data_reference(__global const X_ELEMENT *restrict dv,
                                           __global const X_ELEMENT *restrict weights,
                                           MAYBE __global const X_ELEMENT *restrict scale,
                                           __global Y_ELEMENT *restrict dx, const reference_numbers passed)
{
    REFERENCE_NUMBERS(UNPACK);
    const long pixel = (long)get_global_id(0);
    const long ic = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= d * h * w) return;
    const long id = pixel / (h * w), ih = pixel / w % h, iw = pixel % w;
    dx += dx_offset + TENSOR_AT(dx, n, ic, id, ih, iw);
    if (ic >= c) {
        STORE_Y(REAL_OF(0.0), dx, 0); /* a spare lane of the last block */
        return;
    }

    /* Weights are k, c / groups, filter, or transposed c, k / groups, filter. */
    const long taps = (long)t * r * s, first_k = ic / group_c * group_k;
    const long k_step = TRANSPOSED ? taps : group_c * taps;
    weights += w_offset + (ulong)((TRANSPOSED ? ic * group_k : first_k * group_c + ic % group_c) * taps);
    dv += dv_offset + TENSOR_AT(dv, n, 0, 0, 0, 0);
    const uint images_d = count_images(pad_d, end_d), images_h = count_images(pad_h, end_h);
    const long images = (long)images_d * images_h * count_images(pad_w, end_w);
    const long end_k = first_k + group_k;
    REAL sum = REAL_OF(0.0);
    for (long tap = 0; tap < taps; ++tap)
        for (long i = 0; i < images; ++i) {
            const long oo = reader(id, i % images_d, tap / s / r, d, o, stride_d, dilation_d, pad_d);
            const long op = reader(ih, i / images_d % images_h, tap / s % r, h, p, stride_h, dilation_h, pad_h);
            const long oq = reader(iw, i / images_d / images_h, tap % s, w, q, stride_w, dilation_w, pad_w);
            if (oo < 0 || op < 0 || oq < 0) continue;
            long at = flip ? taps - 1 - tap : tap;
            for (long ok = first_k; ok < end_k; ++ok, at += k_step) {
                const REAL scale_k = HAS_SCALE ? LOAD_X(scale, scale_offset + (ulong)ok) : REAL_OF(1.0);
                sum += LOAD_X(weights, at) * scale_k * LOAD_X(dv, TENSOR_AT(dv, 0, ok, oo, op, oq));
            }
        }
    STORE_Y(sum, dx, 0);
}
