/* conv/depthwise_transposed: y = activation(scale * conv(x, w) + bias + residual), transposed, where each channel has
 * filters of its own, for CPUs, NCHW; 1 to 3 axes.
 *
 *   launch      global = (ceil(groups of a row / TILE_Q), O * ceil(rows of groups / rows), N * C), local = (1, 1, 1)
 *   local mem   none
 *   needs       TILE_Q a multiple of VEC; T * (rows + REACH_H) rows of PITCH numbers fit REGION
 *   compiled in VEC TILE_Q REGION; T R S, strides and dilations; what common/region.cl and epilogue.cl want
 *   run time    rows, sizes, pads, multiplier = K / C, flip, strides of x, y and residual
 *
 * Outputs are counted with the padding before them, in groups of STRIDE_H rows and STRIDE_W columns. A tap of the
 * filter gives to one phase of each group, which the compiler knows, and to neighbouring groups from neighbours of x:
 * VEC groups are as many vectors of sums as there are phases, and each number of the filter is one multiply-add for VEC
 * of them. The phases of a row are put in order as it is stored.
 *
 * A work-item makes `rows` rows of TILE_Q groups of one plane, once for each filter of the channel, of a copy of the
 * part of x that these see (see common/region.cl).
 */
#if !defined(TILE_Q) || !defined(REGION) || !defined(T) || !defined(R) || !defined(S) || !defined(STRIDE_D) || \
    !defined(STRIDE_H) || !defined(STRIDE_W) || !defined(DILATION_D) || !defined(DILATION_H) || !defined(DILATION_W)
#error "depthwise_transposed.c must define TILE_Q REGION T R S STRIDE_x DILATION_x"
#endif

#include "common/vector.cl"
#include "common/epilogue.cl"
#include "common/taps.cl"
#include "common/joined.cl"
#include "common/region.cl"

#define TAPS   (R * S)
#define PHASES (STRIDE_H * STRIDE_W)

/* Columns of a row of groups, with room for the last vector. */
#define COLUMNS ((TILE_Q + VEC) * STRIDE_W)

/* The sums of VEC groups, phase by phase; `from` is what tap 0 of the first group sees in the first of so many slices,
 * which lie `slice` apart. */
static ALWAYS_INLINE void filter_groups(REALV sum[PHASES], const REAL *from, const REAL *filter, int slices, int slice)
{
#pragma unroll
    for (int i = 0; i < PHASES; ++i) sum[i] = (REALV)(REAL_OF(0.0));
    for (int it = 0; it < slices; ++it, from += slice, filter += TAPS)
#pragma unroll
        for (int tap = 0; tap < TAPS; ++tap) {
            const int down = tap / S * DILATION_H, across = tap % S * DILATION_W;
            const REALV seen = LOADV_OWN(from - down / STRIDE_H * PITCH - across / STRIDE_W);
            const int phase = down % STRIDE_H * STRIDE_W + across % STRIDE_W;
            sum[phase] = fma(seen, (REALV)(filter[tap]), sum[phase]);
        }
}

STRUCT(PLAIN_DEPTHWISE_NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_depthwise_transposed(__global const X_ELEMENT *restrict x,
                                                        __global const X_ELEMENT *restrict weights, EPILOGUE_MEMORY,
                                                        __global Y_ELEMENT *restrict y, const numbers passed)
{
    PLAIN_DEPTHWISE_NUMBERS(UNPACK);
    const int all = (p + pad_h + STRIDE_H - 1) / STRIDE_H, strips = (all + rows - 1) / rows;
    const int io = (int)get_global_id(1) / strips, row0 = (int)get_global_id(1) % strips * rows;
    const int row_end = min(all, row0 + rows), group0 = (int)get_global_id(0) * TILE_Q;
    const int n = (int)get_global_id(2) / c, ic = (int)get_global_id(2) % c;
    const int lines = LINES(row_end - row0), slice = lines * PITCH;
    /* The columns of this tile that the row of outputs has, counted from its first group on. */
    const int left = group0 * STRIDE_W - pad_w, begin = max(0, -left), end = min(TILE_Q * STRIDE_W, q - left);
    const int p_end = min(p, row_end * STRIDE_H - pad_h);
    /* Up to where in y's slice a vector may reach beyond the end of a row: the next row overwrites it. */
    const int gapless = y_h == q && end - begin == q ? p_end * q : 0;
    __global const X_ELEMENT *plane = x + x_offset + n * x_n + ic * x_c;
    REAL region[REGION], filter[T * TAPS], made[STRIDE_H][COLUMNS];
    int depth[T], slices = 0;

    /* Those of the filter's slices that meet one of x. */
    for (int it = 0; it < T; ++it) {
        const int at = io + pad_d - it * DILATION_D, id = at / STRIDE_D;
        if (at < 0 || at % STRIDE_D != 0 || id >= d) continue;
        for (int i = 0; i < lines; ++i) {
            const int ih = row0 - REACH_H + i;
            copy_row(region + slices * slice + i * PITCH, (uint)ih < (uint)h ? plane + id * x_d + ih * x_h : 0,
                     group0 - REACH_W, w, (h - 1 - ih) * x_h + w);
        }
        depth[slices++] = it;
    }
    for (int k = ic * multiplier; k < (ic + 1) * multiplier; ++k) {
        MAYBE const REALV scale_k = CHANNEL_SCALE(k), bias_k = CHANNEL_BIAS(k), slope_k = CHANNEL_SLOPE(k);
        const ulong slice_at = y_offset + (ulong)(n * y_n + k * y_c + io * y_d);
        for (int i = 0; i < slices * TAPS; ++i) {
            const int tap = depth[i / TAPS] * TAPS + i % TAPS;
            filter[i] = LOAD_X(weights, w_offset + (ulong)(k * T * TAPS + (flip ? T * TAPS - 1 - tap : tap)));
        }
        for (int row = row0; row < row_end; ++row) {
            for (int i = 0; i * STRIDE_W < end; i += VEC) {
                REALV sum[PHASES];
                filter_groups(sum, region + (row - row0 + REACH_H) * PITCH + REACH_W + i, filter, slices, slice);
#pragma unroll
                for (int t = 0; t < STRIDE_H; ++t) store_joined(sum + t * STRIDE_W, made[t] + i * STRIDE_W);
            }
            for (int t = 0; t < STRIDE_H; ++t) {
                const int ip = row * STRIDE_H - pad_h + t;
                if ((uint)ip >= (uint)p) continue;
                const int to = ip * y_h + left;
                const ulong added_at = residual_offset + (ulong)(n * r_n + k * r_c + io * r_d + ip * r_h + left);
                for (int i = begin; i < end; i += VEC) {
                    /* The last vector ends where the row does. */
                    const int at = end - begin < VEC ? i : min(i, end - VEC), count = end - at;
                    const REALV added =
                        HAS_RESIDUAL ? load_first(residual + added_at + (ulong)at, count) : (REALV)(REAL_OF(0.0));
                    const REALV v = EPILOGUE(REALV, LOADV_OWN(made[t] + at), scale_k, bias_k, added, slope_k);
                    store_first(v, y + slice_at + (ulong)(to + at), to + at + VEC <= gapless ? VEC : count);
                }
            }
        }
    }
}
