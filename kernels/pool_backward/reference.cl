/* pool_backward/reference: dx of the maximum, average or norm of any window: 1 to 3 axes, any layout, strides, type and
 * size.
 *
 *   launch      global = (D * H * W rounded up to whole groups, C with spare lanes, N), local = (up to 64, 1, 1)
 *   local mem   none
 *   needs       nothing
 *   compiled in DTYPE KIND P DIVISOR (see common/pooling.cl), ADAPTIVE, INDICES: 0 none, 1 int, 2 long
 *   run time    everything else, so that one build serves all problems; 64-bit, so that no index overflows
 *
 * One work-item makes one element of dx: it adds what the windows over its element of x give it, in scan order. x and
 * dx lie alike, and y and dy and the indices. It is slow and meant to be, above all where it looks for maxima.
 */
#if !defined(ADAPTIVE) || !defined(INDICES)
#error "reference.c must define ADAPTIVE INDICES"
#endif

#include "common/types.cl"
#define REALV     REAL
#define REAL_INTV REAL_INT
#include "common/norm_slope.cl"
#include "common/pooling.cl"
#include "common/span.cl"
#include "common/tensor.cl"

/* The windows that span an element on one axis: from first on, before end. */
typedef struct {
    long first, end;
} windows;

static windows find_windows(long at, long outs, long size, long window, long stride, long dilation, long pad,
                            int adaptive)
{
    const long place = at + pad, before = place - (window - 1) * dilation - 1;
    const windows sliding = {before < 0 ? 0 : before / stride + 1, min(place / stride + 1, outs)};
    const windows even = {at * outs / size, ((at + 1) * outs - 1) / size + 1};
    return adaptive ? even : sliding;
}

/* Dilation may pass over an element that a window spans. */
static int has(span s, long at)
{
    return at >= s.begin && (at - s.begin) % s.step == 0 && (at - s.begin) / s.step < s.taps;
}

/* Whether an element stands against another one of its window: of equal elements the first does, and a NaN against
 * everything. */
static int stands(REAL element, REAL other, int other_is_earlier)
{
    const int is_nan = element != element, other_is_nan = other != other;
    if (is_nan || other_is_nan) return is_nan && !(other_is_nan && other_is_earlier);
    return other_is_earlier ? element > other : element >= other;
}

/* Whether an element is its window's maximum. It and the others lie in a plane with the given strides; they are visited
 * in scan order. */
static int is_maximum(__global const X_ELEMENT *plane, long step_d, long step_h, long step_w, long d, long h, long w,
                      span across_d, span across_h, span across_w, long id, long ih, long iw)
{
    const REAL element = LOAD_X(plane, id * step_d + ih * step_h + iw * step_w);
    int result = 1, is_earlier = 1;
    for (long it = 0; it < across_d.taps; ++it)
        for (long ir = 0; ir < across_h.taps; ++ir)
            for (long is = 0; is < across_w.taps; ++is) {
                const long jd = across_d.begin + it * across_d.step;
                const long jh = across_h.begin + ir * across_h.step;
                const long jw = across_w.begin + is * across_w.step;
                if (jd < 0 || jd >= d || jh < 0 || jh >= h || jw < 0 || jw >= w) continue;
                if (jd == id && jh == ih && jw == iw)
                    is_earlier = 0;
                else
                    result &= stands(element, LOAD_X(plane, jd * step_d + jh * step_h + jw * step_w), is_earlier);
            }
    return result;
}

#define NUMBERS(EACH)                                                                                               \
    OFFSET(EACH, x) OFFSET(EACH, y) OFFSET(EACH, indices) OFFSET(EACH, dy) OFFSET(EACH, dx) TENSOR_NUMBERS(EACH, x) \
        TENSOR_NUMBERS(EACH, y) EACH(long, c) THREE(EACH, long, d, h, w) THREE(EACH, long, o, p, q) WINDOW(EACH)    \
            AXES(EACH, int, end) EACH(int, flat) EACH(int, column_major)
STRUCT(NUMBERS) numbers;

__kernel void pool_backward_reference(MAYBE __global const X_ELEMENT *restrict x,
                                      MAYBE __global const X_ELEMENT *restrict y,
                                      MAYBE __global const INDEX *restrict indices,
                                      __global const X_ELEMENT *restrict dy, __global Y_ELEMENT *restrict dx,
                                      const numbers passed)
{
    NUMBERS(UNPACK);
    const long pixel = (long)get_global_id(0);
    const long ic = (long)get_global_id(1);
    const long n = (long)get_global_id(2);
    if (pixel >= d * h * w) return;
    const long id = pixel / (h * w), ih = pixel / w % h, iw = pixel % w;

    /* All that is found once is found here: GPUs have no registers to keep what it is made of. */
    const ulong to = TENSOR_AT(x, n, ic, id, ih, iw), plane = TENSOR_AT(x, n, ic, 0, 0, 0);
    dx += dx_offset + to;
    if (ic >= c) {
        STORE_Y(REAL_OF(0.0), dx, 0); /* a spare lane of the last block */
        return;
    }
    const ulong channel = TENSOR_AT(y, n, ic, 0, 0, 0);
    dy += dy_offset + channel;
    if (KIND == 3) y += y_offset + channel;
    if (INDICES != 0) indices += indices_offset + channel;
    if (KIND == 0) x += x_offset + plane;
    MAYBE const long index =
        (flat ? (n * c + ic) * d * h * w : 0) + (column_major ? (iw * h + ih) * d + id : (id * h + ih) * w + iw);
    MAYBE const REAL element = KIND == 3 ? LOAD_X(x, x_offset + to) : REAL_OF(0.0);

    const windows over_d = find_windows(id, o, d, t, stride_d, dilation_d, pad_d, ADAPTIVE);
    const windows over_h = find_windows(ih, p, h, r, stride_h, dilation_h, pad_h, ADAPTIVE);
    const windows over_w = find_windows(iw, q, w, s, stride_w, dilation_w, pad_w, ADAPTIVE);
    REAL sum = REAL_OF(0.0);
    for (long oo = over_d.first; oo < over_d.end; ++oo)
        for (long op = over_h.first; op < over_h.end; ++op)
            for (long oq = over_w.first; oq < over_w.end; ++oq) {
                const span across_d = make_span(oo, o, d, t, stride_d, dilation_d, pad_d, ADAPTIVE);
                const span across_h = make_span(op, p, h, r, stride_h, dilation_h, pad_h, ADAPTIVE);
                const span across_w = make_span(oq, q, w, s, stride_w, dilation_w, pad_w, ADAPTIVE);
                if (!has(across_d, id) || !has(across_h, ih) || !has(across_w, iw)) continue;
                const long from = oo * y_d + op * y_h + oq * y_w;
                const pool_window given = {LOAD_X(dy, from), 0};
                if (KIND == 1 || KIND == 2) {
                    const long count = count_taps(across_d, d, pad_d, end_d) * count_taps(across_h, h, pad_h, end_h) *
                                       count_taps(across_w, w, pad_w, end_w);
                    sum += pool_average(given, (REAL)count);
                } else if (KIND == 3) {
                    sum += given.total * norm_slope(element, LOAD_X(y, from));
                } else if (INDICES != 0) {
                    if ((long)indices[from] == index) sum += given.total;
                } else if (is_maximum(x, x_d, x_h, x_w, d, h, w, across_d, across_h, across_w, id, ih, iw)) {
                    sum += given.total;
                }
            }
    STORE_Y(sum, dx, 0);
}
