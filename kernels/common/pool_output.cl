/* common/pool_output: which outputs a work-item makes, counted as y lies in memory so that neighbours write neighbours,
 * and how one is stored; for kernels for GPUs, on top of common/pool_search.cl and pool_window.cl.
 *
 *   launch      the second and third global sizes are O and N
 *   compiled in TILE_P: outputs below one another that are counted as one; STORES_Y: 0 where indices alone are wanted
 *
 * Kernels are passed c, and the channels that lie side by side in x and in y.
 */
#if !defined(TILE_P)
#error "TILE_P must be defined"
#endif
#ifndef STORES_Y
#define STORES_Y 1
#endif

#define OUTPUT_NUMBERS(EACH) EACH(int, c) EACH(int, x_block) EACH(int, y_block) WINDOW_NUMBERS(EACH)

typedef struct {
    int n, block, lane, d, h, w;
    int channel;  /* of a spare lane of the last block, which is to be 0: the last channel */
    int is_spare; /* whether it is such a lane */
    int exists;   /* not past the last output */
} pool_output;

static inline pool_output pool_output_at(uint item, int c, uint block, uint tiles, uint q)
{
    const uint pixel = item / block, row = pixel / q;
    pool_output out = {(int)get_global_id(2),
                       (int)(row / tiles),
                       (int)(item % block),
                       (int)get_global_id(1),
                       (int)(row % tiles) * TILE_P,
                       (int)(pixel % q),
                       0,
                       0,
                       0};
    const int channel = out.block * (int)block + out.lane;
    out.channel = min(channel, c - 1);
    out.is_spare = channel >= c;
    out.exists = out.block * (int)block < c;
    return out;
}

#define OUTPUT(item) pool_output_at(item, c, (uint)y_block, (uint)((p + TILE_P - 1) / TILE_P), (uint)q)

/* Where its channel begins in x, and where it lies in y. */
#define X_AT(out) (x_offset + (ulong)((out).n * x_n + (out).channel / x_block * x_c + (out).channel % x_block))
#define Y_AT(out) \
    ((ulong)((out).n * y_n + (out).block * y_c + (out).lane + (out).d * y_d + (out).h * y_h + (out).w * y_w))

/* Stores what a window came to. Image and channel add `plane` to an index. */
static inline void pool_store(pool_search found, REAL count, pool_output out, __global Y_ELEMENT *y,
                              __global INDEX *indices, long plane)
{
    if (STORES_Y) STORE_Y(out.is_spare ? REAL_OF(0.0) : pool_result(found.window, count), y, 0);
    if (INDICES != 0) *indices = (INDEX)(out.is_spare ? 0 : found.index < 0 ? -1 : plane + found.index);
}
