#include "runner.h"
#include "complain.h"

static bool plan_convolution(tsr_context *context, const layer *of, const tsr_tensor *x, bool last, tsr_plan **plan)
{
    tsr_conv problem = tsr_conv_default();
    problem.n = x->n, problem.c = x->c, problem.k = of->k;
    problem.size[TSR_H] = x->size[TSR_H], problem.size[TSR_W] = x->size[TSR_W];
    problem.filter[TSR_H] = of->r, problem.filter[TSR_W] = of->s;
    problem.bias = true;
    if (of->slope != NULL) problem.activation = TSR_ACTIVATION_PRELU;
    problem.x_layout = x->layout;
    problem.y_layout = last ? TSR_LAYOUT_NCHW : TSR_LAYOUT_ANY;
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = true;
    return succeeded(tsr_conv_plan(context, &problem, &options, plan), "a convolution");
}

static bool plan_pooling(tsr_context *context, const layer *of, const tsr_tensor *x, tsr_plan **plan)
{
    tsr_pool problem = tsr_pool_default();
    problem.n = x->n, problem.c = x->c;
    for (int axis = TSR_H; axis <= TSR_W; ++axis) {
        problem.size[axis] = x->size[axis];
        problem.filter[axis] = of->pool;
        problem.stride[axis] = 2;
    }
    problem.ceil = true;
    problem.x_layout = x->layout;
    problem.y_layout = TSR_LAYOUT_ANY;
    return succeeded(tsr_pool_plan(context, &problem, NULL, plan), "a pooling");
}

/* Packs the weights of a convolution for its plan, once and for all. */
static bool pack(tsr_context *context, const layer *of, const tsr_plan *plan, uint64_t bytes, tsr_buffer **packed)
{
    return succeeded(tsr_buffer_create(context, bytes, packed), "weights") &&
           succeeded(tsr_plan_pack_enqueue(plan, of->w, *packed, NULL, 0, NULL, NULL), "weights");
}

/* Adds layer i, which reads made->out, and makes its output made->out. */
static bool add_layer(tsr_context *context, runner *made, int i, uint64_t *workspace_bytes)
{
    const layer *of = &made->of->layers[i];
    const bool last = i + 1 == made->of->count;
    tsr_plan **plan = &made->plans[i];
    if (!(of->pool > 0 ? plan_pooling(context, of, &made->out, plan)
                       : plan_convolution(context, of, &made->out, last, plan))) {
        return false;
    }
    tsr_plan_info info;
    if (!succeeded(tsr_plan_describe(*plan, &info), "a plan")) return false;
    if (of->pool == 0 && !pack(context, of, *plan, info.packed_bytes, &made->packed[i])) return false;
    if (info.workspace_bytes > *workspace_bytes) *workspace_bytes = info.workspace_bytes;
    made->out = info.y;
    return succeeded(tsr_buffer_create(context, info.y_bytes, &made->y[i]), "a layer's output");
}

static bool add_layers(tsr_context *context, runner *made)
{
    uint64_t x_bytes = 0, workspace_bytes = 0;
    made->out = made->in;
    if (!succeeded(tsr_tensor_bytes(&made->in, &x_bytes), "the input") ||
        !succeeded(tsr_buffer_create(context, x_bytes, &made->x), "the input")) {
        return false;
    }
    for (int i = 0; i < made->of->count; ++i)
        if (!add_layer(context, made, i, &workspace_bytes)) return false;
    return (workspace_bytes == 0 ||
            succeeded(tsr_buffer_create(context, workspace_bytes, &made->workspace), "a workspace")) &&
           succeeded(tsr_context_finish(context), "weights");
}

bool runner_create(tsr_context *context, const network *of, int64_t n, int64_t height, int64_t width, runner *made)
{
    *made = (runner){.of = of, .in = tsr_tensor_default()};
    made->in.n = n, made->in.c = 3;
    made->in.size[TSR_H] = height, made->in.size[TSR_W] = width;
    if (add_layers(context, made)) return true;
    runner_free(made);
    return false;
}

static uint64_t floats(const tsr_tensor *of)
{
    return (uint64_t)(of->n * of->c * of->size[TSR_H] * of->size[TSR_W]);
}

bool runner_upload(const runner *used, const float *x)
{
    return succeeded(tsr_buffer_write(used->x, 0, x, floats(&used->in) * sizeof *x), "upload");
}

bool runner_start(const runner *used)
{
    const tsr_buffer *x = used->x;
    for (int i = 0; i < used->of->count; ++i) {
        tsr_args args = tsr_args_default();
        args.x = x;
        args.w = used->packed[i];
        args.bias = used->of->layers[i].bias;
        args.slope = used->of->layers[i].slope;
        args.workspace = used->workspace;
        args.y = used->y[i];
        if (!succeeded(tsr_plan_enqueue(used->plans[i], &args, NULL, 0, NULL, NULL), "a layer")) return false;
        x = used->y[i];
    }
    return true;
}

bool runner_download(const runner *used, float *y)
{
    return succeeded(tsr_buffer_read(used->y[used->of->count - 1], 0, y, floats(&used->out) * sizeof *y), "download");
}

void runner_free(runner *used)
{
    for (int i = 0; i < MAX_LAYERS; ++i) {
        tsr_plan_destroy(used->plans[i]);
        tsr_buffer_destroy(used->packed[i]);
        tsr_buffer_destroy(used->y[i]);
    }
    tsr_buffer_destroy(used->x);
    tsr_buffer_destroy(used->workspace);
    *used = (runner){0};
}
