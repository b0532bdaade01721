#include "scaled_weights.h"

#include "cpu/element.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_backward_data_reference;

/* Of the channel of x that element i of the weights belongs to: which is i / inner % per_group, and what i / outer
 * groups lie before. Plain weights are k, c / groups, filter; transposed c, k / groups, filter. */
typedef struct order {
    int64_t inner, per_group, outer;
} order;

static order order_of(const tsr__problem *p)
{
    const int64_t taps = tsr__taps(p), group_c = tsr__group_c(p), group_k = tsr__group_k(p);
    if (p->window.transposed) return (order){group_k * taps, p->x.c, p->w_elements};
    return (order){taps, group_c, group_k * group_c * taps};
}

void tsr__scaled_weights_launch(const tsr_device *device, const tsr__offer *offer, tsr__launch *out)
{
    const tsr__problem *p = &offer->whole;
    const order o = order_of(p);
    const int64_t global[3] = {p->w_elements, 1, 1};
    tsr__launch_begin(out, &tsr__source_conv_backward_data_reference, "conv_backward_data_scale");
    tsr__launch_define(out, "DTYPE", p->x.dtype);
    tsr__launch_slot(out, TSR__W);
    tsr__launch_slot(out, TSR__SCALE);
    tsr__launch_slot(out, TSR__WORKSPACE);
    /* The workspace's own elements may be longer than the weights'. */
    tsr__launch_long(out, (int64_t)(offer->scaled_at / tsr_dtype_bytes(p->x.dtype)));
    tsr__launch_long(out, p->w_elements);
    tsr__launch_long(out, o.inner);
    tsr__launch_long(out, o.per_group);
    tsr__launch_long(out, o.outer);
    tsr__launch_groups(out, global, device);
}

void tsr__scaled_weights_run(const tsr__problem *p, const void *w, const void *scale, void *scaled)
{
    const order o = order_of(p);
    for (int64_t i = 0; i < p->w_elements; ++i) {
        const int64_t channel = i / o.outer * o.per_group + i / o.inner % o.per_group;
        tsr__store(p->x.dtype, scaled, i, tsr__load(p->x.dtype, w, i) * tsr__load(p->x.dtype, scale, channel));
    }
}
