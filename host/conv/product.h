/* The matrix product of kernels/conv/implicit_gemm.cl: the tiles that it is made in, what they cost, and its launch. A
 * convolution is one such product, and Winograd's method has one at each point, which it describes as a convolution.
 */
#ifndef TSR_HOST_CONV_PRODUCT_H
#define TSR_HOST_CONV_PRODUCT_H

#include "conv/gemm.h"

/* The params that a product has, before an algorithm's own: the tile's, and work-groups that share a sum. */
enum { TSR__SPLITS = TSR__GEMM_PARAMS, TSR__PRODUCT_PARAMS };
#define TSR__PRODUCT_PARAM_NAMES "k", "p", "rk", "rp", "step", "splits"

/* The refusal where no tile fits. */
#define TSR__PRODUCT_FITS_NOT "no tile fits the device's work-groups, local memory and 32-bit indices"

/* Tiles that the output channels of a group make, and its input channels rounded up to whole steps. */
int64_t tsr__product_tiles_of_k(const tsr__problem *p, const tsr__params *params);
int64_t tsr__product_padded_c(const tsr__problem *p, const tsr__params *params);

int64_t tsr__product_packed_elements(const tsr__problem *p, const tsr__params *params);

/* Each tile that fits the device, the one of least cost first, with `may_split` also with sums taken apart: as many as
 * `capacity` holds, answering how many. */
size_t tsr__product_candidates(const tsr_device *device, const tsr__problem *p, bool may_split, tsr__params *out,
                               size_t capacity);

/* What launches take, in the time that a compute unit needs for 8 multiply-adds: the launch that makes a product or its
 * parts; another that reads or writes so many elements; so many launches, which a host cannot ask for faster, that take
 * the device so long; and all that there is to a product. */
double tsr__product_cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params);
double tsr__pass_cost(const tsr_device *device, int64_t elements);
double tsr__launches_cost(int64_t launches, double taken);
double tsr__whole_product_cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params);

/* What the kernels of implicit_gemm.cl compile in. */
void tsr__product_define(const tsr__problem *p, const tsr__params *params, tsr__launch *l);

/* Adds the launch that makes all sums, or their parts, from what lies in `x` behind x_at elements; so `y`. */
void tsr__product_launch(const tsr__problem *p, const tsr__params *params, tsr__slot x, int64_t x_at, tsr__slot y,
                         int64_t y_at, tsr__launches *out);

#endif
