/* common/winograd_input: the transformed inputs of a strip of tiles: see common/winograd.cl.
 *
 *   compiled in X_BLOCK, and what common/winograd.cl wants
 *
 * Of NCHW a vector is VEC tiles of a row, of the other layouts VEC channels of a tile, so that no element is moved
 * alone.
 */
#include "common/taps.cl"

/* From one tile and from one channel to the next in SCRATCH. */
#define V_TILE    (X_BLOCK == 1 ? 1 : VEC)
#define V_CHANNEL (X_BLOCK == 1 ? TILES : 1)

/* Sizes and strides of x, and its padding before the first element. */
typedef struct {
    int c, h, w, pad_h, pad_w, stride_n, stride_c, stride_h, stride_w;
} source;

/* How images divide into tiles, and how many there are in all. */
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

/* From one point to the next in SCRATCH. */
static int point_step(int c)
{
    return (c + VEC - 1) / VEC * VEC * TILES;
}

/* Transforms VEC channels of the tile whose inputs begin at (h0, w0), which may lie in padding. With interior, a
 * constant, nothing of it does; with whole, another, all channels are there to be read. */
static ALWAYS_INLINE void transform_tile(SCRATCH REAL *to, __global const X_ELEMENT *x, source in, int h0, int w0,
                                         int channels, const int interior, const int whole)
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
        for (int j = 0; j < IN; ++j) STOREV(v[j], to + (i * IN + j) * point_step(in.c));
    }
}

/* Transforms VEC channels, or the last few, from c0 on, of `count` tiles from `tile` on, where channels lie side by
 * side. */
static ALWAYS_INLINE void transform_channels(SCRATCH REAL *to, __global const X_ELEMENT *x, source in, grid tiles,
                                             int tile, int count, int c0)
{
    const int channels = in.c - c0;
    for (int t = 0; t < count; ++t, to += VEC) {
        const corner at = locate(tiles, tile + t);
        const int h0 = at.h - in.pad_h, w0 = at.w - in.pad_w;
        __global const X_ELEMENT *from =
            x + at.n * in.stride_n + (X_BLOCK == 0 ? c0 : c0 / X_BLOCK * in.stride_c + c0 % X_BLOCK);
        /* NHWC may end within a vector. */
        if (X_BLOCK == 0 && channels < VEC)
            transform_tile(to, from, in, h0, w0, channels, 0, 0);
        else if (h0 >= 0 && w0 >= 0 && h0 + IN <= in.h && w0 + IN <= in.w)
            transform_tile(to, from, in, h0, w0, channels, 1, 1);
        else
            transform_tile(to, from, in, h0, w0, channels, 0, 1);
    }
}

/* VEC elements of a row from w on, which may lie in padding. */
static ALWAYS_INLINE REALV load_columns(__global const X_ELEMENT *row, int w, int size)
{
    REAL lane[VEC];
    if (w >= 0 && w + VEC <= size) return LOADV_X(row + w);
    for (int i = 0; i < VEC; ++i) {
        const int at = look_up(w + i, size);
        lane[i] = (uint)at < (uint)size ? LOAD_X(row, at) : REAL_OF(0.0);
    }
    return LOADV(lane);
}

/* Transforms one channel of `count` tiles of a row, at most VEC, whose inputs begin at (h0, w0). There is room for so
 * many of VEC results. */
static ALWAYS_INLINE void transform_row(SCRATCH REAL *to, __global const X_ELEMENT *x, source in, int h0, int w0,
                                        int count, int room)
{
    REAL halfway[IN][(OUT + 2) * VEC];
    for (int column = 0; column < count * OUT + 2; column += VEC) {
        REALV d[IN], v[IN];
#pragma unroll
        for (int i = 0; i < IN; ++i) {
            const int h = look_up(h0 + i, in.h);
            d[i] = (REALV)(REAL_OF(0.0));
            if ((uint)h < (uint)in.h) d[i] = load_columns(x + h * in.stride_h, w0 + column, in.w);
        }
        transform_input(v, d);
#pragma unroll
        for (int i = 0; i < IN; ++i) STOREV(v[i], halfway[i] + column);
    }
    for (int i = 0; i < IN; ++i) {
        REALV d[IN], v[IN];
#pragma unroll
        for (int j = 0; j < IN; ++j) d[j] = EVERY(halfway[i] + j);
        transform_input(v, d);
#pragma unroll
        for (int j = 0; j < IN; ++j) {
            SCRATCH REAL *point = to + (i * IN + j) * point_step(in.c);
            REAL lane[VEC];
            STOREV(v[j], lane);
            if (room >= VEC)
                STOREV(v[j], point);
            else
                for (int t = 0; t < room; ++t) point[t] = lane[t];
        }
    }
}

/* The same as transform_channels() in NCHW. A row's vector may reach over the next row's tiles, which come after it. */
static ALWAYS_INLINE void transform_rows(SCRATCH REAL *to, __global const X_ELEMENT *x, source in, grid tiles, int tile,
                                         int count, int c0)
{
    for (int channel = c0; channel < min(c0 + VEC, in.c); ++channel, to += TILES)
        for (int t = 0; t < count;) {
            const corner at = locate(tiles, tile + t);
            const int run = min(min(VEC, count - t), tiles.columns - at.w / OUT);
            transform_row(to + t, x + at.n * in.stride_n + channel * in.stride_c, in, at.h - in.pad_h, at.w - in.pad_w,
                          run, TILES - t);
            t += run;
        }
}

/* VEC channels from c0 on of a strip. */
static ALWAYS_INLINE void transform_strip(SCRATCH REAL *strip, __global const X_ELEMENT *x, source in, grid tiles,
                                          int tile, int c0)
{
    const int count = min(TILES, tiles.count - tile);
    if (X_BLOCK == 1)
        transform_rows(strip + c0 * TILES, x, in, tiles, tile, count, c0);
    else
        transform_channels(strip + c0 * TILES, x, in, tiles, tile, count, c0);
}
