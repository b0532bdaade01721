/* common/tensor: where an element of a tensor lies, in 64-bit arithmetic. host/tensor.h is its twin.
 *
 * A tensor comes as the number of its channels that lie side by side (1 in NCHW, all of them in NHWC) and five strides
 * in elements: from image to image, from block of channels to block, and along depth, height and width. Where two tensors
 * have the same blocks, the second needs STRIDE_ARGS alone, and TENSOR_AT_BLOCK takes the first one's block.
 */
#define STRIDE_ARGS(name) long name##_n, long name##_c, long name##_d, long name##_h, long name##_w
#define TENSOR_ARGS(name) int name##_block, STRIDE_ARGS(name)

#define TENSOR_AT_BLOCK(name, block, n, c, d, h, w) \
    ((ulong)((n)*name##_n + (c) / block * name##_c + (c) % block + (d)*name##_d + (h)*name##_h + (w)*name##_w))
#define TENSOR_AT(name, n, c, d, h, w) TENSOR_AT_BLOCK(name, name##_block, n, c, d, h, w)
