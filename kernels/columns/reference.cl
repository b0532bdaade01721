/* columns/reference: unfold (im2col) and fold (col2im) on 1 to 3 axes, of any type and size.
 *
 *   launch      columns_unfold: global = (L rounded up to whole groups, C * T * R * S, N), local = (up to 64, 1, 1)
 *               columns_fold:   global = (D * H * W rounded up to whole groups, C, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       image and columns dense in NCHW
 *   compiled in DTYPE
 *   run time    everything else, in 64-bit arithmetic
 *
 * One work-item makes one element of the result: fold gathers what lies over its pixel, so that it adds in a fixed
 * order and needs no atomics.
 */
#include "common/types.cl"

#define NUMBERS(EACH) \
    OFFSET(EACH, x) OFFSET(EACH, y) EACH(long, c) THREE(EACH, long, d, h, w) THREE(EACH, long, o, p, q) WINDOW(EACH)
STRUCT(NUMBERS) numbers;

__kernel void columns_unfold(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const long at = (long)get_global_id(0), row = (long)get_global_id(1), n = (long)get_global_id(2);
    if (at >= o * p * q) return;
    const long id = at / (p * q) * stride_d - pad_d + row / ((long)r * s) % t * dilation_d;
    const long ih = at / q % p * stride_h - pad_h + row / s % r * dilation_h;
    const long iw = at % q * stride_w - pad_w + row % s * dilation_w;
    const int inside = id >= 0 && id < d && ih >= 0 && ih < h && iw >= 0 && iw < w;
    const long from = (((n * c + row / ((long)t * r * s)) * d + id) * h + ih) * w + iw;
    const REAL v = inside ? LOAD_X(x, x_offset + (ulong)from) : REAL_OF(0.0);
    STORE_Y(v, y, y_offset + (ulong)((n * c * t * r * s + row) * (o * p * q) + at));
}

/* The window on one axis whose element `tap` lies at a pixel; -1 where there is none. */
static long window_over(long pixel, long tap, long stride, long dilation, long pad, long outs)
{
    const long begin = pixel + pad - tap * dilation;
    return begin >= 0 && begin % stride == 0 && begin / stride < outs ? begin / stride : -1;
}

__kernel void columns_fold(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const long pixel = (long)get_global_id(0), ic = (long)get_global_id(1), n = (long)get_global_id(2);
    if (pixel >= d * h * w) return;
    const long taps = (long)t * r * s;
    REAL sum = REAL_OF(0.0);
    for (long tap = 0; tap < taps; ++tap) {
        const long oo = window_over(pixel / (h * w), tap / ((long)r * s), stride_d, dilation_d, pad_d, o);
        const long op = window_over(pixel / w % h, tap / s % r, stride_h, dilation_h, pad_h, p);
        const long oq = window_over(pixel % w, tap % s, stride_w, dilation_w, pad_w, q);
        if (oo < 0 || op < 0 || oq < 0) continue;
        sum += LOAD_X(x, x_offset + (ulong)(((n * c + ic) * taps + tap) * (o * p * q) + (oo * p + op) * q + oq));
    }
    STORE_Y(sum, y, y_offset + (ulong)((n * c + ic) * (d * h * w) + pixel));
}
