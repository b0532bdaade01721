/* conv_backward_activation/rows: dv = dy * activation'(v), and sums of each output channel, dbias of dv and dslope of
 * dy * v where v < 0, for CPUs, in one pass over any layout; 1 to 3 axes.
 *
 *   launch      conv_backward_activation_rows:   global = (ceil(all / rows), ceil(units / units of an item), N)
 *               conv_backward_activation_finish: global = (K, 1, 1)
 *               local = (1, 1, 1)
 *   local mem   none
 *   needs       the tensors lie alike
 *   compiled in VEC; BLOCK: channels that lie side by side, 1 in NCHW, 0 for all of them (NHWC), else VEC; DTYPE;
 *               ACTIVATION FROM_V (see common/derivative.cl); HAS_DBIAS HAS_DSLOPE ACCUMULATE
 *   run time    k, all: rows of an image; rows of a work-item, p: rows of a slice, columns, units, sizes and strides
 *
 * A unit is a channel of NCHW, whose vectors lie along the row, or else VEC channels, of which each pixel has a vector.
 * A work-item makes some rows of one unit; in NHWC of several, row by row, so that memory is read from one end to the
 * other. What it sums is one piece of the workspace, [image and rows][dbias, dslope][channel]; the problem alone
 * decides which rows are a piece, and conv_backward_activation_finish adds them in order.
 */
#if !defined(BLOCK) || !defined(HAS_DBIAS) || !defined(HAS_DSLOPE) || !defined(ACCUMULATE)
#error "rows.c must define BLOCK HAS_DBIAS HAS_DSLOPE ACCUMULATE"
#endif

#include "common/vector.cl"
#include "common/derivative.cl"

#define SUMS  (HAS_DBIAS + HAS_DSLOPE)
#define LANES (BLOCK == 1 ? 1 : VEC)

/* What a row of a unit adds to the sums. */
typedef struct {
    REALV bias, slope;
} row_sums;

typedef struct {
    __global const X_ELEMENT *dy, *y;
    __global Y_ELEMENT *dv;
    REALV alpha, beta, slope;
} tensors;

/* Makes VEC elements, or the first count; `whole`, a constant, says that there are VEC. A block's spare lanes become
 * zeros. */
static ALWAYS_INLINE void make_vector(row_sums *sums, tensors of, int at, int count, const int whole)
{
    const REALV dy = whole ? LOADV_X(of.dy + at) : load_first(of.dy + at, count);
    MAYBE REALV v = (REALV)(REAL_OF(0.0));
    if (ACTIVATION != 0) v = whole ? LOADV_X(of.y + at) : load_first(of.y + at, count);
    const REALV made = dy * DERIVATIVE(REALV, v, of.alpha, of.beta, of.slope);
    const REALV kept = whole ? made : keep_lanes(made, count);
    if (HAS_DBIAS) sums->bias += kept;
    if (HAS_DSLOPE) sums->slope += v < (REALV)(REAL_OF(0.0)) ? dy * v : (REALV)(REAL_OF(0.0));
    store_first(kept, of.dv + at, whole || BLOCK > 1 ? VEC : count);
}

/* A row that begins at `at`, of so many channels and columns. */
static ALWAYS_INLINE row_sums make_row(tensors of, int at, int channels, int columns, int step)
{
    row_sums sums = {(REALV)(REAL_OF(0.0)), (REALV)(REAL_OF(0.0))};
    if (BLOCK == 1) {
        int i = 0;
        for (; i + VEC <= columns; i += VEC) make_vector(&sums, of, at + i, VEC, 1);
        if (i < columns) make_vector(&sums, of, at + i, columns - i, 0);
    } else if (channels >= VEC) {
        for (int i = 0; i < columns; ++i) make_vector(&sums, of, at + i * step, VEC, 1);
    } else {
        for (int i = 0; i < columns; ++i) make_vector(&sums, of, at + i * step, channels, 0);
    }
    return sums;
}

/* Adds to what earlier rows of the piece came to. */
static inline void add_sums(REALV v, __global REAL *sums, int is_first)
{
    if (BLOCK == 1)
        *sums = (is_first ? REAL_OF(0.0) : *sums) + add_lanes(v);
    else
        STOREV((is_first ? (REALV)(REAL_OF(0.0)) : LOADV(sums)) + v, sums);
}

#define ROWS_NUMBERS(EACH)                                                                                             \
    OFFSET(EACH, dy) OFFSET(EACH, y) OFFSET(EACH, slope) OFFSET(EACH, dv) OFFSET(EACH, sums) EACH(float, alpha)        \
        EACH(float, beta) EACH(int, k) EACH(int, all) EACH(int, rows) EACH(int, p) EACH(int, columns) EACH(int, units) \
            EACH(int, units_of_item) STRIDES(EACH, y)
STRUCT(ROWS_NUMBERS) rows_numbers;

__kernel ONE_ITEM_GROUPS void conv_backward_activation_rows(__global const X_ELEMENT *restrict dy,
                                                            MAYBE __global const X_ELEMENT *restrict y,
                                                            MAYBE __global const X_ELEMENT *restrict slope,
                                                            __global Y_ELEMENT *restrict dv,
                                                            MAYBE __global REAL *restrict sums,
                                                            const rows_numbers passed)
{
    ROWS_NUMBERS(UNPACK);
    const int n = (int)get_global_id(2), piece = n * (int)get_global_size(0) + (int)get_global_id(0);
    const int row0 = (int)get_global_id(0) * rows, row_end = min(all, row0 + rows);
    const int unit0 = (int)get_global_id(1) * units_of_item, unit_end = min(units, unit0 + units_of_item);
    tensors of = {dy + dy_offset, y, dv + dv_offset, (REALV)((REAL)alpha), (REALV)((REAL)beta), (REALV)(REAL_OF(0.0))};

    if (ACTIVATION != 0) of.y += y_offset;
    for (int row = row0; row < row_end; ++row)
        for (int unit = unit0; unit < unit_end; ++unit) {
            const int at = n * y_n + unit * y_c + row / p * y_d + row % p * y_h;
            MAYBE __global REAL *to = sums + sums_offset + (ulong)(piece * SUMS * units + unit) * LANES;
            if (ACTIVATION == 4)
                of.slope = BLOCK == 1 ? (REALV)(LOAD_X(slope, slope_offset + (ulong)unit))
                                      : load_first(slope + slope_offset + (ulong)(unit * VEC), k - unit * VEC);
            const row_sums made = make_row(of, at, k - unit * VEC, columns, y_w);
            if (HAS_DBIAS) add_sums(made.bias, to, row == row0);
            if (HAS_DSLOPE) add_sums(made.slope, to + HAS_DBIAS * units * LANES, row == row0);
        }
}

/* Stores the sum of all pieces of a channel, which lie `step` apart. */
static inline void finish(__global const REAL *sums, int pieces, int step, __global Y_ELEMENT *to, ulong at)
{
    REAL sum = REAL_OF(0.0);
    for (int piece = 0; piece < pieces; ++piece) sum += sums[piece * step];
    STORE_Y((ACCUMULATE ? LOAD_X(to, at) : REAL_OF(0.0)) + sum, to, at);
}

#define FINISH_NUMBERS(EACH) \
    OFFSET(EACH, sums) OFFSET(EACH, dbias) OFFSET(EACH, dslope) EACH(int, pieces) EACH(int, channels)
STRUCT(FINISH_NUMBERS) finish_numbers;

__kernel ONE_ITEM_GROUPS void conv_backward_activation_finish(__global const REAL *restrict sums,
                                                              MAYBE __global Y_ELEMENT *restrict dbias,
                                                              MAYBE __global Y_ELEMENT *restrict dslope,
                                                              const finish_numbers passed)
{
    FINISH_NUMBERS(UNPACK);
    const ulong k = get_global_id(0);
    sums += sums_offset + k;
    if (HAS_DBIAS) finish(sums, pieces, SUMS * channels, dbias, dbias_offset + k);
    if (HAS_DSLOPE) finish(sums + HAS_DBIAS * channels, pieces, SUMS * channels, dslope, dslope_offset + k);
}
