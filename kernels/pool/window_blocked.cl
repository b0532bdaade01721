/* pool/window_blocked: pooling for CPUs where channels lie side by side, in blocks or all of them (NHWC); 1 to 3 axes.
 *
 *   launch      global = (ceil(O * P / rows) * ceil(Q / tile), ceil(C / (VEC * vectors)), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC
 *   compiled in VEC; NHWC; what common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, rows, tile, vectors and what pool_window.cl lists
 *
 * One work-item makes `tile` outputs of each of `rows` rows for VEC * vectors channels: whole vectors in and out, with
 * no shuffles. In NHWC these are all channels, so that it reads and writes memory from one end to the other. Taps that
 * fall into the padding are not visited: each window is cut to the image before its loops start, and they test nothing.
 *
 * Where windows are compiled in and no index is asked, the columns of a window are combined first, and those that the
 * next window has too are kept.
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

/* What the elements of a column of windows come to. With `inside`, a constant, no row of it lies in the padding. */
static ALWAYS_INLINE pool_window take_column(pool_source from, int iw, int w, int channels, const int whole,
                                             const int inside)
{
    pool_window window = pool_empty();
    if ((uint)iw >= (uint)w) return window;
    for (int i = from.depth.first; i < from.depth.end; ++i) {
        const int id = from.depth.begin + i * from.step_d;
        __global const X_ELEMENT *at = from.plane + id * from.x_d + from.height.begin * from.x_h + iw * from.x_w;
        if (inside) {
#pragma unroll
            for (int j = 0; j < R; ++j) pool_add(&window, load(at + j * from.step_h * from.x_h, channels, whole));
        } else {
            for (int j = from.height.first; j < from.height.end; ++j)
                pool_add(&window, load(at + j * from.step_h * from.x_h, channels, whole));
        }
    }
    return window;
}

/* Whether windows slide along a row: they are compiled in, and no index is asked. */
#define SLIDES (INDICES == 0 && S > 0)

/* Columns that a window shares with the one before. */
#define SHARED (DILATION_W == 1 && STRIDE_W < S ? S - STRIDE_W : 0)

static ALWAYS_INLINE void store(REALV result, __global Y_ELEMENT *to, int channels, int streams)
{
    if (NHWC && channels < VEC)
        store_first(result, to, channels);
    else
        store_vector(keep_lanes(result, channels), to, streams);
}

/* The outputs of one row from q0 on, before q_end: windows that are compiled in, without indices. */
static ALWAYS_INLINE void slide_row(pool_source from, __global Y_ELEMENT *y, int y_w, int q0, int q_end, int w, int pad,
                                    int end_w, int channels, int streams, const int whole, const int inside)
{
    const long rows = (long)from.depth.counted * from.height.counted;
    pool_window column[S > 0 ? S + STRIDE_W : 1]; /* never of none, also where nothing slides */
#pragma unroll
    for (int i = 0; i < SHARED; ++i)
        column[STRIDE_W + i] = take_column(from, q0 * STRIDE_W - pad + i, w, channels, whole, inside);
    for (int iq = q0; iq < q_end; ++iq) {
        const int iw = iq * STRIDE_W - pad;
        pool_window window = pool_empty();
#pragma unroll
        for (int i = 0; i < S; ++i) {
            column[i] =
                i < SHARED ? column[i + STRIDE_W] : take_column(from, iw + i * DILATION_W, w, channels, whole, inside);
            pool_join_window(&window, column[i]);
        }
        const REALV count = (REALV)((REAL)(rows * pool_counted_taps(iw, S, DILATION_W, w, end_w)));
        store(pool_result(window, count), y + iq * y_w, channels, streams);
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_window_blocked(
    __global const X_ELEMENT *restrict x, ulong x_offset, __global Y_ELEMENT *restrict y, ulong y_offset,
    __global INDEX *restrict indices, ulong indices_offset, int c, int rows, int tile, int vectors, int streams,
    WINDOW_ARGS)
{
    const int tiles = (q + tile - 1) / tile;
    const int row0 = (int)get_global_id(0) / tiles * rows, q0 = (int)get_global_id(0) % tiles * tile;
    const int first = (int)get_global_id(1) * vectors, n = (int)get_global_id(2);
    const int end = min(first + vectors, (c + VEC - 1) / VEC), q_end = min(q, q0 + tile);

    for (int i = 0; i < rows * (end - first); ++i) {
        const int row = row0 + i / (end - first), v = first + i % (end - first), channels = c - v * VEC;
        const ulong to = (ulong)(n * y_n + v * y_c + row / p * y_d + row % p * y_h);
        const int fits = !NHWC || channels >= VEC;
        const pool_source from = SOURCE(x + x_offset + n * x_n + v * x_c, row / p, row % p);
        if (row >= o * p) break;
        const int inside = from.height.first == 0 && from.height.end == R;
        if (SLIDES && !fits)
            slide_row(from, y + y_offset + to, y_w, q0, q_end, w, pad_w, end_w, channels, streams, 0, 0);
        else if (SLIDES && inside)
            slide_row(from, y + y_offset + to, y_w, q0, q_end, w, pad_w, end_w, channels, streams, 1, 1);
        else if (SLIDES)
            slide_row(from, y + y_offset + to, y_w, q0, q_end, w, pad_w, end_w, channels, streams, 1, 0);
        for (int iq = q0; iq < q_end && !SLIDES; ++iq) {
            const pool_span width = LOCATE_W(iq);
            const long count = (long)from.depth.counted * from.height.counted * width.counted;
            const pool_search search =
                fits ? search_window(from, width, channels, 1) : search_window(from, width, channels, 0);
            store(pool_result(search.window, (REALV)((REAL)count)), y + y_offset + to + iq * y_w, channels, streams);
            if (INDICES != 0)
                pool_store_indices(search.index, indices + indices_offset + to + iq * y_w,
                                   n * index_n + v * VEC * index_c, index_c, channels, !NHWC);
        }
    }
}
