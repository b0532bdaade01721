/* pool/window_blocked: maximum or average pooling for CPUs, x and y channel-blocked by VEC.
 *
 *   launch      global = (P, ceil(C / VEC), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y blocked alike, by VEC
 *   compiled in VEC KIND (see common/pooling.cl) R S, strides, dilations
 *   run time    C H W P Q, padding, and where the padding ends: end_h = H + pad_end_h, end_w = W + pad_end_w
 *
 * One work-item makes one row of the output for VEC channels: whole vectors in and out, with no shuffles. Taps that
 * fall into the padding are not visited: each window is cut to the image before its loops start, and they test nothing.
 */
#if !defined(KIND) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || \
    !defined(DILATION_H) || !defined(DILATION_W)
#error "window_blocked.c must define KIND R S STRIDE_H STRIDE_W DILATION_H DILATION_W"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_window_blocked(
    __global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int c, int h, int w,
    int p, int q, int pad_h, int pad_w, int end_h, int end_w)
{
    const int ip = (int)get_global_id(0);
    const int block = (int)get_global_id(1);
    const int plane = (int)get_global_id(2) * (int)get_global_size(1) + block;
    const int ih = ip * STRIDE_H - pad_h;
    const int r_begin = pool_first_tap(ih, DILATION_H), r_end = pool_end_tap(ih, R, DILATION_H, h);
    const int r_counted = pool_counted_taps(ih, R, DILATION_H, h, end_h);
    __global float *out = y + y_offset + (plane * p + ip) * q * VEC;

    for (int iq = 0; iq < q; ++iq, out += VEC) {
        const int iw = iq * STRIDE_W - pad_w;
        const int s_begin = pool_first_tap(iw, DILATION_W), s_end = pool_end_tap(iw, S, DILATION_W, w);
        const int count = r_counted * pool_counted_taps(iw, S, DILATION_W, w, end_w);
        pool_window window = pool_empty();
        for (int r = r_begin; r < r_end; ++r) {
            /* The row is one of x's before it is multiplied, so that no product leaves 32 bits. */
            __global const float *from = x + x_offset + ((plane * h + ih + r * DILATION_H) * w + iw) * VEC;
            if (s_begin == 0 && s_end == S) {
#pragma unroll
                for (int s = 0; s < S; ++s) pool_add(&window, LOADV(from + s * DILATION_W * VEC));
            } else {
                for (int s = s_begin; s < s_end; ++s) pool_add(&window, LOADV(from + s * DILATION_W * VEC));
            }
        }
        const REALV result = pool_result(window, (REALV)((float)count));
        STOREV(keep_lanes(result, c - block * VEC), out);
    }
}
