/* What the algorithms by Winograd's minimal filtering share; of those for CPUs kernels/common/winograd.cl tells what
 * they do and why. */
#ifndef TSR_HOST_CONV_WINOGRAD_H
#define TSR_HOST_CONV_WINOGRAD_H

#include "conv/defines.h"

/* What they can do. */
enum {
    TSR__WINOGRAD_FEATURES = TSR__ALL_FEATURES & ~(TSR__WIDE_BIT | TSR__DEPTH_BIT | TSR__DILATION_BIT | TSR__F64_BIT |
                                                   TSR__GROUPS_BIT | TSR__HALF_SUMS_BIT | TSR__EXACT_BIT)
};

/* ---- For CPUs and GPUs ----------------------------------------------------------------------------------------- */

/* F(4x4, 3x3) rounds so much: see docs/architecture.md. */
#define TSR__WINOGRAD_4X4_ERROR 4e-6

static inline const char *tsr__winograd_refuse_window(const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    if (w->filter[TSR_H] != 3 || w->filter[TSR_W] != 3) return "the filter is not 3 x 3";
    if (w->stride[TSR_H] != 1 || w->stride[TSR_W] != 1) return "the stride is not 1";
    return NULL;
}

/* With stride 1 a transposed convolution is a convolution by the mirrored filter. */
static inline int64_t tsr__winograd_pad(const tsr__problem *p, int axis)
{
    const int64_t pad = p->window.pad_begin[axis];
    return p->window.transposed ? tsr__window_mirrored_pad(&p->window, axis, pad) : pad;
}

/* What the kernels that pack weights are passed first. */
static inline void tsr__winograd_launch_weights(tsr__launch *l, const tsr__problem *p)
{
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_int(l, p->x.c);
    tsr__launch_int(l, p->y.c);
    tsr__launch_int(l, tsr__weights_k_step(p));
    tsr__launch_int(l, tsr__weights_c_step(p));
    tsr__launch_int(l, p->flip != p->window.transposed);
}

/* ---- For CPUs -------------------------------------------------------------------------------------------------- */

extern const char *const tsr__winograd_param_names[];

/* The members of their struct. */
int64_t tsr__winograd_packed_elements(const tsr__problem *p, const tsr__params *params);
int64_t tsr__winograd_workspace_elements(const tsr__problem *p, const tsr__params *params);
void tsr__winograd_pack(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launch *l);

bool tsr__winograd_pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params);

/* The same with the tile's size; the launches with the source of the kernels. */
const char *tsr__winograd_refuse(const tsr_device *device, const tsr__problem *p, int32_t out);
size_t tsr__winograd_candidates(const tsr_device *device, const tsr__problem *p, int32_t out_size, tsr__params *out,
                                size_t capacity);
void tsr__winograd_launches(const tsr__source *source, const tsr__problem *p, const tsr__params *params,
                            tsr__launches *out);

#endif
