/* common/pixels: where TILE_Q pixels of y lie, counted through its planes.
 *
 *   compiled in TILE_Q Y_BLOCK (see common/tile.cl); FLAT: the planes of y and of the residual are rows in memory, and
 *               there are no phases; ONE_ROW: those of x are too, and all are passed as one row; DEPTH: there is a
 *               third axis; PHASE_STEP_D _H _W: from one output of a phase to the next (see common/taps.cl), 1 where
 *               there are none
 */
#if !defined(FLAT) || !defined(ONE_ROW) || !defined(DEPTH) || !defined(PHASE_STEP_D) || !defined(PHASE_STEP_H) || \
    !defined(PHASE_STEP_W)
#error "the host must define FLAT ONE_ROW DEPTH PHASE_STEP_x"
#endif

#include "common/target.cl"

/* The pixels of a tile, as coordinates of the (phase's) output. */
typedef struct {
    int d[TILE_Q], h[TILE_Q], w[TILE_Q];
} pixels;

/* The pixels from a given one on, of planes of p rows of q. */
static ALWAYS_INLINE pixels locate(int pixel, int p, int q)
{
    pixels at;
    if (ONE_ROW) {
#pragma unroll
        for (int t = 0; t < TILE_Q; ++t) {
            at.d[t] = at.h[t] = 0;
            at.w[t] = pixel + t;
        }
        return at;
    }
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
