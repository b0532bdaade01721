/* pool/window_lines: pooling for CPUs, x and y in NCHW, with windows that are compiled in; 1 to 3 axes.
 *
 *   launch      global = (ceil(O * P / rows) * ceil(Q / tile), ceil(C / planes), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       the columns that `planes` planes see fit LINE; where tile < 2 * VEC, planes * (rows * tile + VEC) <=
 *               RESULTS; planes = 1, or tile = Q and pitch = out_pitch * STRIDE_W
 *   compiled in VEC LINE RESULTS; what common/pooling.cl, indices.cl and pool_window.cl want
 *   run time    c, rows, tile, planes, pitch, out_pitch and what pool_window.cl lists
 *
 * One work-item makes `tile` outputs of each of `rows` rows of `planes` planes, the same row of all planes at a time.
 * First it combines the rows of each plane's windows, and puts what they come to side by side into one line of private
 * memory: a plane has `pitch` columns of it, and shares its padding with its neighbours. Then windows slide along that
 * line in whole vectors, with no thought of where one plane ends, so that rows of 7 cost no more than rows of 700; the
 * results between two planes are dropped. Short rows wait in private memory until their planes are whole, because to
 * store less than a vector costs as much as to store one.
 *
 * If equal elements differ in sign only (+0 and -0), the maximum is one of them but not always the first.
 */
#if !defined(LINE) || !defined(RESULTS)
#error "window_lines.c must define LINE RESULTS"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"
#include "common/indices.cl"
#include "common/pool_window.cl"
#include "common/strided.cl"

/* Room beyond the last plane, for what its last vectors load and store. */
#define SLACK (2 * VEC * STRIDE_W + (S - 1) * DILATION_W)

/* Averages count columns, each plane's alike. */
#define COUNTS (KIND == 1 || KIND == 2)

/* What the rows of the windows come to in VEC columns from column i on. With `whole`, a constant, all of them are there
 * to be read, else `count`. */
static ALWAYS_INLINE REALV combine_rows(pool_source from, int i, int count, const int whole)
{
    pool_window window = pool_empty();
    for (int id = from.depth.first; id < from.depth.end; ++id) {
        __global const X_ELEMENT *slice =
            from.plane + (from.depth.begin + id * from.step_d) * from.x_d + from.height.begin * from.x_h + i;
        if (whole && from.height.first == 0 && from.height.end == R) {
#pragma unroll
            for (int r = 0; r < R; ++r) pool_add(&window, LOADV_X(slice + r * DILATION_H * from.x_h));
        } else {
            for (int r = from.height.first; r < from.height.end; ++r) {
                __global const X_ELEMENT *row = slice + r * DILATION_H * from.x_h;
                pool_add(&window, whole ? LOADV_X(row) : pool_load_some(row, count));
            }
        }
    }
    return pool_so_far(window);
}

/* Puts `columns` of one plane into the line. The last vector reaches beyond them, where it leaves what changes no
 * result, and the next plane comes on top. `whole`: what that vector reads is there. */
static ALWAYS_INLINE void fill_line(REAL *line, pool_source from, int columns, int whole)
{
    for (int i = 0; i < columns; i += VEC) {
        const REALV made = whole ? combine_rows(from, i, VEC, 1) : combine_rows(from, i, columns - i, 0);
        STOREV_OWN(LOADV(vector_lane) < (REALV)((REAL)(columns - i)) ? made : pool_empty().total, line + i);
    }
}

/* VEC windows that slide along the line. */
static ALWAYS_INLINE pool_window combine_columns(const REAL *line)
{
    pool_window window = pool_empty();
#pragma unroll
    for (int k = 0; k < S; ++k) pool_join(&window, load_strided(line + k * DILATION_W));
    return window;
}

/* How many columns count in windows that begin a stride apart, the first of them at `start`. */
static inline void count_columns(REAL *counted, int start, int outputs, int w, int end_w)
{
    for (int i = 0; i < outputs; i += VEC) {
        const INTV begin = start + (i + LOADV(int_lane)) * STRIDE_W;
        STOREV_OWN(TO_REALV(pool_counted_taps_v(begin, S, DILATION_W, w, end_w)), counted + i);
    }
}

static inline void store(const REAL *made, __global Y_ELEMENT *to, int outputs)
{
    for (int i = 0; i < outputs; i += VEC) {
        /* The last vector ends where they do. */
        const int at = outputs < VEC ? 0 : min(i, outputs - VEC);
        store_first(LOADV_OWN(made + at), to + at, outputs - at);
    }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_window_lines(
    __global const X_ELEMENT *restrict x, ulong x_offset, __global Y_ELEMENT *restrict y, ulong y_offset, int c,
    int rows, int tile, int planes, int pitch, int out_pitch, WINDOW_ARGS)
{
    const int tiles = (q + tile - 1) / tile, q0 = (int)get_global_id(0) % tiles * tile, outputs = min(tile, q - q0);
    const int row0 = (int)get_global_id(0) / tiles * rows, row_end = min(row0 + rows, o * p);
    const int first = (int)get_global_id(1) * planes, n = (int)get_global_id(2), some = min(planes, c - first);
    /* The line begins at column `at`; of its plane's columns those from begin to end lie in the image. */
    const int at = q0 * STRIDE_W - pad_w, begin = max(-at, 0);
    const int end = min(w - at, (outputs - 1) * STRIDE_W + (S - 1) * DILATION_W + 1);
    const int is_long = outputs >= 2 * VEC, kept_plane = (row_end - row0) * outputs + VEC;
    const int gapless = y_h == outputs && (o == 1 || y_d == p * y_h);
    REAL line[LINE + SLACK], counted[LINE + VEC], made[LINE + VEC], kept[RESULTS];

    x += x_offset + n * x_n + first * x_c;
    y += y_offset + (ulong)(n * y_n + first * y_c + q0);
    for (int i = 0; i < some && COUNTS; ++i) count_columns(counted + i * out_pitch, at, outputs, w, end_w);
    for (int i = 0; i < LINE + SLACK; i += VEC) STOREV_OWN(pool_empty().total, line + min(i, LINE + SLACK - VEC));

    for (int row = row0; row < row_end; ++row) {
        pool_source from = SOURCE(x + at + begin, row / p, row % p);
        const REALV count_rows = (REALV)((REAL)((long)from.depth.counted * from.height.counted));
        /* Elements behind the last that the windows of this row look at in the first plane. */
        const int last_row = (from.depth.begin + (from.depth.end - 1) * from.step_d) * x_d +
                             (from.height.begin + (from.height.end - 1) * DILATION_H) * x_h;
        const int behind = (c - 1 - first) * x_c + (d - 1) * x_d + (h - 1) * x_h + w - last_row - at - end;
        for (int i = 0; i < some; ++i, from.plane += x_c)
            fill_line(line + i * pitch + begin, from, end - begin, i * x_c + VEC <= behind);
        for (int i = 0; i < some * out_pitch; i += VEC) {
            const REALV count = COUNTS ? LOADV_OWN(counted + i) * count_rows : count_rows;
            STOREV_OWN(pool_result(combine_columns(line + i * STRIDE_W), count), made + i);
        }
        for (int i = 0; i < some; ++i)
            if (is_long)
                store(made + i * out_pitch, y + i * y_c + row / p * y_d + row % p * y_h, outputs);
            else
                copy_vectors(made + i * out_pitch, kept + i * kept_plane + (row - row0) * outputs, outputs);
    }
    for (int i = 0; i < some && !is_long; ++i) {
        const REAL *from = kept + i * kept_plane;
        __global Y_ELEMENT *to = y + i * y_c;
        if (gapless) store(from, to + row0 * outputs, (row_end - row0) * outputs);
        for (int row = row0; row < row_end && !gapless; ++row, from += outputs)
            store(from, to + row / p * y_d + row % p * y_h, outputs);
    }
}
