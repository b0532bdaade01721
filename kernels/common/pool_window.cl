/* common/pool_window: what pooling kernels are passed, and the window of an output on each axis.
 *
 *   compiled in DEPTH: there is a third axis; ADAPTIVE; R S, strides and dilations of height and width, all 0 where the
 *               passed ones are to be used: a program for each size of a large window would be a waste
 *
 * The padded input ends at end_d, end_h, end_w. An element's index is the sum of its coordinates times index_d,
 * index_h, index_w; index_n and index_c, 0 unless indices count over the whole tensor, are added for image and channel.
 */
#if !defined(DEPTH) || !defined(ADAPTIVE) || !defined(R) || !defined(S) || !defined(STRIDE_H) || !defined(STRIDE_W) || \
    !defined(DILATION_H) || !defined(DILATION_W)
#error "the host must define DEPTH ADAPTIVE R S STRIDE_H STRIDE_W DILATION_H DILATION_W"
#endif

/* Not every kernel has a depth axis, or indices. */
#define WINDOW_NUMBERS(EACH)                                                                               \
    THREE(EACH, int, d, h, w) THREE(EACH, int, o, p, q) WINDOW(EACH) AXES(EACH, int, end) STRIDES(EACH, x) \
        STRIDES(EACH, y) AXES(EACH, int, index) EACH(long, index_n) EACH(long, index_c)

/* The window on an axis that is none. */
static inline pool_span pool_only(void)
{
    const pool_span only = {0, 0, 1, 1};
    return only;
}

/* What lies as x does: in memory, or where a kernel has copied it to. */
#ifndef PLANE
#define PLANE __global const X_ELEMENT
#endif

/* What the windows of a row of outputs look at. A plane of which a part is there begins `origin` numbers earlier. */
typedef struct {
    PLANE *plane;
    pool_span depth, height;
    int step_d, step_h, step_w, x_d, x_h, x_w, index_d, index_h, index_w, origin;
} pool_source;

#define SOURCE_IN(plane, io, ip, x_d, x_h, x_w, origin)                                                          \
    {                                                                                                            \
        plane, LOCATE_D(io), LOCATE_H(ip), dilation_d, STEP_H, STEP_W, x_d, x_h, x_w, index_d, index_h, index_w, \
            origin                                                                                               \
    }
#define SOURCE(plane, io, ip) SOURCE_IN(plane, io, ip, x_d, x_h, x_w, 0)

/* Where an element of the plane lies. Unsigned: where a part of the plane is there, it goes beyond 32 bits and back. */
static ALWAYS_INLINE int pool_offset(pool_source from, int id, int ih, int iw)
{
    return (int)((uint)id * (uint)from.x_d + (uint)ih * (uint)from.x_h + (uint)iw * (uint)from.x_w - (uint)from.origin);
}

static inline int pool_has_rows(pool_source from)
{
    return from.depth.first < from.depth.end && from.height.first < from.height.end;
}

/* What the first row inside of the image adds to an index. */
static inline int pool_first_row(pool_source from)
{
    return (from.depth.begin + from.depth.first * from.step_d) * from.index_d +
           (from.height.begin + from.height.first * from.step_h) * from.index_h;
}

#define COMPILED(number, passed) ((number) > 0 ? (number) : (passed))
#define STEP_H                   COMPILED(DILATION_H, dilation_h)
#define STEP_W                   COMPILED(DILATION_W, dilation_w)
#define SLIDE_H                  COMPILED(STRIDE_H, stride_h)
#define SLIDE_W                  COMPILED(STRIDE_W, stride_w)

/* The window of an output on an axis. */
#define LOCATE_D(io) (DEPTH ? pool_locate(io, o, d, t, stride_d, dilation_d, pad_d, end_d, ADAPTIVE) : pool_only())
#define LOCATE_H(ip) pool_locate(ip, p, h, COMPILED(R, r), SLIDE_H, STEP_H, pad_h, end_h, ADAPTIVE)
#define LOCATE_W(iq) pool_locate(iq, q, w, COMPILED(S, s), SLIDE_W, STEP_W, pad_w, end_w, ADAPTIVE)
