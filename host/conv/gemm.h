/* Tiles of matrix products for GPUs: see kernels/common/gemm.cl. */
#ifndef TSR_HOST_CONV_GEMM_H
#define TSR_HOST_CONV_GEMM_H

#include <string.h>

#include "algorithm.h"

/* The first params of an algorithm: rows and columns of a work-group and of a work-item, terms of a step. */
enum { TSR__GEMM_K, TSR__GEMM_P, TSR__GEMM_REG_K, TSR__GEMM_REG_P, TSR__GEMM_STEP, TSR__GEMM_PARAMS };

/* Tiles, their work-items, what share of the arithmetic of the first they reach where there is work enough, and how
 * long a step waits for its numbers, in the time that a compute unit needs for 8 multiply-adds: measured with
 * conv/implicit_gemm on an NVIDIA H200. */
static const struct {
    int32_t tile_k, tile_p, reg_k, reg_p;
    double efficiency, wait;
} tsr__gemm_tiles[] = {
    {128, 128, 8, 8, 1.0, 11500}, /* 256 items; 4 local loads of 4 floats for 64 multiply-adds */
    {128, 64, 8, 4, 0.96, 14600}, /* 256; 3 for 32                                             */
    {64, 128, 8, 8, 0.77, 8100},  /* 128: for first layers, whose steps are short              */
    {64, 64, 8, 4, 0.92, 6200},   /* 128                                                       */
    {64, 64, 4, 4, 0.85, 9300},   /* 256: where registers are scarce                           */
    {32, 32, 4, 4, 0.76, 8500},   /* 64: for few channels, few pixels and small work-groups    */
};
enum { TSR__GEMM_TILES = sizeof tsr__gemm_tiles / sizeof tsr__gemm_tiles[0] };

static inline tsr__params tsr__gemm_params(int tile, int32_t step)
{
    return (tsr__params){{tsr__gemm_tiles[tile].tile_k, tsr__gemm_tiles[tile].tile_p, tsr__gemm_tiles[tile].reg_k,
                          tsr__gemm_tiles[tile].reg_p, step}};
}

/* Work-items of a group. */
static inline int64_t tsr__gemm_items(const tsr__params *params)
{
    const int32_t *v = params->value;
    return (int64_t)(v[TSR__GEMM_K] / v[TSR__GEMM_REG_K]) * (v[TSR__GEMM_P] / v[TSR__GEMM_REG_P]);
}

/* How many sums a work-item has registers for: doubles take two each, and threads of Intel's GPUs hold 128 registers
 * for 8 or 16 items, and convert halves in some of them. */
static inline int32_t tsr__gemm_most_sums(const tsr_device *device, const tsr__problem *p)
{
    if (p->x.dtype == TSR_F64) return 16;
    if (strstr(device->vendor, "Intel") == NULL) return 64;
    return p->x.dtype == TSR_F16 ? 16 : 32;
}

/* Whether a device has the registers, the work-items and the local memory, of which each term of a step takes
 * `spare` elements beside the tile's. */
static inline bool tsr__gemm_fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params,
                                  int32_t most_sums, int32_t spare)
{
    const int32_t *v = params->value;
    const uint64_t element = p->x.dtype == TSR_F64 ? sizeof(double) : sizeof(float);
    const uint64_t stage = (uint64_t)v[TSR__GEMM_STEP] * (uint64_t)(v[TSR__GEMM_K] + v[TSR__GEMM_P] + spare);
    const uint64_t items = (uint64_t)tsr__gemm_items(params);
    return items <= device->max_work_group && items <= device->max_work_items[0] &&
           2 * element * stage <= device->local_bytes && v[TSR__GEMM_REG_K] * v[TSR__GEMM_REG_P] <= most_sums;
}

/* TILE_K TILE_P REG_K REG_P STEP */
static inline void tsr__gemm_define(tsr__launch *launch, const tsr__params *params)
{
    tsr__launch_define(launch, "TILE_K", params->value[TSR__GEMM_K]);
    tsr__launch_define(launch, "TILE_P", params->value[TSR__GEMM_P]);
    tsr__launch_define(launch, "REG_K", params->value[TSR__GEMM_REG_K]);
    tsr__launch_define(launch, "REG_P", params->value[TSR__GEMM_REG_P]);
    tsr__launch_define(launch, "STEP", params->value[TSR__GEMM_STEP]);
}

#endif
