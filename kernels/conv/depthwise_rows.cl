/* conv/depthwise_rows: y = activation(scale * conv(x, w) + bias + residual) where each channel has filters of its own,
 * for CPUs, NCHW; 1 to 3 axes.
 *
 *   launch      global = (ceil(Q / TILE_Q), O * ceil(P / rows), N * C), local = (1, 1, 1)
 *   local mem   none
 *   needs       TILE_Q a multiple of VEC; T * ((rows - 1) * STRIDE_H + (R - 1) * DILATION_H + 1) rows of PITCH numbers
 *               fit REGION
 *   compiled in VEC TILE_P TILE_Q REGION; T R S, strides and dilations; PAD_MODE (see common/taps.cl); what
 *               common/epilogue.cl wants
 *   run time    rows, sizes, pads, multiplier = K / C, flip, strides of x, y and residual
 *
 * A work-item makes `rows` rows of TILE_Q outputs of one plane, once for each filter of the channel. First it copies
 * the part of x that these see into private memory, which the nearest cache holds, padding and all and as REALs: that
 * is one load and one store for each element, and afterwards no loop tests where it is. Then pixels fill the vectors,
 * and each number of the filter is one multiply-add for VEC of them.
 */
#if !defined(TILE_P) || !defined(TILE_Q) || !defined(REGION) || !defined(T) || !defined(R) || !defined(S) ||          \
    !defined(STRIDE_D) || !defined(STRIDE_H) || !defined(STRIDE_W) || !defined(DILATION_D) || !defined(DILATION_H) || \
    !defined(DILATION_W)
#error "depthwise_rows.c must define TILE_P TILE_Q REGION T R S STRIDE_x DILATION_x"
#endif

#include "common/vector.cl"
#include "common/epilogue.cl"
#include "common/taps.cl"
#include "common/strided.cl"
#include "common/region.cl"

#define TAPS (T * R * S)

/* Sums of VEC outputs in each of TILE_P rows, the first of which sees the region from `from` on; slices lie `slice`
 * apart. Each vector that is loaded serves all rows that see it: loads cost more here than multiply-adds, as most of
 * them cross a cache line. */
static ALWAYS_INLINE void filter_vectors(REALV sum[TILE_P], const REAL *from, const REAL *filter, int slice)
{
#pragma unroll
    for (int t = 0; t < TILE_P; ++t) sum[t] = (REALV)(REAL_OF(0.0));
    for (int it = 0; it < T; ++it, from += slice, filter += R * S)
#pragma unroll
        for (int i = 0; i < LINES(TILE_P) * S; ++i) {
            const REALV seen = load_strided(from + i / S * PITCH + i % S * DILATION_W);
#pragma unroll
            for (int t = 0; t < TILE_P; ++t) {
                const int reach = i / S - t * STRIDE_H;
                if (reach >= 0 && reach < R * DILATION_H && reach % DILATION_H == 0)
                    sum[t] = fma(seen, (REALV)(filter[reach / DILATION_H * S + i % S]), sum[t]);
            }
        }
}

STRUCT(PLAIN_DEPTHWISE_NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_depthwise_rows(__global const X_ELEMENT *restrict x,
                                                  __global const X_ELEMENT *restrict weights, EPILOGUE_MEMORY,
                                                  __global Y_ELEMENT *restrict y, const numbers passed)
{
    PLAIN_DEPTHWISE_NUMBERS(UNPACK);
    const int strips = (p + rows - 1) / rows, io = (int)get_global_id(1) / strips;
    const int p0 = (int)get_global_id(1) % strips * rows, p_end = min(p, p0 + rows);
    const int q0 = (int)get_global_id(0) * TILE_Q, q_end = min(q, q0 + TILE_Q);
    const int n = (int)get_global_id(2) / c, ic = (int)get_global_id(2) % c;
    const int lines = LINES(p_end - p0), slice = lines * PITCH;
    __global const X_ELEMENT *plane = x + x_offset + n * x_n + ic * x_c;
    /* Up to where in y's slice a vector may reach beyond the end of a row: the next row overwrites it. */
    const int gapless = y_h == q && q_end - q0 == q ? p_end * q : 0;
    REAL region[REGION + TILE_P * STRIDE_H * PITCH], filter[TAPS];

    for (int it = 0; it < T; ++it) {
        const int id = look_up(io * STRIDE_D - pad_d + it * DILATION_D, d), in_depth = (uint)id < (uint)d;
        for (int i = 0; i < lines; ++i) {
            const int ih = look_up(p0 * STRIDE_H - pad_h + i, h);
            copy_row(region + it * slice + i * PITCH, in_depth && (uint)ih < (uint)h ? plane + id * x_d + ih * x_h : 0,
                     q0 * STRIDE_W - pad_w, w, (h - 1 - ih) * x_h + w);
        }
    }
    for (int k = ic * multiplier; k < (ic + 1) * multiplier; ++k) {
        MAYBE const REALV scale_k = CHANNEL_SCALE(k), bias_k = CHANNEL_BIAS(k), slope_k = CHANNEL_SLOPE(k);
        const ulong to = y_offset + (ulong)(n * y_n + k * y_c + io * y_d);
        const ulong added_at = residual_offset + (ulong)(n * r_n + k * r_c + io * r_d);
        for (int i = 0; i < TAPS; ++i)
            filter[i] = LOAD_X(weights, w_offset + (ulong)(k * TAPS + (flip ? TAPS - 1 - i : i)));
        for (int ip = p0; ip < p_end; ip += TILE_P)
            for (int begin = q0; begin < q_end; begin += VEC) {
                /* The last vector ends where the row does. */
                const int iq = q_end - q0 < VEC ? q0 : min(begin, q_end - VEC), count = q_end - iq;
                REALV sum[TILE_P];
                filter_vectors(sum, region + (ip - p0) * STRIDE_H * PITCH + (iq - q0) * STRIDE_W, filter, slice);
#pragma unroll
                for (int t = 0; t < TILE_P; ++t) {
                    const int row = ip + t, at = row * y_h + iq;
                    if (row >= p_end) break;
                    const REALV added = HAS_RESIDUAL ? load_first(residual + added_at + (ulong)(row * r_h + iq), count)
                                                     : (REALV)(REAL_OF(0.0));
                    const REALV v = EPILOGUE(REALV, sum[t], scale_k, bias_k, added, slope_k);
                    store_first(v, y + to + (ulong)at, at + VEC <= gapless ? VEC : count);
                }
            }
    }
}
