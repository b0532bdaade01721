/* conv/depthwise_blocked: y = activation(scale * conv(x, w) + bias + residual) where each channel has one filter of its
 * own, for CPUs, channels side by side: in blocks or all of them (NHWC); 1 to 3 axes.
 *
 *   launch      conv_depthwise_blocked: global = (O * P * ceil(Q / (TILE_Q * tiles)), ceil(C / (VEC * vectors)), N),
 *               local = (1, 1, 1)
 *               conv_depthwise_blocked_pack: global = (ceil(C / VEC), 1, 1), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC
 *   compiled in R S, strides and dilations of height and width; what common/tile.cl, taps.cl and epilogue.cl want
 *   run time    tiles, vectors, sizes, T, stride and dilation of depth, pads, strides of x, y and residual
 *
 * A work-item makes `tiles` tiles of TILE_Q outputs of a row, for `vectors` vectors of channels: in NHWC all of them,
 * so that memory is read from one end to the other. A tile stays in registers while all taps of the filter are added,
 * each with one load of its weights; whole vectors come in and go out, with no shuffles. A tap that falls into zero
 * padding reads zeros from the head of the packed weights, so that the inner loop has no tests.
 *
 * Packed weights: HEAD zeros, then [C / VEC][T][R][S][VEC].
 */
#if !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || !defined(DILATION_H) || \
    !defined(DILATION_W)
#error "depthwise_blocked.c must define R S STRIDE_H STRIDE_W DILATION_H DILATION_W"
#endif

#include "common/tile.cl"
#include "common/taps.cl"

/* One vector of doubles, and one cache line. */
#define HEAD 16

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_depthwise_blocked_pack(
    __global const X_ELEMENT *restrict w, ulong w_offset, __global REAL *restrict packed, ulong packed_offset, int c,
    int taps, int flip)
{
    const int vector = (int)get_global_id(0);
    __global REAL *to = packed + packed_offset;
    if (vector == 0)
        for (int i = 0; i < HEAD; ++i) to[i] = REAL_OF(0.0);
    to += HEAD + vector * taps * VEC;
    for (int tap = 0; tap < taps; ++tap)
        for (int i = 0; i < VEC; ++i) {
            const int channel = vector * VEC + i, at = channel * taps + (flip ? taps - 1 - tap : tap);
            to[tap * VEC + i] = channel < c ? LOAD_X(w, w_offset + (ulong)at) : REAL_OF(0.0);
        }
}

/* Adds one row of the filter to a tile whose first window begins at column iw. With interior, a constant, all its
 * columns lie in the image; with whole, another, all VEC channels are there to be read. */
static ALWAYS_INLINE void add_row(REALV sum[TILE_Q], __global const X_ELEMENT *row, int iw, int w, int pixel,
                                  int channels, __global const REAL *weights, __global const X_ELEMENT *zeros,
                                  const int interior, const int whole)
{
#pragma unroll
    for (int is = 0; is < S; ++is) {
        const REALV filter = LOADV(weights + is * VEC);
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) {
            const int at = iw + t * STRIDE_W + is * DILATION_W, column = interior ? at : look_up(at, w);
            const int inside = interior || (uint)column < (uint)w;
            __global const X_ELEMENT *from = inside ? row + column * pixel : zeros;
            sum[t] = fma(whole ? LOADV_X(from) : load_first(from, channels), filter, sum[t]);
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_depthwise_blocked(
    __global const X_ELEMENT *restrict x, ulong x_offset, __global const REAL *restrict packed, ulong packed_offset,
    EPILOGUE_ARGS, __global Y_ELEMENT *restrict y, ulong y_offset, int tiles, int vectors, int c, int d, int h, int w,
    int p, int q, int t, int stride_d, int dilation_d, int pad_d, int pad_h, int pad_w, int x_n, int x_c, int x_d,
    int x_h, int x_w, int y_n, int y_c, int y_d, int y_h, int y_w, int r_n, int r_c, int r_d, int r_h, int r_w)
{
    const int items = (q + TILE_Q * tiles - 1) / (TILE_Q * tiles);
    const int row = (int)get_global_id(0) / items, q0 = (int)get_global_id(0) % items * tiles * TILE_Q;
    const int first = (int)get_global_id(1) * vectors, n = (int)get_global_id(2);
    const int end = min(first + vectors, (c + VEC - 1) / VEC), q_end = min(q, q0 + tiles * TILE_Q);
    const int id0 = row / p * stride_d - pad_d, ih0 = row % p * STRIDE_H - pad_h;
    __global const REAL *zeros = packed + packed_offset;
    __global const X_ELEMENT *no_x = (__global const X_ELEMENT *)zeros;

    for (int iq = q0; iq < q_end; iq += TILE_Q)
        for (int vector = first; vector < end; ++vector) {
            const int iw = iq * STRIDE_W - pad_w, channels = c - vector * VEC;
            const int interior = iw >= 0 && iw + (TILE_Q - 1) * STRIDE_W + (S - 1) * DILATION_W < w;
            __global const X_ELEMENT *from = x + x_offset + n * x_n + vector * x_c;
            __global const REAL *weights = zeros + HEAD + vector * t * R * S * VEC;
            REALV sum[TILE_Q];
#pragma unroll
            for (int i = 0; i < TILE_Q; ++i) sum[i] = (REALV)(REAL_OF(0.0));
            for (int it = 0; it < t; ++it)
                for (int ir = 0; ir < R; ++ir, weights += S * VEC) {
                    const int id = look_up(id0 + it * dilation_d, d), ih = look_up(ih0 + ir * DILATION_H, h);
                    if ((uint)id >= (uint)d || (uint)ih >= (uint)h) continue;
                    __global const X_ELEMENT *line = from + id * x_d + ih * x_h;
                    /* NHWC may end within a vector. */
                    if (Y_BLOCK == 0 && channels < VEC)
                        add_row(sum, line, iw, w, x_w, channels, weights, no_x, 0, 0);
                    else if (interior)
                        add_row(sum, line, iw, w, x_w, channels, weights, no_x, 1, 1);
                    else
                        add_row(sum, line, iw, w, x_w, channels, weights, no_x, 0, 1);
                }
            const ulong to = (ulong)(n * y_n + vector * y_c + row / p * y_d + row % p * y_h + iq * y_w);
            const ulong added = (ulong)(n * r_n + vector * r_c + row / p * r_d + row % p * r_h + iq * r_w);
            int place[TILE_Q], residual_place[TILE_Q];
#pragma unroll
            for (int i = 0; i < TILE_Q; ++i) {
                place[i] = i * y_w;
                residual_place[i] = i * r_w;
            }
            finish_tile(sum, y + y_offset + to, place, 0, residual_place, 0, (ulong)(vector * VEC), channels,
                        q_end - iq, scale, scale_offset, bias, bias_offset, residual, residual_offset + added, slope,
                        slope_offset, alpha, beta);
        }
}
