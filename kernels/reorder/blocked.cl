/* reorder/blocked: copies a tensor between NCHW and channel-blocked layouts, or from one block to another, on CPUs.
 *
 *   launch      global = (ceil(H * W / TILE), ceil(C / GROUP), N), local = (1, 1, 1), GROUP = max(X_BLOCK, Y_BLOCK)
 *   local mem   none
 *   needs       X_BLOCK or Y_BLOCK above 1
 *   compiled in X_BLOCK Y_BLOCK, powers of two and 1 for NCHW; TILE, in pixels
 *   run time    c, the channels, and pixels = H * W
 *
 * One work-item moves GROUP channels of TILE pixels, so it reads and writes whole cache lines, of at most GROUP
 * streams. Channels of y past the last one are written as zeros.
 */
#if !defined(X_BLOCK) || !defined(Y_BLOCK) || !defined(TILE)
#error "blocked.c must define X_BLOCK Y_BLOCK TILE"
#endif

#define GROUP (X_BLOCK > Y_BLOCK ? X_BLOCK : Y_BLOCK)

/* Where a channel of a pixel lies in an image whose channels are blocked by the given number. */
static int place(int channel, int pixel, int pixels, int block)
{
    return (channel / block * pixels + pixel) * block + channel % block;
}

static int round_up(int value, int multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void reorder_blocked(__global const float *restrict x,
                                                                             ulong x_offset, __global float *restrict y,
                                                                             ulong y_offset, int c, int pixels)
{
    const int begin = (int)get_global_id(0) * TILE;
    const int end = min(begin + TILE, pixels);
    const int first = (int)get_global_id(1) * GROUP;
    const int n = (int)get_global_id(2);
    const int x_channels = min(c - first, GROUP), y_channels = min(round_up(c, Y_BLOCK) - first, GROUP);
    __global const float *from = x + x_offset + (n * round_up(c, X_BLOCK) + first) * pixels;
    __global float *to = y + y_offset + (n * round_up(c, Y_BLOCK) + first) * pixels;

    if (x_channels == GROUP) {
        for (int i = begin; i < end; ++i)
#pragma unroll
            for (int k = 0; k < GROUP; ++k) to[place(k, i, pixels, Y_BLOCK)] = from[place(k, i, pixels, X_BLOCK)];
        return;
    }
    for (int i = begin; i < end; ++i)
        for (int k = 0; k < y_channels; ++k)
            to[place(k, i, pixels, Y_BLOCK)] = k < x_channels ? from[place(k, i, pixels, X_BLOCK)] : 0.0f;
}
