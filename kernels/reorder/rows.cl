/* reorder/rows: y = x in another layout, other strides, another type, on CPUs.
 *
 *   launch      global = (ceil(W / TILE), ceil(C / GROUP), N * D * H), local = (1, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE Y_DTYPE; X_BLOCK Y_BLOCK: channels that lie side by side, 1 in NCHW, 0 for all of them (NHWC);
 *               GROUP: the larger of them, with 16 for 0; X_PIXEL Y_PIXEL: from one pixel of a row to the next, 0 where
 *               that is passed; TILE, in pixels
 *   run time    c, D H W, strides; planes without gaps come as one row
 *
 * One work-item moves GROUP channels of TILE pixels, so it reads and writes whole cache lines, of at most GROUP
 * streams. Channels of y past the last one that fill a block are written as zeros.
 */
#if !defined(X_BLOCK) || !defined(Y_BLOCK) || !defined(GROUP) || !defined(X_PIXEL) || !defined(Y_PIXEL) || \
    !defined(TILE)
#error "reorder_rows.c must define X_BLOCK Y_BLOCK GROUP X_PIXEL Y_PIXEL TILE"
#endif

#include "common/types.cl"

/* Where a channel lies, counted from one that begins a block. */
static inline int place(int channel, int block, int block_step)
{
    return block == 0 ? channel : channel / block * block_step + channel % block;
}

static inline int round_up(int value, int multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void reorder_rows(
    __global const X_ELEMENT *restrict x, ulong x_offset, __global Y_ELEMENT *restrict y, ulong y_offset, int c, int d,
    int h, int w, int x_n, int x_c, int x_d, int x_h, int x_w, int y_n, int y_c, int y_d, int y_h, int y_w)
{
    const int begin = (int)get_global_id(0) * TILE, end = min(begin + TILE, w);
    const int first = (int)get_global_id(1) * GROUP;
    const int row = (int)get_global_id(2);
    const int n = row / (d * h), id = row / h % d, ih = row % h;
    const int x_pixel = X_PIXEL == 0 ? x_w : X_PIXEL, y_pixel = Y_PIXEL == 0 ? y_w : Y_PIXEL;
    const int x_channels = min(c - first, GROUP);
    const int y_channels = min(round_up(c, Y_BLOCK == 0 ? 1 : Y_BLOCK) - first, GROUP);
    __global const X_ELEMENT *from = x + x_offset + n * x_n + id * x_d + ih * x_h + place(first, X_BLOCK, x_c);
    __global Y_ELEMENT *to = y + y_offset + n * y_n + id * y_d + ih * y_h + place(first, Y_BLOCK, y_c);

    if (x_channels == GROUP) {
        for (int i = begin; i < end; ++i)
#pragma unroll
            for (int k = 0; k < GROUP; ++k)
                STORE_Y(LOAD_X(from, place(k, X_BLOCK, x_c) + i * x_pixel), to, place(k, Y_BLOCK, y_c) + i * y_pixel);
        return;
    }
    for (int i = begin; i < end; ++i)
        for (int k = 0; k < y_channels; ++k)
            STORE_Y(k < x_channels ? LOAD_X(from, place(k, X_BLOCK, x_c) + i * x_pixel) : REAL_OF(0.0), to,
                    place(k, Y_BLOCK, y_c) + i * y_pixel);
}
