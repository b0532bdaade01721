/* common/winograd_pack: the transformed weights of common/winograd.cl.
 *
 *   launch      conv_winograd_pack: global = (C, blocks, 1), local = (1, 1, 1)
 *   local mem   none
 *   compiled in VEC, DTYPE (see common/vector.cl); IN and the transform of one axis, by the file that includes this
 *   run time    c, k; tile_k: vectors of output channels of a block; how plain weights lie: those of channels k and c
 *               at k * k_step + c * c_step, taps from the last on with flip
 *
 * Packed weights: [block][IN * IN][c][tile_k][VEC]. Output channels past the last have zero weights.
 */
#include "common/winograd_filter.cl"

#define NUMBERS(EACH)                                                                                                  \
    OFFSET(EACH, w) OFFSET(EACH, packed) EACH(int, c) EACH(int, k) EACH(int, k_step) EACH(int, c_step) EACH(int, flip) \
        EACH(int, tile_k)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_winograd_pack(__global const X_ELEMENT *restrict w, __global REAL *restrict packed,
                                                 const numbers passed)
{
    NUMBERS(UNPACK);
    const int channel = (int)get_global_id(0), block = (int)get_global_id(1), step = c * tile_k * VEC;
    __global REAL *to = packed + packed_offset + block * IN * IN * step + channel * tile_k * VEC;

    for (int j = 0; j < tile_k; ++j, to += VEC) {
        const int k0 = (block * tile_k + j) * VEC;
        REAL lane[9][VEC];
        REALV tap[9];
        for (int i = 0; i < VEC; ++i)
            for (int a = 0; a < 9; ++a) {
                const int at = (k0 + i) * k_step + channel * c_step + (flip ? 8 - a : a);
                lane[a][i] = k0 + i < k ? LOAD_X(w, w_offset + (ulong)at) : REAL_OF(0.0);
            }
        for (int a = 0; a < 9; ++a) tap[a] = LOADV(lane[a]);
        transform_taps(to, step, tap);
    }
}
