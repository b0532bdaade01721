/* common/planes: pixels of all images of a tensor, counted one after the other, for GPUs; on top of common/types.cl. */

/* Three numbers, one for each axis, as they are handed on. */
#define PASS_AXES(name) name##_d, name##_h, name##_w

/* Pixels of planes of d x h x w, counted through all images, and where they lie. */
typedef struct {
    int d, h, w, step_n, step_d, step_h, step_w;
} planes;

typedef struct {
    int n, d, h, w;
} place;

static ALWAYS_INLINE place locate_pixel(planes in, int pixel)
{
    const int row = pixel / in.w, slice = row / in.h;
    const place at = {slice / in.d, slice % in.d, row % in.h, pixel % in.w};
    return at;
}

static ALWAYS_INLINE int offset_of(planes in, place at)
{
    return at.n * in.step_n + at.d * in.step_d + at.h * in.step_h + at.w * in.step_w;
}

/* The place so many pixels further on as `by`, which is the place of that number: found without a division. */
static ALWAYS_INLINE place advance(planes in, place at, place by)
{
    at.w += by.w;
    const int row = at.w >= in.w;
    at.w -= row ? in.w : 0;
    at.h += by.h + row;
    const int slice = at.h >= in.h;
    at.h -= slice ? in.h : 0;
    at.d += by.d + slice;
    const int image = at.d >= in.d;
    at.d -= image ? in.d : 0;
    at.n += by.n + image;
    return at;
}
