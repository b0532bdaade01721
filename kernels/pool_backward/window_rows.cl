/* pool_backward/window_rows: dx of poolings for CPUs, NCHW, with windows that are compiled in; 1 to 3 axes.
 *
 *   launch      global = (ceil(W / (STRIDE_W * GROUPS)), D * ceil(H / rows), N * C), local = (1, 1, 1)
 *   local mem   none
 *   needs       GROUPS a multiple of VEC; rows at most ROWS; a window that is compiled in
 *   compiled in VEC GROUPS ROWS; SHIFT: columns from the last multiple of STRIDE_W to where windows begin; what
 *               common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, rows and what pool_window.cl lists; x and dx lie alike, and y, dy and the indices
 *
 * One work-item makes a tile of dx: some rows of STRIDE_W * GROUPS columns. It visits the windows that reach into the
 * tile in scan order, VEC of a row at a time, and adds what they give to sums in private memory: no other work-item
 * adds there, and halves are rounded once.
 *
 * Columns are in private memory as STRIDE_W lines: line i holds the columns i, i + STRIDE_W, ... of all groups of
 * STRIDE_W. A tap of VEC windows is then a whole vector of one line, and VEC sums of a line take from whole vectors of
 * windows. What windows outside of the row give is zero: nothing tests for them.
 */
#if !defined(GROUPS) || !defined(ROWS) || !defined(SHIFT)
#error "window_rows.c must define GROUPS ROWS SHIFT"
#endif

#include "common/vector.cl"
#include "common/norm_slope.cl"
#include "common/pooling.cl"
#include "common/indices.cl"
#include "common/pool_window.cl"
#include "common/pool_over.cl"
#include "common/pool_backward.cl"
#include "common/strided.cl"
#include "common/joined.cl"

/* In which line a tap of the windows is, and how many groups of columns after the one that they begin in. */
#define LINE_OF(tap)  ((SHIFT + (tap)*DILATION_W) % STRIDE_W)
#define GROUP_OF(tap) ((SHIFT + (tap)*DILATION_W) / STRIDE_W)

/* How far the last tap lies. Lines of x and of windows begin so far before the tile. */
#define REACH   GROUP_OF(S - 1)
#define WINDOWS ((GROUPS + REACH + VEC - 1) / VEC * VEC)
#define LINE    ((WINDOWS + 2 * REACH + VEC) / VEC * VEC)

/* The windows of a row that reach into the tile: the first of them, how many, and where they begin: groups into the
 * lines, and in which column of x. */
typedef struct {
    int first, count, at, column;
} outputs;

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

/* Copies some columns of a row of x into the lines. */
static inline void fill_some(REAL *lines, __global const X_ELEMENT *row, int column, int begin, int end)
{
    for (int i = begin; i < end; ++i) lines[(i - column) % STRIDE_W * LINE + (i - column) / STRIDE_W] = LOAD_X(row, i);
}

/* Copies a row of x into the lines, which begin at a column. What lies outside of the image stays as it is. */
static inline void fill_lines(REAL *lines, __global const X_ELEMENT *row, int column, int w)
{
    const int first = column < 0 ? (STRIDE_W - 1 - column) / STRIDE_W : 0;
    /* A vector loads one group more than it keeps. */
    const int last = min((w - column) / STRIDE_W - 1, LINE) - VEC, end = min(w, column + LINE * STRIDE_W);
    if (last < first) {
        fill_some(lines, row, column, max(column, 0), end);
        return;
    }
    fill_some(lines, row, column, max(column, 0), column + first * STRIDE_W);
    for (int i = first; i < last + VEC; i += VEC)
#pragma unroll
        for (int j = 0; j < STRIDE_W; ++j) {
            const int at = min(i, last);
            STOREV_OWN(load_strided_x(row + column + at * STRIDE_W + j), lines + j * LINE + at);
        }
    fill_some(lines, row, column, column + (last + VEC) * STRIDE_W, end);
}

/* The rows of x that were looked at last, as lines, so that windows that follow one another share them. */
typedef struct {
    REAL lines[R][STRIDE_W * LINE];
    int row[R]; /* which one it is, counted through the slices; -1: none yet */
} ring;

/* The lines of row ih of slice id, which begin at a column. It is tap j of its window: all taps of one are there. */
static inline const REAL *get_lines(ring *rows, pool_source from, int id, int ih, int j, int column, int h, int w)
{
    const int place = DILATION_H == 1 ? ih % R : j, row = id * h + ih;
    if (rows->row[place] != row) fill_lines(rows->lines[place], from.plane + id * from.x_d + ih * from.x_h, column, w);
    rows->row[place] = row;
    return rows->lines[place];
}

/* Stores the sums of a row, up to the end of its w columns; behind it are as many elements that are overwritten
 * later as `room` tells. */
static inline void store_row(__global Y_ELEMENT *row, const REAL *lines, int w, int room)
{
    REALV lane[STRIDE_W];
    REAL columns[STRIDE_W * VEC];
    for (int i = 0; i < GROUPS && i * STRIDE_W < w; i += VEC) {
#pragma unroll
        for (int j = 0; j < STRIDE_W; ++j) lane[j] = LOADV_OWN(lines + j * GROUPS + i);
        store_joined(lane, columns);
#pragma unroll
        for (int j = 0; j < STRIDE_W * VEC; j += VEC) {
            const int at = i * STRIDE_W + j;
            if (at >= w) break;
            store_first(LOADV_OWN(columns + j), row + at, at + VEC <= w + room ? VEC : w - at);
        }
    }
}

/* What the windows give that begin in the groups of a line. */
typedef struct {
    REAL dy[WINDOWS + VEC], y[WINDOWS + VEC];
    REAL_INT position[WINDOWS + VEC];
} gifts;

/* ---- Maxima ----------------------------------------------------------------------------------------------------- */

/* Looks at the taps of VEC windows in one row, `position` from their tap 0: for what is greater, or for NaNs alone. */
static ALWAYS_INLINE void look_at_row(pool_found *found, const REAL *lines, int position, int index_w,
                                      const int for_nan)
{
#pragma unroll
    for (int i = 0; i < S; ++i) {
        const REALV element = LOADV_OWN(lines + LINE_OF(i) * LINE + GROUP_OF(i));
        const REAL_INTV here = (REAL_INTV)(position + i * DILATION_W * index_w);
        if (for_nan)
            pool_look_for_nan(found, element, here);
        else
            pool_look(found, element, here);
    }
}

/* Looks at all taps of a row's windows. Whether there are NaNs. */
static inline int look(pool_found *found, ring *rows, pool_source from, outputs of, int column, int h, int w,
                       const int for_nan)
{
    const pool_span height = from.height;
    const int step = from.step_h * from.index_h, is_full = height.first == 0 && height.end == R;
    const REAL *seen[R];
    REAL_INTV has_nan = (REAL_INTV)(0);
    for (int k = from.depth.first; k < from.depth.end; ++k) {
        const int id = from.depth.begin + k * from.step_d, position = k * from.step_d * from.index_d;
        for (int j = height.first; j < height.end; ++j)
            seen[j] = get_lines(rows, from, id, height.begin + j * from.step_h, j, column, h, w) + of.at;
        for (int v = 0; v * VEC < of.count; ++v) {
            pool_found search = found[v];
            if (is_full && !for_nan) {
#pragma unroll
                for (int j = 0; j < R; ++j)
                    look_at_row(&search, seen[j] + v * VEC, position + j * step, from.index_w, 0);
            } else {
                for (int j = height.first; j < height.end; ++j)
                    look_at_row(&search, seen[j] + v * VEC, position + j * step, from.index_w, for_nan);
            }
            has_nan |= search.has_nan;
            found[v] = search;
        }
    }
    return ANYV(has_nan);
}

/* Where the maxima are: at a window's first element where none is greater than -infinity. */
static inline void find_maxima(gifts *given, ring *rows, pool_source from, outputs of, int column, int h, int w)
{
    pool_found found[WINDOWS / VEC];
    const int first = from.depth.first * from.step_d * from.index_d + from.height.first * from.step_h * from.index_h;
    for (int v = 0; v * VEC < of.count; ++v) {
        const INTV start = of.column + (v * VEC + LOADV(int_lane)) * STRIDE_W;
        const INTV position = first + pool_first_tap_v(start, DILATION_W) * DILATION_W * from.index_w;
        found[v].maximum = pool_empty().total;
        found[v].position = JOIN(JOIN(convert_, REAL_INT), VEC)(position);
        found[v].has_nan = (REAL_INTV)(0);
    }
    if (look(found, rows, from, of, column, h, w, 0)) look(found, rows, from, of, column, h, w, 1);
    for (int v = 0; v * VEC < of.count; ++v) STOREV_OWN_INT(found[v].position, given->position + of.at + v * VEC);
}

/* ---- Outputs ---------------------------------------------------------------------------------------------------- */

/* What lies as y, from a row's first output that counts on, and how positions are counted in its plane. */
typedef struct {
    __global const X_ELEMENT *y, *dy;
    __global const INDEX *indices;
    long plane;
    int elements;
} row_of_y;

/* What the outputs give. Positions count from a window's tap 0 on. */
static inline void load_gifts(gifts *given, row_of_y row, pool_source from, outputs of, int w, int end_w)
{
    const REAL rows = (REAL)((long)from.depth.counted * from.height.counted);
    const int begin = from.depth.begin * from.index_d + from.height.begin * from.index_h;
    for (int v = 0; v < of.count; v += VEC) {
        /* The last vector ends where the row does. */
        const int at = of.count < VEC ? 0 : min(v, of.count - VEC), count = of.count - at, to = of.at + at;
        const INTV start = of.column + (at + LOADV(int_lane)) * STRIDE_W;
        const pool_window window = {load_first(row.dy + at, count), (REAL_INTV)(0)};
        const REALV counted = TO_REALV(pool_counted_taps_v(start, S, DILATION_W, w, end_w)) * rows;
        STOREV_OWN(KIND == 1 || KIND == 2 ? pool_average(window, counted) : window.total, given->dy + to);
        if (KIND == 3) STOREV_OWN(load_first(row.y + at, count), given->y + to);
        if (KIND == 0 && INDICES != 0)
            STOREV_OWN_INT(pool_position(load_indices(row.indices + at, count), row.plane, 0, row.elements) -
                               JOIN(JOIN(convert_, REAL_INT), VEC)(begin + start * from.index_w),
                           given->position + to);
    }
}

/* Adds what windows give to one row, at `position` from their tap 0. Where windows meet, the first has the last tap. */
static inline void give(const gifts *given, REAL *sums, const REAL *lines, int groups, int position, int index_w)
{
#pragma unroll
    for (int i = 0; i < STRIDE_W; ++i)
        for (int j = 0; j < groups; j += VEC) {
            const REALV element = KIND == 3 ? LOADV_OWN(lines + i * LINE + REACH + j) : (REALV)(REAL_OF(0.0));
            REALV sum = LOADV_OWN(sums + i * GROUPS + j);
#pragma unroll
            for (int k = S - 1; k >= 0; --k) {
                const int from = j + REACH - GROUP_OF(k);
                const pool_gift gift = {LOADV_OWN(given->dy + from), LOADV_OWN(given->y + from),
                                        LOADV_OWN_INT(given->position + from)};
                if (LINE_OF(k) == i) sum += pool_share(gift, element, (REAL_INTV)(position + k * DILATION_W * index_w));
            }
            STOREV_OWN(sum, sums + i * GROUPS + j);
        }
}

/* ---- The kernel ------------------------------------------------------------------------------------------------- */

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_backward_window_rows(
    MAYBE __global const X_ELEMENT *restrict x, MAYBE ulong x_offset, MAYBE __global const X_ELEMENT *restrict y,
    MAYBE ulong y_offset, MAYBE __global const INDEX *restrict indices, MAYBE ulong indices_offset,
    __global const X_ELEMENT *restrict dy, ulong dy_offset, __global Y_ELEMENT *restrict dx, ulong dx_offset, int c,
    int rows, WINDOW_ARGS)
{
    const int tile = (int)get_global_id(0) * GROUPS * STRIDE_W, width = min(GROUPS * STRIDE_W, w - tile);
    const int group = (tile + pad_w + SHIFT) / STRIDE_W - REACH, column = tile - REACH * STRIDE_W;
    const int down = (h + rows - 1) / rows, id = (int)get_global_id(1) / down, h0 = (int)get_global_id(1) % down * rows;
    const int n = (int)get_global_id(2) / c, ic = (int)get_global_id(2) % c;
    const int q0 = max(group, 0), at = n * y_n + ic * y_c;
    const outputs of = {q0, min(q, group + REACH + GROUPS) - q0, q0 - group, q0 * STRIDE_W - pad_w};
    const pool_range to_d = {id, id + 1}, to_h = {h0, min(h0 + rows, h)}, over_d = OVER_D(to_d), over_h = OVER_H(to_h);
    const int groups = (width + STRIDE_W - 1) / STRIDE_W;
    REAL sums[ROWS * STRIDE_W * GROUPS];
    gifts given;
    ring seen;

    for (int j = 0; j < R; ++j) {
        seen.row[j] = -1;
        for (int i = 0; i < STRIDE_W * LINE; i += VEC) STOREV_OWN(pool_empty().total, seen.lines[j] + i);
    }
    for (int i = 0; i < rows * STRIDE_W * GROUPS; i += VEC) STOREV_OWN((REALV)(REAL_OF(0.0)), sums + i);
    for (int i = 0; i < WINDOWS; i += VEC) {
        STOREV_OWN((REALV)(REAL_OF(0.0)), given.dy + i);
        STOREV_OWN((REALV)(REAL_OF(0.0)), given.y + i);
        STOREV_OWN_INT((REAL_INTV)(-1), given.position + i);
    }
    for (int oo = over_d.first; oo < over_d.end; ++oo)
        for (int op = over_h.first; op < over_h.end; ++op) {
            const pool_source from = SOURCE(x + x_offset + n * x_n + ic * x_c, oo, op);
            const pool_span depth = pool_clip(from.depth, from.step_d, to_d);
            const pool_span height = pool_clip(from.height, from.step_h, to_h);
            const int output = at + oo * y_d + op * y_h + q0;
            const row_of_y row = {y + y_offset + output, dy + dy_offset + output, indices + indices_offset + output,
                                  n * index_n + ic * index_c, d * h * w};
            if (depth.first >= depth.end) continue;
            load_gifts(&given, row, from, of, w, end_w);
            if (KIND == 0 && INDICES == 0) find_maxima(&given, &seen, from, of, column, h, w);
            for (int j = height.first; j < height.end; ++j) {
                const int ih = height.begin + j * from.step_h;
                const REAL *lines = KIND == 3 ? get_lines(&seen, from, id, ih, j, column, h, w) : 0;
                give(&given, sums + (ih - h0) * STRIDE_W * GROUPS, lines, groups,
                     depth.first * from.step_d * index_d + j * from.step_h * index_h, index_w);
            }
        }
    for (int ih = h0; ih < to_h.end; ++ih)
        store_row(dx + dx_offset + n * x_n + ic * x_c + id * x_d + ih * x_h + tile,
                  sums + (ih - h0) * STRIDE_W * GROUPS, width, width == w && x_h == w ? (to_h.end - ih - 1) * w : 0);
}
