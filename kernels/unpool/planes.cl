/* unpool/planes: y is 0 but for y[indices[i]] = x[i], in any layout, type and size.
 *
 *   launch      global = (C with spare lanes rounded up to whole groups, N, 1), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE, INDICES: 1 int, 2 long
 *   run time    everything else, in 64-bit arithmetic
 *
 * One work-item makes one plane, zeros first and then the elements in scan order: where two have the same index the
 * later one stays, whatever the device. Windows of a maximum pooling that overlap do name an element twice, and only
 * one writer for each plane makes that the same from run to run without atomics.
 */
#if INDICES == 1
#define INDEX int
#elif INDICES == 2
#define INDEX long
#else
#error "planes.c must define INDICES as 1 or 2"
#endif

#include "common/types.cl"
#include "common/tensor.cl"

#define NUMBERS(EACH)                                                                                     \
    OFFSET(EACH, x) OFFSET(EACH, indices) OFFSET(EACH, y) TENSOR_NUMBERS(EACH, x) TENSOR_NUMBERS(EACH, y) \
        EACH(long, c) THREE(EACH, long, d, h, w) THREE(EACH, long, o, p, q) EACH(long, channels) EACH(int, flat)
STRUCT(NUMBERS) numbers;

__kernel void unpool_planes(__global const X_ELEMENT *restrict x, __global const INDEX *restrict indices,
                            __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const long ic = (long)get_global_id(0), n = (long)get_global_id(1);
    const long plane = o * p * q;
    if (ic >= channels) return;
    for (long oo = 0; oo < o; ++oo)
        for (long op = 0; op < p; ++op)
            for (long oq = 0; oq < q; ++oq) STORE_Y(REAL_OF(0.0), y, y_offset + TENSOR_AT(y, n, ic, oo, op, oq));
    if (ic >= c) return; /* a spare lane of the last block */

    for (long id = 0; id < d; ++id)
        for (long ih = 0; ih < h; ++ih)
            for (long iw = 0; iw < w; ++iw) {
                const ulong from = TENSOR_AT(x, n, ic, id, ih, iw);
                const long index = (long)indices[indices_offset + from] - (flat ? (n * c + ic) * plane : 0);
                if (index < 0 || index >= plane) continue;
                STORE_Y(LOAD_X(x, x_offset + from), y,
                        y_offset + TENSOR_AT(y, n, ic, index / (p * q), index / q % p, index % q));
            }
}
