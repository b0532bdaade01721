/* The passes of a convolution's gradients, as commands call them. */
#ifndef TESSERA_TOOLS_CONV_PASS_H
#define TESSERA_TOOLS_CONV_PASS_H

#include "tessera_training.h"

typedef struct conv_pass {
    const char *name; /* "backward-data" */
    tsr_status (*plan)(tsr_context *context, const tsr_conv_backward *problem, const tsr_plan_options *options,
                       tsr_plan **plan);
    tsr_status (*explain)(const tsr_context *context, const tsr_conv_backward *problem, const tsr_plan_options *options,
                          tsr_candidate *list, size_t room, size_t *count);
} conv_pass;

extern const conv_pass conv_pass_activation, conv_pass_data, conv_pass_weights;

#endif
