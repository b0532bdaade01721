/* conv/winograd_tiled_4x4: y = activation(scale * conv(x, w) + bias + residual) for a 3x3 filter and GPUs, in NCHW and
 * NHWC and any strides, by tiles of 4 x 4 outputs, each from 6 x 6 inputs, with 36 multiplications where 144 would be:
 * Winograd's F(4x4, 3x3) (see common/transforms_4x4.cl).
 *
 *   launch      conv_winograd_tiled_4x4_input: global = (C * tiles, 1, 1), any local; then conv/implicit_gemm, whose
 *               groups are the 36 points, and pixels the tiles; then conv_winograd_tiled_4x4_output: global =
 *               (K * tiles, 1, 1), any local; all three for as many tiles as the workspace holds, in passes
 *               conv_winograd_tiled_4x4_pack: global = (TILE_K, padded c, ceil(K / TILE_K)), any local
 *   local mem   none; of the product: see conv/implicit_gemm.cl
 *   compiled in PAD_MODE (see common/taps.cl); what common/epilogue.cl wants
 *   run time    everything else; of what lies in the workspace from point to point, channel to channel, tile to tile
 *
 * Transformed inputs and sums pass through memory, [36][channels][tiles] where tensors are NCHW and [tiles][36]
 * [channels] where they are NHWC, so that neighbouring work-items of all three load and store neighbours. Why so, and
 * not in one kernel: with C = K a tile's products take 1.9 C^2 ps on an NVIDIA H200 at 60 % of its 62 TFLOP/s, where
 * those of a direct convolution take 7.7 C^2 ps. What the launches move, 704 C bytes, takes 190 C ps at 3.7 TB/s: from
 * some 40 channels on that is less than what is gained, and with 256 channels a quarter of all. One kernel for all
 * would move 128 C bytes, but has to keep the sums of all 36 points in registers: 64 of each of 256 work-items are
 * those of 16 tiles in 28 channels, so that all weights are read again for every 16 tiles, 9 C^2 bytes for each, from a
 * second cache that has about 5 TB/s: as long as the products themselves. What a pass leaves in the workspace may also
 * stay in that cache.
 *
 * The packed weights are those of conv/implicit_gemm: [36][ceil(K / TILE_K)][padded c][TILE_K], spare ones zero.
 * Sixths and twenty-fourths round, and the transforms amplify what was rounded: include/tessera.h has the bound.
 */
#if !defined(PAD_MODE)
#error "winograd_tiled_4x4.c must define PAD_MODE"
#endif

#define SCRATCH __global
#define X_BLOCK 1

#include "common/epilogue.cl"
#include "common/scalar.cl"
#include "common/transforms_4x4.cl"
#include "common/winograd_filter.cl"
#include "common/winograd_tiles.cl"

/* How transformed tiles lie in the workspace: from one to the next. */
typedef struct {
    int point, channel, tile;
} steps;

/* What a work-item makes: one channel of one tile. */
typedef struct {
    int channel, tile;
} share;

/* Neighbouring work-items have neighbours in memory. */
static ALWAYS_INLINE share locate_share(steps step, int channels, int tiles)
{
    const int item = (int)get_global_id(0), channels_last = step.channel == 1;
    const int inner = channels_last ? channels : tiles, within = item % inner, number = item / inner;
    const share made = {channels_last ? within : number, channels_last ? number : within};
    return made;
}

/* Stores the first `columns` of a row of outputs, `step` apart: as one vector where they lie as one. */
static ALWAYS_INLINE void store_row(const REAL v[OUT], __global Y_ELEMENT *to, int step, int columns)
{
    if (step == 1 && columns >= OUT && (size_t)to % (OUT * sizeof(Y_BITS)) == 0) {
        Y_BITS bits[OUT];
#pragma unroll
        for (int j = 0; j < OUT; ++j) STORE_Y(v[j], (Y_ELEMENT *)bits, j);
        *(__global JOIN(Y_BITS, OUT) *)to = JOIN(vload, OUT)(0, bits);
    } else {
#pragma unroll
        for (int j = 0; j < OUT; ++j)
            if (j < columns) STORE_Y(v[j], to, j * step);
    }
}

/* Which tiles a launch has: `tiles` from the first on; each image has rows of columns of them. */
#define TILE_NUMBERS(EACH) EACH(int, tile_rows) EACH(int, tile_columns) EACH(int, first) EACH(int, tiles)
#define STEP_NUMBERS(EACH) EACH(int, point_step) EACH(int, channel_step) EACH(int, tile_step)

#define PACK_NUMBERS(EACH) \
    OFFSET(EACH, w) OFFSET(EACH, packed) EACH(int, c) EACH(int, k) EACH(int, k_step) EACH(int, c_step) EACH(int, flip)
STRUCT(PACK_NUMBERS) pack_numbers;

__kernel void conv_winograd_tiled_4x4_pack(__global const X_ELEMENT *restrict w, __global REAL *restrict packed,
                                           const pack_numbers passed)
{
    PACK_NUMBERS(UNPACK);
    const int lane = (int)get_global_id(0), tile_k = (int)get_global_size(0);
    const int ic = (int)get_global_id(1), padded_c = (int)get_global_size(1);
    const int ok = (int)get_global_id(2) * tile_k + lane, step = (int)get_global_size(2) * padded_c * tile_k;
    __global const X_ELEMENT *from = w + w_offset + (ulong)(ok * k_step + ic * c_step);
    REAL tap[9];
#pragma unroll
    for (int i = 0; i < 9; ++i) tap[i] = ok < k && ic < c ? LOAD_X(from, flip ? 8 - i : i) : REAL_OF(0.0);
    transform_taps(packed + packed_offset + (((int)get_global_id(2) * padded_c + ic) * tile_k + lane), step, tap);
}

#define KERNEL_INPUT_NUMBERS(EACH)                                                                                 \
    OFFSET(EACH, x) OFFSET(EACH, scratch) EACH(int, c) EACH(int, h) EACH(int, w) EACH(int, pad_h) EACH(int, pad_w) \
        STRIDES(EACH, x) STEP_NUMBERS(EACH) TILE_NUMBERS(EACH)
STRUCT(KERNEL_INPUT_NUMBERS) input_numbers;

__kernel void conv_winograd_tiled_4x4_input(__global const X_ELEMENT *restrict x, __global REAL *restrict scratch,
                                            const input_numbers passed)
{
    KERNEL_INPUT_NUMBERS(UNPACK);
    const steps to = {point_step, channel_step, tile_step};
    const source in = {c, h, w, pad_h, pad_w, x_n, x_c, x_h, x_w};
    const grid whole = {tile_rows, tile_columns, tiles};
    const share made = locate_share(to, c, tiles);
    if (made.tile >= tiles || made.channel >= c) return;
    const corner at = locate(whole, first + made.tile);
    transform_tile(scratch + scratch_offset + made.channel * channel_step + made.tile * tile_step, point_step,
                   x + x_offset + at.n * x_n + made.channel * x_c, in, at.h - pad_h, at.w - pad_w, 1, 0, 1);
}

#define KERNEL_OUTPUT_NUMBERS(EACH)                                                                     \
    OFFSET(EACH, scratch) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, k) EACH(int, p) EACH(int, q) \
        STRIDES(EACH, y) STRIDES(EACH, r) STEP_NUMBERS(EACH) TILE_NUMBERS(EACH)
STRUCT(KERNEL_OUTPUT_NUMBERS) output_numbers;

__kernel void conv_winograd_tiled_4x4_output(__global const REAL *restrict scratch, EPILOGUE_MEMORY,
                                             __global Y_ELEMENT *restrict y, const output_numbers passed)
{
    KERNEL_OUTPUT_NUMBERS(UNPACK);
    const steps from = {point_step, channel_step, tile_step};
    const grid whole = {tile_rows, tile_columns, tiles};
    const share made = locate_share(from, k, tiles);
    if (made.tile >= tiles || made.channel >= k) return;
    const corner at = locate(whole, first + made.tile);
    __global const REAL *sums = scratch + scratch_offset + made.channel * channel_step + made.tile * tile_step;
    REAL m[POINTS], halfway[OUT][IN];
#pragma unroll
    for (int i = 0; i < POINTS; ++i) m[i] = sums[i * point_step];
    transform_columns(halfway, m);

    const int ok = made.channel, columns = q - at.w;
    MAYBE const REAL scale_k = CHANNEL_SCALE(ok), bias_k = CHANNEL_BIAS(ok), slope_k = CHANNEL_SLOPE(ok);
    y += y_offset + (ulong)(at.n * y_n + ok * y_c + at.h * y_h + at.w * y_w);
    const ulong residual_at = residual_offset + (ulong)(at.n * r_n + ok * r_c + at.h * r_h + at.w * r_w);
#pragma unroll
    for (int i = 0; i < OUT; ++i) {
        REAL v[OUT];
        if (at.h + i >= p) break;
        transform_output(v, halfway[i]);
#pragma unroll
        for (int j = 0; j < OUT; ++j) {
            MAYBE const ulong added_at = residual_at + (ulong)(i * r_h + j * r_w);
            const REAL added = HAS_RESIDUAL && j < columns ? LOAD_X(residual, added_at) : REAL_OF(0.0);
            v[j] = EPILOGUE(REAL, v[j], scale_k, bias_k, added, slope_k);
        }
        store_row(v, y + i * y_h, y_w, columns);
    }
}
