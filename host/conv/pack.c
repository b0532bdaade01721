#include "conv/pack.h"

#include "conv/defines.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_pack;
extern const tsr__source tsr__source_conv_pack_elements;

int64_t tsr__packing_elements(const tsr__packing *packing, const tsr__problem *p)
{
    return packing->head + packing->groups * packing->tiles * packing->tile_k * packing->c * tsr__taps(p);
}

void tsr__launch_pack(tsr__launch *l, const tsr__packing *packing, const tsr__problem *p)
{
    const int64_t global[3] = {packing->c, packing->groups * packing->tiles, 1};
    const size_t local[3] = {1, 1, 1};
    tsr__launch_begin(l, &tsr__source_conv_pack, "conv_pack");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_int(l, packing->c);
    tsr__launch_int(l, packing->k);
    tsr__launch_int(l, packing->tiles);
    tsr__launch_int(l, packing->tile_k);
    tsr__launch_int(l, packing->together);
    tsr__launch_int(l, tsr__taps(p));
    tsr__launch_weights(l, p);
    tsr__launch_int(l, packing->head);
    tsr__launch_grid(l, global, local);
}

void tsr__launch_pack_elements(tsr__launch *l, const tsr_device *device, const tsr__problem *p, int64_t tiles,
                               int64_t tile_k, int64_t padded_c)
{
    const int64_t global[3] = {tsr__taps(p) * padded_c * tile_k, p->groups * tiles, 1};
    tsr__launch_begin(l, &tsr__source_conv_pack_elements, "conv_pack_elements");
    tsr__launch_define(l, "DTYPE", p->x.dtype);
    tsr__launch_slot(l, TSR__W);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, tiles);
    tsr__launch_int(l, tile_k);
    tsr__launch_int(l, tsr__taps(p));
    tsr__launch_int(l, padded_c);
    tsr__launch_weights(l, p);
    tsr__launch_groups(l, global, device);
}
