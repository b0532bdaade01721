/* What the kernels made for CPUs share: the vector width of a device and the layout that goes with it. */
#ifndef TSR_HOST_CPU_FAMILY_H
#define TSR_HOST_CPU_FAMILY_H

#include "algorithm.h"

/* Whether kernels unroll their loops over a window: over a large one the compiler would not come to an end. */
static inline bool tsr__cpu_is_unrolled(const tsr__window *w)
{
    enum { MOST = 16 };
    return w->filter[TSR_H] <= MOST && w->filter[TSR_W] <= MOST;
}

/* The width that the kernels are compiled for: the device's, within what they are written for. */
static inline int64_t tsr__cpu_vector_width(const tsr_device *device)
{
    return device->float_width >= 16 ? 16 : device->float_width >= 8 ? 8 : 4;
}

/* The same for what the problem computes with: half as many doubles as floats fit a vector. */
static inline int64_t tsr__cpu_real_width(const tsr_device *device, const tsr__problem *p)
{
    const int64_t width = tsr__cpu_vector_width(device);
    return p->x.dtype == TSR_F64 && width > 4 ? width / 2 : width;
}

/* Whether a channel block holds channels of two groups. */
static inline bool tsr__cpu_straddles(const tsr_tensor *t, int64_t groups)
{
    return groups > 1 && tsr__layout_is_blocked(t->layout) && t->c / groups % tsr__layout_block(t->layout) != 0;
}

/* The layout that a tensor likes best. Fewer channels than a block would be mostly spare lanes, and groups that a
 * block straddles could not be told apart. */
static inline tsr_layout tsr__cpu_layout(const tsr_device *device, int64_t channels, int64_t groups)
{
    const int64_t block = tsr__cpu_vector_width(device);
    const bool whole = groups == 1 || channels / groups % block == 0;
    return channels >= block && whole ? tsr__layout_with_block(block) : TSR_LAYOUT_NCHW;
}

/* The same for both tensors of a problem, each by itself. */
static inline void tsr__cpu_layouts(const tsr_device *device, tsr__problem *p)
{
    if (p->x.layout == TSR_LAYOUT_ANY) p->x.layout = tsr__cpu_layout(device, p->x.c, p->groups);
    if (p->y.layout == TSR_LAYOUT_ANY) p->y.layout = tsr__cpu_layout(device, p->y.c, p->groups);
}

/* The same for tensors that are to lie alike. */
static inline void tsr__cpu_same_layouts(const tsr_device *device, tsr_tensor *x, tsr_tensor *y)
{
    tsr__same_layouts(x, y, tsr__cpu_layout(device, x->c, 1));
}

/* Channels that a vector holds where channels lie side by side: a block, or as many of NHWC as the device likes. */
static inline int64_t tsr__cpu_channel_vector(const tsr_device *device, const tsr_tensor *t)
{
    return t->layout == TSR_LAYOUT_NHWC ? tsr__cpu_vector_width(device) : tsr__layout_block(t->layout);
}

/* Whether a tensor is written past the caches, which do not hold it: then memory need not be read before. It pays where
 * vectors that lie side by side fill lines of memory. Measured on Zen 4. */
static inline bool tsr__cpu_streams(const tsr_tensor *t)
{
    enum { LEAST_BYTES = 8 << 20, LINE = 16 };
    return t->layout != TSR_LAYOUT_NCHW && (t->layout != TSR_LAYOUT_NHWC || t->c % LINE == 0) &&
           tsr__tensor_bytes(t) >= LEAST_BYTES;
}

/* Passes the strides of a tensor, with `channel_step` in the place of its c. */
static inline void tsr__cpu_launch_strides(tsr__launch *launch, const tsr_tensor *t, int64_t channel_step)
{
    tsr__launch_int(launch, tsr__spanned_n(t));
    tsr__launch_int(launch, channel_step);
    tsr__launch_int_axes(launch, t->strides.size);
}

/* From one vector of channels to the next. */
static inline int64_t tsr__cpu_channel_step(const tsr_tensor *t, int64_t vector)
{
    return t->layout == TSR_LAYOUT_NHWC ? vector : tsr__spanned_c(t);
}

/* The params of kernels that make outputs of a row, which has so many: floats in a vector, and outputs, a power of two
 * of vectors so that few programs serve all widths. Tells those that fit, from the longest on. */
enum { TSR__CPU_VECTOR, TSR__CPU_TILE_Q };
static inline size_t tsr__cpu_row_tiles(const tsr_device *device, const tsr__problem *p, int64_t outputs,
                                        bool (*fits)(const tsr__problem *p, const tsr__params *params),
                                        tsr__params *out, size_t capacity)
{
    const int32_t width = (int32_t)tsr__cpu_vector_width(device);
    size_t count = 0;
    for (int32_t vectors = 8; vectors > 0 && count < capacity; vectors /= 2) {
        const tsr__params made = {{width, width * vectors}};
        /* A tile of which more than half lies past the row's end is a smaller one with waste. */
        const bool wasteful = vectors > 1 && made.value[TSR__CPU_TILE_Q] >= 2 * outputs;
        if (!wasteful && fits(p, &made)) out[count++] = made;
    }
    return count;
}

/* Columns that the windows of so many outputs span. */
static inline int64_t tsr__cpu_span(const tsr__window *w, int64_t outputs)
{
    return (outputs - 1) * w->stride[TSR_W] + tsr__window_extent(w, TSR_W);
}

/* Numbers of a region (kernels/common/region.cl): half of the nearest cache, of floats. */
enum { TSR__CPU_REGION = 4096 };

/* Elements that a window sees on an axis in a region, and how far on the next one does. Transposed, a group of outputs
 * counts as one. */
static inline int64_t tsr__cpu_region_extent(const tsr__window *w, int axis)
{
    return (tsr__window_extent(w, axis) - 1) / (w->transposed ? w->stride[axis] : 1) + 1;
}

static inline int64_t tsr__cpu_region_step(const tsr__window *w, int axis)
{
    return w->transposed ? 1 : w->stride[axis];
}

/* Rows of outputs of such a tile that see no more than a region, of so many slices; 0: not even one. */
static inline int64_t tsr__cpu_region_rows(const tsr__window *w, int64_t slices, const tsr__params *params)
{
    const int64_t pitch = (params->value[TSR__CPU_TILE_Q] - 1) * tsr__cpu_region_step(w, TSR_W) +
                          tsr__cpu_region_extent(w, TSR_W) + params->value[TSR__CPU_VECTOR];
    const int64_t lines = TSR__CPU_REGION / (pitch * slices), extent = tsr__cpu_region_extent(w, TSR_H);
    return lines < extent ? 0 : (lines - extent) / tsr__cpu_region_step(w, TSR_H) + 1;
}

/* What one work-item makes of such a tensor: so many rows, columns of a row, and vectors of channels. */
typedef struct tsr__cpu_share {
    int64_t rows, columns, vectors;
} tsr__cpu_share;

/* A row, and of NHWC all channels, so that memory is read from one end to the other. Several rows where one has less
 * than `enough` columns times vectors, so that starting a work-item does not weigh; less than a row where the compute
 * units would not all have work. */
static inline tsr__cpu_share tsr__cpu_share_of(const tsr_device *device, const tsr_tensor *y, int64_t columns,
                                               int64_t vectors, int64_t enough)
{
    enum { ITEMS_PER_UNIT = 4 };
    const int64_t wanted = (int64_t)ITEMS_PER_UNIT * device->compute_units;
    const int64_t rows = y->size[TSR_D] * y->size[TSR_H];
    tsr__cpu_share s = {1, columns, y->layout == TSR_LAYOUT_NHWC ? vectors : 1};
    int64_t items = rows * y->n * tsr__ceil_div(vectors, s.vectors);
    while (s.rows < rows && s.rows * columns * s.vectors < enough && items / (s.rows + 1) >= 2 * wanted) ++s.rows;
    if (items < wanted) s.columns = tsr__ceil_div(s.columns, tsr__ceil_div(wanted, items));
    items *= tsr__ceil_div(columns, s.columns);
    if (items < wanted) s.vectors = tsr__ceil_div(s.vectors, tsr__ceil_div(wanted, items));
    return s;
}

#endif
