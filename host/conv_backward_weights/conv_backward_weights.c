#include "conv_backward_weights/conv_backward_weights.h"

#include "conv/conv.h"
#include "plan.h"

#define TSR__OPENCL_LIST  "conv_backward_weights/algorithms.def"
#define TSR__HOST_LIST    "cpu/conv_backward_weights.def"
#define TSR__OPENCL(name) tsr__conv_backward_weights_##name
#define TSR__HOST(name)   tsr__cpu_conv_backward_weights_##name
#include "algorithm_lists.h"

tsr_status tsr__conv_backward_weights_problem(const tsr_conv_backward *b, tsr__problem *p)
{
    TSR__TRY(tsr__conv_backward_problem(b, p));
    p->op = &tsr__conv_backward_weights;
    p->exact = b->forward.exact;
    p->dbias = b->dbias;
    p->dscale = b->dscale;
    return TSR_OK;
}

static const char no_packing[] = "the pass reads plain weights, and for dscale alone";

/* The problem, once the options suit the pass too. */
static tsr_status check(const tsr_conv_backward *b, const tsr_plan_options *options, tsr__problem *p)
{
    TSR__TRY(tsr__conv_backward_weights_problem(b, p));
    return tsr__check_plain_weights(options, no_packing);
}

tsr_status tsr_conv_backward_weights_plan(tsr_context *context, const tsr_conv_backward *problem,
                                          const tsr_plan_options *options, tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(check(problem, options, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_conv_backward_weights_explain(const tsr_context *context, const tsr_conv_backward *problem,
                                             const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                             size_t *count)
{
    tsr__problem p;
    TSR__TRY(check(problem, options, &p));
    return tsr__plan_explain(context, &p, options, list, room, count);
}

static bool has_dscale(const tsr__problem *p)
{
    return p->dscale;
}

static const tsr__operand operands[] = {
    TSR__READS(x, TSR__X, NULL),
    TSR__READS(dv, TSR__DV, NULL),
    TSR__READS(w, TSR__W, has_dscale),
    TSR__READS(scale, TSR__SCALE, tsr__has_scale),
    TSR__WRITES(dw, TSR__DW, NULL),
    TSR__WRITES(dbias, TSR__DBIAS, tsr__has_dbias),
    TSR__WRITES(dscale, TSR__DSCALE, has_dscale),
    {.name = NULL},
};

const tsr__operator tsr__conv_backward_weights = {.name = "conv_backward_weights",
                                                  .operands = operands,
                                                  .has_window = true,
                                                  .indivisible = true,
                                                  .opencl = opencl_algorithms,
                                                  .host = host_algorithms,
                                                  .format = tsr__conv_notation};
