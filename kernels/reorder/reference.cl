/* reorder/reference: y = x in another layout, for any pair of layouts and any size.
 *
 *   launch      global = (D * H * W rounded up to whole groups, C with y's spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in nothing
 *   run time    everything, in 64-bit arithmetic
 *
 * One work-item makes one element; y's spare lanes become zero.
 */
#include "common/layout.cl"

__kernel void reorder_reference(__global const float *restrict x, ulong x_offset, __global float *restrict y,
                                ulong y_offset, long c, long d, long h, long w, long x_block, long y_block)
{
    const long pixel = (long)get_global_id(0);
    const long ic = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= d * h * w) return;
    const long id = pixel / (h * w), ih = pixel / w % h, iw = pixel % w;
    y[y_offset + (ulong)tensor_at(n, ic, id, ih, iw, c, d, h, w, y_block)] =
        ic < c ? x[x_offset + (ulong)tensor_at(n, ic, id, ih, iw, c, d, h, w, x_block)] : 0.0f;
}
