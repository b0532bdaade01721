/* pool_backward/window_blocked: dx of maxima, found again, and of averages, for CPUs where channels lie side by side:
 * in blocks or all of them (NHWC); 1 and 2 axes.
 *
 *   launch      global = (1, ceil(C / VEC), N), local = (1, 1, 1)
 *   local mem   none
 *   needs       x, dy and dx in blocks of VEC, or all NHWC; x and dx with the same strides
 *   compiled in VEC; NHWC; what common/pooling.cl and pool_window.cl want
 *   run time    c and what pool_window.cl lists, y being dy
 *
 * One work-item makes the planes of VEC channels, so that it may add to any element of dx without asking another, and
 * each element gets its sum in the order of the windows. It zeroes the rows of dx when the first window reaches them,
 * which keeps them cached until the last has added to them: dx goes to memory once.
 */
#if !defined(NHWC)
#error "window_blocked.c must define NHWC"
#endif

#include "common/vector.cl"
#include "common/pooling.cl"
#include "common/pool_window.cl"

/* NHWC may end within a vector; a block's spare lanes are there, and hold zeros. */
static ALWAYS_INLINE REALV load(__global const X_ELEMENT *from, int channels)
{
    return NHWC && channels < VEC ? load_first(from, channels) : LOADV_X(from);
}

static ALWAYS_INLINE void store(REALV v, __global Y_ELEMENT *to, int channels)
{
    if (NHWC && channels < VEC)
        store_first(v, to, channels);
    else
        STOREV_Y(v, to);
}

/* The taps of a window's rows and columns, and where they lie in a plane. */
typedef struct {
    pool_span height, width;
    int step_h, step_w, x_h, x_w;
} window;

static ALWAYS_INLINE int place(window at, int j, int i)
{
    return (at.height.begin + j * at.step_h) * at.x_h + (at.width.begin + i * at.step_w) * at.x_w;
}

/* Where the taps of a window begin and end on an axis. With `whole`, a constant, all are inside of the image, and their
 * loops are unrolled. */
#define FIRST(span)      (whole ? 0 : (span).first)
#define END(span, count) (whole ? (count) : (span).end)

/* The place where each lane's maximum is: of equal elements the first, a NaN before all; -1 of an empty window. */
static ALWAYS_INLINE REAL_INTV find_maxima(__global const X_ELEMENT *x, window at, int channels, const int whole)
{
    REALV best = (REALV)(-INFINITY);
    REAL_INTV found = (REAL_INTV)(-1), is_nan = (REAL_INTV)(0);
#pragma unroll
    for (int j = FIRST(at.height); j < END(at.height, R); ++j)
#pragma unroll
        for (int i = FIRST(at.width); i < END(at.width, S); ++i) {
            const REALV element = load(x + place(at, j, i), channels);
            const REAL_INTV nan = element != element;
            const REAL_INTV wins = ((element > best) | nan | (found < 0)) & ~is_nan;
            best = wins ? element : best;
            found = wins ? (REAL_INTV)(place(at, j, i)) : found;
            is_nan |= nan;
        }
    return found;
}

/* Adds the gradient of one output to the elements of its window. */
static ALWAYS_INLINE void add_window(__global const X_ELEMENT *x, __global Y_ELEMENT *dx, REALV dy, window at,
                                     int channels, const int whole)
{
    const pool_window given = {dy, (REAL_INTV)(0)};
    const int count = at.height.counted * at.width.counted;
    const REALV share = KIND == 0 ? dy : pool_average(given, (REALV)((REAL)count));
    const REAL_INTV found = KIND == 0 ? find_maxima(x, at, channels, whole) : (REAL_INTV)(0);
#pragma unroll
    for (int j = FIRST(at.height); j < END(at.height, R); ++j)
#pragma unroll
        for (int i = FIRST(at.width); i < END(at.width, S); ++i) {
            __global Y_ELEMENT *to = dx + place(at, j, i);
            const REAL_INTV gets = KIND == 0 ? found == place(at, j, i) : (REAL_INTV)(-1);
            store(load(to, channels) + (gets ? share : (REALV)(REAL_OF(0.0))), to, channels);
        }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1))) void pool_backward_window_blocked(
    MAYBE __global const X_ELEMENT *restrict x, MAYBE ulong x_offset, __global const X_ELEMENT *restrict dy,
    ulong dy_offset, __global Y_ELEMENT *restrict dx, ulong dx_offset, int c, WINDOW_ARGS)
{
    const int v = (int)get_global_id(1), n = (int)get_global_id(2), channels = c - v * VEC;
    int zeroed = 0; /* rows of dx that a window may add to */
    if (KIND == 0) x += x_offset + n * x_n + v * x_c;
    dx += dx_offset + n * x_n + v * x_c;
    dy += dy_offset + n * y_n + v * y_c;

    for (int ip = 0; ip <= p; ++ip) {
        const pool_span height = LOCATE_H(min(ip, p - 1));
        const int reach = ip == p ? h : height.first < height.end ? height.begin + (height.end - 1) * STEP_H + 1 : 0;
        for (; zeroed < reach; ++zeroed)
            for (int iw = 0; iw < w; ++iw) store((REALV)(REAL_OF(0.0)), dx + zeroed * x_h + iw * x_w, channels);
        for (int iq = 0; ip < p && iq < q; ++iq) {
            const window at = {height, LOCATE_W(iq), STEP_H, STEP_W, x_h, x_w};
            const REALV given = load(dy + ip * y_h + iq * y_w, channels);
            if (R > 0 && height.first == 0 && height.end == R && at.width.first == 0 && at.width.end == S)
                add_window(x, dx, given, at, channels, 1);
            else
                add_window(x, dx, given, at, channels, 0);
        }
    }
}
