/* common/winograd: y = activation(scale * conv(x, w) + bias + residual) for a 3x3 filter and CPUs, by Winograd's
 * minimal filtering. A tile of OUT x OUT outputs comes from IN x IN inputs, IN = OUT + 2: both inputs and filters are
 * transformed to POINTS = IN * IN numbers, which are multiplied point by point and summed over the input channels; the
 * sums are transformed back. common/transforms_2x2.cl and 4x4 have the transforms of one axis.
 *
 *   launch      FUSED: conv_winograd: global = (ceil(strips / rounds), 1, 1)
 *               else: conv_winograd_input: global = (strips, ceil(C / VEC), 1), then
 *                     conv_winograd_output: global = (ceil(strips / rounds), blocks, 1)
 *               local = (1, 1, 1), strips = ceil(tiles / TILES), blocks = ceil(k / (TILE_K * VEC)), k = K rounded up to
 *               Y_BLOCK; tiles: of all images, in the order of memory
 *   local mem   FUSED: LOCAL_REALS, at least those of `rounds` strips
 *   needs       VEC divides X_BLOCK, or it is 0; VEC divides Y_BLOCK, or it is 1 or 0
 *   compiled in FUSED LOCAL_REALS TILES TILE_K; X_BLOCK: channels side by side in x, as Y_BLOCK; PAD_MODE; what
 *               common/tile.cl wants, with TILE_Q = OUT
 *   run time    sizes, pads, tiles of a row and of a column, the end of those to make, the first of them, strides of x,
 *               y and residual; rounds, of which MOST_PRODUCTS has room for the sums
 *
 * A strip is TILES tiles. Its transformed inputs lie in SCRATCH, from where every block of output channels reads them:
 * where `rounds` strips of all channels fit a core's cache, and there are strips for all cores, one work-item does all
 * that there is to them (FUSED), and nothing but x and y passes through memory; else one launch makes them and another,
 * with a work-item for `rounds` strips and a block, uses them.
 *   - The sums of a strip at one point, in TILE_K vectors of output channels, stay in registers while all input
 *     channels are added, as in conv/direct_blocked.cl.
 *   - A work-item makes `rounds` strips point by point, so that the weights of a point come from the core's own cache
 *     in all rounds but the first.
 *
 * SCRATCH: [strip][POINTS][C / VEC][TILES][VEC]. What is past the last tile is zero; what comes of it is not stored.
 * Packed weights, by common/winograd_pack.cl: [block][POINTS][C][TILE_K][VEC].
 */
#if !defined(FUSED) || !defined(LOCAL_REALS) || !defined(TILES) || !defined(X_BLOCK)
#error "winograd.c must define FUSED LOCAL_REALS TILES X_BLOCK"
#endif

#if FUSED
#define SCRATCH __local
#else
#define SCRATCH __global
#endif

#include "common/target.cl"
#include "common/weights.cl"
#include "common/winograd_tiles.cl"

/* How many vectors of channels ahead inputs are fetched from memory, as weights are in common/weights.cl. */
#define FETCH_TURNS 4

/* Vectors of sums that a work-item holds at each point, as winograd.c knows too: with those of all points of 4 x 4
 * tiles they take a quarter of a core's second cache. */
#define MOST_PRODUCTS 200

/* From one point to the next in SCRATCH. */
static int point_step(int c)
{
    return whole_blocks(c, VEC) * TILES;
}

/* From one strip to the next. */
static int strip_step(int c)
{
    return POINTS * point_step(c);
}

/* ---- Inputs ---------------------------------------------------------------------------------------------------- */

/* Transforms VEC channels of a strip, or the last few, from c0 on. */
static ALWAYS_INLINE void transform_strip(SCRATCH REAL *strip, __global const X_ELEMENT *x, source in, grid tiles,
                                          int tile, int c0)
{
    const int count = min(TILES, tiles.count - tile), step = point_step(in.c);
    strip += c0 * TILES;
    for (int t = 0; t < count; ++t, strip += VEC) transform_corner(strip, step, x, in, locate(tiles, tile + t), c0);
    /* What lay there before may be denormal numbers, which take some hundred times as long to multiply. */
    if (count > 0)
        for (int t = count; t < TILES; ++t, strip += VEC)
            for (int i = 0; i < POINTS; ++i) STOREV_SCRATCH((REALV)(REAL_OF(0.0)), strip + i * step);
}

/* ---- Products and outputs -------------------------------------------------------------------------------------- */

/* The sums over c channels at one point, of a register tile. */
static ALWAYS_INLINE void multiply(REALV sum[TILES * TILE_K], SCRATCH const REAL *v, __global const REAL *u, int c)
{
#pragma unroll
    for (int a = 0; a < TILES * TILE_K; ++a) sum[a] = (REALV)(REAL_OF(0.0));
    for (int c0 = 0; c0 < c; c0 += VEC, v += VEC * TILES) {
#pragma unroll
        for (int t = 0; t < TILES; ++t)
            if (!FUSED) FETCH(v + (FETCH_TURNS * TILES + t) * VEC);
        for (int i = 0; i < min(VEC, c - c0); ++i, u += TILE_CHANNELS) {
            REALV filter[TILE_K];
            load_weights(filter, u);
#pragma unroll
            for (int a = 0; a < TILES * TILE_K; ++a)
                sum[a] = fma((REALV)v[a / TILE_K * VEC + i], filter[a % TILE_K], sum[a]);
        }
    }
}

/* Transforms one vector of channels of a tile back, finishes and stores it. `y` and the residual are the tile's. */
static ALWAYS_INLINE void finish_outputs(const REALV m[POINTS], __global Y_ELEMENT *y, target to, target residual_from,
                                         int rows, int columns, int k0, int channels, EPILOGUE_ARGS)
{
    REALV halfway[OUT][IN];
    int place[OUT], residual_place[OUT];
    transform_columns(halfway, m);
#pragma unroll
    for (int i = 0; i < OUT; ++i) {
        place[i] = i * to.w;
        residual_place[i] = i * residual_from.w;
    }
#pragma unroll
    for (int i = 0; i < OUT; ++i) {
        REALV v[OUT];
        if (i >= rows) return;
        transform_output(v, halfway[i]);
        finish_tile(v, y + i * to.h, place, to.c, residual_place, residual_from.c, (ulong)k0, channels, columns,
                    to.streams, scale, scale_offset, bias, bias_offset, residual,
                    residual_offset + (ulong)(i * residual_from.h), slope, slope_offset, alpha, beta);
    }
}

/* Makes the outputs of `rounds` strips, or as many as there are from `tile` on, in one block of channels from k0 on. */
static ALWAYS_INLINE void make_strips(SCRATCH const REAL *strips, int rounds, __global const REAL *u, int c, int k,
                                      int k0, int p, int q, grid tiles, int tile, __global Y_ELEMENT *y, int y_n,
                                      target to, int r_n, target residual_from, EPILOGUE_ARGS)
{
    const int count = min(rounds * TILES, tiles.count - tile), stored = whole_blocks(k, Y_BLOCK);
    REALV product[MOST_PRODUCTS][POINTS + 1]; /* a vector more, so that a cache does not put all in one place */

    for (int point = 0; point < POINTS; ++point, u += c * TILE_CHANNELS)
        for (int round = 0; round * TILES < count; ++round) {
            REALV sum[TILES * TILE_K];
            multiply(sum, strips + round * strip_step(c) + point * point_step(c), u, c);
#pragma unroll
            for (int a = 0; a < TILES * TILE_K; ++a) product[round * TILES * TILE_K + a][point] = sum[a];
        }
    for (int a = 0; a < count * TILE_K; ++a) {
        const corner at = locate(tiles, tile + a / TILE_K);
        const int kj = k0 + a % TILE_K * VEC;
        if (kj >= stored) continue;
        finish_outputs(product[a], y + at.n * y_n + at.h * to.h + at.w * to.w + place_channel(to, kj), to,
                       residual_from, p - at.h, q - at.w, kj, k - kj, scale, scale_offset, bias, bias_offset, residual,
                       residual_offset + (ulong)(at.n * r_n + at.h * residual_from.h + at.w * residual_from.w +
                                                 place_channel(residual_from, kj)),
                       slope, slope_offset, alpha, beta);
    }
}

/* ---- Kernels --------------------------------------------------------------------------------------------------- */

/* What the kernels that read x, and those that write y, are passed. */
#define INPUT_MEMORY        __global const X_ELEMENT *restrict x
#define INPUT_NUMBERS(EACH) OFFSET(EACH, x) EACH(int, h) EACH(int, w) EACH(int, pad_h) EACH(int, pad_w) STRIDES(EACH, x)
#define OUTPUT_MEMORY       __global const REAL *restrict packed, EPILOGUE_MEMORY, __global Y_ELEMENT *restrict y
#define OUTPUT_NUMBERS(EACH)                                                                           \
    OFFSET(EACH, packed) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, k) EACH(int, p) EACH(int, q) \
        STRIDES(EACH, y) STRIDES(EACH, r) EACH(int, streams)
#define TILE_NUMBERS(EACH)                                                                                \
    EACH(int, c) EACH(int, tile_rows) EACH(int, tile_columns) EACH(int, tile_count) EACH(int, first_tile) \
        EACH(int, rounds)

#define SOURCE                                    \
    {                                             \
        c, h, w, pad_h, pad_w, x_n, x_c, x_h, x_w \
    }
#define GRID                                \
    {                                       \
        tile_rows, tile_columns, tile_count \
    }

/* Makes block `number` of some strips. */
#define MAKE_STRIPS(strips, number)                                                                          \
    make_strips(strips, rounds, packed + packed_offset + (number)*POINTS * c * TILE_CHANNELS, c, k,          \
                (number)*TILE_CHANNELS, p, q, tiles, tile, y + y_offset, y_n, to, r_n, residual_from, scale, \
                scale_offset, bias, bias_offset, residual, residual_offset, slope, slope_offset, alpha, beta)

#if FUSED
#define WINOGRAD_NUMBERS(EACH) INPUT_NUMBERS(EACH) OUTPUT_NUMBERS(EACH) TILE_NUMBERS(EACH)
STRUCT(WINOGRAD_NUMBERS) winograd_numbers;

__kernel ONE_ITEM_GROUPS void conv_winograd(INPUT_MEMORY, OUTPUT_MEMORY, const winograd_numbers passed)
{
    WINOGRAD_NUMBERS(UNPACK);
    __local REAL strips[LOCAL_REALS];
    const source in = SOURCE;
    const grid tiles = GRID;
    const target to = {y_c, y_d, y_h, y_w, streams}, residual_from = {r_c, r_d, r_h, r_w, 0};
    const int tile = first_tile + (int)get_global_id(0) * rounds * TILES;

    for (int round = 0; round < rounds; ++round)
        for (int c0 = 0; c0 < c; c0 += VEC)
            transform_strip(strips + round * strip_step(c), x + x_offset, in, tiles, tile + round * TILES, c0);
    for (int block = 0; block * TILE_CHANNELS < whole_blocks(k, Y_BLOCK); ++block) MAKE_STRIPS(strips, block);
}
#else
#define KERNEL_INPUT_NUMBERS(EACH)  INPUT_NUMBERS(EACH) OFFSET(EACH, scratch) TILE_NUMBERS(EACH)
STRUCT(KERNEL_INPUT_NUMBERS) input_numbers;

__kernel ONE_ITEM_GROUPS void conv_winograd_input(INPUT_MEMORY, __global REAL *restrict scratch,
                                                  const input_numbers passed)
{
    KERNEL_INPUT_NUMBERS(UNPACK);
    const source in = SOURCE;
    const grid tiles = GRID;
    const int strip = (int)get_global_id(0);
    transform_strip(scratch + scratch_offset + strip * strip_step(c), x + x_offset, in, tiles,
                    first_tile + strip * TILES, (int)get_global_id(1) * VEC);
}

#define KERNEL_OUTPUT_NUMBERS(EACH) OFFSET(EACH, scratch) OUTPUT_NUMBERS(EACH) TILE_NUMBERS(EACH)
STRUCT(KERNEL_OUTPUT_NUMBERS) output_numbers;

__kernel ONE_ITEM_GROUPS void conv_winograd_output(__global const REAL *restrict scratch, OUTPUT_MEMORY,
                                                   const output_numbers passed)
{
    KERNEL_OUTPUT_NUMBERS(UNPACK);
    const grid tiles = GRID;
    const target to = {y_c, y_d, y_h, y_w, streams}, residual_from = {r_c, r_d, r_h, r_w, 0};
    const int strip = (int)get_global_id(0) * rounds, tile = first_tile + strip * TILES, block = (int)get_global_id(1);
    MAKE_STRIPS(scratch + scratch_offset + strip * strip_step(c), block);
}
#endif
