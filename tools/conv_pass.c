#include "conv_pass.h"

const conv_pass conv_pass_activation = {"backward-activation", tsr_conv_backward_activation_plan,
                                        tsr_conv_backward_activation_explain};
const conv_pass conv_pass_data = {"backward-data", tsr_conv_backward_data_plan, tsr_conv_backward_data_explain};
const conv_pass conv_pass_weights = {"backward-weights", tsr_conv_backward_weights_plan,
                                     tsr_conv_backward_weights_explain};
