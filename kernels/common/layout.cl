/* common/layout: where an element of a tensor lies, in 64-bit arithmetic. host/tensor.h is its twin.
 *
 * A tensor is [N][ceil(C/block)][D][H][W][block]; block 1 is NCHW.
 */
static inline long tensor_at(long n, long c, long d, long h, long w, long channels, long depth, long height, long width,
                             long block)
{
    const long blocks = (channels + block - 1) / block;
    return ((((n * blocks + c / block) * depth + d) * height + h) * width + w) * block + c % block;
}
