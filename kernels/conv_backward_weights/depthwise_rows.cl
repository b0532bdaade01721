/* conv_backward_weights/depthwise_rows: sums of dv * x where each channel has filters of its own, for CPUs, NCHW; 1 and
 * 2 axes.
 *
 *   launch      global = (filters, pieces, 1), local = (1, 1, 1)
 *   local mem   none
 *   needs       TILE_Q a multiple of VEC; rows of PITCH numbers that some rows of outputs see fit REGION
 *   compiled in VEC REGION; what common/region.cl wants; ACCUMULATE: sums are added to what is there
 *   run time    images of a piece, rows, x_filters and dv_filters: filters that share a channel of x, and of dv; flip,
 *               sizes, pads, strides of x and dv
 *
 * One work-item makes one filter, over some images. It copies the part of x that `rows` rows of TILE_Q outputs see, and
 * multiplies vectors of a row of dv with what each tap of the filter sees of it: there is one vector of sums for each
 * tap, whose lanes are added at the end.
 *
 * In a transposed convolution x and dv change places: the host passes one as the other.
 */
#if !defined(REGION) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || \
    !defined(DILATION_H) || !defined(DILATION_W) || !defined(ACCUMULATE)
#error "depthwise_rows.c must define REGION R S STRIDE_x DILATION_x ACCUMULATE"
#endif

#include "common/vector.cl"
#include "common/taps.cl"
#include "common/strided.cl"
#include "common/region.cl"

/* Adds the products of VEC outputs, or the first count: what the other lanes see may be anything. `whole`, a constant,
 * says that there are VEC. */
static ALWAYS_INLINE void add_vector(REALV sum[R * S], const REAL *region, __global const X_ELEMENT *dv, int count,
                                     const int whole)
{
    const REALV gradient = whole ? LOADV_X(dv) : load_first(dv, count);
#pragma unroll
    for (int tap = 0; tap < R * S; ++tap) {
        const REALV seen = load_strided(region + tap / S * DILATION_H * PITCH + tap % S * DILATION_W);
        sum[tap] = fma(whole ? seen : keep_lanes(seen, count), gradient, sum[tap]);
    }
}

#define NUMBERS(EACH)                                                                                                  \
    OFFSET(EACH, x) OFFSET(EACH, dv) OFFSET(EACH, sums) EACH(int, n) EACH(int, images) EACH(int, rows)                 \
        EACH(int, x_filters) EACH(int, dv_filters) EACH(int, flip) EACH(int, h) EACH(int, w) EACH(int, p) EACH(int, q) \
            EACH(int, pad_h) EACH(int, pad_w) EACH(int, x_n) EACH(int, x_c) EACH(int, x_h) EACH(int, dv_n)             \
                EACH(int, dv_c) EACH(int, dv_h)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_backward_weights_depthwise_rows(__global const X_ELEMENT *restrict x,
                                                                   __global const X_ELEMENT *restrict dv,
                                                                   __global REAL *restrict sums, const numbers passed)
{
    NUMBERS(UNPACK);
    const int filter = (int)get_global_id(0), filters = (int)get_global_size(0), piece = (int)get_global_id(1);
    REAL region[REGION];
    REALV sum[R * S];

    for (int i = 0; i < R * S; ++i) sum[i] = (REALV)(REAL_OF(0.0));
    for (int in = piece * images; in < min(n, (piece + 1) * images); ++in) {
        __global const X_ELEMENT *plane = x + x_offset + in * x_n + filter / x_filters * x_c;
        __global const X_ELEMENT *by = dv + dv_offset + in * dv_n + filter / dv_filters * dv_c;
        for (int p0 = 0; p0 < p; p0 += rows)
            for (int q0 = 0; q0 < q; q0 += TILE_Q) {
                const int p_end = min(p, p0 + rows), q_end = min(q, q0 + TILE_Q);
                for (int i = 0; i < LINES(p_end - p0); ++i) {
                    const int ih = look_up(p0 * STRIDE_H - pad_h + i, h);
                    copy_row(region + i * PITCH, (uint)ih < (uint)h ? plane + ih * x_h : 0, q0 * STRIDE_W - pad_w, w,
                             (h - 1 - ih) * x_h + w);
                }
                for (int ip = p0; ip < p_end; ++ip)
                    for (int iq = q0; iq < q_end; iq += VEC) {
                        const REAL *from = region + (ip - p0) * STRIDE_H * PITCH + (iq - q0) * STRIDE_W;
                        if (q_end - iq >= VEC)
                            add_vector(sum, from, by + ip * dv_h + iq, VEC, 1);
                        else
                            add_vector(sum, from, by + ip * dv_h + iq, q_end - iq, 0);
                    }
            }
    }
    sums += sums_offset + (ulong)((piece * filters + filter) * R * S);
    for (int tap = 0; tap < R * S; ++tap) {
        __global REAL *at = sums + (flip ? R * S - 1 - tap : tap);
        *at = add_lanes(sum[tap]) + (ACCUMULATE ? *at : REAL_OF(0.0));
    }
}
