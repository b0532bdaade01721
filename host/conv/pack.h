/* Weights in tiles of output channels, as kernels for CPUs read them, kernels/conv/pack.cl, and those for GPUs,
 * kernels/conv/pack_elements.cl. */
#ifndef TSR_HOST_CONV_PACK_H
#define TSR_HOST_CONV_PACK_H

#include "launch.h"
#include "problem.h"

/* How the packed weights lie. */
typedef struct tsr__packing {
    int64_t groups, c, k; /* groups, and input and output channels of each                    */
    int64_t tiles;        /* of output channels in a group: all of them, and perhaps spare ones */
    int64_t tile_k;       /* output channels of a tile                                        */
    int64_t together;     /* input channels that lie together                                 */
    int64_t head;         /* zeros before all                                                 */
} tsr__packing;

/* The elements that they take. */
int64_t tsr__packing_elements(const tsr__packing *packing, const tsr__problem *p);

/* The launch that packs the problem's weights. */
void tsr__launch_pack(tsr__launch *l, const tsr__packing *packing, const tsr__problem *p);

/* The same for GPUs: in so many tiles of tile_k output channels of a group, of padded_c input channels. */
void tsr__launch_pack_elements(tsr__launch *l, const tsr_device *device, const tsr__problem *p, int64_t tiles,
                               int64_t tile_k, int64_t padded_c);

#endif
