/* conv/implicit_gemm: y = activation(scale * conv(x, w) + bias + residual) for GPUs, in NCHW and NHWC and any strides,
 * 1 to 3 axes, transposed or not.
 *
 *   launch      conv_implicit_gemm: global = (ceil(pixels / TILE_P) * ITEMS, tiles * phases, groups * splits),
 *               local = (ITEMS, 1, 1); pixels of all images, transposed of their first phase (see common/taps.cl)
 *               conv_implicit_gemm_finish, where SPLIT: global = (pixels, ceil(K / 4), 1), any local
 *               ITEMS = TILE_K / REG_K * TILE_P / REG_P; tiles = ceil(K / groups / TILE_K);
 *               padded c = C / groups rounded up to STEP
 *   local mem   2 * STEP * (TILE_K + TILE_P + 4) REALs
 *   needs       8 divides TILE_P / REG_P, 4 divides TILE_K / REG_K, REG_K and REG_P; TILE_P divides ITEMS, which
 *               divides STEP * TILE_P and STEP * TILE_K
 *   compiled in TILE_K TILE_P REG_K REG_P STEP SPLIT; CHANNELS_LAST: of x; what common/block.cl and gather.cl want
 *   run time    sizes, window, pads and their mode, tiles, splits, strides of x, y and residual; for each axis tap_step
 *               (see common/taps.cl) and reach: from what one tap looks at to what the next does
 *
 * A matrix product of weights and inputs: a work-group makes TILE_K channels of TILE_P pixels, counted through all
 * images, and sums over filter taps and, within each, over input channels, STEP at a time. A work-item keeps
 * REG_K x REG_P sums in registers. Why this is fast:
 *   - A pixel's place in x and whether it lies in the padding are found once a tap; from channel to channel an address
 *     moves by a constant, and neither division nor a test of coordinates is left in the loop.
 *   - While one step is multiplied out of one half of local memory, the next is on its way from global memory through
 *     registers into the other half. One barrier parts a step from the next.
 *   - Local memory is read in vectors of 4, by 8 x 4 work-items that share each of them: see ITEM_P.
 *   - Where the outputs are too few for the device, work-groups share a sum: each stores its part into the workspace,
 *     and conv_implicit_gemm_finish adds them up, always in the same order.
 * Few things are compiled in, so that all layers of a network share a few programs: what the loop over channels does
 * not look at costs nothing there.
 *
 * Packed weights, by conv/pack_elements.cl: [group][tile][T][R][S][padded c][TILE_K], spare ones zero.
 */
#if !defined(TILE_K) || !defined(TILE_P) || !defined(REG_K) || !defined(REG_P) || !defined(STEP) || !defined(SPLIT) || \
    !defined(CHANNELS_LAST)
#error "implicit_gemm.c must define TILE_K TILE_P REG_K REG_P STEP SPLIT CHANNELS_LAST"
#endif

#define VEC     4
#define PITCH_K TILE_K
#define PITCH_P (TILE_P + VEC) /* spreads either way of loading over the banks of local memory */
#include "common/block.cl"
#include "common/gather.cl"
#include "common/gemm.cl"

/* A step's inputs. So many items share the channels of a pixel; neighbouring items load neighbouring pixels of NCHW,
 * and neighbouring channels of NHWC. */
#define SHARES             (ITEMS / TILE_P)
#define INPUT_LOADS        (STEP / SHARES)
#define LOAD_SLOT(item)    (CHANNELS_LAST ? (item) / SHARES : (item) % TILE_P)
#define LOAD_CHANNEL(item) (CHANNELS_LAST ? (item) % SHARES * INPUT_LOADS : (item) / TILE_P)
#define LOAD_STEP          (CHANNELS_LAST ? 1 : SHARES)

/* A step's weights: neighbouring items load neighbours, one by one, for the packed weights may lie anywhere. */
#define WEIGHT_LOADS (STEP * TILE_K / ITEMS)

/* Steps between the outputs of a phase (see common/taps.cl), and between the inputs that they look at. */
#define OUT_STEP(stride) (TRANSPOSED ? (stride) : 1)
#define IN_STEP(stride)  (TRANSPOSED ? 1 : (stride))

/* What a work-item carries of one step from global to local memory. */
typedef struct {
    REAL weights[WEIGHT_LOADS];
    REAL inputs[INPUT_LOADS];
} cargo;

static ALWAYS_INLINE void fetch(cargo *next, looked at, int step_c, __global const X_ELEMENT *x,
                                __global const REAL *weights)
{
#pragma unroll
    for (int i = 0; i < WEIGHT_LOADS; ++i) next->weights[i] = weights[at.weights + i * ITEMS];
#pragma unroll
    for (int i = 0; i < INPUT_LOADS; ++i) {
        const int exists = i * LOAD_STEP < at.left;
        const REAL loaded = LOAD_X(x, exists ? at.from + i * LOAD_STEP * step_c : 0);
        next->inputs[i] = exists ? loaded : REAL_OF(0.0);
    }
}

static ALWAYS_INLINE void put(const cargo *next, __local REAL *stage, int item)
{
    __local REAL *inputs = stage + STEP * TILE_K + LOAD_CHANNEL(item) * PITCH_P + LOAD_SLOT(item);
#pragma unroll
    for (int i = 0; i < WEIGHT_LOADS; ++i) stage[item + i * ITEMS] = next->weights[i];
#pragma unroll
    for (int i = 0; i < INPUT_LOADS; ++i) inputs[i * LOAD_STEP * PITCH_P] = next->inputs[i];
}

/* Goes through the steps from `step` to `end`: while one is multiplied, the next is on its way. */
static ALWAYS_INLINE void accumulate(sums sum, __local REAL *stage, __global const X_ELEMENT *x,
                                     __global const REAL *weights, source in, int step, int end, int item)
{
    cargo next;
    int current = 0; /* the half that is multiplied */
    if (step >= end) return;
    fetch(&next, locate_step(in, step), in.step_c, x, weights);
    put(&next, stage, item);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (++step; step < end;) {
        const int in_tap = in.padded_c / STEP, last = min(end, step - step % in_tap + in_tap);
        looked at = locate_step(in, step);
        for (; step < last; ++step) {
            fetch(&next, at, in.step_c, x, weights);
            at.from += STEP * in.step_c;
            at.left -= STEP;
            at.weights += STEP * TILE_K;
            multiply(sum, stage + current, item);
            current = STAGE - current;
            put(&next, stage + current, item);
            barrier(CLK_LOCAL_MEM_FENCE);
        }
    }
    multiply(sum, stage + current, item);
}

/* Finishes and stores an item's sums, which begin at pixel `pixel` and channel k of all; so many channels are left of
 * the group. Where the work is split they are stored as they are, [K][pixels]. */
static ALWAYS_INLINE void finish(sums sum, int pixel, int pixels, int k, int channels, MAYBE __global REAL *partial,
                                 MAYBE __global Y_ELEMENT *y, MAYBE planes out, MAYBE int y_c, MAYBE planes added,
                                 MAYBE int r_c, EPILOGUE_ARGS)
{
#pragma unroll
    for (int t = 0; t < REG_P; ++t) {
        const int made = pixel + t / VEC * RUN + t % VEC * ITEMS_P;
        if (made >= pixels) continue;
        MAYBE const place at = locate_pixel(out, made);
        MAYBE const int to = offset_of(out, at), from = HAS_RESIDUAL ? offset_of(added, at) : 0;
#pragma unroll
        for (int j = 0; j < REG_K / VEC; ++j) {
            const int ok = j * ITEMS_K * VEC;
            if (ok >= channels) continue;
#if SPLIT
            store_sums(sum[j][t], partial + (ulong)((k + ok) * pixels + made), pixels, channels - ok);
#else
            finish_block(sum[j][t], k + ok, channels - ok, y + to + (k + ok) * y_c, y_c, from + (k + ok) * r_c, r_c,
                         scale, scale_offset, bias, bias_offset, residual, residual_offset, slope, slope_offset, alpha,
                         beta);
#endif
        }
    }
}

#define GEMM_NUMBERS(EACH)                                                                                           \
    OFFSET(EACH, x) OFFSET(EACH, packed) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) OFFSET(EACH, partial)                \
        EACH(int, groups) EACH(int, c) EACH(int, k) EACH(int, n) THREE(EACH, int, d, h, w) THREE(EACH, int, o, p, q) \
            AXES(EACH, int, filter) AXES(EACH, int, stride) AXES(EACH, int, dilation) AXES(EACH, int, pad)           \
                EACH(int, pad_mode) AXES(EACH, int, tap_step) AXES(EACH, int, reach) EACH(int, tiles)                \
                    EACH(int, splits) STRIDES(EACH, x) STRIDES(EACH, y) STRIDES(EACH, r)
STRUCT(GEMM_NUMBERS) gemm_numbers;

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) SUB_GROUP void conv_implicit_gemm(
    __global const X_ELEMENT *restrict x, __global const REAL *restrict packed, EPILOGUE_MEMORY,
    __global Y_ELEMENT *restrict y, __global REAL *restrict partial, const gemm_numbers passed)
{
    GEMM_NUMBERS(UNPACK);
    __local REAL stage[2 * STAGE] __attribute__((aligned(16)));
    const int item = (int)get_local_id(0);
    const int tile = (int)get_group_id(1) % tiles, phase = (int)get_group_id(1) / tiles;
    const int group = (int)get_group_id(2) % groups, split = (int)get_group_id(2) / groups;

    /* The outputs of this phase, which are those of y where there is one phase. */
    const int out_d = OUT_STEP(stride_d), out_h = OUT_STEP(stride_h), out_w = OUT_STEP(stride_w);
    const int phase_w = phase % out_w, phase_h = phase / out_w % out_h, phase_d = phase / (out_w * out_h);
    const planes out = {phase_outputs(o, phase_d, stride_d),
                        phase_outputs(p, phase_h, stride_h),
                        phase_outputs(q, phase_w, stride_w),
                        y_n,
                        y_d * out_d,
                        y_h * out_h,
                        y_w * out_w};
    const planes added = {out.d, out.h, out.w, r_n, r_d * out_d, r_h * out_h, r_w * out_w};
    const int pixels = n * out.d * out.h * out.w, first = (int)get_group_id(0) * TILE_P;
    if (first >= pixels) return;

    const int loaded = first + COLUMN_AT(LOAD_SLOT(item)), channel = LOAD_CHANNEL(item);
    const place at = locate_pixel(out, min(loaded, pixels - 1));
    source in = {{d, h, w, x_n, PASS_AXES(x)},
                 make_tap_axis(phase_d, pad_d, filter_d, stride_d, dilation_d, tap_step_d),
                 make_tap_axis(phase_h, pad_h, filter_h, stride_h, dilation_h, tap_step_h),
                 make_tap_axis(phase_w, pad_w, filter_w, stride_w, dilation_w, tap_step_w),
                 loaded < pixels ? c - channel : 0,
                 at.n * x_n + channel * x_c,
                 PASS_AXES(reach),
                 PASS_AXES(tap_step),
                 filter_h,
                 filter_w,
                 pad_mode,
                 x_c,
                 (c + STEP - 1) / STEP * STEP};
    in.across_d.begin += at.d * IN_STEP(stride_d);
    in.across_h.begin += at.h * IN_STEP(stride_h);
    in.across_w.begin += at.w * IN_STEP(stride_w);

    /* This work-group's share of the steps. */
    const int steps = in.across_d.taps * in.across_h.taps * in.across_w.taps * (in.padded_c / STEP);
    const int begin = SPLIT ? (int)((long)steps * split / splits) : 0;
    const int end = SPLIT ? (int)((long)steps * (split + 1) / splits) : steps;
    const int packed_tile = filter_d * filter_h * filter_w * in.padded_c * TILE_K;
    sums sum;
    clear(sum);
    accumulate(sum, stage, x + x_offset + (ulong)(group * c * x_c),
               packed + packed_offset + (ulong)((group * tiles + tile) * packed_tile) + item, in, begin, end, item);

    const int ok = tile * TILE_K + ITEM_K(item) * VEC, shift_y = phase_d * y_d + phase_h * y_h + phase_w * y_w;
    const int shift_r = phase_d * r_d + phase_h * r_h + phase_w * r_w;
    finish(sum, first + ITEM_P(item), pixels, group * k + ok, k - ok,
           partial + partial_offset + (ulong)(split * groups * k) * (ulong)pixels, y + y_offset + shift_y, out, y_c,
           added, r_c, scale, scale_offset, bias, bias_offset, residual, residual_offset + (ulong)shift_r, slope,
           slope_offset, alpha, beta);
}

#define FINISH_NUMBERS(EACH)                                                                                         \
    OFFSET(EACH, partial) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, k) EACH(int, n) THREE(EACH, int, o, p, q) \
        EACH(int, splits) STRIDES(EACH, y) STRIDES(EACH, r)
STRUCT(FINISH_NUMBERS) finish_numbers;

__kernel void conv_implicit_gemm_finish(__global const REAL *restrict partial, EPILOGUE_MEMORY,
                                        __global Y_ELEMENT *restrict y, const finish_numbers passed)
{
    FINISH_NUMBERS(UNPACK);
    const planes out = {o, p, q, y_n, PASS_AXES(y)}, added = {o, p, q, r_n, PASS_AXES(r)};
    const int pixel = (int)get_global_id(0), pixels = n * o * p * q, ok = (int)get_global_id(1) * VEC;
    if (pixel >= pixels) return;
    const place at = locate_pixel(out, pixel);
    __global const REAL *part = partial + partial_offset + (ulong)(ok * pixels + pixel);
    REALV sum = (REALV)(REAL_OF(0.0));
    for (int i = 0; i < splits; ++i, part += (ulong)k * (ulong)pixels) sum += load_sums(part, pixels, k - ok);
    finish_block(sum, ok, k - ok, y + y_offset + (ulong)(offset_of(out, at) + ok * y_c), y_c,
                 offset_of(added, at) + ok * r_c, r_c, scale, scale_offset, bias, bias_offset, residual,
                 residual_offset, slope, slope_offset, alpha, beta);
}
