/* Tensors: where an element lies, how much memory it all takes, and arithmetic that notices overflow. */
#ifndef TSR_HOST_TENSOR_H
#define TSR_HOST_TENSOR_H

#include "status.h"

/* Every size and count is below 2^48 and every window number below 2^31, so that sums and window products stay in 63
 * bits; only products of sizes need tsr__multiply(). */
#define TSR__MAX_SIZE   (INT64_C(1) << 48)
#define TSR__MAX_WINDOW INT64_C(2147483647)

/* Rounded up; both are positive. */
static inline int64_t tsr__ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

/* *total *= factor, or false where that leaves 63 bits. */
bool tsr__multiply(uint64_t *total, int64_t factor);

/* Channels in a block: 4, 8 or 16, and 1 for NCHW; 0 for ANY. The naive loops ask for every element: inline. */
static inline int64_t tsr__layout_block(tsr_layout layout)
{
    static const int64_t blocks[] = {1, 4, 8, 16, 0};
    return blocks[layout];
}

/* The layout with that many channels in a block; TSR_LAYOUT_ANY where there is none. */
tsr_layout tsr__layout_with_block(int64_t block);

/* Blocks that the channels fill, the last one perhaps in part. */
static inline int64_t tsr__tensor_blocks(const tsr_tensor *t)
{
    return tsr__ceil_div(t->c, tsr__layout_block(t->layout));
}

/* Elements of one channel of one image. */
static inline int64_t tsr__tensor_plane(const tsr_tensor *t)
{
    return t->size[TSR_D] * t->size[TSR_H] * t->size[TSR_W];
}

/* The position of an element, in elements: [N][ceil(C/B)][D][H][W][B]. kernels/common/layout.cl is its twin. */
static inline int64_t tsr__tensor_at(const tsr_tensor *t, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
    const int64_t block = tsr__layout_block(t->layout);
    const int64_t plane = ((n * tsr__tensor_blocks(t) + c / block) * t->size[TSR_D] + d) * t->size[TSR_H] + h;
    return (plane * t->size[TSR_W] + w) * block + c % block;
}

/* Elements with spare lanes; for a tensor that was checked. */
int64_t tsr__tensor_elements(const tsr_tensor *t);

/* Checks sizes, layout and product; `name` is how messages call the tensor. ANY passes where `any` allows it. */
tsr_status tsr__tensor_check(const tsr_tensor *t, const char *name, bool any);

/* "out of range" in one form for every number: <name>[<axis>] is <value>; allowed are <low> to <high>. */
tsr_status tsr__check_range(const char *name, int64_t value, int64_t low, int64_t high);

/* tsr__check_range() for the three axes of a field. */
tsr_status tsr__check_axes(const char *name, const int64_t *values, int64_t low, int64_t high);

#endif
