/* conv/direct_tiled: y = activation(conv(x, w) + bias) for GPUs, NCHW.
 *
 *   launch      conv_direct_tiled: global = (ceil(P * Q / TILE_P) * ITEMS, TILES, N * groups), local = (ITEMS, 1, 1)
 *               conv_direct_tiled_pack: global = (TILE_K, STEPS * STEP, groups * TILES), local = (TILE_K, 1, 1)
 *               ITEMS = TILE_K / REG_K * TILE_P / REG_P; TILES = ceil(K / groups / TILE_K);
 *               STEPS = R * S * ceil(C / groups / STEP)
 *   local mem   STEP * (TILE_K + TILE_P) floats
 *   needs       TILE_P divides ITEMS, which divides STEP * TILE_P; REG_K and REG_P are multiples of 4
 *   compiled in TILE_K TILE_P REG_K REG_P STEP R S STRIDE_H STRIDE_W DILATION_H DILATION_W HAS_BIAS ACTIVATION
 *   run time    C H W K P Q, groups, padding
 *
 * A matrix product: a work-group makes TILE_K channels of TILE_P pixels, counted through the whole plane, and sums over
 * filter taps and, within each, over input channels, STEP at a time. A step's weights and inputs pass through local
 * memory; each work-item keeps REG_K x REG_P sums in registers and reads both through float4. The order "taps outside,
 * channels inside" makes addresses a matter of adding h * w: a pixel's place and whether it lies in the padding are
 * found once a tap, and neither division nor test is left in the loop. Global loads of a step are started before the
 * barrier that ends the step before, so that they overlap with its arithmetic.
 *
 * The packed weights are [group][tile][R][S][C / groups rounded up to STEP][TILE_K], spare ones zero.
 */
#if !defined(TILE_K) || !defined(TILE_P) || !defined(REG_K) || !defined(REG_P) || !defined(STEP) || !defined(R) || \
    !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || !defined(DILATION_H) || !defined(DILATION_W) ||     \
    !defined(HAS_BIAS)
#error "direct_tiled.c must define TILE_K TILE_P REG_K REG_P STEP R S STRIDE_x DILATION_x HAS_BIAS"
#endif

#include "common/types.cl"
#include "common/activation.cl"

/* Intel's compiler gives a thread 32 work-items on GPUs for computing, which are those without images, and then spills
 * registers. */
#if defined(cl_intel_required_subgroup_size) && !defined(__IMAGE_SUPPORT__)
#define SUB_GROUP __attribute__((intel_reqd_sub_group_size(16)))
#else
#define SUB_GROUP
#endif

#define ITEMS_K (TILE_K / REG_K)
#define ITEMS_P (TILE_P / REG_P)
#define ITEMS   (ITEMS_K * ITEMS_P)

/* Loads of a work-item in a step: single inputs, and float4s of weights, the last of which not every item makes. */
#define INPUT_ROWS     (ITEMS / TILE_P)
#define INPUT_LOADS    (STEP / INPUT_ROWS)
#define WEIGHT_VECTORS (STEP * TILE_K / 4)
#define WEIGHT_LOADS   ((WEIGHT_VECTORS + ITEMS - 1) / ITEMS)

__kernel void conv_direct_tiled_pack(__global const float *restrict w, ulong w_offset, __global float *restrict packed,
                                     ulong packed_offset, int c, int k, int tiles)
{
    const int padded_c = (c + STEP - 1) / STEP * STEP;
    const int ok = (int)get_global_id(2) % tiles * TILE_K + (int)get_global_id(0);
    const int group = (int)get_global_id(2) / tiles;
    const int tap = (int)get_global_id(1) / padded_c;
    const int ic = (int)get_global_id(1) % padded_c;
    const int to = ((int)get_global_id(2) * (int)get_global_size(1) + (int)get_global_id(1)) * TILE_K;
    const int from = ((group * k + ok) * c + ic) * (R * S) + tap;
    packed[packed_offset + (ulong)(to + (int)get_global_id(0))] = ok < k && ic < c ? w[w_offset + (ulong)from] : 0.0f;
}

/* sum += a * b for one STEP in local memory. An item's channels and pixels come in runs of 4 that lie ITEMS_x * 4
 * apart, so that neighbouring items read neighbouring vectors. The loops that compute with `sum` must be unrolled, here
 * and below, or compilers keep it in memory; turns of the outer loop overlap where registers are left for that. */
static inline void multiply(float4 sum[REG_K][REG_P / 4], const __local float *weights, const __local float *inputs,
                            int item_k, int item_p)
{
#if REG_K * REG_P > 32
#pragma unroll 1
#else
#pragma unroll
#endif
    for (int i = 0; i < STEP; ++i) {
        float4 b[REG_P / 4];
#pragma unroll
        for (int j = 0; j < REG_P / 4; ++j)
            b[j] = *(const __local float4 *)&inputs[i * TILE_P + (j * ITEMS_P + item_p) * 4];
#pragma unroll
        for (int j = 0; j < REG_K / 4; ++j) {
            const float4 a = *(const __local float4 *)&weights[i * TILE_K + (j * ITEMS_K + item_k) * 4];
#pragma unroll
            for (int t = 0; t < REG_P / 4; ++t) {
                sum[j * 4 + 0][t] = mad(a.s0, b[t], sum[j * 4 + 0][t]);
                sum[j * 4 + 1][t] = mad(a.s1, b[t], sum[j * 4 + 1][t]);
                sum[j * 4 + 2][t] = mad(a.s2, b[t], sum[j * 4 + 2][t]);
                sum[j * 4 + 3][t] = mad(a.s3, b[t], sum[j * 4 + 3][t]);
            }
        }
    }
}

/* Stores four neighbouring pixels of one channel, as far as they exist. */
static inline void store(__global float *row, float4 v, int pixel, int pixels)
{
    if (pixel + 4 <= pixels) {
        vstore4(v, 0, row + pixel);
        return;
    }
    if (pixel + 0 < pixels) row[pixel + 0] = v.s0;
    if (pixel + 1 < pixels) row[pixel + 1] = v.s1;
    if (pixel + 2 < pixels) row[pixel + 2] = v.s2;
}

/* Stores one channel of an item, whose first pixel is `pixel`. */
static inline void store_row(__global float *row, const float4 sum[REG_P / 4], float bias, int pixel, int pixels)
{
#pragma unroll
    for (int j = 0; j < REG_P / 4; ++j)
        store(row, ACTIVATE(float4, sum[j] + bias, 0, 0, 0), pixel + j * ITEMS_P * 4, pixels);
}

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) SUB_GROUP void conv_direct_tiled(
    __global const float *restrict x, ulong x_offset, __global const float *restrict packed, ulong packed_offset,
    __global const float *restrict bias, ulong bias_offset, __global float *restrict y, ulong y_offset, int groups,
    int c, int h, int w, int k, int p, int q, int pad_h, int pad_w)
{
    __local float weights[STEP * TILE_K] __attribute__((aligned(16)));
    __local float inputs[STEP * TILE_P] __attribute__((aligned(16)));
    const int item = (int)get_local_id(0);
    const int first_pixel = (int)get_group_id(0) * TILE_P;
    const int tile = (int)get_group_id(1);
    const int image = (int)get_group_id(2); /* n * groups + group */
    const int group = image % groups;
    const int padded_c = (c + STEP - 1) / STEP * STEP;

    /* The pixel and the first channel of a step that this item loads; addresses stay within x where it loads none. */
    const int load_column = item % TILE_P, load_row = item / TILE_P;
    const int load_pixel = first_pixel + load_column;
    const int ih0 = load_pixel / q * STRIDE_H - pad_h, iw0 = load_pixel % q * STRIDE_W - pad_w;
    __global const float *plane = x + x_offset + (ulong)((image * c + min(load_row, c - 1)) * (h * w));
    __global const float *step_weights =
        packed + packed_offset + (ulong)((group * (int)get_num_groups(1) + tile) * (R * S * padded_c * TILE_K));

    float4 sum[REG_K][REG_P / 4];
    for (int i = 0; i < REG_K; ++i)
        for (int j = 0; j < REG_P / 4; ++j) sum[i][j] = (float4)(0.0f);

    for (int r = 0; r < R; ++r)
        for (int s = 0; s < S; ++s) {
            const int ih = ih0 + r * DILATION_H, iw = iw0 + s * DILATION_W;
            const int inside = load_pixel < p * q && ih >= 0 && ih < h && iw >= 0 && iw < w;
            const int at = inside ? ih * w + iw : 0;
            /* One past the last input channel of this item: none where its pixel lies in the padding. */
            const int end = inside ? c - load_row : 0;
            for (int c0 = 0; c0 < c; c0 += STEP) {
                float next_inputs[INPUT_LOADS];
                float4 next_weights[WEIGHT_LOADS];
                for (int i = 0; i < INPUT_LOADS; ++i) {
                    const int ic = c0 + i * INPUT_ROWS;
                    next_inputs[i] = ic < end ? plane[ic * (h * w) + at] : 0.0f;
                }
                for (int i = 0; i < WEIGHT_LOADS; ++i)
                    if (item + i * ITEMS < WEIGHT_VECTORS)
                        next_weights[i] = vload4((size_t)(item + i * ITEMS), step_weights);
                step_weights += STEP * TILE_K;

                barrier(CLK_LOCAL_MEM_FENCE);
                for (int i = 0; i < INPUT_LOADS; ++i)
                    inputs[(load_row + i * INPUT_ROWS) * TILE_P + load_column] = next_inputs[i];
                for (int i = 0; i < WEIGHT_LOADS; ++i)
                    if (item + i * ITEMS < WEIGHT_VECTORS)
                        *(__local float4 *)&weights[(item + i * ITEMS) * 4] = next_weights[i];
                barrier(CLK_LOCAL_MEM_FENCE);
                multiply(sum, weights, inputs, item / ITEMS_P, item % ITEMS_P);
            }
        }

    const int item_k = item / ITEMS_P, item_p = item % ITEMS_P;
#pragma unroll
    for (int i = 0; i < REG_K; ++i) {
        const int ok = tile * TILE_K + (i / 4 * ITEMS_K + item_k) * 4 + i % 4; /* within the group */
        if (ok >= k) continue;
        const float b = HAS_BIAS ? bias[bias_offset + (ulong)(group * k + ok)] : 0.0f;
        __global float *row = y + y_offset + (ulong)((image * k + ok) * (p * q));
        store_row(row, sum[i], b, first_pixel + item_p * 4, p * q);
    }
}
