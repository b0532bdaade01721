/* conv/pointwise_planes: y = activation(scale * conv(x, w) + bias + residual) for a filter of one tap that visits every
 * pixel, for CPUs, dense NCHW: a product of matrices, w by x.
 *
 *   launch      conv_pointwise_planes: global = (ceil(plane / (TILE_P * VEC)), groups * shares, N), local = (1, 1, 1)
 *               where shares = ceil(tiles / tiles_of_item), tiles = ceil(k / TILE_K), k = K / groups
 *   local mem   none
 *   needs       planes of at least VEC elements
 *   compiled in VEC TILE_P TILE_K; what common/epilogue.cl wants
 *   run time    shares, tiles_of_item, sizes of a group and of a plane, strides of x, y and residual
 *
 * A work-item makes TILE_P vectors of consecutive pixels in `tiles_of_item` times TILE_K output channels. For each
 * input channel it loads TILE_P vectors of x and TILE_K weights, and issues TILE_P * TILE_K multiply-adds. Why this is
 * fast:
 *   - Pixels fill the vectors, as they lie in memory: what is loaded and stored are whole cache lines, where tiles with
 *     output channels in their vectors would touch one line for a few pixels of each channel, and transpose.
 *   - The pixels of all input channels stay in a core's own caches while the output channels go by.
 *
 * Packed weights, by conv/pack.cl: [group][tile][c][TILE_K].
 */
#if !defined(TILE_P) || !defined(TILE_K)
#error "pointwise_planes.c must define TILE_P TILE_K"
#endif

#include "common/vector.cl"
#include "common/epilogue.cl"

/* How many channels ahead x is fetched: each lies in a page of its own, which hardware does not look beyond. */
#define FETCH_CHANNELS 8

/* Where the vectors of a tile begin in a plane; the last of a plane end where it does, over others. */
static ALWAYS_INLINE void place_vectors(int place[TILE_P], int pixel, int plane)
{
#pragma unroll
    for (int i = 0; i < TILE_P; ++i) place[i] = min(pixel + i * VEC, plane - VEC);
}

/* The sums over c channels of x. */
static ALWAYS_INLINE void multiply(REALV sum[TILE_K * TILE_P], __global const X_ELEMENT *x, const int place[TILE_P],
                                   int x_c, __global const REAL *weights, int c)
{
#pragma unroll
    for (int a = 0; a < TILE_K * TILE_P; ++a) sum[a] = (REALV)(REAL_OF(0.0));
    for (int i = 0; i < c; ++i, x += x_c, weights += TILE_K) {
        REALV seen[TILE_P];
#pragma unroll
        for (int t = 0; t < TILE_P; ++t) {
            seen[t] = LOADV_X(x + place[t]);
            FETCH(x + FETCH_CHANNELS * x_c + place[t]);
        }
#pragma unroll
        for (int a = 0; a < TILE_K * TILE_P; ++a) sum[a] = fma((REALV)(weights[a / TILE_P]), seen[a % TILE_P], sum[a]);
    }
}

/* Stores a vector but its first `done` elements, which the vector before stores. */
static ALWAYS_INLINE void store_rest(REALV v, __global Y_ELEMENT *to, int done)
{
    if (done == 0) {
        STOREV_Y(v, to);
    } else {
        REAL lane[VEC];
        STOREV(v, lane);
        for (int i = done; i < VEC; ++i) STORE_Y(lane[i], to, i);
    }
}

#define NUMBERS(EACH)                                                                                     \
    OFFSET(EACH, x) OFFSET(EACH, packed) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, shares)         \
        EACH(int, tiles_of_item) EACH(int, c) EACH(int, k) EACH(int, plane) EACH(int, x_n) EACH(int, x_c) \
            EACH(int, y_n) EACH(int, y_c) EACH(int, r_n) EACH(int, r_c)
STRUCT(NUMBERS) numbers;

__kernel ONE_ITEM_GROUPS void conv_pointwise_planes(__global const X_ELEMENT *restrict x,
                                                    __global const REAL *restrict packed, EPILOGUE_MEMORY,
                                                    __global Y_ELEMENT *restrict y, const numbers passed)
{
    NUMBERS(UNPACK);
    const int pixel = (int)get_global_id(0) * TILE_P * VEC, n = (int)get_global_id(2);
    const int group = (int)get_global_id(1) / shares, first = (int)get_global_id(1) % shares * tiles_of_item;
    const int tiles = (k + TILE_K - 1) / TILE_K;
    int place[TILE_P];

    x += x_offset + n * x_n + group * c * x_c;
    y += y_offset + (ulong)(n * y_n);
    place_vectors(place, pixel, plane);
    for (int tile = first; tile < min(first + tiles_of_item, tiles); ++tile) {
        REALV sum[TILE_K * TILE_P];
        multiply(sum, x, place, x_c, packed + packed_offset + (group * tiles + tile) * c * TILE_K, c);
#pragma unroll
        for (int j = 0; j < TILE_K; ++j) {
            const int within = tile * TILE_K + j, channel = group * k + within;
            if (within >= k) break;
            MAYBE const REALV scale_k = CHANNEL_SCALE(channel), bias_k = CHANNEL_BIAS(channel);
            MAYBE const REALV slope_k = CHANNEL_SLOPE(channel);
#pragma unroll
            for (int t = 0; t < TILE_P; ++t) {
                if (pixel + t * VEC >= plane) break;
                const REALV added =
                    HAS_RESIDUAL ? LOADV_X(residual + residual_offset + (ulong)(n * r_n + channel * r_c + place[t]))
                                 : (REALV)(REAL_OF(0.0));
                const REALV v = EPILOGUE(REALV, sum[j * TILE_P + t], scale_k, bias_k, added, slope_k);
                store_rest(v, y + (ulong)(channel * y_c + place[t]), pixel + t * VEC - place[t]);
            }
        }
    }
}
