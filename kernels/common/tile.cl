/* common/tile: TILE_Q pixels of y, counted through its planes, of VEC channels: where they lie, and how they are loaded
 * and stored.
 *
 *   compiled in TILE_Q; Y_BLOCK: channels that lie side by side in y, 1 in NCHW, 0 for all of them (NHWC); FLAT: the
 *               planes of y and of the residual are rows; DEPTH: there is a third axis; PHASE_STEP_D _H _W: from one
 *               output of a phase to the next (see common/taps.cl), 1 where there are none
 */
#if !defined(TILE_Q) || !defined(Y_BLOCK) || !defined(FLAT) || !defined(DEPTH) || !defined(PHASE_STEP_D) || \
    !defined(PHASE_STEP_H) || !defined(PHASE_STEP_W)
#error "the host must define TILE_Q Y_BLOCK FLAT DEPTH PHASE_STEP_x"
#endif

#include "common/vector.cl"

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Strides of y or the residual within a group. */
typedef struct {
    int c, d, h, w;
} target;

/* The pixels of a tile, as coordinates of the (phase's) output. */
typedef struct {
    int d[TILE_Q], h[TILE_Q], w[TILE_Q];
} pixels;

/* The pixels from a given one on, of planes of p rows of q. */
static ALWAYS_INLINE pixels locate(int pixel, int p, int q)
{
    pixels at;
    int iw = pixel % q, ih = pixel / q, id = 0;
    if (DEPTH) {
        id = ih / p;
        ih %= p;
    }
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) {
        at.d[t] = id;
        at.h[t] = ih;
        at.w[t] = iw;
        const int row_ends = iw + 1 == q;
        iw = row_ends ? 0 : iw + 1;
        ih += row_ends;
        if (DEPTH) {
            id += ih == p;
            ih = ih == p ? 0 : ih;
        }
    }
    return at;
}

/* Where in a plane of y or of the residual the pixels of a tile lie; flat: one behind the other. */
static ALWAYS_INLINE void place_pixels(int place[TILE_Q], target to, int pixel, const pixels *at, int phase_d,
                                       int phase_h, int phase_w)
{
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t)
        place[t] = FLAT ? (pixel + t) * to.w
                        : (DEPTH ? (at->d[t] * PHASE_STEP_D + phase_d) * to.d : 0) +
                              (at->h[t] * PHASE_STEP_H + phase_h) * to.h + (at->w[t] * PHASE_STEP_W + phase_w) * to.w;
}

/* Where channel k of a group lies. */
static int place_channel(target to, int k)
{
    return Y_BLOCK == 0 ? k : Y_BLOCK == 1 ? k * to.c : k / Y_BLOCK * to.c + k % Y_BLOCK;
}

/* Whether a tile's pixels are neighbours in memory. */
static int is_run(const int place[TILE_Q], int count)
{
    return count >= TILE_Q && place[TILE_Q - 1] - place[0] == TILE_Q - 1;
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
#pragma unroll
    for (int i = 0; i < VEC * TILE_Q; ++i) {
        const int k = i / TILE_Q, t = i % TILE_Q;
        lane[t][k] = k < channels && t < count ? LOAD_X(from, k * channel_step + place[t]) : REAL_OF(0.0);
    }
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) v[t] = LOADV(lane[t]);
}

/* Stores the same of y. Channels past the last that fill a block are zeros. */
static ALWAYS_INLINE void store_tile(__global Y_ELEMENT *to, const REALV v[TILE_Q], const int place[TILE_Q],
                                     int channel_step, int channels, int count)
{
    REAL lane[TILE_Q][VEC];
    if (Y_BLOCK != 1) {
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) {
            if (t >= count) break;
            if (Y_BLOCK == 0)
                store_first(v[t], to + place[t], channels);
            else
                STOREV_Y(keep_lanes(v[t], channels), to + place[t]);
        }
        return;
    }
#pragma unroll
    for (int t = 0; t < TILE_Q; ++t) STOREV(v[t], lane[t]);
    if (channels >= VEC && is_run(place, count)) {
        /* Unrolled, and in the order of memory, so that the compiler transposes in registers and stores vectors. */
#pragma unroll
        for (int i = 0; i < VEC * TILE_Q; ++i)
            STORE_Y(lane[i % TILE_Q][i / TILE_Q], to, i / TILE_Q * channel_step + place[0] + i % TILE_Q);
    } else {
        for (int i = 0; i < min(VEC, channels); ++i)
            for (int t = 0; t < min(TILE_Q, count); ++t) STORE_Y(lane[t][i], to, i * channel_step + place[t]);
    }
}
