/* common/tensor: where an element of a tensor lies, in 64-bit arithmetic. host/tensor.h is its twin.
 *
 * A tensor comes as the number of its channels that lie side by side (1 in NCHW, all of them in NHWC) and five strides
 * in elements: from image to image, from block of channels to block, and along depth, height and width.
 */
#define TENSOR_NUMBERS(EACH, name) \
    EACH(int, name##_block) EACH(long, name##_n) EACH(long, name##_c) AXES(EACH, long, name)

#define TENSOR_AT(name, n, c, d, h, w)                                                                         \
    ((ulong)((n)*name##_n + (c) / name##_block * name##_c + (c) % name##_block + (d)*name##_d + (h)*name##_h + \
             (w)*name##_w))
