/* pool/window_rows: maximum or average pooling for CPUs, x and y in NCHW.
 *
 *   launch      global = (ceil(Q / TILE_Q), P, N * C), local = (1, 1, 1)
 *   local mem   none
 *   needs       TILE_Q a multiple of VEC
 *   compiled in VEC TILE_Q KIND (see common/pooling.cl) R S, strides, dilations
 *   run time    H W P Q, padding, and where the padding ends: end_h = H + pad_end_h, end_w = W + pad_end_w
 *
 * One work-item makes TILE_Q consecutive outputs of a row in two passes. The first combines R rows of x into one line
 * of private memory, with whole vectors whatever the stride. The second combines S elements of that line for each
 * output, and is the only one that has to step. The line is padded, so that neither pass tests where it is. If equal
 * elements differ in sign only (+0 and -0), the maximum is one of them but not always the first.
 */
#if !defined(TILE_Q) || !defined(KIND) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || \
    !defined(DILATION_H) || !defined(DILATION_W)
#error "window_rows.c must define TILE_Q KIND R S STRIDE_H STRIDE_W DILATION_H DILATION_W"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"

/* The elements that the windows of TILE_Q outputs span, and room for the last vectors of both passes. */
#define SPAN ((TILE_Q - 1) * STRIDE_W + (S - 1) * DILATION_W + 1)
#define LINE (SPAN + 2 * VEC)

/* The row that tap r of a window visits, which is added up before it is multiplied so that no product leaves 32 bits. */
static inline __global const float *row_of(__global const float *x, int row, int r, int w)
{
    return x + (row + r * DILATION_H) * w;
}

/* VEC floats, or the first count and then some that change no result. */
static REALV load_some(__global const float *from, int count)
{
    float lane[VEC];
    if (count >= VEC) return LOADV(from);
    for (int i = 0; i < VEC; ++i) lane[i] = i < count ? from[i] : pool_empty().total.s0;
    return LOADV(lane);
}

/* VEC elements of the line, STRIDE_W apart. */
static REALV load_strided(const float *line)
{
    float lane[VEC];
    if (STRIDE_W == 1) return LOADV(line);
    if (STRIDE_W == 2) return (REALV)(LOADV(line).even, LOADV(line + VEC).even);
    for (int i = 0; i < VEC; ++i) lane[i] = line[i * STRIDE_W];
    return LOADV(lane);
}

/* How many columns count in the averages of VEC outputs, the first of which has its window at column iw. */
static REALV counted_columns(int iw, int w, int end_w)
{
    float lane[VEC];
    if (iw >= 0 && iw + (VEC - 1) * STRIDE_W + (S - 1) * DILATION_W < w) return (float)S;
    for (int i = 0; i < VEC; ++i) lane[i] = (float)pool_counted_taps(iw + i * STRIDE_W, S, DILATION_W, w, end_w);
    return LOADV(lane);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_window_rows(
    __global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int h, int w, int p,
    int q, int pad_h, int pad_w, int end_h, int end_w)
{
    const int q0 = (int)get_global_id(0) * TILE_Q;
    const int ip = (int)get_global_id(1);
    const int plane = (int)get_global_id(2);
    const int ih = ip * STRIDE_H - pad_h;
    const int r_begin = pool_first_tap(ih, DILATION_H), r_end = pool_end_tap(ih, R, DILATION_H, h);
    const int r_counted = pool_counted_taps(ih, R, DILATION_H, h, end_h);
    /* The line begins at column iw of x, and its elements from begin to end lie in the image. */
    const int iw = q0 * STRIDE_W - pad_w;
    const int begin = clamp(-iw, 0, SPAN), end = clamp(w - iw, begin, SPAN);
    __global float *out = y + y_offset + (plane * p + ip) * q + q0;
    float line[LINE];

    for (int i = 0; i + VEC <= LINE; i += VEC) STOREV(pool_empty().total, line + i);
    for (int i = begin; i < end; i += VEC) {
        /* The last vector ends where the image does, over elements that are done already. */
        const int first = max(begin, min(i, end - VEC));
        pool_window window = pool_empty();
        if (r_begin == 0 && r_end == R && end - first >= VEC) {
#pragma unroll
            for (int r = 0; r < R; ++r)
                pool_add(&window, LOADV(row_of(x + x_offset, plane * h + ih, r, w) + iw + first));
        } else {
            for (int r = r_begin; r < r_end; ++r)
                pool_add(&window, load_some(row_of(x + x_offset, plane * h + ih, r, w) + iw + first, end - first));
        }
        STOREV(KIND == 0 ? pool_maximum(window) : window.total, line + first);
    }

    for (int i = 0; i < TILE_Q && q0 + i < q; i += VEC) {
        pool_window window = pool_empty();
#pragma unroll
        for (int s = 0; s < S; ++s) pool_join(&window, load_strided(line + i * STRIDE_W + s * DILATION_W));
        const REALV count = (float)r_counted * counted_columns(iw + i * STRIDE_W, w, end_w);
        const REALV result = pool_result(window, count);
        store_first(result, out + i, q - q0 - i);
    }
}
