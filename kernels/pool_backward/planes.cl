/* pool_backward/planes: dx of global poolings for CPUs, NCHW: each number of dy becomes a plane.
 *
 *   launch      global = (N * C, 1, 1), local = (1, 1, 1)
 *   local mem   none
 *   needs       the window is the whole plane
 *   compiled in VEC; what common/pooling.cl and indices.cl want
 *   run time    c, plane: elements of one; index_n, index_c: what image and channel add to an index; d, h, w and
 *               column_major: how a plane is counted
 *
 * One work-item makes a plane, in whole vectors whatever its shape.
 */
#include "common/vector.cl"
#include "common/norm_slope.cl"
#include "common/pooling.cl"
#include "common/indices.cl"
#include "common/pool_backward.cl"

/* The position of a plane's maximum: of its first element where none is greater than -infinity. */
static inline int find_maximum(__global const X_ELEMENT *from, int plane, long readable)
{
    REAL maximum = pool_empty().total.s0, lane[VEC];
    REALV most = pool_empty().total;
    REAL_INTV has_nan = (REAL_INTV)(0);
    for (int i = 0; i < plane; i += VEC) {
        const REALV elements = pool_load_some(from + i, plane - i, readable - i);
        most = elements > most ? elements : most;
        has_nan |= elements != elements;
    }
    STOREV(most, lane);
    for (int i = 0; i < VEC; ++i) maximum = max(maximum, lane[i]);
    for (int i = 0; i < plane; ++i) {
        const REAL element = LOAD_X(from, i);
        if (ANYV(has_nan) ? element != element : element == maximum) return i;
    }
    return 0;
}

/* Where an index points to in its plane, as elements lie there. */
static inline int find_given(long index, int plane, int d, int h, int w, int column_major)
{
    if (index < 0 || index >= plane) return -1;
    const int at = (int)index;
    return column_major ? (at % d * h + at / d % h) * w + at / (d * h) : at;
}

#define NUMBERS(EACH)                                                                                    \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) OFFSET(EACH, dy) OFFSET(EACH, dx) EACH(int, c) \
        EACH(int, plane) EACH(long, index_n) EACH(long, index_c) THREE(EACH, int, d, h, w) EACH(int, column_major)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void pool_backward_planes(MAYBE __global const X_ELEMENT *restrict x,
                                                   MAYBE __global const X_ELEMENT *restrict y,
                                                   MAYBE __global const INDEX *restrict indices,
                                                   __global const X_ELEMENT *restrict dy,
                                                   __global Y_ELEMENT *restrict dx, const numbers passed)
{
    NUMBERS(UNPACK);
    const int at = (int)get_global_id(0);
    const long readable = (long)(get_global_size(0) - (size_t)at) * plane; /* groups of 1: no work-item is spare */
    const long counted_from = at / c * index_n + at % c * index_c;
    const pool_window window = {(REALV)(LOAD_X(dy, dy_offset + (ulong)at)), (REAL_INTV)(0)};
    pool_gift gift = {window.total, window.total, (REAL_INTV)(-1)};
    x += x_offset + (ulong)at * (ulong)plane;
    dx += dx_offset + (ulong)at * (ulong)plane;
    if (KIND == 0 && INDICES == 0) gift.position = (REAL_INTV)(find_maximum(x, plane, readable));
    if (KIND == 0 && INDICES != 0)
        gift.position = (REAL_INTV)(find_given((long)((ulong)indices[indices_offset + (ulong)at] - (ulong)counted_from),
                                               plane, d, h, w, column_major));
    if (KIND == 1 || KIND == 2) gift.dy = pool_average(window, (REALV)((REAL)plane));
    if (KIND == 3) gift.y = (REALV)(LOAD_X(y, y_offset + (ulong)at));

    for (int i = 0; i < plane; i += VEC) {
        const REALV elements = KIND == 3 ? pool_load_some(x + i, plane - i, readable - i) : gift.dy;
        const REAL_INTV here = i + JOIN(JOIN(convert_, REAL_INT), VEC)(LOADV(int_lane));
        /* A sum of one, which begins with 0 and is never -0. */
        store_first((REALV)(REAL_OF(0.0)) + pool_share(gift, elements, here), dx + i, plane - i);
    }
}
