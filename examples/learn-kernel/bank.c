#include "bank.h"
#include "complain.h"

#include <stdlib.h>
#include <string.h>
#include <tessera_training.h>

enum { WINDOW = 2 };

/* ---- Making ---------------------------------------------------------------------------------------------------- */

static bool plan_convolutions(tsr_context *context, const photo *of, bank *made)
{
    tsr_conv_backward problem = tsr_conv_backward_default();
    tsr_conv *forward = &problem.forward;
    forward->c = 1, forward->k = made->kernels;
    forward->size[TSR_H] = of->height, forward->size[TSR_W] = of->width;
    forward->filter[TSR_H] = forward->filter[TSR_W] = SIDE;
    if (!succeeded(tsr_conv_plan(context, forward, NULL, &made->project), "a convolution")) return false;
    if (made->pooled) forward->activation = TSR_ACTIVATION_RELU;
    return succeeded(tsr_conv_plan(context, forward, NULL, &made->convolve), "a convolution") &&
           succeeded(tsr_conv_backward_activation_plan(context, &problem, NULL, &made->activation_backward),
                     "an activation's gradient") &&
           succeeded(tsr_conv_backward_weights_plan(context, &problem, NULL, &made->weights_backward),
                     "the kernels' gradient");
}

static bool plan_pooling(tsr_context *context, const tsr_tensor *v, bank *made)
{
    tsr_pool problem = tsr_pool_default();
    problem.n = v->n, problem.c = v->c;
    problem.indices = TSR_INDICES_I32;
    for (int axis = TSR_H; axis <= TSR_W; ++axis) {
        problem.size[axis] = v->size[axis];
        problem.filter[axis] = WINDOW;
    }
    return succeeded(tsr_pool_plan(context, &problem, NULL, &made->pool), "a pooling") &&
           succeeded(tsr_pool_backward_plan(context, &problem, NULL, &made->pool_backward), "a pooling's gradient");
}

static bool make_buffer(tsr_context *context, uint64_t bytes, tsr_buffer **buffer)
{
    return succeeded(tsr_buffer_create(context, bytes, buffer), "memory on the device");
}

/* One workspace serves all plans, which run one after the other. */
static bool make_workspace(tsr_context *context, bank *made)
{
    const tsr_plan *const plans[] = {
        made->convolve,     made->project, made->weights_backward, made->pool, made->activation_backward,
        made->pool_backward};
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; ++i) {
        tsr_plan_info info;
        if (plans[i] == NULL) continue;
        if (!succeeded(tsr_plan_describe(plans[i], &info), "a plan")) return false;
        if (info.workspace_bytes > bytes) bytes = info.workspace_bytes;
    }
    return bytes == 0 || make_buffer(context, bytes, &made->workspace);
}

/* The memory between relu and pooling, where there is one; else v is y, and dv is dy. */
static bool make_pooled(tsr_context *context, uint64_t v_bytes, bank *made)
{
    tsr_plan_info info;
    if (!succeeded(tsr_plan_describe(made->pool, &info), "a plan")) return false;
    made->rows = (int)info.y.size[TSR_H], made->columns = (int)info.y.size[TSR_W];
    made->outputs = (size_t)made->rows * (size_t)made->columns;
    const size_t all = made->outputs * (size_t)made->kernels;
    made->projected = malloc(v_bytes);
    made->index = malloc(all * sizeof *made->index);
    made->alive = malloc(all);
    if (made->projected == NULL || made->index == NULL || made->alive == NULL) return complain("out of memory");
    return make_buffer(context, info.y_bytes, &made->y) && make_buffer(context, info.y_bytes, &made->dy) &&
           make_buffer(context, info.indices_bytes, &made->indices) && make_buffer(context, v_bytes, &made->dactivated);
}

static bool make(tsr_context *context, const photo *of, bank *made)
{
    tsr_plan_info info;
    if (!plan_convolutions(context, of, made) || !succeeded(tsr_plan_describe(made->convolve, &info), "a plan") ||
        (made->pooled && !plan_pooling(context, &info.y, made))) {
        return false;
    }
    made->rows = (int)info.y.size[TSR_H], made->columns = (int)info.y.size[TSR_W];
    made->products = made->outputs = (size_t)made->rows * (size_t)made->columns;
    return make_buffer(context, info.x_bytes, &made->x) && make_buffer(context, info.w_bytes, &made->w) &&
           make_buffer(context, info.w_bytes, &made->dw) && make_buffer(context, info.y_bytes, &made->v) &&
           make_buffer(context, info.y_bytes, &made->dv) && make_workspace(context, made) &&
           (!made->pooled || make_pooled(context, info.y_bytes, made)) &&
           succeeded(tsr_buffer_write(made->x, 0, of->pixels, info.x_bytes), "the photograph");
}

bool bank_create(tsr_context *context, const photo *of, int kernels, bool pooled, bank *made)
{
    *made = (bank){.pooled = pooled, .kernels = kernels};
    if (make(context, of, made)) return true;
    bank_free(made);
    return false;
}

void bank_free(bank *used)
{
    tsr_plan *const plans[] = {
        used->convolve,     used->project, used->weights_backward, used->pool, used->activation_backward,
        used->pool_backward};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; ++i) tsr_plan_destroy(plans[i]);
    tsr_buffer *const buffers[] = {used->x,  used->w,          used->v,  used->y,  used->indices,
                                   used->dy, used->dactivated, used->dv, used->dw, used->workspace};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; ++i) tsr_buffer_destroy(buffers[i]);
    free(used->projected), free(used->index), free(used->alive);
    *used = (bank){0};
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static bool run(const tsr_plan *plan, const tsr_args *args)
{
    return succeeded(tsr_plan_enqueue(plan, args, NULL, 0, NULL, NULL), "a layer");
}

static bool upload(tsr_buffer *to, const float *from, size_t count)
{
    return succeeded(tsr_buffer_write(to, 0, from, count * sizeof *from), "upload");
}

static bool download(const tsr_buffer *from, void *to, size_t bytes)
{
    return succeeded(tsr_buffer_read(from, 0, to, bytes), "download");
}

static size_t taps(const bank *of)
{
    return (size_t)of->kernels * TAPS;
}

bool bank_forward(bank *used, const float *w, float *y)
{
    const size_t all = used->outputs * (size_t)used->kernels;
    const tsr_args convolve = {.x = used->x, .w = used->w, .y = used->v, .workspace = used->workspace};
    if (!upload(used->w, w, taps(used)) || !run(used->convolve, &convolve)) return false;
    if (!used->pooled) return download(used->v, y, all * sizeof *y);
    const tsr_args pool = {.x = used->v, .y = used->y, .indices = used->indices, .workspace = used->workspace};
    if (!run(used->pool, &pool) || !download(used->y, y, all * sizeof *y) ||
        !download(used->indices, used->index, all * sizeof *used->index)) {
        return false;
    }
    for (size_t i = 0; i < all; ++i) used->alive[i] = y[i] > 0;
    return true;
}

bool bank_gradient(bank *used, const float *dy, float *dw)
{
    const size_t all = used->outputs * (size_t)used->kernels;
    if (!upload(used->pooled ? used->dy : used->dv, dy, all)) return false;
    if (used->pooled) {
        const tsr_args pool = {
            .dy = used->dy, .indices = used->indices, .dx = used->dactivated, .workspace = used->workspace};
        const tsr_args activation = {
            .dy = used->dactivated, .y = used->v, .dv = used->dv, .workspace = used->workspace};
        if (!run(used->pool_backward, &pool) || !run(used->activation_backward, &activation)) return false;
    }
    const tsr_args weights = {.x = used->x, .dv = used->dv, .dw = used->dw, .workspace = used->workspace};
    return run(used->weights_backward, &weights) && download(used->dw, dw, taps(used) * sizeof *dw);
}

bool bank_tangent(bank *used, const float *p, float *dy)
{
    float *target = used->pooled ? used->projected : dy;
    /* v is still needed by bank_gradient() where there is a relu, and dv by nobody. */
    const tsr_args project = {.x = used->x, .w = used->w, .y = used->dv, .workspace = used->workspace};
    if (!upload(used->w, p, taps(used)) || !run(used->project, &project) ||
        !download(used->dv, target, used->products * (size_t)used->kernels * sizeof *dy)) {
        return false;
    }
    /* Where pooled, the places of the maxima decide, and relu. */
    for (int k = 0; used->pooled && k < used->kernels; ++k)
        for (size_t i = 0; i < used->outputs; ++i) {
            const size_t at = (size_t)k * used->outputs + i;
            const size_t from = (size_t)k * used->products + (size_t)used->index[at];
            dy[at] = used->alive[at] ? used->projected[from] : 0.0f;
        }
    return true;
}
