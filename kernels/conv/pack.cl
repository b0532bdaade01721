/* conv/pack: weights in the order in which kernels for CPUs read them, for tiles of output channels side by side.
 *
 *   launch      global = (c, groups * tiles, 1), local = (1, 1, 1): input channels of a group, and tiles of output ones
 *   local mem   none
 *   compiled in DTYPE (see common/types.cl)
 *   run time    c, k: input and output channels of a group; tiles of a group; tile_k: output channels of a tile;
 *               together: input channels that lie together; taps; how plain weights lie: those of channels k and c of a
 *               group at group * group_step + k * k_step + c * c_step, taps from the last on with flip; head: zeros
 *               before all
 *
 * Packed weights: `head` zeros, then [group][tile][c by so many together][taps][together][tile_k]; the last of them may
 * be fewer. Output channels past the end of a group have zero weights.
 *
 * One program for all tiles and filters: it would else be compiled again with each kernel that reads what it packs.
 */
#include "common/types.cl"

#define NUMBERS(EACH)                                                                                                 \
    OFFSET(EACH, w) OFFSET(EACH, packed) EACH(int, c) EACH(int, k) EACH(int, tiles) EACH(int, tile_k)                 \
        EACH(int, together) EACH(int, taps) EACH(int, group_step) EACH(int, k_step) EACH(int, c_step) EACH(int, flip) \
            EACH(int, head)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_pack(__global const X_ELEMENT *restrict w, __global REAL *restrict packed,
                                        const numbers passed)
{
    NUMBERS(UNPACK);
    const int channel = (int)get_global_id(0), tile = (int)get_global_id(1), k0 = tile % tiles * tile_k;
    const int c0 = channel / together * together, here = min(together, c - c0);
    __global const X_ELEMENT *from = w + w_offset + tile / tiles * group_step + k0 * k_step + channel * c_step;
    __global REAL *to = packed + packed_offset;

    if (channel == 0 && tile == 0)
        for (int i = 0; i < head; ++i) to[i] = REAL_OF(0.0);

    to += head + (tile * c + c0) * taps * tile_k + (channel - c0) * tile_k;
    for (int tap = 0; tap < taps; ++tap, to += here * tile_k)
        for (int i = 0; i < tile_k; ++i) {
            const int at = i * k_step + (flip ? taps - 1 - tap : tap);
            to[i] = k0 + i < k ? LOAD_X(from, at) : REAL_OF(0.0);
        }
}
