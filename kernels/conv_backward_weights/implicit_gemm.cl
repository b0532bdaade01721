/* conv_backward_weights/implicit_gemm: dw = the gradient of a convolution by its weights for GPUs, in NCHW and NHWC and
 * any strides, 1 to 3 axes, transposed or not.
 *
 *   launch      global = (tiles of columns * ITEMS, tiles of rows, groups * pieces), local = (ITEMS, 1, 1)
 *               ITEMS = TILE_K / REG_K * TILE_P / REG_P
 *   local mem   2 * STEP * (TILE_K + TILE_P + 8) REALs
 *   needs       what common/gemm.cl needs; STEP divides ITEMS, and ITEMS / STEP divides TILE_K and TILE_P
 *   compiled in CHANNELS_LAST: of x; ONE_TAP: each tile's columns have one tap; DEPTH: there is a third axis; PAD_MODE
 *               (see common/taps.cl); ACCUMULATE: sums are added to what is there; DTYPE; what common/gemm.cl wants
 *   run time    sizes, window, pads, flip, strides of x and dv, groups, piece: pixels of dv that one sum goes over
 *
 * A matrix product: the rows are channels of dv, the columns channels of x with each tap of the filter, and a
 * work-group sums over the pixels of one piece of dv, counted through all images, STEP at a time. Why this is fast:
 *   - An item loads of one pixel in each step, and always for the same rows and columns. How far they lie from the
 *     pixel is found before the loop; in it the pixel moves on by additions.
 *   - Neighbouring items load neighbouring pixels of NCHW, and neighbouring channels of NHWC.
 *   - Where channels fill tiles, a tile has one tap, and where that looks is found once a step. Else columns are sorted
 *     by channels in NCHW, so that they look at what is in the nearest cache, and by taps in NHWC.
 *   - Rows and columns past the last load what the last one does, and are not stored. A pixel past the last loads zeros
 *     of x, and any finite number of dv.
 *   - While one step is multiplied out of one half of local memory, the next is on its way through registers into the
 *     other. One barrier parts a step from the next.
 * Each sum is made pixel by pixel, whatever the tile. The pieces fill a device that few filters would not, and are
 * added afterwards in order; the problem alone decides how many there are.
 *
 * In a transposed convolution x and dv change places: the host passes one as the other.
 */
#if !defined(CHANNELS_LAST) || !defined(ONE_TAP) || !defined(DEPTH) || !defined(PAD_MODE) || !defined(ACCUMULATE)
#error "implicit_gemm.c must define CHANNELS_LAST ONE_TAP DEPTH PAD_MODE ACCUMULATE"
#endif

#define VEC        4
#define TRANSPOSED 0
/* Neighbouring items store the pixels of a row, or the rows of a pixel: the pitch spreads either over the banks of
 * local memory. */
#define PITCH_K (TILE_K + VEC)
#define PITCH_P (TILE_P + VEC)
#include "common/vector.cl"
#include "common/gemm.cl"
#include "common/planes.cl"
#include "common/taps.cl"

/* So many items load of the same pixel, and each so many rows and columns, SHARES apart. */
#define SHARES           (ITEMS / STEP)
#define ROW_LOADS        (TILE_K / SHARES)
#define COLUMN_LOADS     (TILE_P / SHARES)
#define LOAD_PIXEL(item) (CHANNELS_LAST ? (item) / SHARES : (item) % STEP)
#define LOAD_FIRST(item) (CHANNELS_LAST ? (item) % SHARES : (item) / STEP)

/* What a column is: a channel of the group and a tap, or none. */
typedef struct {
    int channel, tap, exists;
} column;

static ALWAYS_INLINE column locate_column(int number, int channels, int taps)
{
    const int whole = (channels + TILE_P - 1) / TILE_P * TILE_P; /* tiles */
    const int by = ONE_TAP ? whole : CHANNELS_LAST ? channels : taps, first = number / by, second = number % by;
    const int by_tap = ONE_TAP || CHANNELS_LAST, channel = by_tap ? second : first, tap = by_tap ? first : second;
    const column at = {min(channel, channels - 1), min(tap, taps - 1), channel < channels && tap < taps};
    return at;
}

/* What a work-item loads: of its rows and columns, which lie so far from the pixel and from where its first tap looks,
 * and how pixels look into x. */
typedef struct {
    int row[ROW_LOADS], column[COLUMN_LOADS];
    place tap[COLUMN_LOADS];
    planes x, dv;
    int stride_d, stride_h, stride_w, pad_d, pad_h, pad_w;
} source;

/* What it carries of one step from global to local memory. */
typedef struct {
    REAL rows[ROW_LOADS];
    REAL columns[COLUMN_LOADS];
} cargo;

/* Where a tap of a pixel whose first one looks at `first` looks, in elements of x, or -1 in the padding. */
static ALWAYS_INLINE int look(const source *in, place tap, place first)
{
    const place at = {first.n, DEPTH ? look_up(first.d + tap.d, in->x.d) : 0, look_up(first.h + tap.h, in->x.h),
                      look_up(first.w + tap.w, in->x.w)};
    const int inside =
        (!DEPTH | ((uint)at.d < (uint)in->x.d)) & ((uint)at.h < (uint)in->x.h) & ((uint)at.w < (uint)in->x.w);
    const int from = offset_of(in->x, at);
    return inside ? from : -1;
}

static ALWAYS_INLINE void fetch(cargo *next, const source *in, place pixel, int exists, __global const X_ELEMENT *x,
                                __global const X_ELEMENT *dv)
{
    const place first = {pixel.n, DEPTH ? pixel.d * in->stride_d - in->pad_d : 0, pixel.h * in->stride_h - in->pad_h,
                         pixel.w * in->stride_w - in->pad_w};
    const int place_in_dv = offset_of(in->dv, pixel), from = exists ? place_in_dv : 0;
#pragma unroll
    for (int i = 0; i < ROW_LOADS; ++i) {
        const REAL loaded = LOAD_X(dv, from + in->row[i]);
        next->rows[i] = exists ? loaded : REAL_OF(0.0);
    }
#pragma unroll
    for (int i = 0; i < COLUMN_LOADS; ++i) {
        const int at = look(in, in->tap[ONE_TAP ? 0 : i], first), inside = exists & (at >= 0);
        const REAL loaded = LOAD_X(x, (inside ? at : 0) + in->column[i]);
        next->columns[i] = inside ? loaded : REAL_OF(0.0);
    }
}

static ALWAYS_INLINE void put(const cargo *next, __local REAL *stage, int item)
{
    __local REAL *rows = stage + LOAD_PIXEL(item) * PITCH_K + LOAD_FIRST(item);
    __local REAL *columns = stage + STEP * PITCH_K + LOAD_PIXEL(item) * PITCH_P + LOAD_FIRST(item);
#pragma unroll
    for (int i = 0; i < ROW_LOADS; ++i) rows[i * SHARES] = next->rows[i];
#pragma unroll
    for (int i = 0; i < COLUMN_LOADS; ++i) columns[i * SHARES] = next->columns[i];
}

/* Adds up the pixels from `pixel`, the item's first, to `end`: while one step is multiplied, the next is on its way.
 * The last step fetches zeros for nothing: its multiplication outside of the loop would be mixed with what follows, for
 * which there are no registers. */
static ALWAYS_INLINE void accumulate(sums sum, __local REAL *stage, __global const X_ELEMENT *x,
                                     __global const X_ELEMENT *dv, const source *in, int pixel, int end, int steps,
                                     int item)
{
    const place step = locate_pixel(in->dv, STEP);
    place at = locate_pixel(in->dv, pixel);
    cargo next;
    int current = 0; /* the half that is multiplied */
    fetch(&next, in, at, pixel < end, x, dv);
    put(&next, stage, item);
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < steps; ++i) {
        at = advance(in->dv, at, step);
        at.d = DEPTH ? at.d : 0;
        pixel += STEP;
        fetch(&next, in, at, pixel < end, x, dv);
        multiply(sum, stage + current, item);
        current = STAGE - current;
        put(&next, stage + current, item);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
}

/* Stores an item's sums from a row on, of which so many are left, and from a column on. */
static ALWAYS_INLINE void store(sums sum, __global REAL *to, int rows, int first, int channels, int taps, int flip)
{
    int at[REG_P]; /* in a row, or -1 past the last column */
#pragma unroll
    for (int t = 0; t < REG_P; ++t) {
        const column made = locate_column(first + t / VEC * RUN + t % VEC * ITEMS_P, channels, taps);
        at[t] = made.exists ? made.channel * taps + (flip ? taps - 1 - made.tap : made.tap) : -1;
    }
#pragma unroll
    for (int j = 0; j < REG_K / VEC; ++j)
#pragma unroll
        for (int i = 0; i < VEC; ++i) {
            const int row = j * ITEMS_K * VEC + i;
            if (row >= rows) continue;
            __global REAL *filters = to + row * channels * taps;
#pragma unroll
            for (int t = 0; t < REG_P; ++t) {
                REAL lane[VEC];
                STOREV(sum[j][t], lane);
                if (at[t] >= 0) filters[at[t]] = ACCUMULATE ? filters[at[t]] + lane[i] : lane[i];
            }
        }
}

#define NUMBERS(EACH)                                                                                                \
    OFFSET(EACH, x) OFFSET(EACH, dv) OFFSET(EACH, dw) EACH(int, n) EACH(int, c) EACH(int, k) AXES(EACH, int, x_size) \
        AXES(EACH, int, dv_size) AXES(EACH, int, filter) AXES(EACH, int, stride) AXES(EACH, int, dilation)           \
            AXES(EACH, int, pad) EACH(int, groups) EACH(int, piece) EACH(int, flip) STRIDES(EACH, x) STRIDES(EACH, dv)
STRUCT(NUMBERS) numbers;

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1))) SUB_GROUP void conv_backward_weights_implicit_gemm(
    __global const X_ELEMENT *restrict x, __global const X_ELEMENT *restrict dv, __global REAL *restrict dw,
    const numbers passed)
{
    NUMBERS(UNPACK);
    __local REAL stage[2 * STAGE] __attribute__((aligned(16)));
    const int item = (int)get_local_id(0);
    const int group = (int)get_group_id(2) % groups, number = (int)get_group_id(2) / groups;
    const int row0 = (int)get_group_id(1) * TILE_K, column0 = (int)get_group_id(0) * TILE_P;
    const int taps = filter_d * filter_h * filter_w, columns = c * taps;
    source in = {.x = {PASS_AXES(x_size), x_n, PASS_AXES(x)},
                 .dv = {PASS_AXES(dv_size), dv_n, PASS_AXES(dv)},
                 .stride_d = stride_d,
                 .stride_h = stride_h,
                 .stride_w = stride_w,
                 .pad_d = pad_d,
                 .pad_h = pad_h,
                 .pad_w = pad_w};
#pragma unroll
    for (int i = 0; i < ROW_LOADS; ++i) in.row[i] = min(row0 + LOAD_FIRST(item) + i * SHARES, k - 1) * dv_c;
#pragma unroll
    for (int i = 0; i < COLUMN_LOADS; ++i) {
        const column of = locate_column(column0 + COLUMN_AT(LOAD_FIRST(item) + i * SHARES), c, taps);
        const place tap = {0, of.tap / filter_w / filter_h * dilation_d, of.tap / filter_w % filter_h * dilation_h,
                           of.tap % filter_w * dilation_w};
        in.column[i] = of.channel * x_c;
        in.tap[i] = tap;
    }

    const int first = number * piece, end = min(first + piece, n * in.dv.d * in.dv.h * in.dv.w);
    sums sum;
    clear(sum);
    accumulate(sum, stage, x + x_offset + (ulong)(group * c * x_c), dv + dv_offset + (ulong)(group * k * dv_c), &in,
               first + LOAD_PIXEL(item), end, (end - first + STEP - 1) / STEP, item);
    const int row = row0 + ITEM_K(item) * VEC;
    store(sum, dw + dw_offset + (ulong)number * (ulong)(groups * k * columns) + (ulong)((group * k + row) * columns),
          k - row, column0 + ITEM_P(item), c, taps, flip);
}
