#include "peer.h"

static const char *describe_conv(const tsr_conv *p, peer_layer *d)
{
    if (p->dtype != TSR_F32) return "it is compared in f32 only";
    if (p->transposed || p->flip || p->pad_mode != TSR_PAD_ZEROS) return "it is compared on plain convolutions only";
    if (p->scale || p->bias || p->residual || p->activation != TSR_ACTIVATION_NONE)
        return "it is compared without bias, scale, residual and activation";
    *d = (peer_layer){.is_conv = true, .n = p->n, .c = p->c, .k = p->k, .groups = p->groups};
    return p->size[TSR_D] == 1 && p->filter[TSR_D] == 1 ? NULL : "it is compared in two dimensions only";
}

static const char *describe_pool(const tsr_pool *p, peer_layer *d)
{
    if (p->dtype != TSR_F32) return "it is compared in f32 only";
    if (p->kind == TSR_POOL_LP || p->adaptive || p->divisor != 0 || p->indices != TSR_INDICES_NONE)
        return "it is compared on plain maxima and averages only";
    *d = (peer_layer){.kind = p->kind, .n = p->n, .c = p->c, .k = p->c, .groups = p->c};
    return p->size[TSR_D] == 1 && p->filter[TSR_D] == 1 ? NULL : "it is compared in two dimensions only";
}

const char *peer_describe(const layer_problem *problem, peer_layer *d)
{
    const tsr_conv *conv = &problem->conv;
    const tsr_pool *pool = &problem->pool;
    const bool is_conv = problem->is_conv;
    const char *refused = is_conv ? describe_conv(conv, d) : describe_pool(pool, d);
    if (refused != NULL) return refused;
    if ((is_conv ? conv->auto_pad : pool->auto_pad) != TSR_PAD_NOTSET) return "it is compared with explicit padding";
    for (int i = 0; i < 2; ++i) {
        const int axis = TSR_H + i;
        const bool global = !is_conv && pool->global;
        d->in[i] = is_conv ? conv->size[axis] : pool->size[axis];
        d->out[i] = problem->y.size[axis];
        d->filter[i] = is_conv ? conv->filter[axis] : global ? d->in[i] : pool->filter[axis];
        d->stride[i] = is_conv ? conv->stride[axis] : global ? 1 : pool->stride[axis];
        if (d->stride[i] == 0) d->stride[i] = d->filter[i];
        d->dilation[i] = is_conv ? conv->dilation[axis] : pool->dilation[axis];
        d->pad_begin[i] = is_conv ? conv->pad_begin[axis] : pool->pad_begin[axis];
        d->pad_end[i] =
            (d->out[i] - 1) * d->stride[i] + (d->filter[i] - 1) * d->dilation[i] + 1 - d->in[i] - d->pad_begin[i];
        if (d->pad_end[i] < 0) d->pad_end[i] = 0; /* the last window ends before the input does */
    }
    return NULL;
}

const char *peer_describe_forward(const layer_problem *problem, peer_layer *described)
{
    if (problem->pass != LAYER_FORWARD) return "it is compared forward alone";
    return peer_describe(problem, described);
}
