/* conv/depthwise_lines: y = activation(scale * conv(x, w) + bias + residual) where each channel has filters of its own,
 * for CPUs, NCHW, of planes whose rows are too short to fill vectors one by one; 1 or 2 axes.
 *
 *   launch      global = (ceil(C / planes), N, 1), local = (1, 1, 1)
 *   local mem   none
 *   needs       pitch = out_pitch * STRIDE_W; planes * out_pitch <= LINE; R * S * planes * out_pitch <= WEIGHTS; what
 *               P rows, rounded up to TILE_P, see of planes * pitch columns fits REGION;
 *               planes * (P * Q + VEC) <= RESULTS
 *   compiled in VEC TILE_P LINE WEIGHTS REGION RESULTS; R S, strides and dilations of height and width; what
 *               common/epilogue.cl wants
 *   run time    planes, pitch, out_pitch, multiplier = K / C, flip, sizes, pads, strides of x, y and residual
 *
 * A work-item makes `planes` planes, once for each filter of their channels. First it copies what these see of x into
 * private memory: of each row those of all planes side by side, in one line, where a plane has `pitch` columns and
 * shares its padding with its neighbours. Then vectors run along the lines with no thought of where one plane ends, so
 * that rows of 7 cost no more than long ones; the numbers of the filters lie in lines likewise. What comes out between
 * two planes is dropped. The sums wait in private memory until their planes are whole, because to store less than a
 * vector costs as much as to store one.
 */
#if !defined(TILE_P) || !defined(LINE) || !defined(WEIGHTS) || !defined(REGION) || !defined(RESULTS) || !defined(R) || \
    !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || !defined(DILATION_H) || !defined(DILATION_W)
#error "depthwise_lines.c must define TILE_P LINE WEIGHTS REGION RESULTS R S STRIDE_x DILATION_x"
#endif

#include "common/vector.cl"
#include "common/epilogue.cl"
#include "common/strided.cl"

#define TAPS (R * S)

/* Lines that so many rows of outputs see. */
#define LINES(outputs) (((outputs)-1) * STRIDE_H + (R - 1) * DILATION_H + 1)

/* Room for what the last vectors load and store beyond a region. */
#define SLACK (2 * VEC * STRIDE_W + (S - 1) * DILATION_W)

/* Puts `columns` of a plane's row into a line. The last vector reaches beyond them, where it leaves zeros, and the next
 * plane comes on top. `whole`: what that vector reads is there. */
static ALWAYS_INLINE void fill_line(REAL *line, __global const X_ELEMENT *row, int columns, int whole)
{
    for (int i = 0; i < columns; i += VEC)
        STOREV_OWN(whole ? keep_lanes(LOADV_X(row + i), columns - i) : load_first(row + i, columns - i), line + i);
}

/* Sums of VEC outputs in each of TILE_P rows, the first of which sees the region from `from` on; its lines lie `step`
 * apart, and those of the filters `outputs`. Each vector that is loaded serves all rows that see it. */
static ALWAYS_INLINE void filter_vectors(REALV sum[TILE_P], const REAL *from, const REAL *filter, int step, int outputs)
{
#pragma unroll
    for (int t = 0; t < TILE_P; ++t) sum[t] = (REALV)(REAL_OF(0.0));
#pragma unroll
    for (int i = 0; i < LINES(TILE_P) * S; ++i) {
        const REALV seen = load_strided(from + i / S * step + i % S * DILATION_W);
#pragma unroll
        for (int t = 0; t < TILE_P; ++t) {
            const int reach = i / S - t * STRIDE_H;
            if (reach >= 0 && reach < R * DILATION_H && reach % DILATION_H == 0)
                sum[t] = fma(seen, LOADV_OWN(filter + (reach / DILATION_H * S + i % S) * outputs), sum[t]);
        }
    }
}

/* Finishes and stores `count` sums of channel k that lie side by side in y and in the residual. */
static inline void finish(const REAL *sum, __global Y_ELEMENT *y, int count, int k, EPILOGUE_ARGS)
{
    MAYBE const REALV scale_k = CHANNEL_SCALE(k), bias_k = CHANNEL_BIAS(k), slope_k = CHANNEL_SLOPE(k);
    for (int i = 0; i < count; i += VEC) {
        /* The last vector ends where they do. */
        const int at = count < VEC ? 0 : min(i, count - VEC);
        const REALV added =
            HAS_RESIDUAL ? load_first(residual + residual_offset + (ulong)at, count - at) : (REALV)(REAL_OF(0.0));
        store_first(EPILOGUE(REALV, LOADV_OWN(sum + at), scale_k, bias_k, added, slope_k), y + at, count - at);
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void conv_depthwise_lines(
    __global const X_ELEMENT *restrict x, ulong x_offset, __global const X_ELEMENT *restrict weights, ulong w_offset,
    EPILOGUE_ARGS, __global Y_ELEMENT *restrict y, ulong y_offset, int planes, int pitch, int out_pitch, int multiplier,
    int flip, int c, int h, int w, int p, int q, int pad_h, int pad_w, int x_n, int x_c, MAYBE int x_d, int x_h,
    MAYBE int x_w, int y_n, int y_c, MAYBE int y_d, int y_h, MAYBE int y_w, int r_n, int r_c, MAYBE int r_d, int r_h,
    MAYBE int r_w)
{
    const int first = (int)get_global_id(0) * planes, n = (int)get_global_id(1), some = min(planes, c - first);
    const int lines = LINES(p), step = some * pitch, outputs = some * out_pitch;
    const int columns = min(w, (q - 1) * STRIDE_W + (S - 1) * DILATION_W + 1 - pad_w);
    const int kept_plane = p * q + VEC, gapless = y_h == q && (r_h == q || !HAS_RESIDUAL);
    /* Runs of outputs that lie side by side in a plane, and how long they are. */
    const int runs = gapless ? 1 : p, run = gapless ? p * q : q;
    REAL region[REGION + SLACK], filter[WEIGHTS + VEC], made[TILE_P * (LINE + VEC)], kept[RESULTS];

    x += x_offset + n * x_n + first * x_c;
    /* The windows of the last plane look so far beyond its last line. */
    for (int i = 0; i < lines * step + (S - 1) * DILATION_W; i += VEC) STOREV_OWN((REALV)(REAL_OF(0.0)), region + i);
    for (int j = 0; j < lines; ++j) {
        const int ih = j - pad_h;
        if ((uint)ih >= (uint)h) continue;
        /* Elements of x behind those of the first plane's row. */
        const int behind = (c - 1 - first) * x_c + (h - 1 - ih) * x_h + w - columns;
        for (int i = 0; i < some; ++i)
            fill_line(region + j * step + i * pitch + pad_w, x + i * x_c + ih * x_h, columns, i * x_c + VEC <= behind);
    }
    for (int m = 0; m < multiplier; ++m) {
        for (int tap = 0; tap < TAPS; ++tap)
            for (int i = 0; i < some; ++i) {
                const int k = (first + i) * multiplier + m;
                const REALV number = LOAD_X(weights, w_offset + (ulong)(k * TAPS + (flip ? TAPS - 1 - tap : tap)));
                for (int j = 0; j < out_pitch; j += VEC) STOREV_OWN(number, filter + tap * outputs + i * out_pitch + j);
            }
        for (int row = 0; row < p; row += TILE_P) {
            for (int i = 0; i < outputs; i += VEC) {
                REALV sum[TILE_P];
                filter_vectors(sum, region + row * STRIDE_H * step + i * STRIDE_W, filter + i, step, outputs);
#pragma unroll
                for (int t = 0; t < TILE_P; ++t) STOREV_OWN(sum[t], made + t * (LINE + VEC) + i);
            }
            for (int t = 0; t < min(TILE_P, p - row); ++t)
                for (int i = 0; i < some; ++i)
                    copy_vectors(made + t * (LINE + VEC) + i * out_pitch, kept + i * kept_plane + (row + t) * q, q);
        }
        for (int i = 0; i < some; ++i)
            for (int j = 0; j < runs; ++j) {
                const int k = (first + i) * multiplier + m;
                finish(kept + i * kept_plane + j * run, y + y_offset + (ulong)(n * y_n + k * y_c + j * y_h), run, k,
                       scale, scale_offset, bias, bias_offset, residual,
                       residual_offset + (ulong)(n * r_n + k * r_c + j * r_h), slope, slope_offset, alpha, beta);
            }
    }
}
