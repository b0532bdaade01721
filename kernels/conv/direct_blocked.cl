/* conv/direct_blocked: y = activation(scale * conv(x, w) + bias + residual) for CPUs, in any layout and strides, 1 to 3
 * axes, transposed or not.
 *
 *   launch      conv_direct_blocked: global = (ceil(pixels / (TILE_Q * rounds)), N * phases, groups * tiles),
 *               local = (1, 1, 1); pixels of y, or transposed of its first phase; phases: see common/taps.cl, else 1
 *               where tiles = ceil(k / (TILE_K * VEC)), k = K / groups rounded up to Y_BLOCK
 *   local mem   none
 *   needs       VEC divides Y_BLOCK, or Y_BLOCK is 1 or 0; with groups > 1 and blocks also X_BLOCK divides C / groups
 *               and Y_BLOCK divides K / groups; x holds REALs
 *   compiled in TILE_K C_STEP; FEW_C: input channels of a group where they are few, there are at most 2 axes
 *               and it is not transposed, else 0; X_BLOCK as Y_BLOCK; X_PIXEL Y_PIXEL: from one pixel of a row of
 *               x and y to the next, 0 where that is passed; the window, or 0 for all of it where that is passed:
 *               T R S; for each axis STRIDE DILATION and what follows from them: PIXEL_STEP of the input for a step of
 *               the output, TAP_STEP (see common/taps.cl) and REACH of the input for a step of the taps; what
 *               common/tile.cl, pixels.cl, taps.cl, weights.cl and epilogue.cl want
 *   run time    sizes, pads, strides of x, y and residual, tiles; c_slab, a multiple of C_STEP; rounds, up to
 *               MOST_ROUNDS; the window, where it is not compiled in: one program then serves many
 *
 * A work-item keeps TILE_Q consecutive pixels of the output plane times TILE_K vectors of output channels in registers.
 * For each filter tap and input channel it loads TILE_K vectors of weights and TILE_Q single inputs, and issues
 * TILE_Q * TILE_K multiply-adds. Why this is fast:
 *   - Pixels are counted through the plane and not along a row, so only a plane's last tile can be partly idle.
 *   - The inner loop has no tests: a tap that falls into zero padding reads zeros from the head of the packed weights,
 *     and a row of taps that does so for all pixels is left out.
 *   - A tile that touches no padding takes a path without tests: from tap to tap all of its addresses move alike.
 *   - The work-item makes `rounds` tiles, all of them from c_slab channels before it goes on to the next ones, so that
 *     the slab's weights come from the nearest cache in all rounds but the first.
 *
 * Packed weights, by conv/pack.cl: HEAD zeros, then [group][tile][C in steps of C_STEP][T][R][S][C_STEP][TILE_K][VEC].
 */
#if !defined(TILE_K) || !defined(X_BLOCK) || !defined(C_STEP) || !defined(X_PIXEL) || !defined(Y_PIXEL) || \
    !defined(FEW_C)
#error "direct_blocked.c must define TILE_K X_BLOCK C_STEP X_PIXEL Y_PIXEL FEW_C"
#endif

#include "common/tile.cl"
#include "common/pixels.cl"
#include "common/taps.cl"
#include "common/weights.cl"

/* The zeros at the head of the packed weights: one pixel of the largest block, and one cache line. */
#define HEAD 16

/* Tiles of a work-item, as direct_blocked.c knows too. */
#define MOST_ROUNDS 8

/* A number of the window, which is compiled in or passed. */
#define GIVEN(compiled, passed) (R > 0 ? (compiled) : (passed))

/* How windows move on an axis: `pixel` of the input for a step of the output, `reach` for a step of the taps. */
typedef struct {
    int pixel, reach;
} steps;

/* Where x lies and how the filter's taps move in it. */
typedef struct {
    tap_axis across_d, across_h, across_w;
    steps of_d, of_h, of_w;
    int taps, row_taps; /* of the filter, and of one of its rows */
    int d, h, w, stride_d, stride_h, stride_w;
    int channel, step; /* from one channel, and from one C_STEP, to the next */
} source;

/* Where the packed weights of one tile and of its channels from c0 on begin; c0 is a multiple of C_STEP. */
static int weights_start(int tile, int c, int c0, int taps)
{
    return HEAD + (tile * c + c0) * taps * TILE_CHANNELS;
}

/* Whether all taps on one axis lie in the input, for outputs from first to last. */
static ALWAYS_INLINE int is_inside(tap_axis a, steps of, int first, int last, int size)
{
    const int begin = a.begin + first * of.pixel + min((a.taps - 1) * of.reach, 0);
    const int end = a.begin + last * of.pixel + max((a.taps - 1) * of.reach, 0);
    return begin >= 0 && end < size;
}

/* Whether none of a tile's windows touches padding, of outputs with so many rows and columns. */
static ALWAYS_INLINE int is_interior(source in, const pixels *at, int rows, int columns)
{
    const int last = TILE_Q - 1;
    const int one_slice = !DEPTH || at->d[0] == at->d[last], one_row = one_slice && at->h[0] == at->h[last];
    return is_inside(in.across_h, in.of_h, one_slice ? at->h[0] : 0, one_slice ? at->h[last] : rows - 1, in.h) &&
           is_inside(in.across_w, in.of_w, one_row ? at->w[0] : 0, one_row ? at->w[last] : columns - 1, in.w) &&
           (!DEPTH || is_inside(in.across_d, in.of_d, at->d[0], at->d[last], in.d));
}

/* Whether a row of the filter meets nothing but zeros in all of a tile's windows, which lie in one slice. */
static ALWAYS_INLINE int is_row_outside(source in, const pixels *at, int ir)
{
    const int begin = in.across_h.begin + ir * in.of_h.reach;
    const int first = begin + at->h[0] * in.of_h.pixel, last = begin + at->h[TILE_Q - 1] * in.of_h.pixel;
    const int one_slice = !DEPTH || at->d[0] == at->d[TILE_Q - 1];
    return PAD_MODE == 0 && one_slice && (last < 0 || first >= in.h);
}

/* Adds the products of c channels to a tile. With interior, a constant, is_interior() holds. */
static ALWAYS_INLINE void multiply(REALV sum[TILE_Q * TILE_K], source in, __global const REAL *x,
                                   __global const REAL *weights, __global const REAL *zeros, const pixels *at, int c,
                                   const int interior)
{
    const int pixel_step = X_PIXEL == 0 ? in.stride_w : X_PIXEL;
    int begin_d[TILE_Q], begin_h[TILE_Q], begin_w[TILE_Q];
    uint begin[TILE_Q]; /* in the padding, places wrap around; what a tap moves them by leads back */
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) {
        begin_d[t] = DEPTH ? in.across_d.begin + at->d[t] * in.of_d.pixel : 0;
        begin_h[t] = in.across_h.begin + at->h[t] * in.of_h.pixel;
        begin_w[t] = in.across_w.begin + at->w[t] * in.of_w.pixel;
        begin[t] = (uint)begin_d[t] * (uint)in.stride_d + (uint)begin_h[t] * (uint)in.stride_h +
                   (uint)begin_w[t] * (uint)pixel_step;
    }

    for (int c0 = 0; c0 < c; c0 += C_STEP, x += in.step) {
        const int channels = min(C_STEP, c - c0);
        __global const REAL *step_weights = weights;
        for (int it = 0; it < (DEPTH ? in.across_d.taps : 1); ++it)
            for (int ir = 0; ir < in.across_h.taps; ++ir) {
                if (!interior && is_row_outside(in, at, ir)) {
                    weights += in.row_taps * channels * TILE_CHANNELS;
                    continue;
                }
                for (int is = 0; is < in.across_w.taps; ++is) {
                    const int to_d = it * in.of_d.reach, to_h = ir * in.of_h.reach, to_w = is * in.of_w.reach;
                    const uint moved =
                        (uint)to_d * (uint)in.stride_d + (uint)to_h * (uint)in.stride_h + (uint)to_w * (uint)pixel_step;
                    __global const REAL *from[TILE_Q];
                    int step[TILE_Q];
#pragma unroll
                    for (int t = 0; t < TILE_Q; ++t) {
                        const int id = look_up(begin_d[t] + to_d, in.d), ih = look_up(begin_h[t] + to_h, in.h);
                        const int iw = look_up(begin_w[t] + to_w, in.w);
                        const int inside = interior || ((uint)ih < (uint)in.h && (uint)iw < (uint)in.w &&
                                                        (!DEPTH || (uint)id < (uint)in.d));
                        const int place = interior || PAD_MODE == 0
                                              ? (int)(begin[t] + moved)
                                              : id * in.stride_d + ih * in.stride_h + iw * pixel_step;
                        from[t] = inside ? x + place : zeros;
                        /* NCHW reads the same zero again and again. */
                        step[t] = X_BLOCK != 1 ? 1 : inside ? in.channel : 0;
                    }
                    if (TRANSPOSED) {
                        const int tap_d = DEPTH ? in.across_d.tap + it * TAP_STEP_D : 0;
                        const int tap_h = in.across_h.tap + ir * TAP_STEP_H, tap_w = in.across_w.tap + is * TAP_STEP_W;
                        weights = step_weights + ((tap_d * R + tap_h) * S + tap_w) * channels * TILE_CHANNELS;
                    }
                    for (int i = 0; i < channels; ++i, weights += TILE_CHANNELS) {
                        REALV filter[TILE_K];
                        load_weights(filter, weights);
#pragma unroll
                        for (int a = 0; a < TILE_Q * TILE_K; ++a)
                            sum[a] = fma((REALV)from[a / TILE_K][i * step[a / TILE_K]], filter[a % TILE_K], sum[a]);
                    }
                }
            }
        if (TRANSPOSED) weights = step_weights + in.taps * channels * TILE_CHANNELS;
    }
}

/* The same for an interior tile of a plane that is one row, and one tap. A pointer walks along the input, up to the end
 * of the weights: with an index a multiply-add that reads memory is two operations, and tiles of one vector took 20 %
 * longer. */
static ALWAYS_INLINE void multiply_row(REALV sum[TILE_Q * TILE_K], source in, __global const REAL *x,
                                       __global const REAL *weights, int pixel, int c)
{
    const int pixel_step = X_PIXEL == 0 ? in.stride_w : X_PIXEL, channel = X_BLOCK == 1 ? in.channel : 1;
    x += pixel * pixel_step;
    for (int c0 = 0; c0 < c; c0 += C_STEP, x += in.step) {
        __global const REAL *from = x, *end = weights + min(C_STEP, c - c0) * TILE_CHANNELS;
        for (; weights != end; weights += TILE_CHANNELS, from += channel) {
            REALV filter[TILE_K];
            load_weights(filter, weights);
#pragma unroll
            for (int a = 0; a < TILE_Q * TILE_K; ++a)
                sum[a] = fma((REALV)from[a / TILE_K * pixel_step], filter[a % TILE_K], sum[a]);
        }
    }
}

/* The same for an interior tile of few input channels, with a row of the filter unrolled: multiply() would do little
 * but count. */
static ALWAYS_INLINE void multiply_few(REALV sum[TILE_Q * TILE_K], source in, __global const REAL *x,
                                       __global const REAL *weights, const pixels *at)
{
    const int pixel_step = X_PIXEL == 0 ? in.stride_w : X_PIXEL, channel = X_BLOCK == 1 ? in.channel : 1;
    x += (in.across_h.begin + at->h[0] * PIXEL_STEP_H) * in.stride_h +
         (in.across_w.begin + at->w[0] * PIXEL_STEP_W) * pixel_step;
    for (int ir = 0; ir < R; ++ir, x += REACH_H * in.stride_h)
#pragma unroll
        for (int is = 0; is < S; ++is)
#pragma unroll
            for (int i = 0; i < FEW_C; ++i, weights += TILE_CHANNELS) {
                __global const REAL *from = x + is * REACH_W * pixel_step + i * channel;
                REALV filter[TILE_K];
                load_weights(filter, weights);
#pragma unroll
                for (int a = 0; a < TILE_Q * TILE_K; ++a)
                    sum[a] = fma((REALV)from[a / TILE_K * PIXEL_STEP_W * pixel_step], filter[a % TILE_K], sum[a]);
            }
}

/* Finishes and stores TILE_K vectors of channels from k0 on, of a group's k, and count pixels. */
static ALWAYS_INLINE void finish(const REALV sum[TILE_Q * TILE_K], __global Y_ELEMENT *y, target to,
                                 const int place[TILE_Q], target residual_from, const int residual_place[TILE_Q],
                                 int k0, int k, int first_channel, int count, EPILOGUE_ARGS)
{
#pragma unroll
    for (int j = 0; j < TILE_K; ++j) {
        const int kj = k0 + j * VEC;
        REALV v[TILE_Q];
        if (kj >= whole_blocks(k, Y_BLOCK)) return;
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) v[t] = sum[t * TILE_K + j];
        finish_tile(v, y + place_channel(to, kj), place, to.c, residual_place, residual_from.c,
                    (ulong)(first_channel + kj), k - kj, count, to.streams, scale, scale_offset, bias, bias_offset,
                    residual, residual_offset + (ulong)place_channel(residual_from, kj), slope, slope_offset, alpha,
                    beta);
    }
}

#define SOURCE                                                                                                       \
    {                                                                                                                \
        make_tap_axis(phase_d, pad_d, GIVEN(T, t), STRIDE_D, DILATION_D, TAP_STEP_D),                                \
            make_tap_axis(phase_h, pad_h, GIVEN(R, r), STRIDE_H, DILATION_H, TAP_STEP_H),                            \
            make_tap_axis(phase_w, pad_w, GIVEN(S, s), STRIDE_W, DILATION_W, TAP_STEP_W),                            \
            {GIVEN(PIXEL_STEP_D, stride_d), GIVEN(REACH_D, dilation_d)},                                             \
            {GIVEN(PIXEL_STEP_H, stride_h), GIVEN(REACH_H, dilation_h)},                                             \
            {GIVEN(PIXEL_STEP_W, stride_w), GIVEN(REACH_W, dilation_w)}, GIVEN(T *R *S, t *r *s), GIVEN(S, s), d, h, \
            w, x_d, x_h, x_w, x_channel, x_step                                                                      \
    }

#define NUMBERS(EACH)                                                                                          \
    OFFSET(EACH, x) OFFSET(EACH, packed) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, phases) EACH(int, c) \
        EACH(int, k) THREE(EACH, int, d, h, w) THREE(EACH, int, o, p, q) WINDOW(EACH) EACH(int, tiles)         \
            EACH(int, c_slab) EACH(int, rounds) EACH(int, x_n) EACH(int, x_group) EACH(int, x_step)            \
                EACH(int, x_channel) AXES(EACH, int, x) EACH(int, y_n) EACH(int, y_group) EACH(int, y_c)       \
                    AXES(EACH, int, y) EACH(int, r_n) EACH(int, r_group) EACH(int, r_c) AXES(EACH, int, r)     \
                        EACH(int, streams)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_direct_blocked(__global const REAL *restrict x, __global const REAL *restrict packed,
                                                  EPILOGUE_MEMORY, __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    /* The phases of an image follow each other: their work differs, and a thread is given what is consecutive. */
    const int n = (int)get_global_id(1) / phases, phase = (int)get_global_id(1) % phases;
    const int tile = (int)get_global_id(2);
    const int phase_w = phase % PHASE_STEP_W, phase_h = phase / PHASE_STEP_W % PHASE_STEP_H;
    const int phase_d = phase / (PHASE_STEP_W * PHASE_STEP_H);
    const int group = tile / tiles;
    const int k0 = tile % tiles * TILE_CHANNELS;
    const source in = SOURCE;
    const target to = {y_c, y_d, y_h, Y_PIXEL == 0 ? y_w : Y_PIXEL, streams}, residual_from = {r_c, r_d, r_h, r_w, 0};
    /* The outputs of this phase, which are those of y where there is one phase. */
    const int rows = phase_outputs(p, phase_h, STRIDE_H), columns = phase_outputs(q, phase_w, STRIDE_W);
    const int count = phase_outputs(o, phase_d, STRIDE_D) * rows * columns;
    __global const REAL *zeros = packed + packed_offset;
    __global const REAL *x_from = x + x_offset + n * x_n + group * x_group;
    __global Y_ELEMENT *y_to = y + y_offset + n * y_n + group * y_group;
    const ulong residual_begin = residual_offset + (ulong)(n * r_n + group * r_group);

    REALV kept[MOST_ROUNDS][TILE_Q * TILE_K];

    for (int c0 = 0; c0 < c; c0 += c_slab)
        for (int round = 0; round < rounds; ++round) {
            const int pixel = ((int)get_global_id(0) * rounds + round) * TILE_Q;
            const int channels = min(c_slab, c - c0);
            __global const REAL *from = x_from + c0 / C_STEP * x_step;
            __global const REAL *weights = zeros + weights_start(tile, c, c0, in.taps);
            REALV sum[TILE_Q * TILE_K];
            if (pixel >= count) break;
            const pixels at = locate(pixel, rows, columns);

#pragma unroll
            for (int a = 0; a < TILE_Q * TILE_K; ++a) sum[a] = c0 == 0 ? (REALV)(REAL_OF(0.0)) : kept[round][a];

            const int interior = is_interior(in, &at, rows, columns);
            if (FEW_C > 0 && interior && at.h[0] == at.h[TILE_Q - 1])
                multiply_few(sum, in, from, weights, &at);
            else if (ONE_ROW && interior)
                multiply_row(sum, in, from, weights, pixel, channels);
            else if (interior)
                multiply(sum, in, from, weights, zeros, &at, channels, 1);
            else
                multiply(sum, in, from, weights, zeros, &at, channels, 0);

            if (c0 + channels < c) {
#pragma unroll
                for (int a = 0; a < TILE_Q * TILE_K; ++a) kept[round][a] = sum[a];
            } else {
                int place[TILE_Q], residual_place[TILE_Q];
                place_pixels(place, to, pixel, &at, phase_d, phase_h, phase_w);
                place_pixels(residual_place, residual_from, pixel, &at, phase_d, phase_h, phase_w);
                finish(sum, y_to, to, place, residual_from, residual_place, k0, k, group * k, count - pixel, scale,
                       scale_offset, bias, bias_offset, residual, residual_begin, slope, slope_offset, alpha, beta);
            }
        }
}
