/* conv_backward_activation/tiled: dv = dy * activation'(v), and sums of each output channel, dbias of dv and dslope of
 * dy * v where v < 0, for GPUs, in one pass over any layout; 1 to 3 axes.
 *
 *   launch      conv_backward_activation_tiled:        global = (ceil(channels / lanes) * pieces * GROUP, 1, 1)
 *               conv_backward_activation_tiled_finish: global = (K * GROUP, 1, 1)
 *               local = (GROUP, 1, 1); all on one axis, because the others hold 65535 groups on NVIDIA
 *   local mem   GROUP / 2 REALs for each of dbias and dslope
 *   needs       the tensors lie alike; GROUP and lanes are powers of two
 *   compiled in GROUP; ROUNDS: pixels of a work-item; MAKES_DV: 1: dv is made, 0: it is there, and only summed; DTYPE;
 *               ACTIVATION FROM_V (see common/derivative.cl); HAS_DBIAS HAS_DSLOPE ACCUMULATE
 *   run time    k, channels: with spare ones of the last block; lanes, block: channels that lie side by side; pieces;
 *               sizes and strides
 *
 * A work-group makes some pixels, counted through all images, of one channel where pixels lie side by side, or of
 * several where channels do, so that neighbouring work-items load and store neighbours, and work-groups too. What it
 * sums is one piece of the workspace, [dbias, dslope][channel][piece]; the problem alone decides which pixels are a
 * piece, and conv_backward_activation_tiled_finish adds them, always in the same order.
 *
 * The weights pass makes its dbias with it.
 */
#if !defined(ROUNDS) || !defined(MAKES_DV) || !defined(HAS_DBIAS) || !defined(HAS_DSLOPE) || !defined(ACCUMULATE)
#error "channel_sums.h must define ROUNDS MAKES_DV HAS_DBIAS HAS_DSLOPE ACCUMULATE"
#endif

#include "common/types.cl"
#include "common/derivative.cl"
#include "common/planes.cl"
#include "common/add_shared.cl"

#define TILED_NUMBERS(EACH)                                                                                     \
    OFFSET(EACH, dy) OFFSET(EACH, y) OFFSET(EACH, slope) OFFSET(EACH, dv) OFFSET(EACH, sums) EACH(float, alpha) \
        EACH(float, beta) EACH(int, k) EACH(int, channels) EACH(int, lanes) EACH(int, block) EACH(int, pieces)  \
            EACH(int, n) AXES(EACH, int, size) STRIDES(EACH, y)
STRUCT(TILED_NUMBERS) tiled_numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void conv_backward_activation_tiled(
    MAYBE __global const X_ELEMENT *restrict dy, MAYBE __global const X_ELEMENT *restrict y,
    MAYBE __global const X_ELEMENT *restrict slope, __global Y_ELEMENT *restrict dv, MAYBE __global REAL *restrict sums,
    const tiled_numbers passed)
{
    TILED_NUMBERS(UNPACK);
    __local REAL room[2 * SHARED_ROOM(1)];
    const int me = (int)get_local_id(0), parts = GROUP / lanes, group = (int)get_group_id(0);
    const int sets = (int)get_num_groups(0) / pieces, set = lanes == 1 ? group / pieces : group % sets;
    const int number = lanes == 1 ? group % pieces : group / sets, ok = set * lanes + (me & (lanes - 1));
    const planes in = {PASS_AXES(size), y_n, PASS_AXES(y)};
    const int pixels = n * in.d * in.h * in.w, channel = ok / block * y_c + ok % block, is_spare = ok >= k;
    const place step = locate_pixel(in, parts);
    MAYBE const REAL slope_k = ACTIVATION == 4 && !is_spare ? LOAD_X(slope, slope_offset + (ulong)ok) : REAL_OF(0.0);
    MAYBE REAL bias_sum = REAL_OF(0.0), slope_sum = REAL_OF(0.0);
    int pixel = number * parts * ROUNDS + me / lanes;
    place at = locate_pixel(in, pixel);
#pragma unroll 4
    for (int i = 0; i < ROUNDS; ++i) {
        if (ok < channels && pixel < pixels) {
            const ulong to = (ulong)(channel + offset_of(in, at));
            MAYBE const REAL v = ACTIVATION != 0 ? LOAD_X(y, y_offset + to) : REAL_OF(0.0);
            REAL made;
            if (MAKES_DV) {
                const REAL given = LOAD_X(dy, dy_offset + to);
                made = given * DERIVATIVE(REAL, v, (REAL)alpha, (REAL)beta, slope_k);
                if (HAS_DSLOPE) slope_sum += v < REAL_OF(0.0) ? given * v : REAL_OF(0.0);
                STORE_Y(is_spare ? REAL_OF(0.0) : made, dv, dv_offset + to);
            } else {
                made = LOAD_X(dv, dv_offset + to);
            }
            if (HAS_DBIAS) bias_sum += made;
        }
        pixel += parts;
        at = advance(in, at, step);
    }
    if (HAS_DBIAS) add_shared(&bias_sum, 1, room, lanes);
    if (HAS_DSLOPE) add_shared(&slope_sum, 1, room + SHARED_ROOM(1), lanes);
    if (me >= lanes || is_spare) return;
    if (HAS_DBIAS) sums[sums_offset + (ulong)(ok * pieces + number)] = bias_sum;
    if (HAS_DSLOPE) sums[sums_offset + (ulong)((HAS_DBIAS * k + ok) * pieces + number)] = slope_sum;
}

/* Stores the sum of so many pieces; the first work-item does. */
static inline void finish(__global const REAL *sums, int pieces, __local REAL *room, __global Y_ELEMENT *to, ulong at)
{
    REAL sum = REAL_OF(0.0);
    for (int i = (int)get_local_id(0); i < pieces; i += GROUP) sum += sums[i];
    add_shared(&sum, 1, room, 1);
    if (get_local_id(0) == 0) STORE_Y((ACCUMULATE ? LOAD_X(to, at) : REAL_OF(0.0)) + sum, to, at);
}

#define FINISH_NUMBERS(EACH) OFFSET(EACH, sums) OFFSET(EACH, dbias) OFFSET(EACH, dslope) EACH(int, pieces)
STRUCT(FINISH_NUMBERS) finish_numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void conv_backward_activation_tiled_finish(
    __global const REAL *restrict sums, MAYBE __global Y_ELEMENT *restrict dbias,
    MAYBE __global Y_ELEMENT *restrict dslope, const finish_numbers passed)
{
    FINISH_NUMBERS(UNPACK);
    __local REAL room[2 * SHARED_ROOM(1)];
    const int ok = (int)get_group_id(0), k = (int)get_num_groups(0);
    sums += sums_offset + (ulong)(ok * pieces);
    if (HAS_DBIAS) finish(sums, pieces, room, dbias, dbias_offset + (ulong)ok);
    if (HAS_DSLOPE)
        finish(sums + HAS_DBIAS * k * pieces, pieces, room + SHARED_ROOM(1), dslope, dslope_offset + (ulong)ok);
}
