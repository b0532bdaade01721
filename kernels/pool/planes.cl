/* pool/planes: global pooling for CPUs, NCHW: each plane of x becomes one number.
 *
 *   launch      global = (ceil(N * C / VEC), 1, 1), local = (1, 1, 1)
 *   local mem   none
 *   needs       the window is the whole plane
 *   compiled in VEC; what common/pooling.cl and indices.cl want
 *   run time    planes = N * C, c, plane: elements of one; index_n, index_c: what image and channel add to an index;
 *               d, h, w and column_major: how a plane is counted
 *
 * One work-item makes VEC planes, so that even small ones cost no more than their elements. It reads a plane in whole
 * vectors, whatever its shape, and folds the last vector in halves.
 */
#include "common/vector.cl"
#include "common/pooling.cl"
#include "common/indices.cl"

/* What the elements of a plane come to. */
static inline REAL combine(__global const X_ELEMENT *from, int plane, long readable)
{
    REAL lane[VEC];
    pool_window window = pool_empty();
    for (int i = 0; i < plane; i += VEC) pool_add(&window, pool_load_some(from + i, plane - i, readable - i));
    STOREV(pool_so_far(window), lane);
#pragma unroll
    for (int width = VEC / 2; width > 0; width /= 2)
#pragma unroll
        for (int i = 0; i < width; ++i) lane[i] = pool_join_one(lane[i], lane[i + width]);
    return lane[0];
}

/* The position of the first element that is the maximum, or is a NaN if that is one. */
static inline int find(REAL maximum, __global const X_ELEMENT *from, int plane)
{
    int i = 0;
    for (; i + VEC <= plane; i += VEC) {
        const REALV elements = LOADV_X(from + i);
        if (any((elements == maximum) | ((elements != elements) & (REAL_INTV)(maximum != maximum ? -1 : 0)))) break;
    }
    for (; i < plane; ++i) {
        const REAL element = LOAD_X(from, i);
        if (element == maximum || (element != element && maximum != maximum)) break;
    }
    return i;
}

#define NUMBERS(EACH)                                                                                     \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) EACH(int, planes) EACH(int, c) EACH(int, plane) \
        EACH(long, index_n) EACH(long, index_c) THREE(EACH, int, d, h, w) EACH(int, column_major)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void pool_planes(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y,
                                          __global INDEX *restrict indices, const numbers passed)
{
    NUMBERS(UNPACK);
    const int first = (int)get_global_id(0) * VEC, count = min(VEC, planes - first);
    REAL lane[VEC];
    const long readable = (long)(planes - first) * plane;
    x += x_offset + (ulong)first * (ulong)plane;
    for (int i = 0; i < VEC; ++i)
        lane[i] = i < count ? combine(x + i * plane, plane, readable - i * plane) : REAL_OF(0.0);
    pool_window window = pool_empty();
    pool_join(&window, LOADV(lane));
    store_first(pool_result(window, (REALV)((REAL)plane)), y + y_offset + first, count);
    for (int i = 0; i < count; ++i) {
        if (INDICES == 0) break;
        const int n = (first + i) / c, ic = (first + i) % c, at = find(lane[i], x + i * plane, plane);
        const int index = column_major ? (at % w * h + at / w % h) * d + at / (w * h) : at;
        indices[indices_offset + (ulong)(first + i)] = (INDEX)(n * index_n + ic * index_c + index);
    }
}
