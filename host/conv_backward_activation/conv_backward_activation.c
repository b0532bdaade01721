#include "conv_backward_activation/conv_backward_activation.h"

#include <inttypes.h>

#include "activation.h"
#include "plan.h"

#define TSR__OPENCL_LIST  "conv_backward_activation/algorithms.def"
#define TSR__HOST_LIST    "cpu/conv_backward_activation.def"
#define TSR__OPENCL(name) tsr__conv_backward_activation_##name
#define TSR__HOST(name)   tsr__cpu_conv_backward_activation_##name
#include "algorithm_lists.h"

tsr_status tsr__conv_backward_activation_problem(const tsr_conv_backward *b, tsr__problem *p)
{
    tsr__problem forward;
    TSR__TRY(tsr__conv_backward_problem(b, &forward));
    const tsr_conv *f = &b->forward;
    if (!b->from_v && tsr__derivative_needs_v(f->activation, f->alpha))
        return tsr__fail(TSR_INVALID_VALUE,
                         "from_v is false; the derivative of %s with alpha %g is no function of y, it takes v",
                         tsr__activation_text(f->activation), (double)f->alpha);
    *p = (tsr__problem){.op = &tsr__conv_backward_activation,
                        .x = forward.y,
                        .y = forward.y,
                        .residual = forward.y,
                        .activation = f->activation,
                        .alpha = f->alpha,
                        .beta = f->beta,
                        .accumulate = b->accumulate,
                        .dbias = b->dbias,
                        .dslope = b->dslope,
                        .from_v = b->from_v};
    return TSR_OK;
}

static const char no_weights[] = "the pass has no weights";

/* The problem, once the options suit the pass too. */
static tsr_status check(const tsr_conv_backward *b, const tsr_plan_options *options, tsr__problem *p)
{
    TSR__TRY(tsr__conv_backward_activation_problem(b, p));
    return tsr__check_plain_weights(options, no_weights);
}

tsr_status tsr_conv_backward_activation_plan(tsr_context *context, const tsr_conv_backward *problem,
                                             const tsr_plan_options *options, tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(check(problem, options, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_conv_backward_activation_explain(const tsr_context *context, const tsr_conv_backward *problem,
                                                const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                                size_t *count)
{
    tsr__problem p;
    TSR__TRY(check(problem, options, &p));
    return tsr__plan_explain(context, &p, options, list, room, count);
}

static bool has_activation(const tsr__problem *p)
{
    return p->activation != TSR_ACTIVATION_NONE;
}

static bool has_dslope(const tsr__problem *p)
{
    return p->dslope;
}

static const tsr__operand operands[] = {
    TSR__READS(dy, TSR__DY, NULL),
    TSR__READS(y, TSR__Y, has_activation),
    TSR__READS(slope, TSR__SLOPE, tsr__has_slope),
    TSR__WRITES(dv, TSR__DV, NULL),
    TSR__WRITES(dbias, TSR__DBIAS, tsr__has_dbias),
    TSR__WRITES(dslope, TSR__DSLOPE, has_dslope),
    {.name = NULL},
};

static void format(const tsr__problem *p, tsr__text *text)
{
    tsr__text_add(text, "activation:n%" PRId64 "c%" PRId64 "d%" PRId64 "h%" PRId64 "w%" PRId64, p->y.n, p->y.c,
                  p->y.size[TSR_D], p->y.size[TSR_H], p->y.size[TSR_W]);
    tsr__activation_format(p->activation, p->alpha, p->beta, text);
    if (p->y.dtype != TSR_F32) tsr__text_add(text, ",%s", tsr_dtype_text(p->y.dtype));
}

const tsr__operator tsr__conv_backward_activation = {.name = "conv_backward_activation",
                                                     .operands = operands,
                                                     .indivisible = true,
                                                     .opencl = opencl_algorithms,
                                                     .host = host_algorithms,
                                                     .format = format};
