/* pool/window_blocked: pooling for CPUs with channels side by side; 1 to 3 axes.
 *
 *   launch      global = (O * ceil(P / rows) * ceil(Q / tile), ceil(C / (VEC * vectors)), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC, or both NCHW: then no indices, windows that are compiled
 *               in, one vector, and at most REGION outputs and elements that their windows look at
 *   compiled in VEC REGION; NHWC PLAIN (NCHW); what common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, rows, tile, vectors, whether y is stored past the caches, and what pool_window.cl lists
 *
 * One work-item makes `tile` outputs of each of `rows` rows for VEC * vectors channels: whole vectors in and out, with
 * no shuffles. In NHWC these are all channels, so that it reads and writes memory from one end to the other. Taps that
 * fall into the padding are not visited: each window is cut to the image before its loops start, and they test nothing.
 *
 * Where windows are compiled in and no index is asked, the columns of a window are combined first, and those that the
 * next window has too are kept.
 *
 * Of NCHW it first copies what the windows look at into private memory, with VEC channels side by side, and at the end
 * the outputs back: that costs less than vectors along rows would, which are short in small planes and meet strides.
 */
#if !defined(NHWC) || !defined(PLAIN) || !defined(REGION)
#error "window_blocked.c must define NHWC PLAIN REGION"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"
#include "common/indices.cl"

#if PLAIN
#define OUTPUT              REAL
#define STORE_OUTPUT(v, to) STOREV_OWN(v, to)
#define SEEN(ip)            SOURCE_IN(x_part, oo, ip, slice *VEC, pitch *VEC, VEC, origin)
#else
#define OUTPUT              __global Y_ELEMENT
#define STORE_OUTPUT(v, to) store_channels(v, to, channels, streams, NHWC)
#define SEEN(ip)            SOURCE(x + x_offset + n * x_n + v * x_c, oo, ip)
#endif

#include "common/pool_plane.cl"
#include "common/pool_window.cl"
#include "common/pool_over.cl"
#include "common/transpose.cl"

/* Takes in the elements of one row of the window. */
static ALWAYS_INLINE void take_row(pool_search *search, PLANE *row, pool_source from, pool_span width, int channels,
                                   int position, const int whole)
{
    if (S > 0 && width.first == 0 && width.end == S) {
#pragma unroll
        for (int i = 0; i < S; ++i)
            pool_take(search, load_plane(row + i * from.step_w * from.x_w, channels, whole),
                      (REAL_INTV)(position + i * from.step_w * from.index_w));
    } else {
        for (int i = width.first; i < width.end; ++i)
            pool_take(search, load_plane(row + i * from.step_w * from.x_w, channels, whole),
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
            take_row(&search, from.plane + pool_offset(from, id, ih, width.begin), from, width, channels,
                     id * from.index_d + ih * from.index_h + width.begin * from.index_w, whole);
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
        PLANE *at = from.plane + pool_offset(from, id, from.height.begin, iw);
        if (inside) {
#pragma unroll
            for (int j = 0; j < R; ++j) pool_add(&window, load_plane(at + j * from.step_h * from.x_h, channels, whole));
        } else {
            for (int j = from.height.first; j < from.height.end; ++j)
                pool_add(&window, load_plane(at + j * from.step_h * from.x_h, channels, whole));
        }
    }
    return window;
}

/* Whether windows slide along a row: they are compiled in, and no index is asked. */
#define SLIDES (INDICES == 0 && S > 0)

/* Columns that a window shares with the one before, and how far they then move. */
#define SHARED (DILATION_W == 1 && STRIDE_W < S ? S - STRIDE_W : 0)
#define MOVED  (SHARED > 0 ? STRIDE_W : 0)

/* The outputs of one row from q0 on, before q_end: windows that are compiled in, without indices. */
static ALWAYS_INLINE void slide_row(pool_source from, OUTPUT *y, int y_w, int q0, int q_end, int w, int pad, int end_w,
                                    int channels, MAYBE int streams, const int whole, const int inside)
{
    const long rows = (long)from.depth.counted * from.height.counted;
    pool_window column[S > 0 ? S + MOVED : 1]; /* never of none, also where nothing slides */
#pragma unroll
    for (int i = 0; i < SHARED; ++i)
        column[MOVED + i] = take_column(from, q0 * STRIDE_W - pad + i, w, channels, whole, inside);
    for (int iq = q0; iq < q_end; ++iq) {
        const int iw = iq * STRIDE_W - pad;
        pool_window window = pool_empty();
#pragma unroll
        for (int i = 0; i < S; ++i) {
            column[i] =
                i < SHARED ? column[i + MOVED] : take_column(from, iw + i * DILATION_W, w, channels, whole, inside);
            pool_join_window(&window, column[i]);
        }
        const REALV count = (REALV)((REAL)(rows * pool_counted_taps(iw, S, DILATION_W, w, end_w)));
        STORE_OUTPUT(pool_result(window, count), y + (iq - q0) * y_w);
    }
}

/* Numbers of private memory for what is copied there. */
#define PART (PLAIN ? REGION : 1)

#define NUMBERS(EACH)                                                                                  \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) EACH(int, c) EACH(int, rows) EACH(int, tile) \
        EACH(int, vectors) EACH(int, streams) WINDOW_NUMBERS(EACH)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void pool_window_blocked(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y,
                                                  MAYBE __global INDEX *restrict indices, const numbers passed)
{
    NUMBERS(UNPACK);
    const int across = (q + tile - 1) / tile, down = (p + rows - 1) / rows;
    const int part = (int)get_global_id(0), n = (int)get_global_id(2), first = (int)get_global_id(1) * vectors;
    const int oo = part / across / down, p0 = part / across % down * rows, q0 = part % across * tile;
    const int end = min(first + vectors, (c + VEC - 1) / VEC), p_end = min(p, p0 + rows), q_end = min(q, q0 + tile);
#if PLAIN
    const pool_range over_h = {p0, p_end}, over_w = {q0, q_end}, none_h = {h, 0}, all_w = {0, w}, none_w = {w, 0};
    const pool_range seen_h = SEEN_H(none_h, over_h), seen_w = SEEN_W(tile >= q ? all_w : none_w, over_w);
    const pool_span depth = LOCATE_D(oo);
    const int pitch = seen_w.end - seen_w.first, lines = seen_h.end - seen_h.first, slice = lines * pitch;
    const int begin = depth.begin + depth.first * dilation_d;
    const int origin = (int)(((uint)begin * (uint)slice + (uint)seen_h.first * (uint)pitch + (uint)seen_w.first) * VEC);
    const int x_at = n * x_n + first * VEC * x_c + begin * x_d + seen_h.first * x_h + seen_w.first;
    REAL x_part[PART * VEC];
    REALV y_part[PART];
    for (int k = 0; k < depth.end - depth.first; ++k)
        gather_planes(x_part + k * dilation_d * slice * VEC, pitch, x + x_offset + x_at + k * dilation_d * x_d, x_c,
                      x_h, lines, pitch, c - first * VEC);
#endif

    for (int i = 0; i < (p_end - p0) * (end - first); ++i) {
        const int ip = p0 + i / (end - first), v = first + i % (end - first), channels = c - v * VEC;
        const int whole = PLAIN || !NHWC || channels >= VEC;
        const pool_source from = SEEN(ip);
        const int inside = from.height.first == 0 && from.height.end == R;
#if PLAIN
        OUTPUT *to = (REAL *)(y_part + (ip - p0) * (q_end - q0));
        const int pixel = VEC;
#else
        const ulong at = (ulong)(n * y_n + v * y_c + oo * y_d + ip * y_h + q0 * y_w);
        OUTPUT *to = y + y_offset + at;
        const int pixel = y_w;
#endif
        if (SLIDES && !whole)
            slide_row(from, to, pixel, q0, q_end, w, pad_w, end_w, channels, streams, 0, 0);
        else if (SLIDES && inside)
            slide_row(from, to, pixel, q0, q_end, w, pad_w, end_w, channels, streams, 1, 1);
        else if (SLIDES)
            slide_row(from, to, pixel, q0, q_end, w, pad_w, end_w, channels, streams, 1, 0);
        for (int iq = q0; iq < q_end && !SLIDES; ++iq) {
            const pool_span width = LOCATE_W(iq);
            const long count = (long)from.depth.counted * from.height.counted * width.counted;
            const pool_search search =
                whole ? search_window(from, width, channels, 1) : search_window(from, width, channels, 0);
            STORE_OUTPUT(pool_result(search.window, (REALV)((REAL)count)), to + (iq - q0) * pixel);
#if !PLAIN
            if (INDICES != 0)
                pool_store_indices(search.index, indices + indices_offset + at + (iq - q0) * y_w,
                                   n * index_n + v * VEC * index_c, index_c, channels, !NHWC);
#endif
        }
    }
#if PLAIN
    scatter_planes(y_part, q_end - q0, y + y_offset + (n * y_n + first * VEC * y_c + oo * y_d + p0 * y_h + q0), y_c,
                   y_h, p_end - p0, q_end - q0, c - first * VEC);
#endif
}
