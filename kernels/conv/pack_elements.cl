/* conv/pack_elements: weights in the order in which kernels for GPUs read them, for tiles of output channels side by
 * side.
 *
 *   launch      global = (taps * padded_c * tile_k, groups * tiles, 1), any local; the first axis may have spare items
 *   local mem   none
 *   compiled in DTYPE (see common/types.cl)
 *   run time    c, k: input and output channels of a group; tiles of a group; tile_k: output channels of a tile; taps;
 *               padded_c: c, and spare ones; how plain weights lie, as in conv/pack.cl
 *
 * Packed weights: [group][tile][taps][padded_c][tile_k]; spare channels have zeros.
 *
 * A work-item for each element: neighbours write neighbours. A program of its own for the reason that conv/pack is one.
 */
#include "common/types.cl"

#define NUMBERS(EACH)                                                                                                 \
    OFFSET(EACH, w) OFFSET(EACH, packed) EACH(int, c) EACH(int, k) EACH(int, tiles) EACH(int, tile_k) EACH(int, taps) \
        EACH(int, padded_c) EACH(int, group_step) EACH(int, k_step) EACH(int, c_step) EACH(int, flip)
STRUCT(NUMBERS) numbers;

__kernel void conv_pack_elements(__global const X_ELEMENT *restrict w, __global REAL *restrict packed,
                                 const numbers passed)
{
    NUMBERS(UNPACK);
    const int element = (int)get_global_id(0), tile = (int)get_global_id(1), elements = taps * padded_c * tile_k;
    const int tap = element / tile_k / padded_c, ic = element / tile_k % padded_c;
    const int ok = tile % tiles * tile_k + element % tile_k;
    const int from = tile / tiles * group_step + ok * k_step + ic * c_step + (flip ? taps - 1 - tap : tap);
    if (element < elements)
        packed[packed_offset + (ulong)(tile * elements + element)] =
            ok < k && ic < c ? LOAD_X(w, w_offset + (ulong)from) : REAL_OF(0.0);
}
