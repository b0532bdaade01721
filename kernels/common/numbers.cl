/* common/numbers: what a kernel is passed beside memory, in one struct, its last argument: PoCL takes 0.1 us for each
 * argument of each launch, and some kernels have 56 numbers. Part of common/types.cl.
 *
 * A kernel lists its numbers in the order in which the host passes them, of each slot the offset first. Not every
 * kernel reads all strides of a tensor.
 *
 *   #define NUMBERS(EACH) OFFSET(EACH, x) EACH(int, c)
 *   STRUCT(NUMBERS) numbers;
 *
 *   __kernel void name(__global float *x, const numbers passed)
 *   {
 *       NUMBERS(UNPACK);
 */
#define FIELD(type, name)  type name;
#define UNPACK(type, name) MAYBE const type name = passed.name;

/* It ends with a ulong, so that no bytes follow the last member, which Mesa does not count. */
#define STRUCT(NUMBERS) \
    typedef struct {    \
        NUMBERS(FIELD)  \
        ulong end;      \
    }

/* Where a slot begins; three numbers; three for each axis of one name; the strides of a tensor. */
#define OFFSET(EACH, name)         EACH(ulong, name##_offset)
#define THREE(EACH, type, a, b, c) EACH(type, a) EACH(type, b) EACH(type, c)
#define AXES(EACH, type, name)     THREE(EACH, type, name##_d, name##_h, name##_w)
#define STRIDES(EACH, name)        EACH(int, name##_n) EACH(int, name##_c) AXES(EACH, int, name)

/* A window, as tsr__launch_window() passes it: filter, strides, dilations, padding before the image. */
#define WINDOW(EACH) THREE(EACH, int, t, r, s) AXES(EACH, int, stride) AXES(EACH, int, dilation) AXES(EACH, int, pad)
