/* common/pool_over: which windows reach into a part of the image, and with which taps, on top of common/pooling.cl and
 * pool_window.cl.
 */
/* Windows along one axis, or elements: from first on, before end. */
typedef struct {
    int first, end;
} pool_range;

/* The windows that reach into a part of the image. */
static inline pool_range pool_windows_over(pool_range part, int outs, int size, int taps, int stride, int dilation,
                                           int pad, const int adaptive)
{
    const int before = part.first + pad - (taps - 1) * dilation - 1;
    pool_range over = {before < 0 ? 0 : before / stride + 1, min((part.end - 1 + pad) / stride + 1, outs)};
    if (adaptive) {
        /* Within 32 bits, as the host has seen to. */
        over.first = (int)((uint)part.first * (uint)outs / (uint)size);
        over.end = (int)(((uint)part.end * (uint)outs - 1) / (uint)size) + 1;
    }
    return over;
}

#define OVER_D(part) pool_windows_over(part, o, d, t, stride_d, dilation_d, pad_d, ADAPTIVE)
#define OVER_H(part) pool_windows_over(part, p, h, COMPILED(R, r), SLIDE_H, STEP_H, pad_h, ADAPTIVE)
#define OVER_W(part) pool_windows_over(part, q, w, COMPILED(S, s), SLIDE_W, STEP_W, pad_w, ADAPTIVE)

/* The taps of a window that lie in a part of the image. */
static inline pool_span pool_clip(pool_span span, int step, pool_range part)
{
    const int begin = span.begin - part.first;
    span.first = max(span.first, pool_first_tap(begin, step));
    span.end = pool_end_tap(begin, span.end, step, part.end - part.first);
    return span;
}

/* A part of the image, together with what the windows over it look at. */
static inline pool_range pool_seen(pool_range part, pool_range over, int size, int reach, int stride, int pad)
{
    const pool_range seen = {max(0, min(part.first, over.first * stride - pad)),
                             min(size, max(part.end, (over.end - 1) * stride - pad + reach + 1))};
    return seen;
}

#define SEEN_H(part, over) pool_seen(part, over, h, (R - 1) * STEP_H, SLIDE_H, pad_h)
#define SEEN_W(part, over) pool_seen(part, over, w, (S - 1) * STEP_W, SLIDE_W, pad_w)
