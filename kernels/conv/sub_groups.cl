/* conv/sub_groups: y = activation(scale * conv(x, w) + bias + residual) for Intel's GPUs, x in NHWC; 1 to 3 axes.
 *
 *   launch      global = (16 * tiles * groups, ceil(N * O * P * Q / TILE_P) rounded up to ROWS, 1),
 *               local = (16, ROWS, 1)
 *   local mem   none
 *   needs       cl_intel_subgroups, cl_intel_required_subgroup_size; 16 divides the input channels of a group
 *   compiled in TILE_P up to 16, REG_K 1 or 2, ROWS; what common/epilogue.cl wants
 *   run time    c, k: channels of a group; tiles of 16 * REG_K output channels in a group; pixels = N * O * P * Q;
 *               sizes, the window, pad_mode, strides of x, y and residual
 *
 * Packed weights, by conv/pack_elements.cl: [group][tile][taps][c][16 * REG_K].
 *
 * A sub-group of 16 work-items, one thread of the GPU, makes TILE_P pixels of 16 * REG_K output channels: lane i those
 * of number i. Inputs and weights come by block reads, one message for 16 neighbours and all lanes, and an input is
 * handed to the lanes by naming its register, which costs nothing. So there is no local memory and no barrier, and a
 * loop over 16 channels has, beside 16 * TILE_P * REG_K multiply-adds, TILE_P + 2 * REG_K block reads and their
 * addresses. Where a pixel looks for a tap, the lane of the pixel's number finds out for all.
 */
#if !defined(TILE_P) || !defined(REG_K) || !defined(ROWS)
#error "the host must define TILE_P REG_K ROWS"
#endif

#define TRANSPOSED 0
#include "common/epilogue.cl"
#include "common/planes.cl"
#include "common/taps.cl"

enum { LANES = 16, TILE_K = LANES * REG_K };

/* What the lane of a number has, for all. */
#define FROM_LANE(value, number) intel_sub_group_shuffle(value, number)

/* 16 channels of a pixel, one for each lane, and zeros outside of the image: chosen afterwards, as jumps cost more. */
static ALWAYS_INLINE float load_pixel(__global const float *x, int at)
{
    const float loaded = as_float(intel_sub_group_block_read((__global const uint *)(x + max(at, 0))));
    return at < 0 ? 0.0f : loaded;
}

/* The sums of 16 input channels of one tap. */
static ALWAYS_INLINE void multiply(float sum[REG_K][TILE_P], const float seen[TILE_P], __global const float *weights)
{
    enum { BLOCK = 8, CHANNELS = BLOCK / REG_K };
#pragma unroll
    for (int first = 0; first < LANES; first += CHANNELS) {
        const uint8 bits = intel_sub_group_block_read8((__global const uint *)(weights + first * TILE_K));
        const float filter[BLOCK] = {as_float(bits.s0), as_float(bits.s1), as_float(bits.s2), as_float(bits.s3),
                                     as_float(bits.s4), as_float(bits.s5), as_float(bits.s6), as_float(bits.s7)};
#pragma unroll
        for (int i = 0; i < BLOCK; ++i)
#pragma unroll
            for (int t = 0; t < TILE_P; ++t)
                sum[i % REG_K][t] = mad(FROM_LANE(seen[t], first + i / REG_K), filter[i], sum[i % REG_K][t]);
    }
}

#define NUMBERS(EACH)                                                                                       \
    OFFSET(EACH, x) OFFSET(EACH, packed) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, c) EACH(int, k)   \
        EACH(int, tiles) EACH(int, pixels) AXES(EACH, int, in) AXES(EACH, int, out) AXES(EACH, int, filter) \
            AXES(EACH, int, stride) AXES(EACH, int, dilation) AXES(EACH, int, pad) EACH(int, pad_mode)      \
                STRIDES(EACH, x) STRIDES(EACH, y) STRIDES(EACH, r)
STRUCT(NUMBERS) numbers;

__kernel __attribute__((reqd_work_group_size(16, ROWS, 1), intel_reqd_sub_group_size(16))) void conv_sub_groups(
    __global const float *restrict x, __global const float *restrict packed, EPILOGUE_MEMORY,
    __global float *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const int lane = (int)get_sub_group_local_id(), tile = (int)get_group_id(0), group = tile / tiles;
    const int k0 = tile % tiles * TILE_K, first = (int)get_global_id(1) * TILE_P;
    if (first >= pixels) return;
    const planes outputs = {PASS_AXES(out), y_n, PASS_AXES(y)};
    const place mine = locate_pixel(outputs, min(first + lane, pixels - 1));
    const int taps = filter_d * filter_h * filter_w;
    __global const float *weights = packed + packed_offset + (ulong)(tile * taps * c * TILE_K);
    float sum[REG_K][TILE_P];
    x += x_offset + (ulong)(group * c);
#pragma unroll
    for (int i = 0; i < REG_K; ++i)
#pragma unroll
        for (int j = 0; j < TILE_P; ++j) sum[i][j] = 0.0f;

    for (int it = 0; it < filter_d; ++it)
        for (int ir = 0; ir < filter_h; ++ir)
            for (int is = 0; is < filter_w; ++is) {
                const int id = look_up_as(pad_mode, mine.d * stride_d - pad_d + it * dilation_d, in_d);
                const int ih = look_up_as(pad_mode, mine.h * stride_h - pad_h + ir * dilation_h, in_h);
                const int iw = look_up_as(pad_mode, mine.w * stride_w - pad_w + is * dilation_w, in_w);
                const int inside = (uint)id < (uint)in_d && (uint)ih < (uint)in_h && (uint)iw < (uint)in_w;
                const int at = inside ? mine.n * x_n + id * x_d + ih * x_h + iw * x_w : -1;
                for (int ic = 0; ic < c; ic += LANES, weights += LANES * TILE_K) {
                    float seen[TILE_P];
#pragma unroll
                    for (int i = 0; i < TILE_P; ++i) seen[i] = load_pixel(x + ic, FROM_LANE(at, i));
                    multiply(sum, seen, weights);
                }
            }

    const planes residuals = {PASS_AXES(out), r_n, PASS_AXES(r)};
    const int to = offset_of(outputs, mine);
    MAYBE const int added_at = offset_of(residuals, mine);
#pragma unroll
    for (int i = 0; i < REG_K; ++i) {
        const int within = k0 + i * LANES + lane, ok = group * k + min(within, k - 1);
        MAYBE const float scale_k = CHANNEL_SCALE(ok), bias_k = CHANNEL_BIAS(ok), slope_k = CHANNEL_SLOPE(ok);
#pragma unroll
        for (int j = 0; j < TILE_P; ++j) {
            const int y_at = FROM_LANE(to, j) + ok * y_c, residual_at = FROM_LANE(added_at, j) + ok * r_c;
            if (within >= k || first + j >= pixels) continue;
            MAYBE const float added = HAS_RESIDUAL ? LOAD_X(residual, residual_offset + (ulong)residual_at) : 0.0f;
            y[y_offset + (ulong)y_at] = EPILOGUE(float, sum[i][j], scale_k, bias_k, added, slope_k);
        }
    }
}
