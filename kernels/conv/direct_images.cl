/* conv/direct_images: y = activation(scale * conv(x, w) + bias + residual) for GPUs whose local memory is ordinary
 * memory, x in NHWC; 1 to 3 axes.
 *
 *   launch      global = (ceil(K / groups / (4 * REG_K)), tiles, groups), any local; the first two axes may have spare
 *               items; tiles = N * O * P * ceil(Q / TILE_P)
 *   local mem   none
 *   needs       images over buffers; 4 divides the input channels of a group; dense tensors
 *   compiled in TILE_P, REG_K; what common/block.cl wants
 *   run time    c, k: channels of a group; packed_k: see below; rows = N * O * P; sizes, the window, pad_mode, strides
 *               of x, y and residual. Where no coordinate matters, in a filter of one tap without strides and pads, the
 *               host passes all pixels as one row.
 *
 * Packed weights, by conv/pack_elements.cl: [group][taps][c][packed_k], packed_k = K / groups in whole tiles.
 *
 * A work-item makes TILE_P pixels of a row for 4 * REG_K output channels, in registers. Copying into local memory that
 * is no faster would be work for nothing; what neighbours share they find in the texture cache, which images go through
 * and such GPUs have beside the other: x and weights are texels of 4 channels. Neighbours on the first axis read the
 * same inputs and consecutive weights, neighbours on the second the same weights. TILE_P + 4 * REG_K texels make
 * 16 * TILE_P * REG_K multiply-adds.
 *
 * A tensor may begin between two texels, as a part of a buffer, or lie where the device's images do not reach: its
 * `texel` is negative then, and both are read as memory, which is slower.
 */
#if !defined(TILE_P) || !defined(REG_K)
#error "the host must define TILE_P REG_K"
#endif

#define VEC        4
#define TRANSPOSED 0
#include "common/block.cl"
#include "common/planes.cl"
#include "common/taps.cl"

/* The numbers that a texel's bits are. It is read as bits to be exact: where numbers are read, a driver may
 * make zeros of those that are too small to be normal, and Intel's does, in 5 instructions for each. */
#if DTYPE == 1
#define NUMBERS_OF(bits) of_half_bits(convert_ushort4(bits))
#else
#define NUMBERS_OF(bits) as_float4(bits)
#endif

/* Adds one tap's products, of `texels` texels of each pixel and of weights. A pixel's begin at `at`, which is negative
 * in the padding: zeros are made afterwards, as jumps cost more. */
static ALWAYS_INLINE void add_texels(REALV sum[TILE_P][REG_K], const int at[TILE_P], int texels,
                                     __read_only image1d_buffer_t x, int weight, int packed_texels,
                                     __read_only image1d_buffer_t packed)
{
    for (int ic = 0; ic < texels; ++ic, weight += VEC * packed_texels) {
        REALV seen[TILE_P];
#pragma unroll
        for (int t = 0; t < TILE_P; ++t) {
            const uint kept = at[t] < 0 ? 0 : 0xffffffff;
            seen[t] = NUMBERS_OF(read_imageui(x, max(at[t], 0) + ic) & (uint4)(kept));
        }
#pragma unroll
        for (int i = 0; i < VEC * REG_K; ++i) {
            const REALV filter = as_float4(read_imageui(packed, weight + i / REG_K * packed_texels + i % REG_K));
#pragma unroll
            for (int t = 0; t < TILE_P; ++t) {
                const REAL lane[VEC] = {seen[t].x, seen[t].y, seen[t].z, seen[t].w};
                sum[t][i % REG_K] = mad((REALV)(lane[i / REG_K]), filter, sum[t][i % REG_K]);
            }
        }
    }
}

/* The same out of memory, channel by channel. */
static ALWAYS_INLINE void add_numbers(REALV sum[TILE_P][REG_K], const int at[TILE_P], int channels,
                                      __global const X_ELEMENT *x, __global const REAL *weights, int packed_k)
{
#pragma unroll 1
    for (int ic = 0; ic < channels; ++ic, weights += packed_k)
#pragma unroll
        for (int t = 0; t < TILE_P; ++t) {
            const REAL seen = at[t] < 0 ? REAL_OF(0.0) : LOAD_X(x, at[t] + ic);
#pragma unroll
            for (int j = 0; j < REG_K; ++j) sum[t][j] = mad((REALV)(seen), LOADV(weights + j * VEC), sum[t][j]);
        }
}

#define NUMBERS(EACH)                                                                                      \
    OFFSET(EACH, x) EACH(int, x_texel) OFFSET(EACH, packed) EACH(int, packed_texel) EPILOGUE_NUMBERS(EACH) \
        OFFSET(EACH, y) EACH(int, c) EACH(int, k) EACH(int, packed_k) EACH(int, rows) AXES(EACH, int, in)  \
            AXES(EACH, int, out) AXES(EACH, int, filter) AXES(EACH, int, stride) AXES(EACH, int, dilation) \
                AXES(EACH, int, pad) EACH(int, pad_mode) STRIDES(EACH, x) STRIDES(EACH, y) STRIDES(EACH, r)
STRUCT(NUMBERS) numbers;

__kernel void conv_direct_images(__global const X_ELEMENT *restrict x, __read_only image1d_buffer_t x_image,
                                 __global const REAL *restrict packed, __read_only image1d_buffer_t packed_image,
                                 EPILOGUE_MEMORY, __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const int ok = (int)get_global_id(0) * VEC * REG_K, tile = (int)get_global_id(1), group = (int)get_global_id(2);
    const int tiles_w = (out_w + TILE_P - 1) / TILE_P, row = tile / tiles_w, first = tile % tiles_w * TILE_P;
    if (ok >= k || row >= rows) return;
    const planes outputs = {out_d, out_h, 1, y_n, y_d, y_h, y_w}, residuals = {out_d, out_h, 1, r_n, r_d, r_h, r_w};
    const place mine = locate_pixel(outputs, row);
    const int taps = filter_d * filter_h * filter_w, as_images = x_texel >= 0 && packed_texel >= 0;
    int weight = group * taps * c * packed_k + ok;
    REALV sum[TILE_P][REG_K];
    x += x_offset;
    packed += packed_offset;
#pragma unroll
    for (int t = 0; t < TILE_P; ++t)
#pragma unroll
        for (int j = 0; j < REG_K; ++j) sum[t][j] = (REALV)(REAL_OF(0.0));

    for (int it = 0; it < filter_d; ++it)
        for (int ir = 0; ir < filter_h; ++ir)
            for (int is = 0; is < filter_w; ++is, weight += c * packed_k) {
                const int id = look_up_as(pad_mode, mine.d * stride_d - pad_d + it * dilation_d, in_d);
                const int ih = look_up_as(pad_mode, mine.h * stride_h - pad_h + ir * dilation_h, in_h);
                if ((uint)id >= (uint)in_d || (uint)ih >= (uint)in_h) continue;
                const int begin = mine.n * x_n + id * x_d + ih * x_h + group * c;
                int at[TILE_P], texel[TILE_P];
#pragma unroll
                for (int t = 0; t < TILE_P; ++t) {
                    const int pixel = min(first + t, out_w - 1);
                    const int iw = look_up_as(pad_mode, pixel * stride_w - pad_w + is * dilation_w, in_w);
                    at[t] = (uint)iw < (uint)in_w ? begin + iw * x_w : -1;
                    texel[t] = at[t] < 0 ? -1 : x_texel + at[t] / VEC;
                }
                if (as_images)
                    add_texels(sum, texel, c / VEC, x_image, packed_texel + weight / VEC, packed_k / VEC, packed_image);
                else
                    add_numbers(sum, at, c, x, packed + weight, packed_k);
            }

    const int to = offset_of(outputs, mine) + (group * k + ok) * y_c;
    MAYBE const int added_at = offset_of(residuals, mine) + (group * k + ok) * r_c;
#pragma unroll
    for (int t = 0; t < TILE_P; ++t)
#pragma unroll
        for (int j = 0; j < REG_K; ++j) {
            const int shift = j * VEC;
            if (first + t >= out_w || ok + shift >= k) continue;
            finish_block(sum[t][j], group * k + ok + shift, k - ok - shift,
                         y + y_offset + (ulong)(to + (first + t) * y_w + shift * y_c), y_c,
                         added_at + (first + t) * r_w + shift * r_c, r_c, scale, scale_offset, bias, bias_offset,
                         residual, residual_offset, slope, slope_offset, alpha, beta);
        }
}
