/* conv_backward_activation/reference: dv = dy * activation'(v), and sums of each output channel: dbias of dv, dslope of
 * dy * v where v < 0. Of any layout, strides, type and size.
 *
 *   launch      conv_backward_activation_reference: global = (O * P * Q rounded up to whole groups, K with spare lanes,
 *                                               N)
 *               conv_backward_activation_sums:      global = (K rounded up to whole groups, 1, 1)
 *               local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE; ACTIVATION FROM_V (see common/derivative.cl) by conv_backward_activation_reference; HAS_DBIAS
 *               HAS_DSLOPE ACCUMULATE by conv_backward_activation_sums
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * conv_backward_activation_reference: one work-item makes one element; y holds v where FROM_V. The tensors lie alike.
 *
 * conv_backward_activation_sums: one work-item sums a channel over a row, the rows of a plane, the planes of an image
 * and the images, so that the order is fixed and no partial sum is long. The weights pass makes its dbias with it.
 */
#include "common/types.cl"
#ifndef ACTIVATION
#define ACTIVATION 0
#define FROM_V     0
#endif
#ifndef HAS_DBIAS
#define HAS_DBIAS  0
#define HAS_DSLOPE 0
#define ACCUMULATE 0
#endif
#include "common/derivative.cl"
#include "common/tensor.cl"

#define REFERENCE_NUMBERS(EACH)                                                                                \
    OFFSET(EACH, dy) OFFSET(EACH, y) OFFSET(EACH, slope) OFFSET(EACH, dv) EACH(float, alpha) EACH(float, beta) \
        TENSOR_NUMBERS(EACH, y) EACH(long, k) THREE(EACH, long, o, p, q)
STRUCT(REFERENCE_NUMBERS) reference_numbers;

__kernel void conv_backward_activation_reference(__global const X_ELEMENT *restrict dy,
                                                 MAYBE __global const X_ELEMENT *restrict y,
                                                 MAYBE __global const X_ELEMENT *restrict slope,
                                                 __global Y_ELEMENT *restrict dv, const reference_numbers passed)
{
    REFERENCE_NUMBERS(UNPACK);
    const long pixel = (long)get_global_id(0);
    const long ok = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= o * p * q) return;
    const ulong at = TENSOR_AT(y, n, ok, pixel / (p * q), pixel / q % p, pixel % q);
    if (ok >= k) {
        STORE_Y(REAL_OF(0.0), dv, dv_offset + at); /* a spare lane of the last block */
        return;
    }
    MAYBE const REAL v = ACTIVATION == 0 ? REAL_OF(0.0) : LOAD_X(y, y_offset + at);
    MAYBE const REAL slope_k = ACTIVATION == 4 ? LOAD_X(slope, slope_offset + (ulong)ok) : REAL_OF(0.0);
    STORE_Y(LOAD_X(dy, dy_offset + at) * DERIVATIVE(REAL, v, (REAL)alpha, (REAL)beta, slope_k), dv, dv_offset + at);
}

#define SUMS_NUMBERS(EACH)                                                                                             \
    OFFSET(EACH, dv) OFFSET(EACH, dy) OFFSET(EACH, y) OFFSET(EACH, dbias) OFFSET(EACH, dslope) TENSOR_NUMBERS(EACH, y) \
        EACH(long, n) EACH(long, k) THREE(EACH, long, o, p, q)
STRUCT(SUMS_NUMBERS) sums_numbers;

__kernel void conv_backward_activation_sums(__global const X_ELEMENT *restrict dv,
                                            MAYBE __global const X_ELEMENT *restrict dy,
                                            MAYBE __global const X_ELEMENT *restrict y,
                                            MAYBE __global Y_ELEMENT *restrict dbias,
                                            MAYBE __global Y_ELEMENT *restrict dslope, const sums_numbers passed)
{
    SUMS_NUMBERS(UNPACK);
    const long ok = (long)get_global_id(0);
    if (ok >= k) return;
    REAL bias_sum = REAL_OF(0.0), slope_sum = REAL_OF(0.0);
    for (long plane = 0; plane < n * o; ++plane) {
        REAL plane_bias = REAL_OF(0.0), plane_slope = REAL_OF(0.0);
        for (long op = 0; op < p; ++op) {
            REAL row_bias = REAL_OF(0.0), row_slope = REAL_OF(0.0);
            for (long oq = 0; oq < q; ++oq) {
                const ulong at = TENSOR_AT(y, plane / o, ok, plane % o, op, oq);
                if (HAS_DBIAS) row_bias += LOAD_X(dv, dv_offset + at);
                if (!HAS_DSLOPE) continue;
                const REAL v = LOAD_X(y, y_offset + at);
                if (v < REAL_OF(0.0)) row_slope += LOAD_X(dy, dy_offset + at) * v;
            }
            plane_bias += row_bias;
            plane_slope += row_slope;
        }
        bias_sum += plane_bias;
        slope_sum += plane_slope;
    }
    if (HAS_DBIAS) {
        const REAL before = ACCUMULATE ? LOAD_X(dbias, dbias_offset + (ulong)ok) : REAL_OF(0.0);
        STORE_Y(before + bias_sum, dbias, dbias_offset + (ulong)ok);
    }
    if (HAS_DSLOPE) {
        const REAL before = ACCUMULATE ? LOAD_X(dslope, dslope_offset + (ulong)ok) : REAL_OF(0.0);
        STORE_Y(before + slope_sum, dslope, dslope_offset + (ulong)ok);
    }
}
