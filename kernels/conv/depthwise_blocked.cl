/* conv/depthwise_blocked: y = activation(scale * conv(x, w) + bias + residual) where each channel has one filter of its
 * own, for CPUs, channels side by side: in blocks or all of them (NHWC); 1 to 3 axes.
 *
 *   launch      conv_depthwise_blocked: global = (ceil(O * bands / bands_each) * ceil(Q / (TILE_Q * tiles)),
 *               ceil(C / (VEC * vectors)), N), local = (1, 1, 1); bands = ceil(P / TILE_P)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC
 *   compiled in TILE_P R S, strides and dilations of height and width; X_PIXEL Y_PIXEL: from one pixel of a
 *               row of x and y to the next, 0 where it is passed; what common/tile.cl, taps.cl and epilogue.cl want
 *   run time    bands_each, tiles, vectors, sizes, T, stride and dilation of depth, pads, strides of x, y and
 *               residual
 *
 * A work-item makes `tiles` tiles of TILE_P x TILE_Q outputs in each of `bands_each` bands of rows, for `vectors`
 * vectors of channels: in NHWC all of them, so that memory is read from one end to the other. A tile stays in registers
 * while all taps of the filter are added; whole vectors come in and go out, with no shuffles. A row of the image is
 * loaded once for all its taps and all of the tile's rows, and what falls into the padding is zero there, so that the
 * products have no tests.
 *
 * Packed weights, by conv/pack.cl: [C / VEC][T][R][S][VEC].
 */
#if !defined(TILE_P) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || \
    !defined(DILATION_H) || !defined(DILATION_W) || !defined(X_PIXEL) || !defined(Y_PIXEL)
#error "depthwise_blocked.c must define TILE_P R S STRIDE_H STRIDE_W DILATION_H DILATION_W X_PIXEL Y_PIXEL"
#endif

#include "common/tile.cl"
#include "common/taps.cl"

/* Columns and rows of x that the windows of a tile span. */
#define SPAN   ((TILE_Q - 1) * STRIDE_W + (S - 1) * DILATION_W + 1)
#define SPAN_H ((TILE_P - 1) * STRIDE_H + (R - 1) * DILATION_H + 1)

/* Loads what a tile's windows see of a row of x, from column iw on. With interior, a constant, all its columns lie in
 * the image; else there are zeros where there are none. With whole, another, all VEC channels are there to be read. */
static ALWAYS_INLINE void load_line(REALV line[SPAN], __global const X_ELEMENT *row, int iw, int w, int pixel,
                                    int channels, const int interior, const int whole)
{
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
}

/* Adds the products of a line and the filter's row that a row of the tile meets it with, if it does. */
static ALWAYS_INLINE void add_line(REALV sum[TILE_Q], const REALV line[SPAN], int below, __global const REAL *weights)
{
    const int ir = below / DILATION_H;
    if (below < 0 || below % DILATION_H != 0 || ir >= R) return;
#pragma unroll
    for (int is = 0; is < S; ++is) {
        const REALV filter = LOADV(weights + (ir * S + is) * VEC);
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) sum[t] = fma(line[t * STRIDE_W + is * DILATION_W], filter, sum[t]);
    }
}

/* Where the windows of a tile begin, and how its input lies. */
typedef struct {
    int id, ih, iw, d, h, w, t, dilation_d, x_d, x_h, pixel, channels;
} tile_source;

/* Adds all products of a tile. */
static ALWAYS_INLINE void add_lines(REALV sum[TILE_P][TILE_Q], __global const X_ELEMENT *x,
                                    __global const REAL *weights, tile_source from, const int interior, const int whole)
{
    /* A row of one output skips those of the image that dilation leaves out. */
    enum { STEP = TILE_P == 1 ? DILATION_H : 1 };
    for (int it = 0; it < from.t; ++it, weights += R * S * VEC)
        for (int i = 0; i < SPAN_H; i += STEP) {
            const int id = look_up(from.id + it * from.dilation_d, from.d), ih = look_up(from.ih + i, from.h);
            REALV line[SPAN];
            if ((uint)id >= (uint)from.d || (uint)ih >= (uint)from.h) continue;
            load_line(line, x + id * from.x_d + ih * from.x_h, from.iw, from.w, from.pixel, from.channels, interior,
                      whole);
#pragma unroll
            for (int j = 0; j < TILE_P; ++j) add_line(sum[j], line, i - j * STRIDE_H, weights);
        }
}

/* Asks for the rows of x, of the first slice, that the windows below a tile's see and its own do not: from the caches
 * behind a core's own they would come too late. */
static ALWAYS_INLINE void fetch_below(__global const X_ELEMENT *x, tile_source from)
{
    const int first = from.ih + max(TILE_P * STRIDE_H, SPAN_H);
    if (DILATION_H > 1) return;
    for (int row = first; row < min(first + min(TILE_P * STRIDE_H, SPAN_H), from.h); ++row)
#pragma unroll
        for (int i = 0; i < SPAN; ++i) FETCH(x + from.id * from.x_d + row * from.x_h + (from.iw + i) * from.pixel);
}

/* A tile of outputs before its epilogue. */
static ALWAYS_INLINE void add_windows(REALV sum[TILE_P][TILE_Q], __global const X_ELEMENT *x,
                                      __global const REAL *weights, tile_source from)
{
    const int interior = from.iw >= 0 && from.iw + SPAN <= from.w;
    fetch_below(x, from);
#pragma unroll
    for (int i = 0; i < TILE_P * TILE_Q; ++i) sum[i / TILE_Q][i % TILE_Q] = (REALV)(REAL_OF(0.0));
    /* NHWC may end within a vector. */
    if (Y_BLOCK == 0 && from.channels < VEC)
        add_lines(sum, x, weights, from, 0, 0);
    else if (interior)
        add_lines(sum, x, weights, from, 1, 1);
    else
        add_lines(sum, x, weights, from, 0, 1);
}

#define NUMBERS(EACH)                                                                                                  \
    OFFSET(EACH, x) OFFSET(EACH, packed) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, bands_each) EACH(int, tiles) \
        EACH(int, vectors) EACH(int, c) THREE(EACH, int, d, h, w) THREE(EACH, int, o, p, q) EACH(int, t)               \
            EACH(int, stride_d) EACH(int, dilation_d) AXES(EACH, int, pad) STRIDES(EACH, x) STRIDES(EACH, y)           \
                STRIDES(EACH, r) EACH(int, streams)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_depthwise_blocked(__global const X_ELEMENT *restrict x,
                                                     __global const REAL *restrict packed, EPILOGUE_MEMORY,
                                                     __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const int items = (q + TILE_Q * tiles - 1) / (TILE_Q * tiles), bands = (p + TILE_P - 1) / TILE_P;
    const int band0 = (int)get_global_id(0) / items * bands_each, q0 = (int)get_global_id(0) % items * tiles * TILE_Q;
    const int first = (int)get_global_id(1) * vectors, n = (int)get_global_id(2);
    const int end = min(first + vectors, (c + VEC - 1) / VEC), q_end = min(q, q0 + tiles * TILE_Q);
    int place[TILE_Q], residual_place[TILE_Q];
#pragma unroll
    for (int i = 0; i < TILE_Q; ++i) {
        place[i] = i * (Y_PIXEL == 0 ? y_w : Y_PIXEL);
        residual_place[i] = i * r_w;
    }

    for (int band = band0; band < min(band0 + bands_each, o * bands); ++band) {
        const int io = band / bands, ip = band % bands * TILE_P;
        for (int iq = q0; iq < q_end; iq += TILE_Q)
            for (int vector = first; vector < end; ++vector) {
                const int channels = c - vector * VEC;
                const int to = n * y_n + vector * y_c + io * y_d + ip * y_h + iq * y_w;
                const int added = n * r_n + vector * r_c + io * r_d + ip * r_h + iq * r_w;
                REALV sum[TILE_P][TILE_Q];
                const tile_source from = {io * stride_d - pad_d,
                                          ip * STRIDE_H - pad_h,
                                          iq * STRIDE_W - pad_w,
                                          d,
                                          h,
                                          w,
                                          t,
                                          dilation_d,
                                          x_d,
                                          x_h,
                                          X_PIXEL == 0 ? x_w : X_PIXEL,
                                          channels};
                add_windows(sum, x + x_offset + n * x_n + vector * x_c,
                            packed + packed_offset + vector * t * R * S * VEC, from);
#pragma unroll
                for (int j = 0; j < TILE_P; ++j)
                    if (ip + j < p)
                        finish_tile(sum[j], y + y_offset + (ulong)(to + j * y_h), place, 0, residual_place, 0,
                                    (ulong)(vector * VEC), channels, q_end - iq, streams, scale, scale_offset, bias,
                                    bias_offset, residual, residual_offset + (ulong)(added + j * r_h), slope,
                                    slope_offset, alpha, beta);
            }
    }
}
