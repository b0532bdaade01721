/* conv_backward_weights/reference: dw = the gradient of a convolution by its weights, for any problem: 1 to 3 axes, any
 * layout, strides, type and size, transposed or not.
 *
 *   launch      conv_backward_weights_sum:    global = (T * R * S rounded up to whole groups, C / groups, K)
 *               local = (up to 64, 1, 1)
 *               conv_backward_weights_finish: global = (GROUP, K, 1), or without dscale so many GROUPs that each
 *               work-item makes one element; local = (GROUP, 1, 1)
 *   local mem   none; GROUP / 2 REALs by conv_backward_weights_finish
 *   needs       nothing
 *   compiled in DTYPE; HAS_SCALE HAS_DSCALE ACCUMULATE GROUP by conv_backward_weights_finish
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * conv_backward_weights_sum: one work-item sums one element of dw into the workspace: over a row, the rows of a plane,
 * the planes of an image and the images, so that the order is fixed and no partial sum is long. It is slow and meant to
 * be: what it does can be checked by reading it.
 *
 * conv_backward_weights_finish ends every algorithm of the weights pass: a work-item adds the pieces of its share of
 * one output channel's sums, and multiplies them by scale; GROUP of them make dscale: the sum of dv * conv(x, w) is
 * that of w times the sums of dv * x. For CPUs GROUP is 1.
 */
#include "common/types.cl"
#include "common/convolution.cl"
#include "common/tensor.cl"
#ifndef HAS_SCALE
#define HAS_SCALE  0
#define HAS_DSCALE 0
#define ACCUMULATE 0
#define GROUP      1
#endif
#include "common/add_shared.cl"

/* The position of an element of the weights: they are k, c / groups, filter, or transposed c, k / groups, filter. */
static long weight_at(long ok, long group_channel, long tap, long group_c, long group_k, long taps, int transposed)
{
    const long filter =
        transposed ? (ok / group_k * group_c + group_channel) * group_k + ok % group_k : ok * group_c + group_channel;
    return filter * taps + tap;
}

#define SUM_NUMBERS(EACH)                                                                                              \
    OFFSET(EACH, x) OFFSET(EACH, dv) OFFSET(EACH, sums) TENSOR_NUMBERS(EACH, x) TENSOR_NUMBERS(EACH, dv) EACH(long, n) \
        THREE(EACH, long, d, h, w) THREE(EACH, long, o, p, q) WINDOW(EACH) EACH(long, group_c) EACH(long, group_k)     \
            EACH(int, mode)
STRUCT(SUM_NUMBERS) sum_numbers;

__kernel void conv_backward_weights_sum(__global const X_ELEMENT *restrict x, __global const X_ELEMENT *restrict dv,
                                        __global REAL *restrict sums, const sum_numbers passed)
{
    SUM_NUMBERS(UNPACK);
    const int pad_mode = mode & 3, transposed = (mode & 4) != 0, flip = (mode & 8) != 0;
    const long tap = (long)get_global_id(0), taps = (long)t * r * s;
    const long group_channel = (long)get_global_id(1);
    const long ok = (long)get_global_id(2);
    if (tap >= taps) return;
    const long ic = ok / group_k * group_c + group_channel;
    const long it = tap / s / r, ir = tap / s % r, is = tap % s;

    /* All that is found once is found here: GPUs have no registers to keep what it is made of. */
    const long element = flip ? taps - 1 - tap : tap;
    sums += sums_offset + (ulong)weight_at(ok, group_channel, element, group_c, group_k, taps, transposed);
    x += x_offset + TENSOR_AT(x, 0, ic, 0, 0, 0);
    dv += dv_offset + TENSOR_AT(dv, 0, ok, 0, 0, 0);
    REAL sum = REAL_OF(0.0);
    for (long in = 0; in < n; ++in, x += x_n, dv += dv_n) {
        REAL image = REAL_OF(0.0);
        for (long oo = 0; oo < o; ++oo) {
            const long id = look_up(oo, it, d, stride_d, dilation_d, pad_d, pad_mode, transposed);
            REAL plane = REAL_OF(0.0);
            for (long op = 0; op < p && id >= 0; ++op) {
                const long ih = look_up(op, ir, h, stride_h, dilation_h, pad_h, pad_mode, transposed);
                REAL row = REAL_OF(0.0);
                for (long oq = 0; oq < q && ih >= 0; ++oq) {
                    const long iw = look_up(oq, is, w, stride_w, dilation_w, pad_w, pad_mode, transposed);
                    if (iw < 0) continue;
                    row += LOAD_X(dv, oo * dv_d + op * dv_h + oq * dv_w) * LOAD_X(x, id * x_d + ih * x_h + iw * x_w);
                }
                plane += row;
            }
            image += plane;
        }
        sum += image;
    }
    *sums = sum;
}

#define FINISH_NUMBERS(EACH)                                                                                        \
    OFFSET(EACH, sums) OFFSET(EACH, w) OFFSET(EACH, scale) OFFSET(EACH, dw) OFFSET(EACH, dscale) EACH(long, pieces) \
        EACH(long, elements) EACH(long, group_c) EACH(long, group_k) EACH(long, taps) EACH(int, transposed)
STRUCT(FINISH_NUMBERS) finish_numbers;

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void conv_backward_weights_finish(
    __global const REAL *restrict sums, MAYBE __global const X_ELEMENT *restrict weights,
    MAYBE __global const X_ELEMENT *restrict scale, __global Y_ELEMENT *restrict dw,
    MAYBE __global Y_ELEMENT *restrict dscale, const finish_numbers passed)
{
    FINISH_NUMBERS(UNPACK);
    __local REAL room[SHARED_ROOM(1)];
    const long ok = (long)get_global_id(1), first = (long)get_global_id(0), step = (long)get_global_size(0);
    const long step_tap = step % taps, step_channel = step / taps;
    const REAL scale_k = HAS_SCALE ? LOAD_X(scale, scale_offset + (ulong)ok) : REAL_OF(1.0);
    MAYBE REAL product = REAL_OF(0.0);
    long tap = first % taps, group_channel = first / taps;
    while (group_channel < group_c) {
        const long at = weight_at(ok, group_channel, tap, group_c, group_k, taps, transposed);
        REAL sum = REAL_OF(0.0);
        for (long piece = 0; piece < pieces; ++piece) sum += sums[sums_offset + (ulong)(piece * elements + at)];
        if (HAS_DSCALE) product += sum * LOAD_X(weights, w_offset + (ulong)at);
        const REAL before = ACCUMULATE ? LOAD_X(dw, dw_offset + (ulong)at) : REAL_OF(0.0);
        STORE_Y(before + (HAS_SCALE ? sum * scale_k : sum), dw, dw_offset + (ulong)at);
        tap += step_tap;
        group_channel += step_channel + (tap >= taps);
        tap -= tap >= taps ? taps : 0;
    }
    if (!HAS_DSCALE) return;
    add_shared(&product, 1, room, 1);
    if (get_local_id(0) > 0) return;
    const REAL before = ACCUMULATE ? LOAD_X(dscale, dscale_offset + (ulong)ok) : REAL_OF(0.0);
    STORE_Y(before + product, dscale, dscale_offset + (ulong)ok);
}
