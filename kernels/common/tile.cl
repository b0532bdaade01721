/* common/tile: TILE_Q pixels of y, of VEC channels each: how they are loaded, finished and stored.
 *
 *   compiled in TILE_Q; Y_BLOCK: channels that lie side by side in y, 1 in NCHW, 0 for all of them (NHWC); what
 *               common/epilogue.cl wants
 */
#if !defined(TILE_Q) || !defined(Y_BLOCK)
#error "the host must define TILE_Q Y_BLOCK"
#endif

#include "common/vector.cl"
#include "common/epilogue.cl"

/* Whether a tile's pixels are neighbours in memory. */
static int is_run(const int place[TILE_Q], int count)
{
    return count >= TILE_Q && place[TILE_Q - 1] - place[0] == TILE_Q - 1;
}

/* TILE_Q neighbours in memory, in whole vectors. */
#define ROW ((TILE_Q + VEC - 1) / VEC * VEC)

static ALWAYS_INLINE void load_row(REAL row[ROW], __global const X_ELEMENT *from)
{
    X_BITS bits[ROW] = {0};
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) bits[t] = ((__global const X_BITS *)from)[t];
#pragma unroll
    for (int t = 0; t < ROW; t += VEC) STOREV(FROM_BITSV(bits + t), row + t);
}

static ALWAYS_INLINE void store_row(const REAL row[ROW], __global Y_ELEMENT *to)
{
    Y_BITS bits[ROW];
#pragma unroll
    for (int t = 0; t < ROW; t += VEC) TO_BITSV(LOADV(row + t), bits + t);
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) ((__global Y_BITS *)to)[t] = bits[t];
}

/* Loads the residual of VEC channels, or the first few, of a tile's pixels, or the first few. */
static ALWAYS_INLINE void load_tile(REALV v[TILE_Q], __global const X_ELEMENT *from, const int place[TILE_Q],
                                    int channel_step, int channels, int count)
{
    REAL lane[TILE_Q][VEC];
    if (Y_BLOCK != 1) {
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t)
            v[t] = t < count ? load_first(from + place[t], channels) : (REALV)(REAL_OF(0.0));
        return;
    }
    if (channels >= VEC && is_run(place, count)) {
#pragma unroll
        for (int k = 0; k < VEC; ++k) {
            REAL row[ROW];
            load_row(row, from + k * channel_step + place[0]);
#pragma unroll
            for (int t = 0; t < TILE_Q; ++t) lane[t][k] = row[t];
        }
    } else {
        for (int k = 0; k < VEC; ++k)
            for (int t = 0; t < TILE_Q; ++t)
                lane[t][k] = k < channels && t < count ? LOAD_X(from, k * channel_step + place[t]) : REAL_OF(0.0);
    }
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) v[t] = LOADV(lane[t]);
}

/* Stores the same of y. Channels past the last that fill a block are zeros. */
static ALWAYS_INLINE void store_tile(__global Y_ELEMENT *to, const REALV v[TILE_Q], const int place[TILE_Q],
                                     int channel_step, int channels, int count, int streams)
{
    REAL lane[TILE_Q][VEC];
    if (Y_BLOCK != 1) {
        /* Most tiles are whole. Tests at each store took 4 % of a depthwise layer, and of small pointwise ones. */
        if (channels >= VEC && count >= TILE_Q && !streams) {
#pragma unroll
            for (int t = 0; t < TILE_Q; ++t) STOREV_Y(v[t], to + place[t]);
        } else {
#pragma unroll
            for (int t = 0; t < TILE_Q; ++t) {
                if (t >= count) break;
                store_channels(v[t], to + place[t], channels, streams, Y_BLOCK == 0);
            }
        }
        return;
    }
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) STOREV(v[t], lane[t]);
    if (channels >= VEC && is_run(place, count)) {
        /* Unrolled, and in the order of memory, so that the compiler transposes in registers and stores vectors. */
#pragma unroll
        for (int k = 0; k < VEC; ++k) {
            REAL row[ROW] = {0};
#pragma unroll
            for (int t = 0; t < TILE_Q; ++t) row[t] = lane[t][k];
            store_row(row, to + k * channel_step + place[0]);
        }
    } else {
        for (int i = 0; i < min(VEC, channels); ++i)
            for (int t = 0; t < min(TILE_Q, count); ++t) STORE_Y(lane[t][i], to, i * channel_step + place[t]);
    }
}

/* Applies the epilogue to the sums of VEC channels, of which the first `channels` exist and the first is number
 * `channel` of all, and stores them: `count` pixels, at their places from y and from the residual on. */
static ALWAYS_INLINE void finish_tile(const REALV sum[TILE_Q], __global Y_ELEMENT *y, const int place[TILE_Q],
                                      int channel_step, const int residual_place[TILE_Q], MAYBE int residual_step,
                                      ulong channel, int channels, int count, int streams, EPILOGUE_ARGS)
{
    MAYBE REALV scale_k = (REALV)(REAL_OF(1.0)), bias_k = (REALV)(REAL_OF(0.0)), slope_k = bias_k;
    REALV v[TILE_Q], added[TILE_Q];
    if (HAS_SCALE) scale_k = load_first(scale + scale_offset + channel, channels);
    if (HAS_BIAS) bias_k = load_first(bias + bias_offset + channel, channels);
    if (HAS_SLOPE) slope_k = load_first(slope + slope_offset + channel, channels);
    if (HAS_RESIDUAL) load_tile(added, residual + residual_offset, residual_place, residual_step, channels, count);
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) v[t] = EPILOGUE(REALV, sum[t], scale_k, bias_k, added[t], slope_k);
    store_tile(y, v, place, channel_step, channels, count, streams);
}
