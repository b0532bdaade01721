/* pool/tiled: pooling for GPUs, in any layout, strides and type; 1 to 3 axes.
 *
 *   launch      global = (C with spare lanes * ceil(P / TILE_P) * Q rounded up to whole groups, O, N),
 *               local = (GROUP, 1, 1)
 *   local mem   none
 *   needs       TILE_P = 1 where windows are not compiled in
 *   compiled in GROUP TILE_P; what common/pooling.cl and pool_window.cl want
 *   run time    what common/pool_output.cl and pool_window.cl list
 *
 * One work-item makes TILE_P outputs below one another, and work-items are counted as y lies in memory: neighbours read
 * and write neighbours, along rows in NCHW and along channels elsewhere. A row that several windows of a tile share is
 * read and combined once.
 *
 * No tap is tested for the padding: a tap outside of the image reads one inside instead. In a maximum it is of the same
 * window and changes nothing; in a sum it counts as zero.
 */
#if !defined(GROUP) || !defined(TILE_P)
#error "tiled.c must define GROUP TILE_P"
#endif

#include "common/types.cl"
#define REALV     REAL
#define REAL_INTV REAL_INT
#include "common/pooling.cl"
#include "common/pool_search.cl"
#include "common/pool_window.cl"
#include "common/pool_output.cl"

#if R > 0

/* Rows of x that the windows of a tile span, and whether one of them is in the window of output t. Constants, once
 * loops are unrolled. */
#define ROWS ((TILE_P - 1) * STRIDE_H + (R - 1) * DILATION_H + 1)
#define IS_IN_WINDOW(row, t) \
    ((row) >= (t)*STRIDE_H && ((row) - (t)*STRIDE_H) % DILATION_H == 0 && ((row) - (t)*STRIDE_H) / DILATION_H < R)

/* What the windows of a tile come to, of which the first is at from.height. */
static ALWAYS_INLINE void search_tile(pool_search found[TILE_P], pool_source from, pool_span width, int h)
{
    int column[S];
#pragma unroll
    for (int s = 0; s < S; ++s) column[s] = width.begin + clamp(s, width.first, width.end - 1) * DILATION_W;
    for (int i = from.depth.first; i < from.depth.end; ++i) {
        const int id = from.depth.begin + i * from.step_d;
#pragma unroll
        for (int j = 0; j < ROWS; ++j) {
            const int ih = clamp(from.height.begin + j, 0, h - 1), is_inside = ih == from.height.begin + j;
            __global const X_ELEMENT *row = from.plane + id * from.x_d + ih * from.x_h;
            pool_search search = pool_nothing();
#pragma unroll
            for (int s = 0; s < S; ++s) {
                const int counts = KIND == 0 || (s >= width.first && s < width.end);
                const REAL term = pool_term(LOAD_X(row, column[s] * from.x_w));
                pool_find(&search, counts ? term : pool_empty().total,
                          id * from.index_d + ih * from.index_h + column[s] * from.index_w);
            }
#pragma unroll
            for (int t = 0; t < TILE_P; ++t)
                if (IS_IN_WINDOW(j, t))
                    pool_find(&found[t], is_inside ? pool_so_far(search.window) : pool_empty().total,
                              is_inside ? search.index : -1);
        }
    }
}

#else

/* The same for windows of any size, one in a tile. */
static ALWAYS_INLINE void search_tile(pool_search found[TILE_P], pool_source from, pool_span width, MAYBE int h)
{
    for (int i = from.depth.first; i < from.depth.end; ++i)
        for (int j = from.height.first; j < from.height.end; ++j) {
            const int id = from.depth.begin + i * from.step_d, ih = from.height.begin + j * from.step_h;
            __global const X_ELEMENT *row = from.plane + id * from.x_d + ih * from.x_h;
            for (int k = width.first; k < width.end; ++k) {
                const int iw = width.begin + k * from.step_w;
                pool_find(&found[0], pool_term(LOAD_X(row, iw * from.x_w)),
                          id * from.index_d + ih * from.index_h + iw * from.index_w);
            }
        }
}

#endif

#define NUMBERS(EACH) OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) OUTPUT_NUMBERS(EACH)
STRUCT(NUMBERS) numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void pool_tiled(__global const X_ELEMENT *restrict x,
                                                                            __global Y_ELEMENT *restrict y,
                                                                            __global INDEX *restrict indices,
                                                                            const numbers passed)
{
    NUMBERS(UNPACK);
    pool_output out = OUTPUT((uint)get_global_id(0));
    if (!out.exists) return;
    const pool_source from = SOURCE(x + X_AT(out), out.d, out.h);
    const pool_span width = LOCATE_W(out.w);
    pool_search found[TILE_P];
#pragma unroll
    for (int t = 0; t < TILE_P; ++t) found[t] = pool_nothing();
    if (width.first < width.end) search_tile(found, from, width, h);

#pragma unroll
    for (int t = 0; t < TILE_P; ++t, ++out.h) {
        if (out.h >= p) break;
        const REAL count = (REAL)((long)from.depth.counted * LOCATE_H(out.h).counted * width.counted);
        pool_store(found[t], count, out, y + y_offset + Y_AT(out), indices + indices_offset + Y_AT(out),
                   out.n * index_n + out.channel * index_c);
    }
}
