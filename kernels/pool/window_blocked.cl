/* pool/window_blocked: pooling for CPUs where channels lie side by side, in blocks or all of them (NHWC); 1 to 3 axes.
 *
 *   launch      global = (O * P * ceil(Q / tile), ceil(C / (VEC * vectors)), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC
 *   compiled in VEC; NHWC; what common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, tile, vectors and what pool_window.cl lists
 *
 * One work-item makes `tile` outputs of a row for VEC * vectors channels: whole vectors in and out, with no shuffles.
 * In NHWC these are all channels, so that it reads and writes memory from one end to the other. Taps that fall into the
 * padding are not visited: each window is cut to the image before its loops start, and they test nothing.
 */
#if !defined(NHWC)
#error "window_blocked.c must define NHWC"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"
#include "common/indices.cl"
#include "common/pool_window.cl"

/* NHWC may end within a vector; a block's spare lanes are there to be read. `whole` is a constant. */
static ALWAYS_INLINE REALV load(__global const X_ELEMENT *from, int channels, const int whole)
{
    return whole ? LOADV_X(from) : load_first(from, channels);
}

/* Takes in the elements of one row of the window. */
static ALWAYS_INLINE void take_row(pool_search *search, __global const X_ELEMENT *row, pool_source from,
                                   pool_span width, int channels, int position, const int whole)
{
    if (S > 0 && width.first == 0 && width.end == S) {
#pragma unroll
        for (int i = 0; i < S; ++i)
            pool_take(search, load(row + i * from.step_w * from.x_w, channels, whole),
                      (REAL_INTV)(position + i * from.step_w * from.index_w));
    } else {
        for (int i = width.first; i < width.end; ++i)
            pool_take(search, load(row + i * from.step_w * from.x_w, channels, whole),
                      (REAL_INTV)(position + i * from.step_w * from.index_w));
    }
}

/* One output of VEC channels. */
static ALWAYS_INLINE pool_search search_window(pool_source from, pool_span width, int channels, const int whole)
{
    const int first = pool_first_row(from) + (width.begin + width.first * from.step_w) * from.index_w;
    const int has_elements = pool_has_rows(from) && width.first < width.end;
    pool_search search = {pool_empty(), (REAL_INTV)(has_elements ? first : -1)};
    for (int i = from.depth.first; i < from.depth.end; ++i)
        for (int j = from.height.first; j < from.height.end; ++j) {
            const int id = from.depth.begin + i * from.step_d, ih = from.height.begin + j * from.step_h;
            take_row(&search, from.plane + id * from.x_d + ih * from.x_h + width.begin * from.x_w, from, width,
                     channels, id * from.index_d + ih * from.index_h + width.begin * from.index_w, whole);
        }
    return search;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_window_blocked(
    __global const X_ELEMENT *restrict x, ulong x_offset, __global Y_ELEMENT *restrict y, ulong y_offset,
    __global INDEX *restrict indices, ulong indices_offset, int c, int tile, int vectors, WINDOW_ARGS)
{
    const int tiles = (q + tile - 1) / tile;
    const int row = (int)get_global_id(0) / tiles, q0 = (int)get_global_id(0) % tiles * tile;
    const int first = (int)get_global_id(1) * vectors, n = (int)get_global_id(2);
    const int end = min(first + vectors, (c + VEC - 1) / VEC);
    pool_source from = SOURCE(x, row / p, row % p);

    for (int iq = q0; iq < min(q, q0 + tile); ++iq) {
        const pool_span width = LOCATE_W(iq);
        const REALV count = (REALV)((REAL)((long)from.depth.counted * from.height.counted * width.counted));
        for (int v = first; v < end; ++v) {
            const int channels = c - v * VEC;
            const ulong to = (ulong)(n * y_n + v * y_c + row / p * y_d + row % p * y_h + iq * y_w);
            pool_search search;
            from.plane = x + x_offset + n * x_n + v * x_c;
            if (NHWC && channels < VEC)
                search = search_window(from, width, channels, 0);
            else
                search = search_window(from, width, channels, 1);
            const REALV result = pool_result(search.window, count);
            if (NHWC)
                store_first(result, y + y_offset + to, channels);
            else
                STOREV_Y(keep_lanes(result, channels), y + y_offset + to);
            if (INDICES != 0)
                pool_store_indices(search.index, indices + indices_offset + to, n * index_n + v * VEC * index_c,
                                   index_c, channels, !NHWC);
        }
    }
}
