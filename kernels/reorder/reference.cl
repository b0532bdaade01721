/* reorder/reference: y = x in another layout, other strides, another type: for any pair and any size.
 *
 *   launch      global = (D * H * W rounded up to whole groups, C with y's spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE Y_DTYPE
 *   run time    everything else, in 64-bit arithmetic
 *
 * One work-item makes one element; y's spare lanes become zero.
 */
#include "common/types.cl"
#include "common/tensor.cl"

#define NUMBERS(EACH)                                                                             \
    OFFSET(EACH, x) OFFSET(EACH, y) TENSOR_NUMBERS(EACH, x) TENSOR_NUMBERS(EACH, y) EACH(long, c) \
        THREE(EACH, long, d, h, w)
STRUCT(NUMBERS) numbers;

__kernel void reorder_reference(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y,
                                const numbers passed)
{
    NUMBERS(UNPACK);
    const long pixel = (long)get_global_id(0);
    const long ic = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= d * h * w) return;
    const long id = pixel / (h * w), ih = pixel / w % h, iw = pixel % w;
    const REAL v = ic < c ? LOAD_X(x, x_offset + TENSOR_AT(x, n, ic, id, ih, iw)) : REAL_OF(0.0);
    STORE_Y(v, y, y_offset + TENSOR_AT(y, n, ic, id, ih, iw));
}
