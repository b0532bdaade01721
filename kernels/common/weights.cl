/* common/weights: TILE_K vectors of packed weights, which a register tile meets with one input channel.
 *
 *   compiled in TILE_K; common/vector.cl is included before
 */
#if !defined(TILE_K)
#error "the host must define TILE_K"
#endif

#define TILE_CHANNELS (TILE_K * VEC)

/* How far ahead weights are fetched, in bytes, and those of a cache line. A core's own caches would not need it; from
 * those behind them, which are shared, weights came up to twice as fast with it, measured on a Xeon. */
#define FETCH_BYTES 6144
#define LINE_BYTES  64

static ALWAYS_INLINE void load_weights(REALV filter[TILE_K], __global const REAL *weights)
{
#pragma unroll
    for (int j = 0; j < TILE_K; ++j) {
        filter[j] = LOADV(weights + j * VEC);
        if (j * VEC * sizeof(REAL) % LINE_BYTES == 0) FETCH(weights + FETCH_BYTES / sizeof(REAL) + j * VEC);
    }
}
