/* pool_backward/tiled: dx of poolings for GPUs, in any layout, strides and type; 1 to 3 axes.
 *
 *   launch      global = (C with spare lanes * ceil(H / TILE_P) * W rounded up to whole groups, D, N),
 *               local = (GROUP, 1, 1)
 *   local mem   none
 *   needs       indices of maxima, which the host lets a forward pooling find where they are not given
 *   compiled in GROUP TILE_P; what common/pooling.cl and pool_window.cl want
 *   run time    what common/pool_output.cl and pool_window.cl list
 *
 * One work-item makes TILE_P elements below one another and adds, in scan order, what the windows over them give, so
 * that nothing is added by two work-items. Elements are counted as x lies in memory: neighbours read and write
 * neighbours. What a window gives is read once for all elements of a tile.
 */
#if !defined(GROUP) || !defined(TILE_P)
#error "tiled.c must define GROUP TILE_P"
#endif

#include "common/types.cl"
#define REALV     REAL
#define REAL_INTV REAL_INT
#include "common/norm_slope.cl"
#include "common/pooling.cl"
#include "common/pool_search.cl"
#include "common/pool_window.cl"
#include "common/pool_output.cl"
#include "common/pool_over.cl"

/* Whether an element is one of a window's: dilation may pass over it, and an index point elsewhere. */
static inline int has(pool_span window, int at, int dilation)
{
    const int step = ADAPTIVE ? 1 : dilation;
    const int reach = at - window.begin;
    return reach >= 0 && reach % step == 0 && reach / step < window.end;
}

#define NUMBERS(EACH) \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) OFFSET(EACH, dy) OFFSET(EACH, dx) OUTPUT_NUMBERS(EACH)
STRUCT(NUMBERS) numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void pool_backward_tiled(
    MAYBE __global const X_ELEMENT *restrict x, MAYBE __global const X_ELEMENT *restrict y,
    MAYBE __global const INDEX *restrict indices, __global const X_ELEMENT *restrict dy,
    __global Y_ELEMENT *restrict dx, const numbers passed)
{
    NUMBERS(UNPACK);
    const pool_output at =
        pool_output_at((uint)get_global_id(0), c, (uint)x_block, (uint)((h + TILE_P - 1) / TILE_P), (uint)w);
    if (!at.exists) return;
    const pool_range slice = {at.d, at.d + 1}, rows = {at.h, min(at.h + TILE_P, h)}, column = {at.w, at.w + 1};
    const pool_range only = {0, 1}, over_d = DEPTH ? OVER_D(slice) : only, over_h = OVER_H(rows),
                     over_w = OVER_W(column);
    const ulong to = (ulong)(at.n * x_n + at.block * x_c + at.lane + at.d * x_d + at.h * x_h + at.w * x_w);
    const ulong channel = (ulong)(at.n * y_n + at.channel / y_block * y_c + at.channel % y_block);
    MAYBE const INDEX index =
        (INDEX)(at.n * index_n + at.channel * index_c + at.d * index_d + at.h * index_h + at.w * index_w);
    dy += dy_offset;
    dx += dx_offset + to;
    if (KIND == 3) y += y_offset;
    if (KIND == 0) indices += indices_offset;
    REAL sum[TILE_P];
    MAYBE REAL element[TILE_P];
#pragma unroll
    for (int t = 0; t < TILE_P; ++t) {
        sum[t] = REAL_OF(0.0);
        element[t] = KIND == 3 && at.h + t < h ? LOAD_X(x, x_offset + to + (ulong)(t * x_h)) : REAL_OF(0.0);
    }
    for (int oo = over_d.first; oo < over_d.end; ++oo) {
        const pool_span depth = LOCATE_D(oo);
        if (DEPTH && !has(depth, at.d, dilation_d)) continue;
        for (int op = over_h.first; op < over_h.end; ++op) {
            const pool_span height = LOCATE_H(op);
            for (int oq = over_w.first; oq < over_w.end; ++oq) {
                const pool_span width = LOCATE_W(oq);
                if (!has(width, at.w, STEP_W)) continue;
                const ulong from = channel + (ulong)(oo * y_d + op * y_h + oq * y_w);
                const pool_window window = {LOAD_X(dy, from), 0};
                const REAL count = (REAL)((long)depth.counted * height.counted * width.counted);
                const REAL given = KIND == 1 || KIND == 2 ? pool_average(window, count) : window.total;
                MAYBE const REAL norm = KIND == 3 ? LOAD_X(y, from) : REAL_OF(0.0);
                MAYBE const INDEX found = KIND == 0 ? indices[from] : 0;
#pragma unroll
                for (int t = 0; t < TILE_P; ++t) {
                    const int is_mine = KIND != 0 || found == index + t * index_h;
                    if (is_mine && has(height, at.h + t, STEP_H))
                        sum[t] += KIND == 3 ? given * norm_slope(element[t], norm) : given;
                }
            }
        }
    }
#pragma unroll
    for (int t = 0; t < TILE_P; ++t)
        if (at.h + t < h) STORE_Y(at.is_spare ? REAL_OF(0.0) : sum[t], dx, (ulong)(t * x_h));
}
