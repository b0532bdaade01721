#include "conv/backward.h"

#include "conv/conv.h"

tsr_conv_backward tsr_conv_backward_default(void)
{
    return (tsr_conv_backward){.forward = tsr_conv_default()};
}

/* A gradient of what the convolution does not have. */
static tsr_status check_flags(const tsr_conv_backward *b)
{
    const struct {
        const char *name, *wants;
        bool asked, there;
    } flags[] = {
        {"dbias", "forward.bias, which is false", b->dbias, b->forward.bias},
        {"dscale", "forward.scale, which is false", b->dscale, b->forward.scale},
        {"dslope", "forward.activation to be prelu", b->dslope, b->forward.activation == TSR_ACTIVATION_PRELU}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; ++i)
        if (flags[i].asked && !flags[i].there)
            return tsr__fail(TSR_INVALID_VALUE, "%s is true; it needs %s", flags[i].name, flags[i].wants);
    return TSR_OK;
}

tsr_status tsr__conv_backward_problem(const tsr_conv_backward *b, tsr__problem *p)
{
    if (b == NULL) return tsr__fail(TSR_INVALID_VALUE, "problem is NULL");
    TSR__TRY(tsr__conv_problem(&b->forward, p));
    TSR__TRY(check_flags(b));
    p->bias = p->has_residual = p->half_sums = p->exact = false;
    p->activation = TSR_ACTIVATION_NONE;
    p->residual = p->y;
    p->accumulate = b->accumulate;
    return TSR_OK;
}

tsr_status tsr__check_plain_weights(const tsr_plan_options *options, const char *reason)
{
    if (options == NULL || !options->packed_weights) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "packed_weights is true; allowed is false, because %s", reason);
}
