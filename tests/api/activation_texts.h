/* Each activation once, with numbers other than the customary ones, by its place in tsr_activation. */
#ifndef TSR_TESTS_ACTIVATION_TEXTS_H
#define TSR_TESTS_ACTIVATION_TEXTS_H

#include "activation.h"

static const char *const activation_texts[TSR__ACTIVATIONS] = {
    "none",           "relu",    "relu6",     "leaky-relu:0.3", "prelu",
    "clip:-2.5:3.25", "sigmoid", "tanh",      "silu",           "hard-sigmoid:0.2:0.5",
    "hard-swish",     "gelu",    "gelu-tanh", "elu:0.7",        "softplus",
    "mish",
};

#endif
