/* pool/shared: pooling with large windows for GPUs, in any layout, strides and type; 1 to 3 axes.
 *
 *   launch      global = (groups * GROUP, O, N), local = (GROUP, 1, 1); a group makes `lanes` outputs
 *   local mem   GROUP numbers, and as many ints with INDICES
 *   needs       GROUP and lanes powers of two
 *   compiled in GROUP; what common/pooling.cl and pool_window.cl want, with windows passed
 *   run time    lanes; what common/pool_output.cl and pool_window.cl list
 *
 * The work-items of a group share the elements of each window. In NCHW a group makes one output, and its work-items
 * read neighbours in a row; where channels lie side by side it makes some of those, so that again neighbours are read.
 * A plane that is one window in dense memory is passed as one row. What work-items find is joined in halves, in an
 * order that is always the same.
 */
#if !defined(GROUP)
#error "shared.c must define GROUP"
#endif

#include "common/types.cl"
#define REALV     REAL
#define REAL_INTV REAL_INT
#define TILE_P    1
#include "common/pooling.cl"
#include "common/pool_search.cl"
#include "common/pool_window.cl"
#include "common/pool_output.cl"

/* What every `parts`-th element of a window from number `part` on comes to. Elements are counted inside of the image,
 * and an index is such a number. */
static inline pool_search search_part(pool_source from, pool_span width, int part, int parts)
{
    const int columns = width.end - width.first, rows = from.height.end - from.height.first;
    const int lines = rows * (from.depth.end - from.depth.first);
    pool_search search = pool_nothing();
    if (columns <= 0 || rows <= 0) return search;
    int line = part / columns, column = part % columns;
    const int next_line = parts / columns, next_column = parts % columns;
    while (line < lines) {
        const int slice = DEPTH ? line / rows : 0, row = line - slice * rows;
        const int id = from.depth.begin + (from.depth.first + slice) * from.step_d;
        const int ih = from.height.begin + (from.height.first + row) * from.step_h;
        const int iw = width.begin + (width.first + column) * from.step_w;
        __global const X_ELEMENT *slice_of_x = from.plane + id * from.x_d;
        pool_find(&search, pool_term(LOAD_X(slice_of_x + ih * from.x_h, iw * from.x_w)), line * columns + column);
        const int is_past = column + next_column >= columns;
        column += next_column - (is_past ? columns : 0);
        line += next_line + is_past;
    }
    return search;
}

/* Whether of two elements, of which the numbers are told, the second is the maximum: the greater, and of equals or NaNs
 * the first. Number -1 is none. */
static inline int is_beaten(REAL a, int at_a, REAL b, int at_b)
{
    const int is_earlier = at_b < at_a;
    if (at_a < 0 || at_b < 0) return at_a < 0;
    if (a != a || b != b) return b != b && (a == a || is_earlier);
    return b > a || (b == a && is_earlier);
}

/* The index of an element that has a number. */
static inline int index_of(pool_source from, pool_span width, int number)
{
    const int columns = width.end - width.first, rows = from.height.end - from.height.first;
    if (number < 0) return -1;
    const int line = number / columns, slice = line / rows;
    return (from.depth.begin + (from.depth.first + slice) * from.step_d) * from.index_d +
           (from.height.begin + (from.height.first + line % rows) * from.step_h) * from.index_h +
           (width.begin + (width.first + number % columns) * from.step_w) * from.index_w;
}

#define NUMBERS(EACH) OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) EACH(int, lanes) OUTPUT_NUMBERS(EACH)
STRUCT(NUMBERS) numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void pool_shared(__global const X_ELEMENT *restrict x,
                                                                             __global Y_ELEMENT *restrict y,
                                                                             __global INDEX *restrict indices,
                                                                             const numbers passed)
{
    NUMBERS(UNPACK);
    __local REAL total[GROUP];
    __local int number[INDICES != 0 ? GROUP : 1];
    const int me = (int)get_local_id(0), lane = me & (lanes - 1), part = me / lanes;
    const pool_output out = OUTPUT((uint)get_group_id(0) * (uint)lanes + (uint)lane);
    const pool_source from = SOURCE(x + X_AT(out), out.d, out.h);
    const pool_span width = LOCATE_W(out.w);
    pool_search search = pool_nothing();
    if (out.exists) search = search_part(from, width, part, GROUP / lanes);
    total[me] = pool_so_far(search.window);
    if (INDICES != 0) number[me] = search.index;
    for (int half_way = GROUP / 2; half_way >= lanes; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (me >= half_way) continue;
        const REAL other = total[me + half_way];
        if (INDICES != 0 && is_beaten(total[me], number[me], other, number[me + half_way]))
            number[me] = number[me + half_way];
        total[me] = pool_join_one(total[me], other);
    }
    if (part > 0 || !out.exists) return;

    pool_search found = pool_nothing();
    pool_join(&found.window, total[me]);
    if (INDICES != 0) found.index = index_of(from, width, number[me]);
    pool_store(found, (REAL)((long)from.depth.counted * from.height.counted * width.counted), out,
               y + y_offset + Y_AT(out), indices + indices_offset + Y_AT(out), out.n * index_n + out.channel * index_c);
}
