#include "conv_backward_data/conv_backward_data.h"

#include "conv/conv.h"
#include "plan.h"

#define TSR__OPENCL_LIST  "conv_backward_data/algorithms.def"
#define TSR__HOST_LIST    "cpu/conv_backward_data.def"
#define TSR__OPENCL(name) tsr__conv_backward_data_##name
#define TSR__HOST(name)   tsr__cpu_conv_backward_data_##name
#include "algorithm_lists.h"

/* ---- The problem ----------------------------------------------------------------------------------------------- */

/* Output padding of a stride or more would be outputs more than x has elements. */
static bool is_convolution(const tsr__problem *forward)
{
    const tsr__window *w = &forward->window;
    bool fits = w->pad_mode == TSR_PAD_ZEROS;
    for (int axis = 0; axis < TSR_AXES; ++axis)
        fits = fits && (!w->transposed || w->output_padding[axis] < w->stride[axis]);
    return fits;
}

/* With one filter a channel and stride 1 the transposed convolution is a convolution by the mirrored filter, for which
 * there are kernels that know no transposed one. The paddings must leave it some. */
static bool is_mirrored(const tsr__problem *forward)
{
    const tsr__window *w = &forward->window;
    bool is = !w->transposed && forward->groups == forward->x.c && forward->groups == forward->y.c;
    for (int axis = 0; axis < TSR_AXES; ++axis)
        is = is && w->stride[axis] == 1 && tsr__window_mirrored_pad(w, axis, w->pad_begin[axis]) >= 0 &&
             tsr__window_mirrored_pad(w, axis, w->pad_end[axis]) >= 0;
    return is;
}

/* The convolution that makes dx of dv. Its weights are c, k, filter where the forward's are k, c, filter, and
 * transposed convolution has them the other way round: they are the same. */
static tsr_conv gradient_of(const tsr_conv *forward, const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    const bool mirrored = is_mirrored(p);
    tsr_conv g = tsr_conv_default();
    g.n = p->x.n;
    g.c = p->y.c;
    g.k = p->x.c;
    g.groups = p->groups;
    tsr__copy_axes(g.size, p->y.size);
    tsr__copy_axes(g.filter, w->filter);
    tsr__copy_axes(g.stride, w->stride);
    tsr__copy_axes(g.dilation, w->dilation);
    tsr__copy_axes(g.pad_begin, w->pad_begin);
    tsr__copy_axes(g.pad_end, w->pad_end);
    g.flip = p->flip != mirrored;
    g.transposed = !w->transposed && !mirrored;
    for (int axis = 0; axis < TSR_AXES && g.transposed; ++axis) {
        const int64_t padded = w->size[axis] + w->pad_begin[axis] + w->pad_end[axis];
        g.output_padding[axis] = (padded - tsr__window_extent(w, axis)) % w->stride[axis]; /* not reached by a filter */
    }
    for (int axis = 0; axis < TSR_AXES && mirrored; ++axis) {
        g.pad_begin[axis] = tsr__window_mirrored_pad(w, axis, w->pad_begin[axis]);
        g.pad_end[axis] = tsr__window_mirrored_pad(w, axis, w->pad_end[axis]);
    }
    g.dtype = p->x.dtype;
    g.half_sums = forward->half_sums;
    g.exact = forward->exact;
    g.x_layout = p->y.layout;
    g.y_layout = p->x.layout;
    g.x_strides = p->y.strides;
    g.y_strides = p->x.strides;
    return g;
}

tsr_status tsr__conv_backward_data_problem(const tsr_conv_backward *b, tsr__problem *p)
{
    tsr__problem forward;
    TSR__TRY(tsr__conv_backward_problem(b, &forward));
    TSR__TRY(tsr__tensor_check(&forward.x, "dx", true, TSR__WRITTEN));
    if (!is_convolution(&forward)) {
        *p = forward;
        p->op = &tsr__conv_backward_data;
        return TSR_OK;
    }
    const tsr_conv gradient = gradient_of(&b->forward, &forward);
    TSR__TRY(tsr__conv_problem(&gradient, p));
    p->op = &tsr__conv_gradient;
    p->scaled_weights = forward.scale;
    return TSR_OK;
}

/* ---- Calls ----------------------------------------------------------------------------------------------------- */

/* The problem, once the options suit the pass too. */
static tsr_status check(const tsr_conv_backward *b, const tsr_plan_options *options, tsr__problem *p)
{
    TSR__TRY(tsr__conv_backward_data_problem(b, p));
    if (!b->forward.scale) return TSR_OK;
    return tsr__check_plain_weights(options, "forward.scale is true, which is multiplied into them at every run");
}

tsr_status tsr_conv_backward_data_plan(tsr_context *context, const tsr_conv_backward *problem,
                                       const tsr_plan_options *options, tsr_plan **plan)
{
    tsr__problem p;
    TSR__TRY(tsr__plan_check(context, plan));
    TSR__TRY(check(problem, options, &p));
    return tsr__plan_create(context, &p, options, plan);
}

tsr_status tsr_conv_backward_data_explain(const tsr_context *context, const tsr_conv_backward *problem,
                                          const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                          size_t *count)
{
    tsr__problem p;
    TSR__TRY(check(problem, options, &p));
    return tsr__plan_explain(context, &p, options, list, room, count);
}

/* ---- The operator ---------------------------------------------------------------------------------------------- */

static const tsr__operand operands[] = {
    TSR__READS(dv, TSR__DV, NULL),
    TSR__READS(w, TSR__W, NULL),
    TSR__READS(scale, TSR__SCALE, tsr__has_scale),
    TSR__WRITES(dx, TSR__DX, NULL),
    {.name = NULL},
};

const tsr__operator tsr__conv_backward_data = {.name = "conv_backward_data",
                                               .operands = operands,
                                               .has_window = true,
                                               .takes_packed = true,
                                               .indivisible = true,
                                               .opencl = opencl_algorithms,
                                               .host = host_algorithms,
                                               .format = tsr__conv_notation};
