/* common/outputs: which output a work-item of a GPU makes, where it makes one or a few of a column.
 *
 *   compiled in CHANNELS_LAST: whether channels lie side by side in y (NHWC)
 *
 * Outputs are counted as they lie in memory, so that neighbouring work-items load and store neighbours in either
 * layout, and work-groups are full however small the planes are.
 */
#if !defined(CHANNELS_LAST)
#error "the host must define CHANNELS_LAST"
#endif

typedef struct {
    int n, channel, d, h, w;
} output;

/* The number of `rest` on an axis of `size`, which is taken off. */
static inline int take(uint *rest, int size)
{
    const uint number = *rest % (uint)size;
    *rest /= (uint)size;
    return (int)number;
}

static inline output locate_output(int channels, int o, int p, int q)
{
    uint rest = (uint)get_global_id(0);
    output at = {0, 0, 0, 0, 0};
    if (CHANNELS_LAST) at.channel = take(&rest, channels);
    at.w = take(&rest, q);
    at.h = take(&rest, p);
    at.d = take(&rest, o);
    if (!CHANNELS_LAST) at.channel = take(&rest, channels);
    at.n = (int)rest;
    return at;
}
