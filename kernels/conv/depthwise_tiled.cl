/* conv/depthwise_tiled: y = activation(scale * conv(x, w) + bias + residual) where each channel has filters of its own,
 * for GPUs, NCHW and NHWC in any strides; 1 to 3 axes.
 *
 *   launch      global = (N * K * O * ceil(P / TILE_P) * Q rounded up to whole groups, 1, 1), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       TILE_P outputs of a column see at most 32 rows of x
 *   compiled in TILE_P R STRIDE_H DILATION_H; PAD_MODE (see common/taps.cl); what common/outputs.cl, taps.cl and
 *               epilogue.cl want
 *   run time    sizes, the rest of the window, pads, multiplier = K / C, flip, strides of x, y and residual
 *
 * A work-item makes TILE_P outputs of one column and goes through the columns of the filter: of each it loads R numbers
 * of the filter and the rows of x that the outputs see, each once, though up to R outputs use it. Its neighbours do the
 * same for the next column or, in NHWC, the next channel, so that every load is of neighbours in memory, and what the
 * filter's next column looks at is in the nearest cache.
 */
#if !defined(TILE_P) || !defined(R) || !defined(STRIDE_H) || !defined(DILATION_H) || !defined(PAD_MODE)
#error "depthwise_tiled.c must define TILE_P R STRIDE_H DILATION_H PAD_MODE"
#endif

#include "common/epilogue.cl"
#include "common/taps.cl"

/* Outputs are counted as they lie in memory, so that neighbouring work-items load and store neighbours in either
 * layout, and work-groups are full however small the planes are. */
typedef struct {
    int n, channel, d, h, w;
} output;

/* The number of `rest` on an axis of `size`, which is taken off. */
static inline int take(uint *rest, int size)
{
    const uint number = *rest % (uint)size;
    *rest /= (uint)size;
    return (int)number;
}

static inline output locate_output(int channels, int o, int p, int q)
{
    uint rest = (uint)get_global_id(0);
    output at = {0, 0, 0, 0, 0};
    if (CHANNELS_LAST) at.channel = take(&rest, channels);
    at.w = take(&rest, q);
    at.h = take(&rest, p);
    at.d = take(&rest, o);
    if (!CHANNELS_LAST) at.channel = take(&rest, channels);
    at.n = (int)rest;
    return at;
}

/* Rows of x from the first that the outputs see to the last. */
#define LINES ((TILE_P - 1) * STRIDE_H + (R - 1) * DILATION_H + 1)

#define NUMBERS(EACH)                                                                                          \
    OFFSET(EACH, x) OFFSET(EACH, w) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, n) EACH(int, k)           \
        EACH(int, multiplier) EACH(int, flip) THREE(EACH, int, d, h, w) THREE(EACH, int, o, p, q) EACH(int, t) \
            EACH(int, s) EACH(int, stride_d) EACH(int, stride_w) EACH(int, dilation_d) EACH(int, dilation_w)   \
                AXES(EACH, int, pad) STRIDES(EACH, x) STRIDES(EACH, y) STRIDES(EACH, r)
STRUCT(NUMBERS) numbers;

__kernel void conv_depthwise_tiled(__global const X_ELEMENT *restrict x, __global const X_ELEMENT *restrict weights,
                                   EPILOGUE_MEMORY, __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const output at = locate_output(k, o, (p + TILE_P - 1) / TILE_P, q);
    const int ok = at.channel, p0 = at.h * TILE_P;
    if (at.n >= n) return;
    __global const X_ELEMENT *plane = x + x_offset + (ulong)(at.n * x_n + ok / multiplier * x_c);
    /* Where each row lies, or -1 for a row of zeros. */
    int line[LINES];
    REAL sum[TILE_P];
#pragma unroll
    for (int i = 0; i < LINES; ++i) {
        const int ih = look_up(p0 * STRIDE_H - pad_h + i, h);
        line[i] = (uint)ih < (uint)h ? ih * x_h : -1;
    }
#pragma unroll
    for (int i = 0; i < TILE_P; ++i) sum[i] = REAL_OF(0.0);

    const int taps = t * R * s, filter_step = flip ? -s : s;
    for (int it = 0; it < t; ++it) {
        const int id = look_up(at.d * stride_d - pad_d + it * dilation_d, d);
        for (int is = 0; is < s; ++is) {
            const int iw = look_up(at.w * stride_w - pad_w + is * dilation_w, w);
            const int inside = (uint)id < (uint)d && (uint)iw < (uint)w, column = id * x_d + iw * x_w;
            const int tap = it * R * s + is, first = ok * taps + (flip ? taps - 1 - tap : tap);
            REAL filter[R];
#pragma unroll
            for (int r = 0; r < R; ++r) filter[r] = LOAD_X(weights, w_offset + (ulong)(first + r * filter_step));
#pragma unroll
            for (int i = 0; i < LINES; ++i) {
                const int exists = inside && line[i] >= 0;
                const REAL loaded = LOAD_X(plane, exists ? column + line[i] : 0);
                const REAL seen = exists ? loaded : REAL_OF(0.0);
#pragma unroll
                for (int j = 0; j < TILE_P; ++j) {
                    const int reach = i - j * STRIDE_H;
                    if (reach >= 0 && reach < R * DILATION_H && reach % DILATION_H == 0)
                        sum[j] = mad(seen, filter[reach / DILATION_H], sum[j]);
                }
            }
        }
    }

    MAYBE const REAL scale_k = CHANNEL_SCALE(ok), bias_k = CHANNEL_BIAS(ok), slope_k = CHANNEL_SLOPE(ok);
    const ulong to = y_offset + (ulong)(at.n * y_n + ok * y_c + at.d * y_d + at.w * y_w);
    const ulong added_at = residual_offset + (ulong)(at.n * r_n + ok * r_c + at.d * r_d + at.w * r_w);
#pragma unroll
    for (int j = 0; j < TILE_P; ++j) {
        if (p0 + j >= p) break;
        const REAL added = HAS_RESIDUAL ? LOAD_X(residual, added_at + (ulong)((p0 + j) * r_h)) : REAL_OF(0.0);
        STORE_Y(EPILOGUE(REAL, sum[j], scale_k, bias_k, added, slope_k), y, to + (ulong)((p0 + j) * y_h));
    }
}
