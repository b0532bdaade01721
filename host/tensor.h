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

/* A length cut into even parts of at most so many: how many the largest has. */
static inline int64_t tsr__even_part(int64_t length, int64_t most)
{
    return tsr__ceil_div(length, tsr__ceil_div(length, most));
}

/* *total *= factor, or false where that leaves 63 bits. */
bool tsr__multiply(uint64_t *total, int64_t factor);

/* Channels in a block of a layout that fixes them: 4, 8 or 16, and 1 for NCHW; 0 for NHWC and ANY. */
static inline int64_t tsr__layout_block(tsr_layout layout)
{
    static const int64_t blocks[] = {1, 4, 8, 16, 0, 0};
    return blocks[layout];
}

/* The layout with that many channels in a block; TSR_LAYOUT_NHWC where there is none. */
tsr_layout tsr__layout_with_block(int64_t block);

/* A block of 4, 8 or 16 channels. */
static inline bool tsr__layout_is_blocked(tsr_layout layout)
{
    return tsr__layout_block(layout) > 1;
}

/* Channels that lie side by side: NHWC is the layout that has all of them in one block. The naive loops ask for every
 * element: inline. */
static inline int64_t tsr__tensor_block(const tsr_tensor *t)
{
    const int64_t block = tsr__layout_block(t->layout);
    return block == 0 ? t->c : block;
}

/* Blocks that the channels fill, the last one perhaps in part. */
static inline int64_t tsr__tensor_blocks(const tsr_tensor *t)
{
    return tsr__ceil_div(t->c, tsr__tensor_block(t));
}

/* Channels with the last block's spare ones. */
static inline int64_t tsr__tensor_channels(const tsr_tensor *t)
{
    return tsr__tensor_blocks(t) * tsr__tensor_block(t);
}

/* Elements of one channel of one image. */
static inline int64_t tsr__tensor_plane(const tsr_tensor *t)
{
    return t->size[TSR_D] * t->size[TSR_H] * t->size[TSR_W];
}

/* The position of an element of a settled tensor, in elements. kernels/common/tensor.cl is its twin. */
static inline int64_t tsr__tensor_at(const tsr_tensor *t, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
    const int64_t block = tsr__tensor_block(t);
    const tsr_strides *s = &t->strides;
    return n * s->n + c / block * s->c + c % block + d * s->size[TSR_D] + h * s->size[TSR_H] + w * s->size[TSR_W];
}

/* Fills in the strides that are 0: the tensor is settled then. Its layout is known. */
void tsr__tensor_settle(tsr_tensor *t);

/* The strides from image to image and from block to block as kernels with 32-bit indices take them: 0 where there is
 * one image or block, because a stride that nothing spans may be beyond 32 bits. */
static inline int64_t tsr__spanned_n(const tsr_tensor *t)
{
    return t->n > 1 ? t->strides.n : 0;
}

static inline int64_t tsr__spanned_c(const tsr_tensor *t)
{
    return tsr__tensor_blocks(t) > 1 ? t->strides.c : 0;
}

/* From one channel to the next of a tensor without blocks, for such kernels. */
static inline int64_t tsr__channel_stride(const tsr_tensor *t)
{
    return t->layout == TSR_LAYOUT_NHWC ? 1 : tsr__spanned_c(t);
}

/* Whether a settled tensor has the strides that it would have by itself, on every axis of several elements. */
bool tsr__tensor_is_dense(const tsr_tensor *t);

/* Whether each pixel follows the one before, whatever lies between planes and images: a settled tensor's plane is
 * then one row. */
bool tsr__tensor_has_dense_planes(const tsr_tensor *t);

/* Elements from a settled tensor's first to its last, spare lanes included; for a tensor that was checked. */
int64_t tsr__tensor_elements(const tsr_tensor *t);

/* Bytes of the same, settled or not. */
uint64_t tsr__tensor_bytes(const tsr_tensor *t);

/* The layout for two tensors that are to lie alike: whichever is given decides, and else the third. */
static inline void tsr__same_layouts(tsr_tensor *x, tsr_tensor *y, tsr_layout otherwise)
{
    const tsr_layout given = x->layout != TSR_LAYOUT_ANY ? x->layout : y->layout;
    const tsr_layout both = given != TSR_LAYOUT_ANY ? given : otherwise;
    if (x->layout == TSR_LAYOUT_ANY) x->layout = both;
    if (y->layout == TSR_LAYOUT_ANY) y->layout = both;
}

/* What a tensor in a problem is for: decides what is asked of its strides. */
typedef enum tsr__role {
    TSR__READ,      /* adjacent elements on the innermost axis                  */
    TSR__WRITTEN,   /* the same, and no two elements in one place               */
    TSR__COPY_FROM, /* any strides                                              */
    TSR__COPY_TO,   /* any strides, no two elements in one place                */
} tsr__role;

/* Checks type, sizes, layout, strides and product; `name` is how messages call the tensor. ANY passes where `any`
 * allows it. */
tsr_status tsr__tensor_check(const tsr_tensor *t, const char *name, bool any, tsr__role role);

static inline char tsr__axis_letter(int axis)
{
    return "DHW"[axis];
}

/* "out of range" in one form for every number: <name>[<axis>] is <value>; allowed are <low> to <high>. */
tsr_status tsr__check_range(const char *name, int64_t value, int64_t low, int64_t high);

/* The same for a type, in words: those up to `last` are allowed. */
tsr_status tsr__check_dtype(const char *name, tsr_dtype dtype, tsr_dtype last);

/* tsr__check_range() for the three axes of a field. */
tsr_status tsr__check_axes(const char *name, const int64_t *values, int64_t low, int64_t high);

#endif
