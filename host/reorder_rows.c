#include "reorder_rows.h"

#include "cpu_family.h"

extern const tsr__source tsr__source_reorder_rows;

/* Pixels of a work-item: enough to hide the cost of starting it, few enough to spread a small plane over cores. */
enum { TILE = 256 };

/* Channels of NHWC that a work-item moves: a cache line of floats. */
enum { NHWC_GROUP = 16 };

int64_t tsr__pixel_define(const tsr_tensor *t)
{
    const int64_t block = tsr__layout_block(t->layout);
    return t->strides.size[TSR_W] == block ? block : 0;
}

tsr_tensor tsr__staged(const tsr_tensor *given, tsr_layout layout)
{
    tsr_tensor staged = *given;
    if (given->dtype == TSR_F16) staged.dtype = TSR_F32;
    staged.layout = layout;
    staged.strides = (tsr_strides){0};
    tsr__tensor_settle(&staged);
    return staged;
}

static int64_t group_of(const tsr_tensor *t)
{
    return t->layout == TSR_LAYOUT_NHWC ? NHWC_GROUP : tsr__layout_block(t->layout);
}

void tsr__reorder_rows_launch(tsr__launch *l, const tsr_tensor *x, tsr__slot from, const tsr_tensor *y, tsr__slot to,
                              int64_t at)
{
    const int64_t x_group = group_of(x), y_group = group_of(y), group = x_group > y_group ? x_group : y_group;
    const bool flat = tsr__tensor_has_dense_planes(x) && tsr__tensor_has_dense_planes(y);
    const int64_t rows = flat ? 1 : x->size[TSR_D] * x->size[TSR_H];
    const int64_t width = flat ? tsr__tensor_plane(x) : x->size[TSR_W];
    const int64_t global[3] = {tsr__ceil_div(width, TILE), tsr__ceil_div(x->c, group), x->n * rows};
    const size_t local[3] = {1, 1, 1};
    tsr__launch_begin(l, &tsr__source_reorder_rows, "reorder_rows");
    tsr__launch_define(l, "DTYPE", x->dtype);
    tsr__launch_define(l, "Y_DTYPE", y->dtype);
    tsr__launch_define(l, "X_BLOCK", tsr__layout_block(x->layout));
    tsr__launch_define(l, "Y_BLOCK", tsr__layout_block(y->layout));
    tsr__launch_define(l, "GROUP", group);
    tsr__launch_define(l, "X_PIXEL", tsr__pixel_define(x));
    tsr__launch_define(l, "Y_PIXEL", tsr__pixel_define(y));
    tsr__launch_define(l, "TILE", TILE);
    tsr__launch_define(l, "VEC", x_group == 4 || y_group == 4 ? 4 : 8); /* a vector lies within a block */
    tsr__launch_slot(l, from);
    tsr__launch_slot_at(l, to, at);
    tsr__launch_int(l, x->c);
    tsr__launch_int(l, flat ? 1 : x->size[TSR_D]);
    tsr__launch_int(l, flat ? 1 : x->size[TSR_H]);
    tsr__launch_int(l, width);
    tsr__cpu_launch_strides(l, x, tsr__spanned_c(x));
    tsr__cpu_launch_strides(l, y, tsr__spanned_c(y));
    tsr__launch_grid(l, global, local);
}
