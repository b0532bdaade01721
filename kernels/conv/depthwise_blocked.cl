/* conv/depthwise_blocked: y = activation(scale * conv(x, w) + bias + residual) where each channel has one filter of its
 * own, for CPUs, channels side by side: in blocks or all of them (NHWC); 1 to 3 axes.
 *
 *   launch      conv_depthwise_blocked: global = (ceil(O * P / rows) * ceil(Q / (TILE_Q * tiles)),
 *               ceil(C / (VEC * vectors)), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC
 *   compiled in R S, strides and dilations of height and width; X_PIXEL: from one pixel of a row of x to the next, 0
 *               where it is passed; what common/tile.cl, taps.cl and epilogue.cl want
 *   run time    rows, tiles, vectors, sizes, T, stride and dilation of depth, pads, strides of x, y and residual
 *
 * A work-item makes `tiles` tiles of TILE_Q outputs of each of `rows` rows, for `vectors` vectors of channels: in NHWC
 * all of them, so that memory is read from one end to the other. A tile stays in registers while all taps of the filter
 * are added, each with one load of its weights; whole vectors come in and go out, with no shuffles. A row of the image
 * is loaded once for all its taps, and what falls into the padding is zero there, so that the products have no tests.
 *
 * Packed weights, by conv/pack.cl: [C / VEC][T][R][S][VEC].
 */
#if !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || !defined(DILATION_H) || \
    !defined(DILATION_W)
#error "depthwise_blocked.c must define R S STRIDE_H STRIDE_W DILATION_H DILATION_W"
#endif

#include "common/tile.cl"
#include "common/taps.cl"

/* Columns of x that the windows of a tile span. */
#define SPAN ((TILE_Q - 1) * STRIDE_W + (S - 1) * DILATION_W + 1)

/* Adds one row of the filter to a tile whose first window begins at column iw. With interior, a constant, all its
 * columns lie in the image, and registers hold them; else they are copied, with zeros where there are none. With whole,
 * another, all VEC channels are there to be read. */
static ALWAYS_INLINE void add_row(REALV sum[TILE_Q], __global const X_ELEMENT *row, int iw, int w, int pixel,
                                  int channels, __global const REAL *weights, const int interior, const int whole)
{
    REALV line[SPAN];
    if (interior) {
        __global const X_ELEMENT *from = row + iw * pixel;
#pragma unroll
        for (int i = 0; i < SPAN; ++i) line[i] = LOADV_X(from + i * pixel);
    } else if (whole) {
#pragma unroll
        for (int i = 0; i < SPAN; ++i) {
            const int column = look_up(iw + i, w);
            line[i] = (REALV)(REAL_OF(0.0));
            if ((uint)column < (uint)w) line[i] = LOADV_X(row + column * pixel);
        }
    } else {
#pragma nounroll
        for (int i = 0; i < SPAN; ++i) {
            const int column = look_up(iw + i, w);
            line[i] = (REALV)(REAL_OF(0.0));
            if ((uint)column < (uint)w) line[i] = load_first(row + column * pixel, channels);
        }
    }
#pragma unroll
    for (int is = 0; is < S; ++is) {
        const REALV filter = LOADV(weights + is * VEC);
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) sum[t] = fma(line[t * STRIDE_W + is * DILATION_W], filter, sum[t]);
    }
}

/* Where the windows of a tile begin, and how its input lies. */
typedef struct {
    int id, ih, iw, d, h, w, t, dilation_d, x_d, x_h, pixel, channels;
} tile_source;

/* Adds all rows of the filter. */
static ALWAYS_INLINE void add_rows(REALV sum[TILE_Q], __global const X_ELEMENT *x, __global const REAL *weights,
                                   tile_source from, const int interior, const int whole)
{
    for (int it = 0; it < from.t; ++it)
        for (int ir = 0; ir < R; ++ir, weights += S * VEC) {
            const int id = look_up(from.id + it * from.dilation_d, from.d);
            const int ih = look_up(from.ih + ir * DILATION_H, from.h);
            if ((uint)id >= (uint)from.d || (uint)ih >= (uint)from.h) continue;
            add_row(sum, x + id * from.x_d + ih * from.x_h, from.iw, from.w, from.pixel, from.channels, weights,
                    interior, whole);
        }
}

/* Asks for the rows of x, of the first slice, that the windows below a tile's see and its own do not: from the caches
 * behind a core's own they would come too late. */
static ALWAYS_INLINE void fetch_below(__global const X_ELEMENT *x, tile_source from)
{
    const int first = from.ih + max(STRIDE_H, R);
    if (DILATION_H > 1) return;
    for (int row = first; row < min(first + min(STRIDE_H, R), from.h); ++row)
#pragma unroll
        for (int i = 0; i < SPAN; ++i) FETCH(x + from.id * from.x_d + row * from.x_h + (from.iw + i) * from.pixel);
}

/* A tile of a row of outputs before its epilogue. */
static ALWAYS_INLINE void add_window(REALV sum[TILE_Q], __global const X_ELEMENT *x, __global const REAL *weights,
                                     tile_source from)
{
    const int interior = from.iw >= 0 && from.iw + (TILE_Q - 1) * STRIDE_W + (S - 1) * DILATION_W < from.w;
    fetch_below(x, from);
#pragma unroll
    for (int i = 0; i < TILE_Q; ++i) sum[i] = (REALV)(REAL_OF(0.0));
    /* NHWC may end within a vector. */
    if (Y_BLOCK == 0 && from.channels < VEC)
        add_rows(sum, x, weights, from, 0, 0);
    else if (interior)
        add_rows(sum, x, weights, from, 1, 1);
    else
        add_rows(sum, x, weights, from, 0, 1);
}

__kernel ONE_ITEM_GROUPS void conv_depthwise_blocked(__global const X_ELEMENT *restrict x, ulong x_offset,
                                                     __global const REAL *restrict packed, ulong packed_offset,
                                                     EPILOGUE_ARGS, __global Y_ELEMENT *restrict y, ulong y_offset,
                                                     int rows, int tiles, int vectors, int c, int d, int h, int w,
                                                     int o, int p, int q, int t, int stride_d, int dilation_d,
                                                     int pad_d, int pad_h, int pad_w, int x_n, int x_c, int x_d,
                                                     int x_h, int x_w, int y_n, int y_c, int y_d, int y_h, int y_w,
                                                     int r_n, int r_c, int r_d, int r_h, int r_w, int streams)
{
    const int items = (q + TILE_Q * tiles - 1) / (TILE_Q * tiles);
    const int row0 = (int)get_global_id(0) / items * rows, q0 = (int)get_global_id(0) % items * tiles * TILE_Q;
    const int first = (int)get_global_id(1) * vectors, n = (int)get_global_id(2);
    const int end = min(first + vectors, (c + VEC - 1) / VEC), q_end = min(q, q0 + tiles * TILE_Q);

    for (int row = row0; row < min(row0 + rows, o * p); ++row)
        for (int iq = q0; iq < q_end; iq += TILE_Q)
            for (int vector = first; vector < end; ++vector) {
                const int channels = c - vector * VEC;
                const ulong to = (ulong)(n * y_n + vector * y_c + row / p * y_d + row % p * y_h + iq * y_w);
                const ulong added = (ulong)(n * r_n + vector * r_c + row / p * r_d + row % p * r_h + iq * r_w);
                REALV sum[TILE_Q];
                int place[TILE_Q], residual_place[TILE_Q];
                const tile_source from = {row / p * stride_d - pad_d,
                                          row % p * STRIDE_H - pad_h,
                                          iq * STRIDE_W - pad_w,
                                          d,
                                          h,
                                          w,
                                          t,
                                          dilation_d,
                                          x_d,
                                          x_h,
                                          X_PIXEL > 0 ? X_PIXEL : x_w,
                                          channels};
                add_window(sum, x + x_offset + n * x_n + vector * x_c,
                           packed + packed_offset + vector * t * R * S * VEC, from);
#pragma unroll
                for (int i = 0; i < TILE_Q; ++i) {
                    place[i] = i * y_w;
                    residual_place[i] = i * r_w;
                }
                finish_tile(sum, y + y_offset + to, place, 0, residual_place, 0, (ulong)(vector * VEC), channels,
                            q_end - iq, streams, scale, scale_offset, bias, bias_offset, residual,
                            residual_offset + added, slope, slope_offset, alpha, beta);
            }
}
