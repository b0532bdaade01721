/* pool/reference: the maximum, average or norm of any window: 1 to 3 axes, any layout, strides, type and size.
 *
 *   launch      global = (O * P * Q rounded up to whole groups, C with spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE (see common/types.cl), KIND P DIVISOR INDICES (see common/pooling.cl)
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * One work-item makes one output. It is slow and meant to be: what it does can be checked by reading it.
 */
#include "common/types.cl"
#define REALV     REAL
#define REAL_INTV REAL_INT
#include "common/pooling.cl"
#include "common/span.cl"
#include "common/tensor.cl"

#define NUMBERS(EACH)                                                                                         \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) TENSOR_NUMBERS(EACH, x) TENSOR_NUMBERS(EACH, y)     \
        EACH(long, c) THREE(EACH, long, d, h, w) THREE(EACH, long, o, p, q) WINDOW(EACH) AXES(EACH, int, end) \
            EACH(int, adaptive) EACH(int, flat) EACH(int, column_major)
STRUCT(NUMBERS) numbers;

__kernel void pool_reference(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y,
                             __global INDEX *restrict indices, const numbers passed)
{
    NUMBERS(UNPACK);
    const long pixel = (long)get_global_id(0);
    const long ic = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= o * p * q) return;
    const long oo = pixel / (p * q), op = pixel / q % p, oq = pixel % q;
    const ulong out = TENSOR_AT(y, n, ic, oo, op, oq);
    if (ic >= c) { /* a spare lane of the last block */
        STORE_Y(REAL_OF(0.0), y, y_offset + out);
        if (INDICES != 0) indices[indices_offset + out] = 0;
        return;
    }

    const span across_d = make_span(oo, o, d, t, stride_d, dilation_d, pad_d, adaptive);
    const span across_h = make_span(op, p, h, r, stride_h, dilation_h, pad_h, adaptive);
    const span across_w = make_span(oq, q, w, s, stride_w, dilation_w, pad_w, adaptive);
    pool_window window = pool_empty();
    long index = -1;
    for (long it = 0; it < across_d.taps; ++it)
        for (long ir = 0; ir < across_h.taps; ++ir)
            for (long is = 0; is < across_w.taps; ++is) {
                const long id = across_d.begin + it * across_d.step;
                const long ih = across_h.begin + ir * across_h.step;
                const long iw = across_w.begin + is * across_w.step;
                if (id < 0 || id >= d || ih < 0 || ih >= h || iw < 0 || iw >= w) continue;
                const REAL element = LOAD_X(x, x_offset + TENSOR_AT(x, n, ic, id, ih, iw));
                /* The first element, a greater one, and the first NaN, which nothing is greater than. */
                if (index < 0 || (!window.nan && !(element <= window.total)))
                    index = column_major ? (iw * h + ih) * d + id : (id * h + ih) * w + iw;
                pool_add(&window, element);
            }
    const long count = count_taps(across_d, d, pad_d, end_d) * count_taps(across_h, h, pad_h, end_h) *
                       count_taps(across_w, w, pad_w, end_w);
    STORE_Y(pool_result(window, (REAL)count), y, y_offset + out);
    if (INDICES != 0)
        indices[indices_offset + out] = (INDEX)(flat && index >= 0 ? (n * c + ic) * d * h * w + index : index);
}
