/* common/convolution: where an element of a filter looks, on one axis: outside where it meets zero padding or,
 * transposed, no input. host/window.c is its twin. */
static long look_up(long out, long tap, long size, long stride, long dilation, long pad, int pad_mode, int transposed)
{
    const long reach = transposed ? out + pad - tap * dilation : out * stride - pad + tap * dilation;
    if (transposed) return reach >= 0 && reach % stride == 0 && reach / stride < size ? reach / stride : -1;
    if (reach >= 0 && reach < size) return reach;
    if (pad_mode == 1) return reach < 0 ? -reach : 2 * (size - 1) - reach;
    if (pad_mode == 2) return reach < 0 ? 0 : size - 1;
    if (pad_mode == 3) return reach < 0 ? reach + size : reach - size;
    return -1;
}
