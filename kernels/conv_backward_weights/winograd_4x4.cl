/* conv_backward_weights/winograd_4x4: sums of dv * x for a 3x3 filter and CPUs, by Winograd's F(4x4, 3x3): of a tile of
 * 4 x 4 numbers of dv and the 6 x 6 of x that its windows see, 36 products where 144 would be. Both are transformed to
 * POINTS = 36 numbers, which are multiplied point by point and summed over all tiles; the sums are transformed to the
 * 3 x 3 of a filter.
 *
 *   launch      global = (items, 1, 1), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and dv in blocks or NHWC; VEC divides X_BLOCK and DV_BLOCK, or they are 0; TILE_C divides VEC
 *   compiled in VEC; TILE_K vectors of channels of dv and TILE_C channels of x in a register tile; SLAB, in tiles;
 *               X_BLOCK DV_BLOCK: channels that lie side by side, 0 for all of them (NHWC); PAD_MODE; ACCUMULATE: sums
 *               are added to what is there
 *   run time    everything else
 *
 * The work is cut into units: the filters from block_c channels of x to block_k channels of dv, over one piece of all
 * tiles. A work-item takes a share of the units, with scratch of its own, which its core's caches hold: it transforms a
 * slab of tiles, and multiplies x by dv while both are near. Which tiles a piece has, and how they divide into slabs,
 * the problem alone decides, and so in which order sums are made.
 *
 * Scratch of a work-item: sums [POINTS][block_k / (TILE_K * VEC)][block_c / TILE_C][TILE_C][TILE_K][VEC], where points
 * are a vector further apart, so that a cache does not put all of them in one place; then for the same reason the slab
 * of x [block_c / VEC][SLAB][POINTS + 1][VEC], and that of dv, alike.
 *
 * In a transposed convolution x and dv change places: the host passes one as the other.
 */
#if !defined(TILE_K) || !defined(TILE_C) || !defined(SLAB) || !defined(DV_BLOCK) || !defined(ACCUMULATE)
#error "winograd_4x4.c must define TILE_K TILE_C SLAB DV_BLOCK ACCUMULATE"
#endif

#define SCRATCH __global

#include "common/vector.cl"
#include "common/transpose.cl"
#include "common/transforms_4x4.cl"
#include "common/winograd_tiles.cl"

/* Taps of a filter; sums of a register tile, in vectors; from one tile of a slab to the next, and from one vector of
 * channels. */
#define TAPS        9
#define TILE        (TILE_C * TILE_K)
#define PITCH       ((POINTS + 1) * VEC)
#define VECTOR_STEP (SLAB * PITCH)

/* Sizes and strides of dv. */
typedef struct {
    int k, h, w, stride_n, stride_c, stride_h, stride_w;
} gradient;

/* Channels of a unit, and from one point to the next of its sums. */
typedef struct {
    int c, k, step;
} block;

/* ---- Transforms ------------------------------------------------------------------------------------------------ */

/* Transforms VEC channels of a tile of dv, of which `rows` and `columns` are there. With whole, a constant, all are,
 * and all channels too. */
static ALWAYS_INLINE void transform_outputs(__global REAL *to, __global const X_ELEMENT *dv, gradient from, int rows,
                                            int columns, int channels, const int whole)
{
    REALV halfway[IN][OUT];
#pragma unroll
    for (int j = 0; j < OUT; ++j) {
        REALV d[OUT], u[IN];
#pragma unroll
        for (int i = 0; i < OUT; ++i) {
            __global const X_ELEMENT *at = dv + i * from.stride_h + j * from.stride_w;
            d[i] = (REALV)(REAL_OF(0.0));
            if (whole || (i < rows && j < columns)) d[i] = whole ? LOADV_X(at) : load_first(at, channels);
        }
        transform_gradient(u, d);
#pragma unroll
        for (int i = 0; i < IN; ++i) halfway[i][j] = u[i];
    }
#pragma unroll
    for (int i = 0; i < IN; ++i) {
        REALV u[IN];
        transform_gradient(u, halfway[i]);
#pragma unroll
        for (int j = 0; j < IN; ++j) STOREV_SCRATCH(u[j], to + (i * IN + j) * VEC);
    }
}

/* The same for the tile at a corner, from channel k0 on. */
static ALWAYS_INLINE void transform_gradients(__global REAL *to, __global const X_ELEMENT *dv, gradient from, corner at,
                                              int k0)
{
    const int rows = from.h - at.h, columns = from.w - at.w;
    const int channels = DV_BLOCK == 0 ? from.k - k0 : VEC;
    dv += at.n * from.stride_n + at.h * from.stride_h + at.w * from.stride_w +
          (DV_BLOCK == 0 ? k0 : k0 / DV_BLOCK * from.stride_c + k0 % DV_BLOCK);
    if (rows >= OUT && columns >= OUT && channels >= VEC)
        transform_outputs(to, dv, from, rows, columns, channels, 1);
    else
        transform_outputs(to, dv, from, rows, columns, channels, 0);
}

/* ---- Products -------------------------------------------------------------------------------------------------- */

/* Multiplies a slab of `count` tiles, and adds the products to the sums, or begins them. */
static ALWAYS_INLINE void multiply(__global REAL *restrict sums, __global const REAL *restrict v,
                                   __global const REAL *restrict u, block b, int channels_c, int channels_k, int count,
                                   int begin)
{
    for (int point = 0; point < POINTS; ++point, sums += b.step, v += VEC, u += VEC)
        for (int k0 = 0; k0 < channels_k; k0 += TILE_K * VEC)
            for (int c0 = 0; c0 < channels_c; c0 += TILE_C) {
                __global const REAL *from = v + c0 / VEC * VECTOR_STEP + c0 % VEC, *by = u + k0 / VEC * VECTOR_STEP;
                __global REAL *to = sums + (k0 * b.c + c0 * TILE_K * VEC);
                REALV sum[TILE];
#pragma unroll
                for (int i = 0; i < TILE; ++i) sum[i] = (REALV)(REAL_OF(0.0));
                for (int t = 0; t < count; ++t, from += PITCH, by += PITCH) {
                    REALV dv[TILE_K];
#pragma unroll
                    for (int k = 0; k < TILE_K; ++k) dv[k] = LOADV_SCRATCH(by + k * VECTOR_STEP);
#pragma unroll
                    for (int i = 0; i < TILE; ++i) sum[i] = fma((REALV)from[i / TILE_K], dv[i % TILE_K], sum[i]);
                }
                if (!begin)
#pragma unroll
                    for (int i = 0; i < TILE; ++i) sum[i] += LOADV_SCRATCH(to + i * VEC);
#pragma unroll
                for (int i = 0; i < TILE; ++i) STOREV_SCRATCH(sum[i], to + i * VEC);
            }
}

/* ---- Results --------------------------------------------------------------------------------------------------- */

/* Transforms the sums of one channel of x and a vector of channels of dv to as many filters. */
static ALWAYS_INLINE void transform_filters(REALV filter[TAPS], __global const REAL *from, int step, int flip)
{
    REALV halfway[3][IN];
#pragma unroll
    for (int j = 0; j < IN; ++j) {
        REALV m[IN], g[3];
#pragma unroll
        for (int i = 0; i < IN; ++i) m[i] = LOADV_SCRATCH(from + (i * IN + j) * step);
        transform_sums(g, m);
#pragma unroll
        for (int i = 0; i < 3; ++i) halfway[i][j] = g[i];
    }
#pragma unroll
    for (int i = 0; i < 3; ++i) {
        REALV g[3];
        transform_sums(g, halfway[i]);
#pragma unroll
        for (int j = 0; j < 3; ++j) filter[flip ? 8 - 3 * i - j : 3 * i + j] = g[j];
    }
}

/* Writes the filters of a unit, in the order of plain weights: those of a channel of dv are `step` behind those of the
 * one before. */
static void store_filters(__global REAL *to, int step, __global const REAL *sums, block b, int channels_c,
                          int channels_k, int flip)
{
    for (int k0 = 0; k0 < channels_k; k0 += VEC)
        for (int c0 = 0; c0 < channels_c; c0 += VEC) {
            const int channels = min(VEC, channels_c - c0);
            REALV filter[VEC * TAPS];
            for (int c = c0; c < c0 + channels; ++c) {
                const int tile = k0 / (TILE_K * VEC) * (b.c / TILE_C) + c / TILE_C;
                const int vector = c % TILE_C * TILE_K + k0 / VEC % TILE_K;
                transform_filters(filter + (c - c0) * TAPS, sums + (tile * TILE + vector) * VEC, b.step, flip);
            }
            for (int i = 0; i < channels * TAPS; i += VEC) {
                REALV v[VEC];
#pragma unroll
                for (int j = 0; j < VEC; ++j) v[j] = filter[i + j];
                store_columns(to + k0 * step + c0 * TAPS + i, step, v, channels * TAPS - i, channels_k - k0,
                              ACCUMULATE);
            }
        }
}

#define NUMBERS(EACH)                                                                                                 \
    OFFSET(EACH, x) OFFSET(EACH, dv) OFFSET(EACH, sums) OFFSET(EACH, scratch) EACH(int, c) EACH(int, k) EACH(int, h)  \
        EACH(int, w) EACH(int, p) EACH(int, q) EACH(int, pad_h) EACH(int, pad_w) EACH(int, tile_rows)                 \
            EACH(int, tile_columns) EACH(int, tile_count) EACH(int, piece_tiles) EACH(int, pieces) EACH(int, block_c) \
                EACH(int, block_k) EACH(int, flip) STRIDES(EACH, x) STRIDES(EACH, dv)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_backward_weights_winograd_4x4(__global const X_ELEMENT *restrict x,
                                                                 __global const X_ELEMENT *restrict dv,
                                                                 __global REAL *restrict sums,
                                                                 __global REAL *restrict scratch, const numbers passed)
{
    NUMBERS(UNPACK);
    const source in = {c, h, w, pad_h, pad_w, x_n, x_c, x_h, x_w};
    const gradient out = {k, p, q, dv_n, dv_c, dv_h, dv_w};
    const grid tiles = {tile_rows, tile_columns, tile_count};
    const block b = {block_c, block_k, block_c * block_k + VEC};
    const int blocks_c = (c + block_c - 1) / block_c, blocks_k = (k + block_k - 1) / block_k;
    const int units = blocks_c * blocks_k * pieces, items = (int)get_global_size(0), item = (int)get_global_id(0);
    const int share = (units + items - 1) / items;
    __global REAL *total =
        scratch + scratch_offset + item * (POINTS * b.step + (block_c + block_k) / VEC * VECTOR_STEP);
    __global REAL *v = total + POINTS * b.step, *u = v + block_c / VEC * VECTOR_STEP;

    for (int unit = item * share; unit < min(units, (item + 1) * share); ++unit) {
        const int c0 = unit % blocks_c * block_c, k0 = unit / blocks_c % blocks_k * block_k;
        const int piece = unit / blocks_c / blocks_k, begin = piece * piece_tiles;
        const int channels_c = min(block_c, c - c0), channels_k = min(block_k, k - k0);
        const int end = min(begin + piece_tiles, tile_count);
        for (int tile = begin; tile < end; tile += SLAB) {
            const int count = min(SLAB, end - tile);
            for (int i = 0; i < channels_c; i += VEC)
                for (int t = 0; t < count; ++t)
                    transform_corner(v + i / VEC * VECTOR_STEP + t * PITCH, VEC, x + x_offset, in,
                                     locate(tiles, tile + t), c0 + i);
            for (int i = 0; i < channels_k; i += VEC)
                for (int t = 0; t < count; ++t)
                    transform_gradients(u + i / VEC * VECTOR_STEP + t * PITCH, dv + dv_offset, out,
                                        locate(tiles, tile + t), k0 + i);
            multiply(total, v, u, b, channels_c, channels_k, count, tile == begin);
        }
        store_filters(sums + sums_offset + ((piece * k + k0) * c + c0) * TAPS, c * TAPS, total, b, channels_c,
                      channels_k, flip);
    }
}
