/* conv/depthwise_planes: y = activation(scale * conv(x, w) + bias + residual) where each channel has filters of its
 * own, for CPUs, NCHW; 1 or 2 axes.
 *
 *   launch      global = (ceil(P / rows), ceil(C / VEC), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       rows * Q, and lines of x and of a padded x that `rows` rows look at, at most REGION elements
 *   compiled in VEC TILE_Q REGION; R S, strides and dilations of height and width; what common/epilogue.cl wants
 *   run time    rows, multiplier = K / C, flip, sizes, pads, strides of x, y and residual
 *
 * A work-item makes `rows` rows of VEC planes, once for each filter of their channels. It copies what they look at into
 * private memory, with the channels side by side and zeros for padding. Then every vector is a pixel of VEC channels,
 * whatever the width of a plane and the stride, a tile of TILE_Q sums stays in registers for all taps, and nothing
 * tests where an edge is. The outputs are copied back alike: both copies cost less than rows that fill vectors in part
 * would.
 */
#if !defined(TILE_Q) || !defined(REGION) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || \
    !defined(DILATION_H) || !defined(DILATION_W)
#error "depthwise_planes.c must define TILE_Q REGION R S STRIDE_x DILATION_x"
#endif

#include "common/vector.cl"
#include "common/epilogue.cl"
#include "common/transpose.cl"

#define TAPS (R * S)

/* What so many outputs look at on an axis. */
#define SPAN_H(outputs) (((outputs)-1) * STRIDE_H + (R - 1) * DILATION_H + 1)
#define SPAN_W(outputs) (((outputs)-1) * STRIDE_W + (S - 1) * DILATION_W + 1)

/* Copies a row of `count` vectors to `pitch` vectors, from the one at `begin` on, with zeros around; NULL: zeros. */
static inline void pad_row(REAL *to, const REAL *row, int begin, int count, int pitch)
{
    const int first = row == 0 ? pitch : min(begin, pitch), end = row == 0 ? pitch : min(begin + count, pitch);
    for (int i = 0; i < first; ++i) STOREV_OWN((REALV)(REAL_OF(0.0)), to + i * VEC);
    for (int i = first; i < end; ++i) STOREV_OWN(LOADV_OWN(row + (i - begin) * VEC), to + i * VEC);
    for (int i = end; i < pitch; ++i) STOREV_OWN((REALV)(REAL_OF(0.0)), to + i * VEC);
}

/* The sums of TILE_Q outputs of which the first looks at `from`; lines are `step` numbers apart. */
static ALWAYS_INLINE void filter_tile(REALV sum[TILE_Q], const REAL *from, int step, const REALV filter[TAPS])
{
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) sum[t] = (REALV)(REAL_OF(0.0));
    for (int ir = 0; ir < R; ++ir, from += DILATION_H * step) {
        REALV line[SPAN_W(TILE_Q)];
#pragma unroll
        for (int i = 0; i < SPAN_W(TILE_Q); ++i) line[i] = LOADV_OWN(from + i * VEC);
#pragma unroll
        for (int is = 0; is < S; ++is)
#pragma unroll
            for (int t = 0; t < TILE_Q; ++t)
                sum[t] = fma(line[t * STRIDE_W + is * DILATION_W], filter[ir * S + is], sum[t]);
    }
}

/* VEC numbers, `step` apart, or the first count. */
static inline REALV load_apart(__global const X_ELEMENT *from, int step, int count)
{
    REAL lane[VEC] = {0};
    for (int i = 0; i < min(VEC, count); ++i) lane[i] = LOAD_X(from, i * step);
    return LOADV(lane);
}

#define NUMBERS(EACH)                                                                                            \
    OFFSET(EACH, x) OFFSET(EACH, w) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, rows) EACH(int, multiplier) \
        EACH(int, flip) EACH(int, c) EACH(int, h) EACH(int, w) EACH(int, p) EACH(int, q) EACH(int, pad_h)        \
            EACH(int, pad_w) STRIDES(EACH, x) STRIDES(EACH, y) STRIDES(EACH, r)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_depthwise_planes(__global const X_ELEMENT *restrict x,
                                                    __global const X_ELEMENT *restrict weights, EPILOGUE_MEMORY,
                                                    __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const int p0 = (int)get_global_id(0) * rows, first = (int)get_global_id(1) * VEC, n = (int)get_global_id(2);
    const int made = min(rows, p - p0), channels = c - first, above = p0 * STRIDE_H - pad_h;
    const int begin = clamp(above, 0, h), end = clamp(above + SPAN_H(made), begin, h);
    const int pitch = SPAN_W((q + TILE_Q - 1) / TILE_Q * TILE_Q);
    REAL region[REGION * VEC], part[REGION * VEC], added[HAS_RESIDUAL ? REGION * VEC : VEC];
    REALV outputs[REGION];

    gather_planes(part, w, x + x_offset + (n * x_n + first * x_c + begin * x_h), x_c, x_h, end - begin, w, channels);
    for (int i = 0; i < SPAN_H(made); ++i) {
        const int ih = above + i;
        pad_row(region + i * pitch * VEC, ih < begin || ih >= end ? 0 : part + (ih - begin) * w * VEC, pad_w, w, pitch);
    }
    for (int m = 0; m < multiplier; ++m) {
        const int k = first * multiplier + m;
        REALV filter[TAPS];
        for (int i = 0; i < TAPS; ++i)
            filter[i] = load_apart(weights + w_offset + (ulong)(k * TAPS + (flip ? TAPS - 1 - i : i)),
                                   multiplier * TAPS, channels);
        MAYBE REALV scale_k = (REALV)(REAL_OF(1.0)), bias_k = (REALV)(REAL_OF(0.0)), slope_k = bias_k;
        if (HAS_SCALE) scale_k = load_apart(scale + scale_offset + (ulong)k, multiplier, channels);
        if (HAS_BIAS) bias_k = load_apart(bias + bias_offset + (ulong)k, multiplier, channels);
        if (HAS_SLOPE) slope_k = load_apart(slope + slope_offset + (ulong)k, multiplier, channels);
        if (HAS_RESIDUAL)
            gather_planes(added, q, residual + residual_offset + (ulong)(n * r_n + k * r_c + p0 * r_h),
                          multiplier * r_c, r_h, made, q, channels);
        for (int i = 0; i < made; ++i)
            for (int iq = 0; iq < q; iq += TILE_Q) {
                const int at = i * q + iq;
                REALV sum[TILE_Q];
                filter_tile(sum, region + (i * STRIDE_H * pitch + iq * STRIDE_W) * VEC, pitch * VEC, filter);
#pragma unroll
                for (int t = 0; t < TILE_Q; ++t) {
                    if (iq + t >= q) break;
                    MAYBE const REALV more = HAS_RESIDUAL ? LOADV_OWN(added + (at + t) * VEC) : sum[t];
                    outputs[at + t] = EPILOGUE(REALV, sum[t], scale_k, bias_k, more, slope_k);
                }
            }
        scatter_planes(outputs, q, y + y_offset + (ulong)(n * y_n + k * y_c + p0 * y_h), multiplier * y_c, y_h, made, q,
                       channels);
    }
}
