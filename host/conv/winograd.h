/* What the algorithms by Winograd's minimal filtering share: kernels/common/winograd.cl tells what they do and why. */
#ifndef TSR_HOST_CONV_WINOGRAD_H
#define TSR_HOST_CONV_WINOGRAD_H

#include "algorithm.h"

/* What they can do. */
enum {
    TSR__WINOGRAD_FEATURES = TSR__ALL_FEATURES & ~(TSR__WIDE_BIT | TSR__DEPTH_BIT | TSR__DILATION_BIT | TSR__F64_BIT |
                                                   TSR__GROUPS_BIT | TSR__HALF_SUMS_BIT | TSR__EXACT_BIT)
};

extern const char *const tsr__winograd_param_names[];

/* The members of their struct. */
int64_t tsr__winograd_packed_elements(const tsr__problem *p, const tsr__params *params);
int64_t tsr__winograd_workspace_elements(const tsr__problem *p, const tsr__params *params);

bool tsr__winograd_pays(const tsr_device *device, const tsr__problem *p, const tsr__params *params);

/* The same with the tile's size; the launches with the source of the kernels. */
const char *tsr__winograd_refuse(const tsr_device *device, const tsr__problem *p, int32_t out);
size_t tsr__winograd_candidates(const tsr_device *device, const tsr__problem *p, int32_t out_size, tsr__params *out,
                                size_t capacity);
void tsr__winograd_pack(const tsr__source *source, const tsr__problem *p, const tsr__params *params, tsr__launch *l);
void tsr__winograd_launches(const tsr__source *source, const tsr__problem *p, const tsr__params *params,
                            tsr__launches *out);

#endif
