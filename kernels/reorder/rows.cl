/* reorder/rows: y = x in another layout, other strides, another type, on CPUs.
 *
 *   launch      global = (ceil(W / TILE), ceil(C / GROUP), N * D * H), local = (1, 1, 1)
 *   local mem   none
 *   needs       VEC divides GROUP, or GROUP is 1
 *   compiled in DTYPE Y_DTYPE; X_BLOCK Y_BLOCK: channels that lie side by side, 1 in NCHW, 0 for all of them (NHWC);
 *               GROUP: the larger of them, with 16 for 0; X_PIXEL Y_PIXEL: from one pixel of a row to the next, 0 where
 *               that is passed; TILE, in pixels; VEC
 *   run time    c, D H W, strides; planes without gaps come as one row
 *
 * One work-item moves GROUP channels of TILE pixels, so it reads and writes whole cache lines, of at most GROUP
 * streams. It moves them VEC pixels at a time, in registers: vectors are loaded along what lies side by side in x and
 * stored along what does in y, since types are converted at the speed of memory in vectors alone. Channels of y past
 * the last one that fill a block are written as zeros.
 */
#if !defined(X_BLOCK) || !defined(Y_BLOCK) || !defined(GROUP) || !defined(X_PIXEL) || !defined(Y_PIXEL) || \
    !defined(TILE)
#error "reorder_rows.c must define X_BLOCK Y_BLOCK GROUP X_PIXEL Y_PIXEL TILE"
#endif

#include "common/vector.cl"

/* Where a channel lies, counted from one that begins a block. */
static inline int place(int channel, int block, int block_step)
{
    return block == 0 ? channel : channel / block * block_step + channel % block;
}

/* VEC pixels of GROUP channels, all of which exist; lane[channel][pixel]. */
static ALWAYS_INLINE void load_pixels(REAL lane[GROUP][VEC], __global const X_ELEMENT *from, int x_c, int x_pixel)
{
#pragma unroll
    for (int i = 0; i < GROUP * VEC; i += VEC) {
        if (X_BLOCK == 1 && X_PIXEL == 1) {
            STOREV(LOADV_X(from + i / VEC * x_c), lane[i / VEC]);
        } else if (X_BLOCK != 1) {
            REAL channel[VEC];
            STOREV(LOADV_X(from + place(i % GROUP, X_BLOCK, x_c) + i / GROUP * x_pixel), channel);
#pragma unroll
            for (int k = 0; k < VEC; ++k) lane[i % GROUP + k][i / GROUP] = channel[k];
        } else {
#pragma unroll
            for (int t = 0; t < VEC; ++t) lane[i / VEC][t] = LOAD_X(from, i / VEC * x_c + t * x_pixel);
        }
    }
}

static ALWAYS_INLINE void store_pixels(REAL lane[GROUP][VEC], __global Y_ELEMENT *to, int y_c, int y_pixel)
{
#pragma unroll
    for (int i = 0; i < GROUP * VEC; i += VEC) {
        if (Y_BLOCK == 1 && Y_PIXEL == 1) {
            STOREV_Y(LOADV(lane[i / VEC]), to + i / VEC * y_c);
        } else if (Y_BLOCK != 1) {
            REAL channel[VEC];
#pragma unroll
            for (int k = 0; k < VEC; ++k) channel[k] = lane[i % GROUP + k][i / GROUP];
            STOREV_Y(LOADV(channel), to + place(i % GROUP, Y_BLOCK, y_c) + i / GROUP * y_pixel);
        } else {
#pragma unroll
            for (int t = 0; t < VEC; ++t) STORE_Y(lane[i / VEC][t], to, i / VEC * y_c + t * y_pixel);
        }
    }
}

#define NUMBERS(EACH) \
    OFFSET(EACH, x) OFFSET(EACH, y) EACH(int, c) THREE(EACH, int, d, h, w) STRIDES(EACH, x) STRIDES(EACH, y)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void reorder_rows(__global const X_ELEMENT *restrict x, __global Y_ELEMENT *restrict y,
                                           const numbers passed)
{
    NUMBERS(UNPACK);
    const int begin = (int)get_global_id(0) * TILE, end = min(begin + TILE, w);
    const int first = (int)get_global_id(1) * GROUP;
    const int row = (int)get_global_id(2);
    const int n = row / (d * h), id = row / h % d, ih = row % h;
    const int x_pixel = X_PIXEL == 0 ? x_w : X_PIXEL, y_pixel = Y_PIXEL == 0 ? y_w : Y_PIXEL;
    const int x_channels = min(c - first, GROUP);
    const int y_channels = min(whole_blocks(c, Y_BLOCK) - first, GROUP);
    __global const X_ELEMENT *from = x + x_offset + n * x_n + id * x_d + ih * x_h + place(first, X_BLOCK, x_c);
    __global Y_ELEMENT *to = y + y_offset + n * y_n + id * y_d + ih * y_h + place(first, Y_BLOCK, y_c);

    int i = begin;
    /* Vectors of channels stay vectors. */
    if (X_BLOCK == Y_BLOCK && X_BLOCK != 1 && x_channels == GROUP)
        for (; i < end; ++i)
#pragma unroll
            for (int k = 0; k < GROUP; k += VEC)
                STOREV_Y(LOADV_X(from + place(k, X_BLOCK, x_c) + i * x_pixel),
                         to + place(k, Y_BLOCK, y_c) + i * y_pixel);
    if (x_channels == GROUP)
        for (; i + VEC <= end; i += VEC) {
            REAL lane[GROUP][VEC];
            load_pixels(lane, from + i * x_pixel, x_c, x_pixel);
            store_pixels(lane, to + i * y_pixel, y_c, y_pixel);
        }
    for (; i < end; ++i)
        for (int k = 0; k < y_channels; ++k)
            STORE_Y(k < x_channels ? LOAD_X(from, place(k, X_BLOCK, x_c) + i * x_pixel) : REAL_OF(0.0), to,
                    place(k, Y_BLOCK, y_c) + i * y_pixel);
}
