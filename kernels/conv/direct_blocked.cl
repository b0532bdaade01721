/* conv/direct_blocked: y = activation(conv(x, w) + bias) for CPUs, x and y in NCHW or channel-blocked.
 *
 *   launch      conv_direct_blocked: global = (ceil(P * Q / (TILE_Q * ROUNDS)), N, groups * tiles), local = (1, 1, 1)
 *               conv_direct_blocked_pack: global = (C / groups, groups * tiles, 1), local = (1, 1, 1)
 *               where tiles = ceil(k / (TILE_K * VEC)), k = K / groups rounded up to Y_BLOCK
 *   local mem   none
 *   needs       VEC divides Y_BLOCK, or Y_BLOCK is 1; with groups > 1 also X_BLOCK divides C / groups and Y_BLOCK
 *               divides K / groups
 *   compiled in VEC TILE_Q TILE_K ROUNDS X_BLOCK Y_BLOCK C_STEP R S strides dilations HAS_BIAS ACTIVATION;
 *               X_BLOCK and Y_BLOCK are 1 for NCHW; C_STEP is X_BLOCK, or for NCHW any number of channels
 *   run time    groups, c = C / groups, H W, k = K / groups, P Q, padding, tiles; c_slab, a multiple of C_STEP
 *
 * A work-item keeps TILE_Q consecutive pixels of the output plane times TILE_K vectors of output channels in registers.
 * For each filter tap and input channel it loads TILE_K vectors of weights and TILE_Q single inputs, and issues
 * TILE_Q * TILE_K multiply-adds. Why this is fast:
 *   - Pixels are counted through the plane and not along a row, so only a plane's last tile can be partly idle.
 *   - The inner loop has no tests: a tap that falls into the padding reads zeros from the head of the packed weights.
 *   - A tile that lies within one row and touches no padding takes a path with one pointer and constant distances.
 *   - The work-item makes ROUNDS tiles, all of them from c_slab channels before it goes on to the next ones, so that
 *     the slab's weights come from the nearest cache in all rounds but the first.
 *
 * Packed weights: HEAD zeros, then [group][tile][C in steps of C_STEP][R][S][C_STEP][TILE_K][VEC]. The last step may be
 * short. Output channels past the end of a group have zero weights.
 */
#if !defined(TILE_Q) || !defined(TILE_K) || !defined(ROUNDS) || !defined(X_BLOCK) || !defined(Y_BLOCK) || \
    !defined(C_STEP) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) ||         \
    !defined(DILATION_H) || !defined(DILATION_W) || !defined(HAS_BIAS)
#error "direct_blocked.c must define TILE_Q TILE_K ROUNDS X_BLOCK Y_BLOCK C_STEP R S STRIDE_x DILATION_x HAS_BIAS"
#endif

#include "common/vector.cl"
#include "common/activation.cl"

/* The zeros at the head of the packed weights: one pixel of the largest block, and one cache line. */
#define HEAD 16
/* How far one channel of a padding pixel lies from the next: NCHW reads the same zero again and again. */
#define PADDING_STEP  (X_BLOCK == 1 ? 0 : 1)
#define TILE_CHANNELS (TILE_K * VEC)
#define ALWAYS_INLINE inline __attribute__((always_inline))

static int round_up(int value, int multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

/* Where the packed weights of one tile and of its channels from c0 on begin; c0 is a multiple of C_STEP. */
static int weights_start(int tile, int c, int c0)
{
    return HEAD + (tile * c + c0) * R * S * TILE_CHANNELS;
}

/* Packs the weights of one input channel for one tile. */
__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_direct_blocked_pack(__global const float *restrict w,
                                                                                      ulong w_offset,
                                                                                      __global float *restrict packed,
                                                                                      ulong packed_offset, int c, int k,
                                                                                      int tiles)
{
    const int channel = (int)get_global_id(0);
    const int tile = (int)get_global_id(1);
    const int group = tile / tiles;
    const int k0 = tile % tiles * TILE_CHANNELS;
    const int c0 = channel / C_STEP * C_STEP;
    const int step_channels = min(C_STEP, c - c0);
    __global const float *from = w + w_offset + ((group * k + k0) * c + channel) * (R * S);
    __global float *to = packed + packed_offset;

    if (channel == 0 && tile == 0)
        for (int i = 0; i < HEAD; ++i) to[i] = 0.0f;

    to += weights_start(tile, c, c0) + (channel - c0) * TILE_CHANNELS;
    for (int tap = 0; tap < R * S; ++tap, to += step_channels * TILE_CHANNELS)
        for (int i = 0; i < TILE_CHANNELS; ++i) to[i] = k0 + i < k ? from[i * c * R * S + tap] : 0.0f;
}

/* Where in x the window of each pixel of a tile begins; a negative row or column lies in the padding. */
static ALWAYS_INLINE void find_windows(int row[TILE_Q], int column[TILE_Q], int pixel, int q, int pad_h, int pad_w)
{
    int ip = pixel / q, iq = pixel % q;
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) {
        row[t] = ip * STRIDE_H - pad_h;
        column[t] = iq * STRIDE_W - pad_w;
        ip += iq + 1 == q;
        iq = iq + 1 == q ? 0 : iq + 1;
    }
}

/* Adds the products of c channels to a tile. With interior, a constant, all windows lie in one row and in the image. */
static ALWAYS_INLINE void multiply(FLOATV sum[TILE_Q * TILE_K], __global const float *x, __global const float *weights,
                                   __global const float *zeros, const int row[TILE_Q], const int column[TILE_Q], int c,
                                   int h, int w, const int interior)
{
    const int channel_step = X_BLOCK == 1 ? h * w : 1;

    for (int c0 = 0; c0 < c; c0 += C_STEP, x += (size_t)C_STEP * (size_t)(h * w))
        for (int r = 0; r < R; ++r)
            for (int s = 0; s < S; ++s) {
                __global const float *from[TILE_Q];
                int step[TILE_Q];
#pragma unroll
                for (int t = 0; t < TILE_Q; ++t) {
                    const int ih = row[interior ? 0 : t] + r * DILATION_H;
                    const int iw = (interior ? column[0] + t * STRIDE_W : column[t]) + s * DILATION_W;
                    const int inside = interior || ((uint)ih < (uint)h && (uint)iw < (uint)w);
                    from[t] = inside ? x + (ih * w + iw) * X_BLOCK : zeros;
                    step[t] = inside ? channel_step : PADDING_STEP;
                }
                for (int i = 0; i < min(C_STEP, c - c0); ++i, weights += TILE_CHANNELS) {
                    FLOATV filter[TILE_K];
#pragma unroll
                    for (int j = 0; j < TILE_K; ++j) filter[j] = LOADV(weights + j * VEC);
#pragma unroll
                    for (int a = 0; a < TILE_Q * TILE_K; ++a)
                        sum[a] = fma((FLOATV)from[a / TILE_K][i * step[a / TILE_K]], filter[a % TILE_K], sum[a]);
                }
            }
}

/* VEC biases from channel k0 on, and 0 from channel k on. */
static FLOATV load_bias(__global const float *bias, int k0, int k)
{
    float lane[VEC];
    if (k0 + VEC <= k) return LOADV(bias + k0);
    for (int i = 0; i < VEC; ++i) lane[i] = k0 + i < k ? bias[k0 + i] : 0.0f;
    return LOADV(lane);
}

/* Stores VEC channels, or the first few, of a tile's pixels, or the first few, into planes of NCHW. */
static ALWAYS_INLINE void store_planes(__global float *to, const FLOATV v[TILE_Q], int channels, int count, int pixels)
{
    float lane[TILE_Q][VEC];
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) STOREV(v[t], lane[t]);
    if (channels >= VEC && count >= TILE_Q) {
        /* Unrolled, and in the order of memory, so that the compiler transposes in registers and stores vectors. */
#pragma unroll
        for (int i = 0; i < VEC * TILE_Q; ++i) to[i / TILE_Q * pixels + i % TILE_Q] = lane[i % TILE_Q][i / TILE_Q];
    } else {
        for (int i = 0; i < min(VEC, channels); ++i)
            for (int t = 0; t < min(TILE_Q, count); ++t) to[i * pixels + t] = lane[t][i];
    }
}

/* Stores what of a tile lies within one group of y: of channels past the last, those that fill a block, as zeros. */
static ALWAYS_INLINE void store_tile(__global float *planes, const FLOATV sum[TILE_Q * TILE_K],
                                     __global const float *bias, int k0, int k, int pixel, int pixels)
{
#pragma unroll
    for (int j = 0; j < TILE_K; ++j) {
        const int kj = k0 + j * VEC;
        const FLOATV b = HAS_BIAS ? load_bias(bias, kj, k) : (FLOATV)(0.0f);
        FLOATV v[TILE_Q];
        if (kj >= round_up(k, Y_BLOCK)) return;
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) v[t] = ACTIVATE(FLOATV, sum[t * TILE_K + j] + b, 0, 0, 0);
        if (Y_BLOCK == 1) {
            store_planes(planes + kj * pixels + pixel, v, k - kj, pixels - pixel, pixels);
        } else {
            __global float *to = planes + (kj / Y_BLOCK * pixels + pixel) * Y_BLOCK + kj % Y_BLOCK;
#pragma unroll
            for (int t = 0; t < TILE_Q; ++t)
                if (pixel + t < pixels) STOREV(keep_lanes(v[t], k - kj), to + t * Y_BLOCK);
        }
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_direct_blocked(
    __global const float *restrict x, ulong x_offset, __global const float *restrict packed, ulong packed_offset,
    __global const float *restrict bias, ulong bias_offset, __global float *restrict y, ulong y_offset, int groups,
    int c, int h, int w, int k, int p, int q, int pad_h, int pad_w, int tiles, int c_slab)
{
    const int n = (int)get_global_id(1);
    const int tile = (int)get_global_id(2);
    const int group = tile / tiles;
    const int k0 = tile % tiles * TILE_CHANNELS;
    __global const float *zeros = packed + packed_offset;
    __global const float *x_group = x + x_offset + (n * groups + group) * round_up(c, X_BLOCK) * h * w;
    __global float *y_group = y + y_offset + (n * groups + group) * round_up(k, Y_BLOCK) * p * q;

    FLOATV kept[ROUNDS][TILE_Q * TILE_K];

    for (int c0 = 0; c0 < c; c0 += c_slab)
        for (int round = 0; round < ROUNDS; ++round) {
            const int pixel = ((int)get_global_id(0) * ROUNDS + round) * TILE_Q;
            const int channels = min(c_slab, c - c0);
            __global const float *from = x_group + c0 * h * w;
            __global const float *weights = zeros + weights_start(tile, c, c0);
            int row[TILE_Q], column[TILE_Q];
            FLOATV sum[TILE_Q * TILE_K];
            if (pixel >= p * q) break;

#pragma unroll
            for (int a = 0; a < TILE_Q * TILE_K; ++a) sum[a] = c0 == 0 ? (FLOATV)(0.0f) : kept[round][a];

            find_windows(row, column, pixel, q, pad_h, pad_w);
            if (row[0] == row[TILE_Q - 1] && row[0] >= 0 && row[0] + (R - 1) * DILATION_H < h && column[0] >= 0 &&
                column[TILE_Q - 1] + (S - 1) * DILATION_W < w)
                multiply(sum, from, weights, zeros, row, column, channels, h, w, 1);
            else
                multiply(sum, from, weights, zeros, row, column, channels, h, w, 0);

            if (c0 + channels < c) {
#pragma unroll
                for (int a = 0; a < TILE_Q * TILE_K; ++a) kept[round][a] = sum[a];
            } else {
                store_tile(y_group, sum, bias + bias_offset + group * k, k0, k, pixel, p * q);
            }
        }
}
