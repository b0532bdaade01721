/* pool_backward/window_blocked: dx of poolings for CPUs, with channels side by side; 1 to 3 axes.
 *
 *   launch      global = (D * ceil(H / rows) * ceil(W / columns), ceil(C / (VEC * vectors)), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x and y both in blocks of VEC, or both NHWC or both NCHW; rows * columns at most TILE, and of NCHW what
 *               the windows over them look at at most REGION, and compiled in windows
 *   compiled in VEC TILE REGION; NHWC PLAIN (NCHW); what common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, rows, columns, vectors, whether dx is stored past the caches, and what pool_window.cl lists; x and
 *               dx lie alike, and y, dy and the indices
 *
 * One work-item makes a tile of dx, rows * columns elements, for VEC * vectors channels. It visits the windows that
 * reach into the tile in scan order and adds what they give to sums in private memory: no other work-item adds there,
 * and halves are rounded once. The maximum of a window that reaches into several tiles is looked for by each.
 *
 * Of NCHW it first copies what the windows look at into private memory, with VEC channels side by side, and at the end
 * the sums back: that costs less than vectors along rows would, which are short in small planes and meet strides.
 */
#if !defined(NHWC) || !defined(PLAIN) || !defined(TILE) || !defined(REGION)
#error "window_blocked.c must define NHWC PLAIN TILE REGION"
#endif

#include "common/vector.cl"
#include "common/norm_slope.cl"
#include "common/pooling.cl"
#include "common/indices.cl"

#if PLAIN
#define SEEN(oo, op) SOURCE_IN(x_part, oo, op, slice *VEC, pitch *VEC, VEC, origin)
#else
#define SEEN(oo, op) SOURCE(x + x_offset + x_at, oo, op)
#endif

#include "common/pool_plane.cl"
#include "common/pool_window.cl"
#include "common/pool_over.cl"
#include "common/pool_backward.cl"
#include "common/transpose.cl"

/* The tile of dx and its sums. */
typedef struct {
    pool_range d, h, w;
    REALV *sums;
} tile;

/* ---- One output ------------------------------------------------------------------------------------------------- */

/* Whether all taps of a window count. Loops over them are then unrolled. */
static inline int is_full(pool_span height, pool_span width)
{
    return R * S > 0 && height.first == 0 && height.end == R && width.first == 0 && width.end == S;
}

/* The outputs of which all columns lie in a part of the image. Nothing need be asked for each of them. */
static inline pool_range inner_windows(pool_range part, int stride, int reach, int pad)
{
    const int last = part.end - 1 - reach + pad;
    const pool_range inner = {(part.first + pad + stride - 1) / stride, last < 0 ? 0 : last / stride + 1};
    return inner;
}

#define INNER_W(part) inner_windows(part, SLIDE_W, (S - 1) * STEP_W, pad_w)

/* Looks at a tap in a slice of the window, which begins at `slice`; for NaNs alone or for what is greater. */
static ALWAYS_INLINE void look_at(pool_found *found, PLANE *slice, pool_source from, int j, int i, int channels,
                                  int position, const int for_nan, const int whole)
{
    const int down = j * from.step_h, across = i * from.step_w;
    const REALV element = load_plane(slice + down * from.x_h + across * from.x_w, channels, whole);
    const REAL_INTV here = (REAL_INTV)(position + down * from.index_h + across * from.index_w);
    if (for_nan)
        pool_look_for_nan(found, element, here);
    else
        pool_look(found, element, here);
}

/* Looks at all taps. */
static ALWAYS_INLINE void look(pool_found *found, pool_source from, pool_span width, int channels, const int for_nan,
                               const int whole)
{
    const pool_span height = from.height;
    for (int k = from.depth.first; k < from.depth.end; ++k) {
        const int deep = k * from.step_d, position = deep * from.index_d;
        PLANE *slice = from.plane + pool_offset(from, from.depth.begin + deep, height.begin, width.begin);
        if (!for_nan && is_full(height, width)) {
#pragma unroll
            for (int j = 0; j < R; ++j)
#pragma unroll
                for (int i = 0; i < S; ++i) look_at(found, slice, from, j, i, channels, position, for_nan, whole);
        } else {
            for (int j = height.first; j < height.end; ++j)
                for (int i = width.first; i < width.end; ++i)
                    look_at(found, slice, from, j, i, channels, position, for_nan, whole);
        }
    }
}

/* Where the maxima are: at the window's first element where none is greater than -infinity. */
static ALWAYS_INLINE REAL_INTV find_maxima(pool_source from, pool_span width, int channels, const int whole)
{
    const int first = from.depth.first * from.step_d * from.index_d + from.height.first * from.step_h * from.index_h +
                      width.first * from.step_w * from.index_w;
    pool_found found = {pool_empty().total, (REAL_INTV)(first), (REAL_INTV)(0)};
    look(&found, from, width, channels, 0, whole);
    if (ANYV(found.has_nan)) look(&found, from, width, channels, 1, whole);
    return found.position;
}

/* Adds what an output gives to a tap in a slice of its window. */
static ALWAYS_INLINE void give_at(pool_gift gift, REALV *sums, int columns, PLANE *slice, pool_source from, int j,
                                  int i, int channels, int position, const int whole)
{
    const int down = j * from.step_h, across = i * from.step_w;
    const REALV element =
        KIND == 3 ? load_plane(slice + down * from.x_h + across * from.x_w, channels, whole) : gift.dy;
    const REAL_INTV here = (REAL_INTV)(position + down * from.index_h + across * from.index_w);
    sums[down * columns + across] += pool_share(gift, element, here);
}

/* How the indices of VEC channels of a slice lie, and how positions are counted in the planes: in the first one's, in
 * the next one's, and up to where. */
typedef struct {
    long plane, plane_step;
    int elements, step, h, w;
} positions;

/* VEC channels of a slice of what lies as y. */
typedef struct {
    PLANE *y, *dy;
    __global const INDEX *indices;
    int h, w, origin;
} outputs;

/* What the output at `at` gives. Positions count from its window's tap 0 on, so that they are the same for all. */
static ALWAYS_INLINE pool_gift gift_of(outputs of, positions in, int op, int oq, pool_source from, pool_span width,
                                       int channels, const int whole)
{
    const int at = (int)((uint)op * (uint)of.h + (uint)oq * (uint)of.w - (uint)of.origin);
    const pool_window window = {load_plane(of.dy + at, channels, whole), (REAL_INTV)(0)};
    const int begin = from.depth.begin * from.index_d + from.height.begin * from.index_h + width.begin * from.index_w;
    pool_gift gift = {window.total, window.total, (REAL_INTV)(-1)};
    if (KIND == 0 && INDICES == 0)
        gift.position = find_maxima(from, width, channels, whole);
    else if (KIND == 0)
        gift.position =
            pool_position(load_indices(of.indices + op * in.h + oq * in.w, in.step, whole && !PLAIN ? VEC : channels),
                          in.plane, in.plane_step, in.elements) -
            begin;
    else if (KIND == 3)
        gift.y = load_plane(of.y + at, channels, whole);
    else
        gift.dy = pool_average(window, (REALV)((REAL)((long)from.depth.counted * from.height.counted * width.counted)));
    return gift;
}

/* Adds what the output gives to the tile, which has one tap of its depth and some of its height. With inner, a
 * constant, it has all columns. */
static ALWAYS_INLINE void give_output(outputs of, positions in, int op, int oq, tile to, pool_source from, int tap,
                                      pool_span height, pool_span width, int channels, const int whole, const int inner)
{
    const pool_gift gift = gift_of(of, in, op, oq, from, width, channels, whole);
    const pool_span clipped = inner ? width : pool_clip(width, from.step_w, to.w);
    const int columns = to.w.end - to.w.first, position = tap * from.step_d * from.index_d;
    REALV *sums = to.sums + (height.begin - to.h.first) * columns + width.begin - to.w.first;
    PLANE *slice = from.plane + pool_offset(from, to.d.first, height.begin, width.begin);
    if (is_full(height, clipped)) {
#pragma unroll
        for (int j = 0; j < R; ++j)
#pragma unroll
            for (int i = 0; i < S; ++i) give_at(gift, sums, columns, slice, from, j, i, channels, position, whole);
    } else {
        for (int j = height.first; j < height.end; ++j)
            for (int i = clipped.first; i < clipped.end; ++i)
                give_at(gift, sums, columns, slice, from, j, i, channels, position, whole);
    }
}

/* ---- The kernel ------------------------------------------------------------------------------------------------- */

/* Adds what an output gives; whether it has all columns is no constant. */
static ALWAYS_INLINE void give_any(outputs of, positions in, int op, int oq, tile to, pool_source from, int tap,
                                   pool_span height, pool_span width, int is_inner, int channels)
{
    const pool_span inner = {width.begin, 0, S, S};
    if (NHWC && channels < VEC)
        give_output(of, in, op, oq, to, from, tap, height, width, channels, 0, 0);
    else if (is_inner)
        give_output(of, in, op, oq, to, from, tap, height, inner, channels, 1, 1);
    else
        give_output(of, in, op, oq, to, from, tap, height, width, channels, 1, 0);
}

/* Stores the tile's sums at its first element of dx. */
static inline void store_sums(tile from, __global Y_ELEMENT *to, int x_c, int x_h, int x_w, int channels, int streams)
{
    const int rows = from.h.end - from.h.first, columns = from.w.end - from.w.first;
    if (PLAIN) scatter_planes(from.sums, columns, to, x_c, x_h, rows, columns, channels);
    for (int i = 0; i < rows * columns && !PLAIN; ++i)
        store_channels(from.sums[i], to + i / columns * x_h + i % columns * x_w, channels, streams, NHWC);
}

/* Numbers of private memory for what is copied there. */
#define PART(wanted) ((wanted) ? REGION * VEC : VEC)
#define PART_OF_X    PART(KIND == 3 || (KIND == 0 && INDICES == 0))

#define NUMBERS(EACH)                                                                                    \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) OFFSET(EACH, dy) OFFSET(EACH, dx) EACH(int, c) \
        EACH(int, rows) EACH(int, columns) EACH(int, vectors) EACH(int, streams) WINDOW_NUMBERS(EACH)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void pool_backward_window_blocked(MAYBE __global const X_ELEMENT *restrict x,
                                                           MAYBE __global const X_ELEMENT *restrict y,
                                                           MAYBE __global const INDEX *restrict indices,
                                                           __global const X_ELEMENT *restrict dy,
                                                           __global Y_ELEMENT *restrict dx, const numbers passed)
{
    NUMBERS(UNPACK);
    const int across = (w + columns - 1) / columns, down = (h + rows - 1) / rows;
    const int part = (int)get_global_id(0), n = (int)get_global_id(2);
    const int id = part / across / down, h0 = part / across % down * rows, w0 = part % across * columns;
    const int first = (int)get_global_id(1) * vectors, end = min(first + vectors, (c + VEC - 1) / VEC);
    REALV sums[TILE];
    const tile to = {{id, id + 1}, {h0, min(h0 + rows, h)}, {w0, min(w0 + columns, w)}, sums};
    const pool_range over_d = OVER_D(to.d), over_h = OVER_H(to.h), over_w = OVER_W(to.w), inner_w = INNER_W(to.w);
#if PLAIN
    const pool_range seen_h = SEEN_H(to.h, over_h), seen_w = SEEN_W(to.w, over_w);
    const int pitch = seen_w.end - seen_w.first, slice = (seen_h.end - seen_h.first) * pitch;
    const int out_h = over_h.end - over_h.first, out_w = over_w.end - over_w.first;
    REAL x_part[PART_OF_X], y_part[PART(KIND == 3)], dy_part[PART(1)];
#endif

    for (int v = first; v < end; ++v) {
        const int channels = c - v * VEC, x_at = n * x_n + v * (PLAIN ? VEC : 1) * x_c;
        const positions in = {
            n * index_n + v * VEC * index_c, index_c, d * h * w, PLAIN ? y_c : 1, y_h, PLAIN ? 1 : y_w};
        for (int i = 0; i < rows * columns; ++i) sums[i] = (REALV)(REAL_OF(0.0));
        for (int oo = over_d.first; oo < over_d.end; ++oo) {
            const pool_span depth = LOCATE_D(oo), tap = pool_clip(depth, dilation_d, to.d);
            const int y_at = n * y_n + v * (PLAIN ? VEC : 1) * y_c + oo * y_d;
            if (tap.first >= tap.end) continue;
#if PLAIN
            const int begin = depth.begin + depth.first * dilation_d, out_at = y_at + over_h.first * y_h + over_w.first;
            const int origin =
                (int)(((uint)begin * (uint)slice + (uint)seen_h.first * (uint)pitch + (uint)seen_w.first) * VEC);
            gather_planes(dy_part, out_w, dy + dy_offset + out_at, y_c, y_h, out_h, out_w, channels);
            if (KIND == 3) gather_planes(y_part, out_w, y + y_offset + out_at, y_c, y_h, out_h, out_w, channels);
            for (int k = 0; k < depth.end - depth.first && PART_OF_X > VEC; ++k)
                gather_planes(x_part + k * dilation_d * slice * VEC, pitch,
                              x + x_offset + x_at + (begin + k * dilation_d) * x_d + seen_h.first * x_h + seen_w.first,
                              x_c, x_h, seen_h.end - seen_h.first, pitch, channels);
            const int out_origin = (int)(((uint)over_h.first * (uint)out_w + (uint)over_w.first) * VEC);
            const outputs of = {y_part, dy_part, indices + indices_offset + y_at, out_w * VEC, VEC, out_origin};
#else
            __global const X_ELEMENT *y_from = y + y_offset + y_at, *dy_from = dy + dy_offset + y_at;
            const outputs of = {y_from, dy_from, indices + indices_offset + y_at, y_h, y_w, 0};
#endif
            for (int op = over_h.first; op < over_h.end; ++op) {
                const pool_source from = SEEN(oo, op);
                const pool_span height = pool_clip(from.height, from.step_h, to.h);
                for (int oq = over_w.first; oq < over_w.end; ++oq) {
                    const int is_inner = R * S > 0 && oq >= inner_w.first && oq < inner_w.end;
                    const pool_span inner = {oq * SLIDE_W - pad_w, 0, S, S}, width = is_inner ? inner : LOCATE_W(oq);
                    give_any(of, in, op, oq, to, from, tap.first, height, width, is_inner, channels);
                }
            }
        }
        store_sums(to, dx + dx_offset + x_at + id * x_d + h0 * x_h + w0 * x_w, x_c, x_h, x_w, channels, streams);
    }
}
