/* pool/window_rows: pooling for CPUs, x and y in NCHW; 1 to 3 axes.
 *
 *   launch      global = (ceil(Q / TILE_Q), ceil(O * P / rows), N * C), local = (1, 1, 1)
 *   local mem   none
 *   needs       TILE_Q a multiple of VEC, and VEC itself where windows are not compiled in
 *   compiled in VEC TILE_Q; SPAN: at least as many columns as the windows of TILE_Q outputs span; what
 *               common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, rows and what pool_window.cl lists
 *
 * One work-item makes TILE_Q consecutive outputs of each of some rows.
 *
 * Windows that are compiled in have indices; pool/window_blocked is for the others. Their maxima are found row by row,
 * in vectors of neighbours. Windows of any size take two passes: the first combines the rows of the windows into one
 * line of private memory, with whole vectors; the second combines elements of that line for each output, and looks for
 * the maximum again where its index is asked. The line is padded, so that neither pass tests where it is. If equal
 * elements differ in sign only (+0 and -0), the maximum is one of them but not always the first.
 */
#if !defined(TILE_Q) || !defined(SPAN)
#error "window_rows.c must define TILE_Q SPAN"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"
#include "common/indices.cl"
#include "common/pool_window.cl"
#include "common/strided.cl"

/* Room for the last vectors of both passes. */
#define LINE (SPAN + 2 * VEC)

/* The columns of x that a line holds: it begins at column `at`, and its elements from begin to end lie in the image. */
typedef struct {
    int at, begin, end;
} columns;

/* Combines rows of x into the line. */
static inline void fill_line(REAL *line, columns of, pool_source from)
{
    for (int i = of.begin; i < of.end; i += VEC) {
        /* The last vector ends where the image does, over elements that are done already. */
        const int first = max(of.begin, min(i, of.end - VEC)), count = of.end - first;
        pool_window window = pool_empty();
        for (int id = from.depth.first; id < from.depth.end; ++id) {
            /* The row is one of x's before it is multiplied, so that no product leaves 32 bits. */
            __global const X_ELEMENT *slice = from.plane + (from.depth.begin + id * from.step_d) * from.x_d;
            const int ih = from.height.begin;
            for (int r = from.height.first; r < from.height.end; ++r)
                pool_add(&window, pool_load_some(slice + (ih + r * from.step_h) * from.x_h + of.at + first, count, 0));
        }
        STOREV(pool_so_far(window), line + first);
    }
}

/* ---- Windows that are compiled in ------------------------------------------------------------------------------ */

/* Where VEC windows begin, the first of which begins at column iw. */
static inline INTV starts(int iw)
{
    return iw + LOADV(int_lane) * STRIDE_W;
}

/* The maxima of VEC windows, row by row in scan order. */
static inline pool_search search_rows(REAL *line, pool_source from, int iw, int w)
{
    const int span = (VEC - 1) * STRIDE_W + (S - 1) * DILATION_W + 1;
    const int begin = clamp(-iw, 0, span);
    const columns of = {iw, begin, clamp(w - iw, begin, span)};
    /* Also what the last vector loads and does not use. */
    const int is_inside = iw >= 0 && iw + VEC * STRIDE_W + (S - 1) * DILATION_W < w;
    const INTV start = starts(iw);
    pool_search search = pool_begin(start, S, DILATION_W, w, from.index_w, pool_first_row(from), !pool_has_rows(from));
    if (of.end - of.begin < span)
        for (int i = 0; i < span + VEC; i += VEC) STOREV(pool_empty().total, line + i);
    for (int i = from.depth.first; i < from.depth.end; ++i)
        for (int j = from.height.first; j < from.height.end; ++j) {
            const int id = from.depth.begin + i * from.step_d, ih = from.height.begin + j * from.step_h;
            pool_source row = from;
            row.depth.first = i;
            row.depth.end = i + 1;
            row.height.first = j;
            row.height.end = j + 1;
            __global const X_ELEMENT *row_of_x = from.plane + id * from.x_d + ih * from.x_h + iw;
            if (!is_inside) fill_line(line, of, row);
#pragma unroll
            for (int k = 0; k < S; ++k) {
                const INTV index = id * from.index_d + ih * from.index_h + (start + k * DILATION_W) * from.index_w;
                const REALV elements =
                    is_inside ? load_strided_x(row_of_x + k * DILATION_W) : load_strided(line + k * DILATION_W);
                pool_take(&search, elements, JOIN(JOIN(convert_, REAL_INT), VEC)(index));
            }
        }
    return search;
}

/* ---- Windows of any size ---------------------------------------------------------------------------------------- */

/* What `taps` elements of the line come to: in vectors, which are then folded in halves. */
static inline REAL combine_along(const REAL *line, int taps)
{
    REAL lane[2 * VEC];
    pool_window window = pool_empty();
    for (int i = 0; i < taps; i += VEC)
        pool_join(&window, LOADV(vector_lane) < (REALV)((REAL)(taps - i)) ? LOADV(line + i) : pool_empty().total);
    STOREV(pool_empty().total, lane + VEC);
    for (int width = VEC / 2; width > 0; width /= 2) {
        STOREV(pool_so_far(window), lane);
        pool_join(&window, LOADV(lane + width));
    }
    return pool_so_far(window).s0;
}

/* The same one by one, for few elements or those that do not lie side by side. */
static inline REAL combine_singly(const REAL *line, int taps, int step)
{
    REAL total = pool_empty().total.s0;
    for (int i = 0; i < taps; ++i) total = pool_join_one(total, line[i * step]);
    return total;
}

/* What the elements of the first so many windows come to. */
static inline REALV combine(const REAL *line, int at, const pool_span *width, int outputs, int step)
{
    REAL lane[VEC];
    STOREV((REALV)(REAL_OF(0.0)), lane);
    for (int i = 0; i < outputs; ++i) {
        const REAL *from = line + width[i].begin + width[i].first * step - at;
        const int taps = width[i].end - width[i].first;
        lane[i] = step == 1 && taps >= 2 * VEC ? combine_along(from, taps) : combine_singly(from, taps, step);
    }
    return LOADV(lane);
}

/* The index of a maximum that is known. */
static inline int find(REAL maximum, pool_source from, pool_span width)
{
    for (int i = from.depth.first; i < from.depth.end; ++i)
        for (int j = from.height.first; j < from.height.end; ++j)
            for (int k = width.first; k < width.end; ++k) {
                const int id = from.depth.begin + i * from.step_d, ih = from.height.begin + j * from.step_h;
                const int iw = width.begin + k * from.step_w;
                const REAL element = LOAD_X(from.plane, id * from.x_d + ih * from.x_h + iw);
                if (element == maximum || (element != element && maximum != maximum))
                    return id * from.index_d + ih * from.index_h + iw * from.index_w;
            }
    return -1;
}

/* What VEC windows come to, and where. */
static inline pool_search search_any(const REAL *line, columns of, pool_source from, const pool_span *width,
                                     int outputs)
{
    pool_search search = {pool_empty(), (REAL_INTV)(-1)};
    const REALV found = combine(line, of.at, width, outputs, from.step_w);
    pool_join(&search.window, found);
    if (INDICES != 0) {
        REAL lane[VEC];
        REAL_INT index[VEC];
        STOREV(found, lane);
        for (int i = 0; i < VEC; ++i) index[i] = i < outputs ? find(lane[i], from, width[i]) : -1;
        search.index = LOADV(index);
    }
    return search;
}

#define NUMBERS(EACH) \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) EACH(int, c) EACH(int, rows) WINDOW_NUMBERS(EACH)
STRUCT(NUMBERS) numbers;

/* ---- The kernel ------------------------------------------------------------------------------------------------- */

__kernel ONE_ITEM_GROUPS void pool_window_rows(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y,
                                               __global INDEX *restrict indices, const numbers passed)
{
    NUMBERS(UNPACK);
    const int q0 = (int)get_global_id(0) * TILE_Q, q_end = min(q0 + TILE_Q, q), row0 = (int)get_global_id(1) * rows;
    const int n = (int)get_global_id(2) / c, ic = (int)get_global_id(2) % c;
    __global const X_ELEMENT *plane = x + x_offset + n * x_n + ic * x_c;
    columns of = {LOCATE_W(q0).begin, 0, 0};
    pool_span width[VEC];
    REAL counted[VEC], line[LINE];

    /* Windows of any size: TILE_Q is VEC then. */
    for (int i = 0; i < VEC; ++i) {
        if (S > 0) break;
        width[i] = LOCATE_W(min(q0 + i, q_end - 1));
        counted[i] = (REAL)width[i].counted;
    }
    const int last = LOCATE_W(q_end - 1).begin;
    const int past = last + (ADAPTIVE ? LOCATE_W(q_end - 1).end : (COMPILED(S, s) - 1) * STEP_W + 1);
    of.begin = max(-of.at, 0);
    of.end = max(min(w, past) - of.at, of.begin);
    for (int i = 0; i + VEC <= LINE; i += VEC) STOREV(pool_empty().total, line + i);

    for (int row = row0; row < min(row0 + rows, o * p); ++row) {
        const ulong to = (ulong)(n * y_n + ic * y_c + row / p * y_d + row % p * y_h);
        const pool_source from = SOURCE(plane, row / p, row % p);
        const REAL count_rows = (REAL)((long)from.depth.counted * from.height.counted);
        if (S == 0) fill_line(line, of, from);
        for (int begin = q0; begin < q_end; begin += VEC) {
            /* The last vector ends where the row does. */
            const int iq = q_end - q0 < VEC ? q0 : min(begin, q_end - VEC);
            const int outputs = min(VEC, q_end - iq), iw = of.at + (iq - q0) * STRIDE_W;
            const pool_search search =
                S == 0 ? search_any(line, of, from, width, outputs) : search_rows(line, from, iw, w);
            const REALV count = S == 0 ? LOADV(counted) * count_rows : (REALV)(count_rows);
            store_first(pool_result(search.window, count), y + y_offset + to + iq, outputs);
            if (INDICES != 0)
                pool_store_indices(search.index, indices + indices_offset + to + iq, n * index_n + ic * index_c, 0,
                                   outputs, 0);
        }
    }
}
