#include "network.h"
#include "complain.h"
#include "data.h"

#include <tessera_training.h>

const parameter network_parameters[TENSORS] = {
    {"conv1.w", 4, {32, 1, 3, 3}, 288, 0},
    {"conv1.bias", 1, {32}, 32, 288},
    {"conv2.w", 4, {64, 32, 3, 3}, 18432, 320},
    {"conv2.bias", 1, {64}, 64, 18752},
    {"dense.w", 4, {CLASSES, 64, 2, 2}, 2560, 18816},
    {"dense.bias", 1, {CLASSES}, CLASSES, 21376},
};

/* A layer is a convolution with the weights `tensor`, or a pooling of 2 x 2. */
static const struct {
    int tensor, pad;
    tsr_activation activation;
    tsr_pool_kind pool;
} texts[LAYERS] = {
    {0, 1, TSR_ACTIVATION_RELU, TSR_POOL_MAX}, {-1, 0, TSR_ACTIVATION_NONE, TSR_POOL_MAX},
    {2, 1, TSR_ACTIVATION_RELU, TSR_POOL_MAX}, {-1, 0, TSR_ACTIVATION_NONE, TSR_POOL_AVG},
    {4, 0, TSR_ACTIVATION_NONE, TSR_POOL_MAX},
};

/* ---- Parameters ------------------------------------------------------------------------------------------------ */

bool vector_create(tsr_context *context, cl_mem memory, size_t offset, vector *made)
{
    *made = (vector){{NULL}};
    for (int i = 0; i < TENSORS; ++i) {
        const uint64_t at = offset + (size_t)network_parameters[i].at * sizeof(float);
        const uint64_t bytes = (size_t)network_parameters[i].count * sizeof(float);
        if (!succeeded(tsr_buffer_wrap(context, memory, at, bytes, &made->tensors[i]), network_parameters[i].name)) {
            vector_free(made);
            return false;
        }
    }
    return true;
}

void vector_free(vector *used)
{
    for (int i = 0; i < TENSORS; ++i) tsr_buffer_destroy(used->tensors[i]);
    *used = (vector){{NULL}};
}

/* ---- Making ---------------------------------------------------------------------------------------------------- */

static bool plan_convolution(tsr_context *context, int number, const tsr_tensor *x, layer *made)
{
    const int64_t *shape = network_parameters[texts[number].tensor].shape;
    tsr_conv_backward problem = tsr_conv_backward_default();
    problem.dbias = true; /* in the weights pass */
    tsr_conv *forward = &problem.forward;
    forward->n = x->n, forward->c = x->c, forward->k = shape[0];
    for (int axis = TSR_H; axis <= TSR_W; ++axis) {
        forward->size[axis] = x->size[axis];
        forward->filter[axis] = shape[2];
        forward->pad_begin[axis] = forward->pad_end[axis] = texts[number].pad;
    }
    forward->bias = true;
    forward->activation = texts[number].activation;
    forward->exact = true; /* the layers are too small for Winograd to gain */
    if (!succeeded(tsr_conv_plan(context, forward, NULL, &made->forward), "a convolution") ||
        !succeeded(tsr_conv_backward_weights_plan(context, &problem, NULL, &made->weights_backward), "its dw") ||
        /* Nobody asks for the gradient by the image. */
        (number > 0 &&
         !succeeded(tsr_conv_backward_data_plan(context, &problem, NULL, &made->data_backward), "its dx"))) {
        return false;
    }
    problem.dbias = false;
    return forward->activation == TSR_ACTIVATION_NONE ||
           succeeded(tsr_conv_backward_activation_plan(context, &problem, NULL, &made->activation_backward), "its dv");
}

static bool plan_pooling(tsr_context *context, int number, const tsr_tensor *x, layer *made)
{
    tsr_pool problem = tsr_pool_default();
    problem.kind = texts[number].pool;
    problem.n = x->n, problem.c = x->c;
    for (int axis = TSR_H; axis <= TSR_W; ++axis) {
        problem.size[axis] = x->size[axis];
        problem.filter[axis] = 2;
    }
    if (problem.kind == TSR_POOL_MAX) problem.indices = TSR_INDICES_I32;
    return succeeded(tsr_pool_plan(context, &problem, NULL, &made->forward), "a pooling") &&
           succeeded(tsr_pool_backward_plan(context, &problem, NULL, &made->data_backward), "its dx");
}

static bool grow(const tsr_plan *plan, uint64_t *bytes)
{
    tsr_plan_info info;
    if (plan == NULL) return true;
    if (!succeeded(tsr_plan_describe(plan, &info), "a plan")) return false;
    if (info.workspace_bytes > *bytes) *bytes = info.workspace_bytes;
    return true;
}

/* Adds a layer that reads *x, and makes its output *x. */
static bool add_layer(tsr_context *context, int number, layer *made, tsr_tensor *x, uint64_t *workspace_bytes)
{
    made->tensor = texts[number].tensor;
    if (!(made->tensor < 0 ? plan_pooling(context, number, x, made) : plan_convolution(context, number, x, made))) {
        return false;
    }
    tsr_plan_info info;
    if (!succeeded(tsr_plan_describe(made->forward, &info), "a plan")) return false;
    *x = info.y;
    return memory_create(context, info.y_bytes, NULL, &made->y_memory, &made->y) &&
           memory_create(context, info.y_bytes, NULL, &made->dy_memory, &made->dy) &&
           (info.indices_bytes == 0 ||
            succeeded(tsr_buffer_create(context, info.indices_bytes, &made->indices), "indices")) &&
           (made->activation_backward == NULL ||
            succeeded(tsr_buffer_create(context, info.y_bytes, &made->dv), "a gradient")) &&
           grow(made->forward, workspace_bytes) && grow(made->activation_backward, workspace_bytes) &&
           grow(made->data_backward, workspace_bytes) && grow(made->weights_backward, workspace_bytes);
}

bool network_create(tsr_context *context, network *made)
{
    *made = (network){.workspace = NULL};
    tsr_tensor x = tsr_tensor_default();
    x.n = SLICE, x.c = 1;
    x.size[TSR_H] = x.size[TSR_W] = IMAGE_SIDE;
    uint64_t workspace_bytes = 0;
    bool good = true;
    for (int i = 0; good && i < LAYERS; ++i) good = add_layer(context, i, &made->layers[i], &x, &workspace_bytes);
    good = good && (workspace_bytes == 0 ||
                    succeeded(tsr_buffer_create(context, workspace_bytes, &made->workspace), "a workspace"));
    if (!good) network_free(made);
    return good;
}

void network_free(network *used)
{
    for (int i = 0; i < LAYERS; ++i) {
        layer *one = &used->layers[i];
        tsr_plan_destroy(one->forward), tsr_plan_destroy(one->activation_backward);
        tsr_plan_destroy(one->data_backward), tsr_plan_destroy(one->weights_backward);
        tsr_buffer_destroy(one->indices), tsr_buffer_destroy(one->dv);
        memory_free(&one->y_memory, &one->y), memory_free(&one->dy_memory, &one->dy);
    }
    tsr_buffer_destroy(used->workspace);
    *used = (network){.workspace = NULL};
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static bool run(const tsr_plan *plan, const tsr_args *args)
{
    return succeeded(tsr_plan_enqueue(plan, args, NULL, 0, NULL, NULL), "a layer");
}

bool network_forward(const network *used, const tsr_buffer *x, const vector *weights)
{
    for (int i = 0; i < LAYERS; ++i) {
        const layer *one = &used->layers[i];
        tsr_args args = {.x = x, .y = one->y, .indices = one->indices, .workspace = used->workspace};
        if (one->tensor >= 0) args.w = weights->tensors[one->tensor], args.bias = weights->tensors[one->tensor + 1];
        if (!run(one->forward, &args)) return false;
        x = one->y;
    }
    return true;
}

/* One layer, which read x: its parameters' gradients, and the gradient dx by x (NULL: nobody asks). */
static bool layer_backward(const network *used, const layer *one, const tsr_buffer *x, const vector *weights,
                           const vector *gradients, tsr_buffer *dx)
{
    if (one->tensor < 0) {
        const tsr_args pool = {.dy = one->dy, .indices = one->indices, .dx = dx, .workspace = used->workspace};
        return run(one->data_backward, &pool);
    }
    tsr_buffer *dv = one->dy;
    if (one->activation_backward != NULL) {
        const tsr_args activation = {.dy = one->dy, .y = one->y, .dv = one->dv, .workspace = used->workspace};
        if (!run(one->activation_backward, &activation)) return false;
        dv = one->dv;
    }
    const tsr_args to_weights = {.x = x,
                                 .dv = dv,
                                 .dw = gradients->tensors[one->tensor],
                                 .dbias = gradients->tensors[one->tensor + 1],
                                 .workspace = used->workspace};
    const tsr_args to_data = {.dv = dv, .w = weights->tensors[one->tensor], .dx = dx, .workspace = used->workspace};
    return run(one->weights_backward, &to_weights) && (dx == NULL || run(one->data_backward, &to_data));
}

bool network_backward(const network *used, const tsr_buffer *x, const vector *weights, const vector *gradients)
{
    for (int i = LAYERS - 1; i >= 0; --i) {
        const layer *one = &used->layers[i];
        const tsr_buffer *read = i > 0 ? used->layers[i - 1].y : x;
        tsr_buffer *dx = i > 0 ? used->layers[i - 1].dy : NULL;
        if (!layer_backward(used, one, read, weights, gradients, dx)) return false;
    }
    return true;
}
