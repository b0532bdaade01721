/* What the kernels made for CPUs share: the vector width of a device and the layout that goes with it. */
#ifndef TSR_HOST_CPU_FAMILY_H
#define TSR_HOST_CPU_FAMILY_H

#include "tensor.h"

/* The largest window on an axis whose loops kernels unroll: the compiler would not come to an end. */
enum { TSR__MAX_UNROLLED = 16 };

/* The width that the kernels are compiled for: the device's, within what they are written for. */
static inline int64_t tsr__cpu_vector_width(const tsr_device *device)
{
    return device->float_width >= 16 ? 16 : device->float_width >= 8 ? 8 : 4;
}

/* The layout that a tensor likes best. Fewer channels than a block would be mostly spare lanes, and groups that a
 * block straddles could not be told apart. */
static inline tsr_layout tsr__cpu_layout(const tsr_device *device, int64_t channels, int64_t groups)
{
    const int64_t block = tsr__cpu_vector_width(device);
    const bool whole = groups == 1 || channels / groups % block == 0;
    return channels >= block && whole ? tsr__layout_with_block(block) : TSR_LAYOUT_NCHW;
}

/* The layout for tensors that are to lie alike: whichever is given decides. */
static inline void tsr__cpu_same_layouts(const tsr_device *device, tsr_tensor *x, tsr_tensor *y)
{
    const tsr_layout given = x->layout != TSR_LAYOUT_ANY ? x->layout : y->layout;
    const tsr_layout both = given != TSR_LAYOUT_ANY ? given : tsr__cpu_layout(device, x->c, 1);
    if (x->layout == TSR_LAYOUT_ANY) x->layout = both;
    if (y->layout == TSR_LAYOUT_ANY) y->layout = both;
}

/* Channels that a vector holds where channels lie side by side: a block, or as many of NHWC as the device likes. */
static inline int64_t tsr__cpu_channel_vector(const tsr_device *device, const tsr_tensor *t)
{
    return t->layout == TSR_LAYOUT_NHWC ? tsr__cpu_vector_width(device) : tsr__layout_block(t->layout);
}

/* From one vector of channels to the next. */
static inline int64_t tsr__cpu_channel_step(const tsr_tensor *t, int64_t vector)
{
    return t->layout == TSR_LAYOUT_NHWC ? vector : tsr__spanned_c(t);
}

/* What one work-item makes of such a tensor: so many of the columns of a row, and of the vectors of channels. */
typedef struct tsr__cpu_share {
    int64_t columns, vectors;
} tsr__cpu_share;

/* A row, and of NHWC all channels, so that memory is read from one end to the other; less where the compute units would
 * not all have work. */
static inline tsr__cpu_share tsr__cpu_share_of(const tsr_device *device, const tsr_tensor *y, int64_t columns,
                                               int64_t vectors)
{
    enum { ITEMS_PER_UNIT = 4 };
    const int64_t wanted = (int64_t)ITEMS_PER_UNIT * device->compute_units;
    const int64_t rows = y->size[TSR_D] * y->size[TSR_H] * y->n;
    tsr__cpu_share s = {columns, y->layout == TSR_LAYOUT_NHWC ? vectors : 1};
    int64_t items = rows * tsr__ceil_div(vectors, s.vectors);
    if (items < wanted) s.columns = tsr__ceil_div(s.columns, tsr__ceil_div(wanted, items));
    items *= tsr__ceil_div(columns, s.columns);
    if (items < wanted) s.vectors = tsr__ceil_div(s.vectors, tsr__ceil_div(wanted, items));
    return s;
}

#endif
