/* common/span: where the windows of a pooling lie, in 64-bit arithmetic, for the reference kernels.
 *
 *   compiled in KIND (see common/pooling.cl)
 */
/* A window on one axis: its first element, how many it has and how far they lie apart. */
typedef struct {
    long begin, taps, step;
} span;

static span make_span(long out, long outs, long size, long window, long stride, long dilation, long pad, int adaptive)
{
    const span sliding = {out * stride - pad, window, dilation};
    const long begin = out * size / outs;
    const span even = {begin, ((out + 1) * size + outs - 1) / outs - begin, 1};
    return adaptive ? even : sliding;
}

/* Elements of a window that lie in [low, high). */
static long count_inside(span s, long low, long high)
{
    const long first = s.begin < low ? (low - s.begin + s.step - 1) / s.step : 0;
    const long end = s.begin < high ? min(s.taps, (high - s.begin + s.step - 1) / s.step) : 0;
    return max(end - first, 0L);
}

/* The same with padding where that counts. */
static long count_taps(span s, long size, long pad_begin, long pad_end)
{
    return KIND == 2 ? count_inside(s, -pad_begin, size + pad_end) : count_inside(s, 0, size);
}
