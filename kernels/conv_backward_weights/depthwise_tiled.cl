/* conv_backward_weights/depthwise_tiled: dw = the gradient of a convolution by its weights where each channel has
 * filters of its own, for GPUs, in NCHW and NHWC and any strides; 1 to 3 axes, transposed or not.
 *
 *   launch      global = (ceil(filters / lanes) * GROUP, sets, pieces), local = (GROUP, 1, 1)
 *               sets = ceil(T * S / COLUMNS)
 *   local mem   COLUMNS * R * GROUP / 2 REALs
 *   needs       TILE_P outputs of a column see at most 32 rows of x; GROUP and lanes are powers of two
 *   compiled in GROUP TILE_P R STRIDE_H DILATION_H; COLUMNS of the filter that a work-group makes; PAD_MODE (see
 *               common/taps.cl); ACCUMULATE: sums are added to what is there; DTYPE
 *   run time    filters, lanes, x_share and dv_share: how many filters share a channel; units: tiles of outputs of a
 *               piece; sizes, the rest of the window, pads, flip, strides of x and dv
 *
 * A work-group makes some columns of one filter where pixels lie side by side, or of several filters where channels do,
 * so that neighbouring work-items load neighbours. A work-item sums in registers over its share of the outputs, TILE_P
 * below one another at a time, whose rows of x it loads once for all of them; the sums are then added in halves. The
 * problem alone decides which outputs are a piece.
 *
 * In a transposed convolution x and dv change places: the host passes one as the other.
 */
#if !defined(GROUP) || !defined(TILE_P) || !defined(R) || !defined(STRIDE_H) || !defined(DILATION_H) || \
    !defined(COLUMNS) || !defined(PAD_MODE) || !defined(ACCUMULATE)
#error "depthwise_tiled.c must define GROUP TILE_P R STRIDE_H DILATION_H COLUMNS PAD_MODE ACCUMULATE"
#endif

#define TRANSPOSED 0
#include "common/types.cl"
#include "common/planes.cl"
#include "common/taps.cl"
#include "common/add_shared.cl"

/* Rows of x from the first that the outputs of a tile see to the last. */
#define LINES ((TILE_P - 1) * STRIDE_H + (R - 1) * DILATION_H + 1)

/* A column of the filter: its tap of depth and of width, and how far they look. */
typedef struct {
    int tap_d, tap_w, reach_d, reach_w;
} filter_column;

/* The sums of the taps of each column, column by column. */
typedef REAL sums[COLUMNS * R];

/* How outputs look into x, and the places of x and of tiles of dv. */
typedef struct {
    planes x, dv;
    int rows; /* of dv */
    int stride_d, stride_w, pad_d, pad_h, pad_w;
} source;

/* Adds what the tile of outputs at a place gives to each column of the filter. */
static ALWAYS_INLINE void add_tile(sums sum, const filter_column columns[COLUMNS], const source *in, place tile,
                                   __global const X_ELEMENT *x, __global const X_ELEMENT *dv)
{
    int line[LINES]; /* where each row lies, or -1 for a row of zeros */
    REAL given[TILE_P];
    tile.h *= TILE_P;
#pragma unroll
    for (int i = 0; i < LINES; ++i) {
        const int ih = look_up(tile.h * STRIDE_H - in->pad_h + i, in->x.h);
        line[i] = (uint)ih < (uint)in->x.h ? tile.n * in->x.step_n + ih * in->x.step_h : -1;
    }
#pragma unroll
    for (int j = 0; j < TILE_P; ++j) {
        const int exists = tile.h + j < in->rows;
        const REAL loaded = LOAD_X(dv, offset_of(in->dv, tile) + (exists ? j * in->dv.step_h : 0));
        given[j] = exists ? loaded : REAL_OF(0.0);
    }
#pragma unroll
    for (int i = 0; i < COLUMNS; ++i) {
        const int id = look_up(tile.d * in->stride_d - in->pad_d + columns[i].reach_d, in->x.d);
        const int iw = look_up(tile.w * in->stride_w - in->pad_w + columns[i].reach_w, in->x.w);
        const int inside = (uint)id < (uint)in->x.d && (uint)iw < (uint)in->x.w;
        const int column = id * in->x.step_d + iw * in->x.step_w;
#pragma unroll
        for (int l = 0; l < LINES; ++l) {
            const int exists = inside && line[l] >= 0;
            const REAL loaded = LOAD_X(x, exists ? column + line[l] : 0);
            const REAL seen = exists ? loaded : REAL_OF(0.0);
#pragma unroll
            for (int j = 0; j < TILE_P; ++j) {
                const int reach = l - j * STRIDE_H;
                const int tap = i * R + reach / DILATION_H;
                if (reach >= 0 && reach < R * DILATION_H && reach % DILATION_H == 0)
                    sum[tap] = mad(seen, given[j], sum[tap]);
            }
        }
    }
}

#define NUMBERS(EACH)                                                                                        \
    OFFSET(EACH, x) OFFSET(EACH, dv) OFFSET(EACH, dw) EACH(int, filters) EACH(int, lanes) EACH(int, x_share) \
        EACH(int, dv_share) EACH(int, units) EACH(int, n) AXES(EACH, int, x_size) AXES(EACH, int, dv_size)   \
            EACH(int, t) EACH(int, s) EACH(int, stride_d) EACH(int, stride_w) EACH(int, dilation_d)          \
                EACH(int, dilation_w) AXES(EACH, int, pad) EACH(int, flip) STRIDES(EACH, x) STRIDES(EACH, dv)
STRUCT(NUMBERS) numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void conv_backward_weights_depthwise_tiled(
    __global const X_ELEMENT *restrict x, __global const X_ELEMENT *restrict dv, __global REAL *restrict dw,
    const numbers passed)
{
    NUMBERS(UNPACK);
    __local REAL room[SHARED_ROOM(COLUMNS * R)];
    const int me = (int)get_local_id(0), filter = (int)get_group_id(0) * lanes + (me & (lanes - 1));
    const int piece = (int)get_group_id(2), parts = GROUP / lanes, used = min(filter, filters - 1);
    const planes tiles = {dv_size_d, (dv_size_h + TILE_P - 1) / TILE_P, dv_size_w, 0, 0, 0, 0};
    const source in = {{PASS_AXES(x_size), x_n, PASS_AXES(x)},
                       {PASS_AXES(dv_size), dv_n, PASS_AXES(dv)},
                       dv_size_h,
                       stride_d,
                       stride_w,
                       PASS_AXES(pad)};
    const place step = locate_pixel(tiles, parts);
    const int end = min((piece + 1) * units, n * tiles.d * tiles.h * tiles.w);
    filter_column columns[COLUMNS];
    sums sum;
#pragma unroll
    for (int i = 0; i < COLUMNS; ++i) {
        const int number = min((int)get_group_id(1) * COLUMNS + i, t * s - 1);
        const filter_column column = {number / s, number % s, number / s * dilation_d, number % s * dilation_w};
        columns[i] = column;
    }
#pragma unroll
    for (int i = 0; i < COLUMNS * R; ++i) sum[i] = REAL_OF(0.0);
    x += x_offset + (ulong)(used / x_share * x_c);
    dv += dv_offset + (ulong)(used / dv_share * dv_c);
    int unit = piece * units + me / lanes;
    place at = locate_pixel(tiles, unit);
    for (; unit < end; unit += parts, at = advance(tiles, at, step)) add_tile(sum, columns, &in, at, x, dv);

    add_shared(sum, COLUMNS * R, room, lanes);
    const int taps = t * R * s;
    dw += dw_offset + (ulong)piece * (ulong)(filters * taps) + (ulong)(used * taps);
#pragma unroll
    for (int i = 0; i < COLUMNS; ++i)
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const int tap = (columns[i].tap_d * R + r) * s + columns[i].tap_w, to = flip ? taps - 1 - tap : tap;
            const int is_mine = me < lanes && filter < filters && (int)get_group_id(1) * COLUMNS + i < t * s;
            if (is_mine) dw[to] = ACCUMULATE ? dw[to] + sum[i * R + r] : sum[i * R + r];
        }
}
