/* common/indices: VEC windows at a time and where their maxima are, on top of common/vector.cl and common/pooling.cl.
 *
 * While a window is visited a position is a REAL_INT, which has the width that a comparison of REALs gives.
 */
#define INDEXV JOIN(INDEX, VEC)
#define LONGV  JOIN(long, VEC)

__constant long long_lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* A window and where its maximum is: at its first element inside the image until a greater one is found, -1 where there
 * is none. */
typedef struct {
    pool_window window;
    REAL_INTV index;
} pool_search;

DEFINE_POOL_TAPS(INTV, _v)

/* VEC elements, or the first count and then some that change no result. `readable` of them may be read, used or not:
 * one by one takes ten times as long. 0: nothing is known beyond the count. */
static inline REALV pool_load_some(__global const X_ELEMENT *from, int count, long readable)
{
    REAL lane[VEC];
    if (count >= VEC) return LOADV_X(from);
    if (readable >= VEC) return LOADV(vector_lane) < (REALV)((REAL)count) ? LOADV_X(from) : pool_empty().total;
    for (int i = 0; i < VEC; ++i) lane[i] = i < count ? LOAD_X(from, i) : pool_empty().total.s0;
    return LOADV(lane);
}

/* VEC windows before anything is found. On one axis they begin at `start`; the others add `rest` to an index, and
 * is_empty tells whether they leave no element. */
static inline pool_search pool_begin(INTV start, int taps, int dilation, int size, int index_step, int rest,
                                     int is_empty)
{
    pool_search search = {pool_empty(), (REAL_INTV)(-1)};
    if (INDICES != 0 && !is_empty) {
        const INTV first = pool_first_tap_v(start, dilation), end = pool_end_tap_v(start, taps, dilation, size);
        const INTV index = first < end ? rest + (start + first * dilation) * index_step : (INTV)(-1);
        search.index = JOIN(JOIN(convert_, REAL_INT), VEC)(index);
    }
    return search;
}

/* Takes in elements and their positions. The first NaN wins, and nothing behind it. */
static inline void pool_take(pool_search *search, REALV element, REAL_INTV position)
{
    const REAL_INTV wins = ((element > search->window.total) | (element != element)) & ~search->window.nan;
    if (INDICES != 0) search->index = wins ? position : search->index;
    pool_add(&search->window, element);
}

/* Stores VEC indices, or the first count and, where those fill a block, zeros. `plane` and `plane_step` are added to
 * what was found: the first lane's plane, in elements, and from lane to lane. */
static inline void pool_store_indices(REAL_INTV index, __global INDEX *to, long plane, long plane_step, int count,
                                      const int fills_block)
{
    LONGV found = JOIN(convert_long, VEC)(index);
    found += found >= 0 ? (LONGV)(plane) + JOIN(vload, VEC)(0, long_lane) * plane_step : (LONGV)(0);
    if (count >= VEC || fills_block) {
        found = JOIN(vload, VEC)(0, long_lane) < (LONGV)(count) ? found : (LONGV)(0);
        JOIN(vstore, VEC)(JOIN(convert_, INDEXV)(found), 0, to);
    } else {
        long lane[VEC];
        JOIN(vstore, VEC)(found, 0, lane);
        for (int i = 0; i < count; ++i) to[i] = (INDEX)lane[i];
    }
}
