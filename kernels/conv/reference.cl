/* conv/reference: y = activation(conv(x, w) + bias) for any problem: 1 to 3 axes, any layout, any size.
 *
 *   launch      global = (O * P * Q rounded up to whole groups, K with spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in ACTIVATION
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * One work-item makes one output, as the formula says it. It is slow and meant to be: what it does can be checked by
 * reading it.
 */
#include "common/activation.cl"
#include "common/layout.cl"

__kernel void conv_reference(__global const float *restrict x, ulong x_offset, __global const float *restrict weights,
                             ulong w_offset, __global const float *restrict bias, ulong bias_offset,
                             __global float *restrict y, ulong y_offset, long c, long d, long h, long w, long x_block,
                             long k, long o, long p, long q, long y_block, long t, long r, long s, long stride_d,
                             long stride_h, long stride_w, long dilation_d, long dilation_h, long dilation_w,
                             long pad_d, long pad_h, long pad_w, long groups, int has_bias)
{
    const long pixel = (long)get_global_id(0);
    const long ok = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= o * p * q) return;
    const long oo = pixel / (p * q), op = pixel / q % p, oq = pixel % q;
    __global float *out = y + y_offset + tensor_at(n, ok, oo, op, oq, k, o, p, q, y_block);
    if (ok >= k) {
        *out = 0.0f; /* a spare lane of the last block */
        return;
    }

    const long group_c = c / groups, first_c = ok / (k / groups) * group_c;
    __global const float *filter = weights + w_offset + ok * group_c * t * r * s;
    float sum = has_bias ? bias[bias_offset + (ulong)ok] : 0.0f;
    for (long ic = 0; ic < group_c; ++ic)
        for (long it = 0; it < t; ++it)
            for (long ir = 0; ir < r; ++ir)
                for (long is = 0; is < s; ++is, ++filter) {
                    const long id = oo * stride_d - pad_d + it * dilation_d;
                    const long ih = op * stride_h - pad_h + ir * dilation_h;
                    const long iw = oq * stride_w - pad_w + is * dilation_w;
                    if (id < 0 || id >= d || ih < 0 || ih >= h || iw < 0 || iw >= w) continue;
                    sum += *filter * x[x_offset + (ulong)tensor_at(n, first_c + ic, id, ih, iw, c, d, h, w, x_block)];
                }
    *out = activate(sum);
}
