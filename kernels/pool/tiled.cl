/* pool/tiled: maximum or average pooling for GPUs, NCHW.
 *
 *   launch      global = (ceil(Q / TILE_Q) * TILE_Q, ceil(P / TILE_P) * TILE_P, N * C), local = (TILE_Q, TILE_P, 1)
 *   local mem   INPUT_H * INPUT_W floats: the inputs of TILE_P x TILE_Q outputs
 *   needs       height and width alone
 *   compiled in KIND (see common/pooling.cl) TILE_P TILE_Q R S STRIDE_H STRIDE_W
 *   run time    H W P Q, padding
 *
 * A work-group fetches the inputs of its outputs once, in rows, which global memory likes, and takes every window from
 * local memory: where windows overlap each input is read from memory once and used up to R * S times. What lies in the
 * padding is written to local memory as the value that changes nothing, so windows need no tests.
 */
#if !defined(TILE_P) || !defined(TILE_Q) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W)
#error "tiled.c must define TILE_P TILE_Q R S STRIDE_H STRIDE_W"
#endif

#include "common/types.cl"
#define REALV REAL
#include "common/pooling.cl"

#define INPUT_H ((TILE_P - 1) * STRIDE_H + R)
#define INPUT_W ((TILE_Q - 1) * STRIDE_W + S)

__kernel __attribute__((reqd_work_group_size(TILE_Q, TILE_P, 1))) void pool_tiled(
    __global const float *restrict x, ulong x_offset, __global float *restrict y, ulong y_offset, int h, int w, int p,
    int q, int pad_h, int pad_w, int end_h, int end_w)
{
    __local float inputs[INPUT_H][INPUT_W];
    const int column = (int)get_local_id(0), row = (int)get_local_id(1);
    const int plane = (int)get_group_id(2);
    const int ih0 = (int)get_group_id(1) * TILE_P * STRIDE_H - pad_h;
    const int iw0 = (int)get_group_id(0) * TILE_Q * STRIDE_W - pad_w;
    __global const float *from = x + x_offset + (ulong)(plane * h) * (ulong)w;
    for (int i = row; i < INPUT_H; i += TILE_P)
        for (int j = column; j < INPUT_W; j += TILE_Q) {
            const int ih = ih0 + i, iw = iw0 + j;
            const int inside = ih >= 0 && ih < h && iw >= 0 && iw < w;
            inputs[i][j] = inside ? from[ih * w + iw] : pool_empty().total;
        }
    barrier(CLK_LOCAL_MEM_FENCE);

    const int op = (int)get_global_id(1), oq = (int)get_global_id(0);
    if (op >= p || oq >= q) return;
    pool_window window = pool_empty();
    for (int r = 0; r < R; ++r)
        for (int s = 0; s < S; ++s) pool_add(&window, inputs[row * STRIDE_H + r][column * STRIDE_W + s]);

    const int count = pool_counted_taps(op * STRIDE_H - pad_h, R, 1, h, end_h) *
                      pool_counted_taps(oq * STRIDE_W - pad_w, S, 1, w, end_w);
    y[y_offset + (ulong)(plane * p + op) * (ulong)q + (ulong)oq] = pool_result(window, (float)count);
}
