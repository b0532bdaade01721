/* conv/reference: y = activation(scale * conv(x, w) + bias + residual) for any problem: 1 to 3 axes, any layout,
 * strides, type and size, transposed or not.
 *
 *   launch      global = (O * P * Q rounded up to whole groups, K with spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE HALF_SUMS HAS_SCALE HAS_BIAS HAS_RESIDUAL ACTIVATION
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * One work-item makes one output, as the formula says it. It is slow and meant to be: what it does can be checked by
 * reading it. The residual was copied to y beforehand: GPUs have no registers for the strides of one more tensor.
 */
#include "common/convolution.cl"
#include "common/epilogue.cl"
#include "common/tensor.cl"

#define NUMBERS(EACH)                                                                                               \
    OFFSET(EACH, x) OFFSET(EACH, w) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(long, k) THREE(EACH, long, o, p, q) \
        TENSOR_NUMBERS(EACH, y) TENSOR_NUMBERS(EACH, x) THREE(EACH, long, d, h, w) WINDOW(EACH) EACH(long, group_c) \
            EACH(long, group_k) EACH(int, mode)
STRUCT(NUMBERS) numbers;

__kernel void conv_reference(__global const X_ELEMENT *restrict x, __global const X_ELEMENT *restrict weights,
                             EPILOGUE_MEMORY, __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const int pad_mode = mode & 3, transposed = (mode & 4) != 0, flip = (mode & 8) != 0;
    const long pixel = (long)get_global_id(0);
    const long ok = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= o * p * q) return;
    const long oo = pixel / (p * q), op = pixel / q % p, oq = pixel % q;
    const ulong out = y_offset + TENSOR_AT(y, n, ok, oo, op, oq);
    if (ok >= k) {
        STORE_Y(REAL_OF(0.0), y, out); /* a spare lane of the last block */
        return;
    }

    x += x_offset;
    weights += w_offset;
    const long group = ok / group_k, taps = (long)t * r * s;
    /* Weights are k, c / groups, filter, or transposed c, k / groups, filter. */
    const long channel_step = transposed ? group_k * taps : taps;
    long filter = transposed ? (group * group_c * group_k + ok % group_k) * taps : ok * group_c * taps;
    REAL sum = REAL_OF(0.0);
    for (long ic = 0; ic < group_c; ++ic, filter += channel_step)
        for (long tap = 0; tap < taps; ++tap) {
            const int is = (int)(tap % s), ir = (int)(tap / s % r), it = (int)(tap / s / r);
            const long id = look_up(oo, it, d, stride_d, dilation_d, pad_d, pad_mode, transposed);
            const long ih = look_up(op, ir, h, stride_h, dilation_h, pad_h, pad_mode, transposed);
            const long iw = look_up(oq, is, w, stride_w, dilation_w, pad_w, pad_mode, transposed);
            if (id < 0 || ih < 0 || iw < 0) continue;
            sum += LOAD_X(weights, filter + (flip ? taps - 1 - tap : tap)) *
                   LOAD_X(x, TENSOR_AT(x, n, group * group_c + ic, id, ih, iw));
        }
    const REAL added = HAS_RESIDUAL ? LOAD_X(y, out) : REAL_OF(0.0);
    const REAL result = EPILOGUE(REAL, sum, CHANNEL_SCALE(ok), CHANNEL_BIAS(ok), added, CHANNEL_SLOPE(ok));
    STORE_Y(result, y, out);
}
