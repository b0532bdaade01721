/* pool/reference: the maximum or average of any window: 1 to 3 axes, any layout, any size.
 *
 *   launch      global = (O * P * Q rounded up to whole groups, C with spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in KIND
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * One work-item makes one output. It is slow and meant to be: what it does can be checked by reading it.
 */
#define FLOATV float
#include "common/layout.cl"
#include "common/pooling.cl"

/* Elements of [first, first + window) that lie in [low, high). */
static inline long count_inside(long first, long window, long low, long high)
{
    return min(first + window, high) - max(first, low);
}

__kernel void pool_reference(__global const float *restrict x, ulong x_offset, __global float *restrict y,
                             ulong y_offset, long c, long d, long h, long w, long x_block, long o, long p, long q,
                             long y_block, long t, long r, long s, long stride_d, long stride_h, long stride_w,
                             long pad_d, long pad_h, long pad_w, long pad_end_d, long pad_end_h, long pad_end_w)
{
    const long pixel = (long)get_global_id(0);
    const long ic = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= o * p * q) return;
    const long oo = pixel / (p * q), op = pixel / q % p, oq = pixel % q;
    __global float *out = y + y_offset + tensor_at(n, ic, oo, op, oq, c, o, p, q, y_block);
    if (ic >= c) {
        *out = 0.0f; /* a spare lane of the last block */
        return;
    }

    pool_window window = pool_empty();
    for (long it = 0; it < t; ++it)
        for (long ir = 0; ir < r; ++ir)
            for (long is = 0; is < s; ++is) {
                const long id = oo * stride_d - pad_d + it;
                const long ih = op * stride_h - pad_h + ir;
                const long iw = oq * stride_w - pad_w + is;
                if (id < 0 || id >= d || ih < 0 || ih >= h || iw < 0 || iw >= w) continue;
                pool_add(&window, x[x_offset + (ulong)tensor_at(n, ic, id, ih, iw, c, d, h, w, x_block)]);
            }
    const long count_d =
        count_inside(oo * stride_d - pad_d, t, KIND == 2 ? -pad_d : 0, d + (KIND == 2 ? pad_end_d : 0));
    const long count_h =
        count_inside(op * stride_h - pad_h, r, KIND == 2 ? -pad_h : 0, h + (KIND == 2 ? pad_end_h : 0));
    const long count_w =
        count_inside(oq * stride_w - pad_w, s, KIND == 2 ? -pad_w : 0, w + (KIND == 2 ? pad_end_w : 0));
    *out = KIND == 0 ? pool_maximum(window) : pool_average(window, (float)(count_d * count_h * count_w));
}
