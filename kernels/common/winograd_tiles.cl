/* common/winograd_tiles: how images divide into Winograd's tiles, and how a tile's inputs are transformed to POINTS
 * numbers, IN on either axis, and sums back.
 *
 *   compiled in X_BLOCK: channels that lie side by side in x, 0 for all of them (NHWC); VEC divides it, or it is 0;
 *               PAD_MODE; OUT, IN and the transforms of one axis, by the file that includes this; SCRATCH: where
 *               transformed inputs go
 */
#if !defined(OUT) || !defined(IN) || !defined(SCRATCH) || !defined(X_BLOCK)
#error "what includes winograd_tiles.cl must define OUT IN SCRATCH, and the host X_BLOCK"
#endif

#define POINTS (IN * IN)

/* As in common/vector.cl, by whole vectors. */
#define LOADV_SCRATCH(pointer)         (*(SCRATCH const real_anywhere *)(pointer))
#define STOREV_SCRATCH(value, pointer) (*(SCRATCH real_anywhere *)(pointer) = (value))

#include "common/taps.cl"

/* Sizes and strides of x, and its padding before the first element. */
typedef struct {
    int c, h, w, pad_h, pad_w, stride_n, stride_c, stride_h, stride_w;
} source;

/* How images divide into tiles, and the end of those that a launch is to make. */
typedef struct {
    int rows, columns, count;
} grid;

/* A tile's image, and where its first output lies in it. */
typedef struct {
    int n, h, w;
} corner;

static ALWAYS_INLINE corner locate(grid tiles, int tile)
{
    const int row = tile / tiles.columns;
    const corner at = {row / tiles.rows, row % tiles.rows * OUT, tile % tiles.columns * OUT};
    return at;
}

/* Transforms VEC channels of the tile whose inputs begin at (h0, w0), which may lie in padding; points are `step`
 * apart. With interior, a constant, nothing of it does; with whole, another, all channels are there to be read. */
static ALWAYS_INLINE void transform_tile(SCRATCH REAL *to, int step, __global const X_ELEMENT *x, source in, int h0,
                                         int w0, int channels, const int interior, const int whole)
{
    REALV halfway[IN][IN];
#pragma unroll
    for (int j = 0; j < IN; ++j) {
        const int w = interior ? w0 + j : look_up(w0 + j, in.w);
        REALV d[IN], v[IN];
#pragma unroll
        for (int i = 0; i < IN; ++i) {
            const int h = interior ? h0 + i : look_up(h0 + i, in.h);
            __global const X_ELEMENT *from = x + h * in.stride_h + w * in.stride_w;
            d[i] = (REALV)(REAL_OF(0.0));
            if (interior || ((uint)h < (uint)in.h && (uint)w < (uint)in.w))
                d[i] = whole ? LOADV_X(from) : load_first(from, channels);
        }
        transform_input(v, d);
#pragma unroll
        for (int i = 0; i < IN; ++i) halfway[i][j] = v[i];
    }
#pragma unroll
    for (int i = 0; i < IN; ++i) {
        REALV v[IN];
        transform_input(v, halfway[i]);
#pragma unroll
        for (int j = 0; j < IN; ++j) STOREV_SCRATCH(v[j], to + (i * IN + j) * step);
    }
}

/* The same for the tile at a corner, from channel c0 on: VEC of them, or the last few. */
static ALWAYS_INLINE void transform_corner(SCRATCH REAL *to, int step, __global const X_ELEMENT *x, source in,
                                           corner at, int c0)
{
    const int h0 = at.h - in.pad_h, w0 = at.w - in.pad_w, channels = in.c - c0;
    x += at.n * in.stride_n + (X_BLOCK == 0 ? c0 : c0 / X_BLOCK * in.stride_c + c0 % X_BLOCK);
    /* NHWC may end within a vector. */
    if (X_BLOCK == 0 && channels < VEC)
        transform_tile(to, step, x, in, h0, w0, channels, 0, 0);
    else if (h0 >= 0 && w0 >= 0 && h0 + IN <= in.h && w0 + IN <= in.w)
        transform_tile(to, step, x, in, h0, w0, channels, 1, 1);
    else
        transform_tile(to, step, x, in, h0, w0, channels, 0, 1);
}

/* Transforms a tile's sums back on one axis; transform_output() makes a row of outputs of each of what it leaves. */
static ALWAYS_INLINE void transform_columns(REALV halfway[OUT][IN], const REALV m[POINTS])
{
#pragma unroll
    for (int j = 0; j < IN; ++j) {
        REALV v[IN], w[OUT];
#pragma unroll
        for (int i = 0; i < IN; ++i) v[i] = m[i * IN + j];
        transform_output(w, v);
#pragma unroll
        for (int i = 0; i < OUT; ++i) halfway[i][j] = w[i];
    }
}
