/* The data pass on the algorithms of forward convolution. */
#include "conv/conv.h"
#include "conv_backward_data/conv_backward_data.h"

#define TSR__OPENCL_LIST  "conv/algorithms.def"
#define TSR__HOST_LIST    "cpu/conv.def"
#define TSR__OPENCL(name) tsr__conv_##name
#define TSR__HOST(name)   tsr__cpu_conv_##name
#include "algorithm_lists.h"

static const tsr__operand operands[] = {
    TSR__READS(dv, TSR__X, NULL),
    TSR__READS(w, TSR__W, NULL),
    TSR__READS(scale, TSR__SCALE, tsr__has_scale),
    TSR__WRITES(dx, TSR__Y, NULL),
    {.name = NULL},
};

/* Named as conv, whose tuning data it shares. */
const tsr__operator tsr__conv_gradient = {.name = "conv",
                                          .operands = operands,
                                          .has_window = true,
                                          .swaps = true,
                                          .takes_packed = true,
                                          .opencl = opencl_algorithms,
                                          .host = host_algorithms,
                                          .format = tsr__conv_notation};
