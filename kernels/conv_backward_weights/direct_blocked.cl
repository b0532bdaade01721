/* conv_backward_weights/direct_blocked: sums of dv * x for CPUs, over images and planes; 1 to 3 axes, groups of whole
 * vectors, padding with zeros.
 *
 *   launch      global = (ceil(C / (TILE_C * tiles_c)), ceil(all_k / tiles_k), pieces), local = (1, 1, 1)
 *   local mem   none
 *   needs       dv in blocks or NHWC
 *   compiled in VEC; TILE_K vectors of channels of dv and TILE_C channels of x in a register tile; X_BLOCK DV_BLOCK:
 *               channels that lie side by side, 1 in NCHW, 0 for all of them (NHWC); DEPTH: there is a third axis;
 *               ROOM: at least tiles_c * tiles_k * T * R * S; ACCUMULATE: sums are added to what is there
 *   run time    everything else
 *
 * One work-item makes all taps of the filters from tiles_c tiles of channels of x to tiles_k of dv's, over one
 * piece of all rows of outputs. It goes through `chunk` rows at a time, whose parts of x and dv a near cache holds
 * while every tap and tile multiplies them: a pixel of dv is a vector, and one of x a number that all lanes share,
 * so that a tile of products costs few loads. The sums of a chunk are added to those before, so that no chain of
 * additions is long, and the order is the same whatever the tiles.
 *
 * In a transposed convolution x and dv change places: the host passes one as the other.
 */
#if !defined(TILE_K) || !defined(TILE_C) || !defined(X_BLOCK) || !defined(DV_BLOCK) || !defined(DEPTH) || \
    !defined(ROOM) || !defined(ACCUMULATE)
#error "direct_blocked.c must define TILE_K TILE_C X_BLOCK DV_BLOCK DEPTH ROOM ACCUMULATE"
#endif

#include "common/vector.cl"
#include "common/transpose.cl"

/* Products of one tap and tile: TILE_C channels of x, and for each TILE_K vectors. */
#define TILE (TILE_C * TILE_K)

/* Where a channel lies within a pixel's: blocks, or all channels, are `step` apart. */
static ALWAYS_INLINE int channel_at(int channel, int step, const int block)
{
    return block == 0 ? channel : channel / block * step + channel % block;
}

/* One axis of the window: an output looks at out * stride - pad + tap * dilation, which lies in the image or not. */
typedef struct {
    int size, stride, dilation, pad;
} window_axis;

static int looks_at(window_axis a, int out, int tap)
{
    return out * a.stride - a.pad + tap * a.dilation;
}

/* The outputs of which a tap looks at the image: from the first on, and before the end. */
static int first_output(window_axis a, int tap)
{
    return max(0, (a.pad - tap * a.dilation + a.stride - 1) / a.stride);
}

static int end_output(window_axis a, int tap, int outputs)
{
    const int last = a.size - 1 + a.pad - tap * a.dilation;
    return last < 0 ? 0 : min(outputs, last / a.stride + 1);
}

typedef struct {
    int d, h, w;
} axes;

/* Adds the products of some rows of an image's outputs for one tap: `row` is the first, count them. */
static ALWAYS_INLINE void add_rows(REALV sum[TILE], __global const REAL *x, __global const REAL *dv, axes x_step,
                                   axes dv_step, MAYBE int x_channel, int dv_vector, window_axis depth,
                                   window_axis height, window_axis width, int p, int q, int row, int count, int tap_d,
                                   int tap_h, int tap_w)
{
    const int first = first_output(width, tap_w), end = end_output(width, tap_w, q);
    const int pixel = width.stride * x_step.w;
    for (int i = row; i < row + count; ++i) {
        const int io = DEPTH ? i / p : 0, ip = DEPTH ? i % p : i;
        const int id = DEPTH ? looks_at(depth, io, tap_d) : 0, ih = looks_at(height, ip, tap_h);
        if ((uint)ih >= (uint)height.size || (uint)id >= (uint)depth.size) continue;
        __global const REAL *from = x + id * x_step.d + ih * x_step.h + looks_at(width, first, tap_w) * x_step.w;
        __global const REAL *by = dv + io * dv_step.d + ip * dv_step.h + first * dv_step.w;
        for (int iq = first; iq < end; ++iq, from += pixel, by += dv_step.w) {
            REALV gradient[TILE_K];
#pragma unroll
            for (int k = 0; k < TILE_K; ++k) gradient[k] = LOADV_X(by + k * dv_vector);
#pragma unroll
            for (int i = 0; i < TILE; ++i)
                sum[i] = fma((REALV)from[i / TILE_K * (X_BLOCK == 1 ? x_channel : 1)], gradient[i % TILE_K], sum[i]);
        }
    }
}

/* Writes the sums of the channels and taps that exist, in the order of plain weights. */
static void store_sums(__global REAL *to, REALV total[][TILE], int group_c, int channels, int channels_k, int taps,
                       int flip)
{
    const int numbers = channels * taps;
    for (int k = 0; k < TILE_K; ++k)
        for (int i = 0, c = 0, tap = 0; i < numbers; i += VEC) {
            REALV v[VEC];
            for (int j = 0; j < VEC; ++j) {
                const int from = flip ? taps - 1 - tap : tap;
                v[j] = c < channels ? total[c / TILE_C * taps + from][c % TILE_C * TILE_K + k] : (REALV)(REAL_OF(0.0));
                if (++tap == taps) tap = 0, ++c;
            }
            store_columns(to + k * VEC * group_c * taps + i, group_c * taps, v, numbers - i, channels_k - k * VEC,
                          ACCUMULATE);
        }
}

#define NUMBERS(EACH)                                                                                             \
    OFFSET(EACH, x) OFFSET(EACH, dv) OFFSET(EACH, sums) EACH(int, n) EACH(int, c) EACH(int, k)                    \
        THREE(EACH, int, d, h, w) THREE(EACH, int, o, p, q) WINDOW(EACH) EACH(int, groups) EACH(int, tiles_c)     \
            EACH(int, tiles_k) EACH(int, all_k) EACH(int, rows) EACH(int, chunk) EACH(int, flip) STRIDES(EACH, x) \
                STRIDES(EACH, dv)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_backward_weights_direct_blocked(__global const REAL *restrict x,
                                                                   __global const REAL *restrict dv,
                                                                   __global REAL *restrict sums, const numbers passed)
{
    NUMBERS(UNPACK);
    const int taps = t * r * s, group_c = c / groups, group_k = k / groups;
    const int k0 = (int)get_global_id(1) * tiles_k * TILE_K * VEC, c0 = (int)get_global_id(0) * tiles_c * TILE_C;
    const int group = min(k0 / group_k, groups - 1), piece = (int)get_global_id(2);
    const int here_c = min(tiles_c, (group_c - c0 + TILE_C - 1) / TILE_C);
    const int here_k = min(tiles_k, all_k - (int)get_global_id(1) * tiles_k);
    const window_axis depth = {d, stride_d, dilation_d, pad_d}, height = {h, stride_h, dilation_h, pad_h};
    const window_axis width = {w, stride_w, dilation_w, pad_w};
    const axes x_step = {x_d, x_h, x_w}, dv_step = {dv_d, dv_h, dv_w};
    const int dv_vector = DV_BLOCK == 0 || DV_BLOCK > VEC ? VEC : dv_c;
    REALV total[ROOM][TILE];

    for (int i = 0; i < here_k * here_c * taps; ++i)
        for (int j = 0; j < TILE; ++j) total[i][j] = (REALV)(REAL_OF(0.0));
    for (int begin = piece * rows, last = min(begin + rows, n * o * p); begin < last; begin += chunk)
        for (int tile = 0; tile < here_k * here_c; ++tile) {
            const int ic = c0 + tile % here_c * TILE_C, ik = k0 + tile / here_c * TILE_K * VEC;
            __global const REAL *from = x + x_offset + channel_at(group * group_c + ic, x_c, X_BLOCK);
            __global const REAL *by = dv + dv_offset + channel_at(ik, dv_c, DV_BLOCK);
            for (int tap = 0; tap < taps; ++tap) {
                REALV sum[TILE];
#pragma unroll
                for (int i = 0; i < TILE; ++i) sum[i] = (REALV)(REAL_OF(0.0));
                for (int row = begin, end = min(begin + chunk, last); row < end;) {
                    const int image = row / (o * p), first = row % (o * p), count = min(end - row, o * p - first);
                    add_rows(sum, from + image * x_n, by + image * dv_n, x_step, dv_step, x_c, dv_vector, depth, height,
                             width, p, q, first, count, tap / s / r, tap / s % r, tap % s);
                    row += count;
                }
#pragma unroll
                for (int i = 0; i < TILE; ++i) total[tile * taps + tap][i] += sum[i];
            }
        }
    for (int tile = 0; tile < here_k; ++tile) {
        const int ik = k0 + tile * TILE_K * VEC;
        store_sums(sums + sums_offset + ((piece * k + ik) * group_c + c0) * taps, total + tile * here_c * taps, group_c,
                   min(tiles_c * TILE_C, group_c - c0), min(TILE_K * VEC, k - ik), taps, flip);
    }
}
