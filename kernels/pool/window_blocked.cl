/* pool/window_blocked: pooling for CPUs where channels lie side by side, in blocks or all of them (NHWC); 1 to 3 axes.
 *
 *   launch      global = (O * P * ceil(Q / tile), ceil(C / (VEC * vectors)), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC
 *   compiled in VEC; NHWC; what common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, tile, vectors and what pool_window.cl lists
 *
 * One work-item makes `tile` outputs of a row for VEC * vectors channels: whole vectors in and out, with no shuffles. In
 * NHWC these are all channels, so that it reads and writes memory from one end to the other. Taps that
 * fall into the padding are not visited: each window is cut to the image before its loops start, and they test nothing.
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
static ALWAYS_INLINE void take_row(pool_search *search, __global const X_ELEMENT *row, pool_span across, int pixel,
                                   int channels, int position, int index_step, int step, const int whole)
{
    if (S > 0 && across.first == 0 && across.end == S) {
#pragma unroll
        for (int i = 0; i < S; ++i)
            pool_take(search, load(row + i * step * pixel, channels, whole),
                      (REAL_INTV)(position + i * step * index_step));
    } else {
        for (int i = across.first; i < across.end; ++i)
            pool_take(search, load(row + i * step * pixel, channels, whole),
                      (REAL_INTV)(position + i * step * index_step));
    }
}

/* One output of VEC channels. */
static ALWAYS_INLINE pool_search search_window(__global const X_ELEMENT *from, pool_span depth, pool_span height,
                                               pool_span width, int channels, int dilation_d, int step_h, int step_w,
                                               int x_d, int x_h, int x_w, int index_d, int index_h, int index_w,
                                               const int whole)
{
    const int first_d = depth.begin + depth.first * dilation_d, first_h = height.begin + height.first * step_h;
    const int first_w = width.begin + width.first * step_w;
    const int is_empty = depth.first >= depth.end || height.first >= height.end || width.first >= width.end;
    pool_search search = {pool_empty(),
                          (REAL_INTV)(is_empty ? -1 : first_d * index_d + first_h * index_h + first_w * index_w)};
    for (int i = depth.first; i < depth.end; ++i)
        for (int j = height.first; j < height.end; ++j) {
            const int id = depth.begin + i * dilation_d, ih = height.begin + j * step_h;
            take_row(&search, from + id * x_d + ih * x_h + width.begin * x_w, width, x_w, channels,
                     id * index_d + ih * index_h + width.begin * index_w, index_w, step_w, whole);
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
    const pool_span depth = LOCATE_D(row / p), height = LOCATE_H(row % p);

    for (int iq = q0; iq < min(q, q0 + tile); ++iq) {
        const pool_span width = LOCATE_W(iq);
        const REALV count = (REALV)((REAL)((long)depth.counted * height.counted * width.counted));
        for (int v = first; v < end; ++v) {
            const int channels = c - v * VEC;
            const ulong to = (ulong)(n * y_n + v * y_c + row / p * y_d + row % p * y_h + iq * y_w);
            __global const X_ELEMENT *from = x + x_offset + n * x_n + v * x_c;
            pool_search search;
            if (NHWC && channels < VEC)
                search = search_window(from, depth, height, width, channels, dilation_d, STEP_H, STEP_W, x_d, x_h, x_w,
                                       index_d, index_h, index_w, 0);
            else
                search = search_window(from, depth, height, width, channels, dilation_d, STEP_H, STEP_W, x_d, x_h, x_w,
                                       index_d, index_h, index_w, 1);
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
