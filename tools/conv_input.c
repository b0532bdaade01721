#include "conv_input.h"
#include "report.h"

#include <inttypes.h>
#include <string.h>

static const char *const pad_modes[] = {"zeros", "reflect", "replicate", "circular", NULL}; /* as tsr_pad_mode */

const conv_options conv_options_default = {.groups = 1, .dtype = ARRAYS_NO_DTYPE};

/* ---- Options --------------------------------------------------------------------------------------------------- */

void conv_options_rules(conv_options *o, option_rule *rules)
{
    const option_rule all[CONV_RULES] = {
        {"stride", 0, OPTION_AXES, &o->stride, NULL},
        {"pad", 0, OPTION_PADS, &o->pad, NULL},
        {"pad-mode", 0, OPTION_WORD, &o->pad_mode, pad_modes},
        {"auto-pad", 0, OPTION_WORD, &o->auto_pad, options_auto_pads},
        {"dilation", 0, OPTION_AXES, &o->dilation, NULL},
        {"groups", 0, OPTION_SIZE, &o->groups, NULL},
        {"flip", 0, OPTION_FLAG, &o->flip, NULL},
        {"transposed", 0, OPTION_FLAG, &o->transposed, NULL},
        {"output-padding", 0, OPTION_AXES, &o->output_padding, NULL},
        {"output-shape", 0, OPTION_AXES, &o->output_shape, NULL},
        {"scale", 0, OPTION_TEXT, &o->scale, NULL},
        {"bias", 0, OPTION_TEXT, &o->bias, NULL},
        {"residual", 0, OPTION_TEXT, &o->residual, NULL},
        {"activation", 0, OPTION_TEXT, &o->activation_text, NULL},
        {"layout", 0, OPTION_WORD, &o->layout, arrays_layouts},
        {"dtype", 0, OPTION_WORD, &o->dtype, arrays_float_dtypes},
        {"exact", 0, OPTION_FLAG, &o->exact, NULL},
    };
    memcpy(rules, all, sizeof all);
}

static int read_activation(conv_options *o)
{
    static const char prelu[] = "prelu:";
    if (o->activation_text == NULL) return EXIT_DONE;
    if (strncmp(o->activation_text, prelu, sizeof prelu - 1) == 0) {
        o->activation = TSR_ACTIVATION_PRELU;
        o->slope = o->activation_text + sizeof prelu - 1;
        if (o->slope[0] != '\0') return EXIT_DONE;
    }
    const tsr_status status = tsr_activation_parse(o->activation_text, &o->activation, &o->alpha, &o->beta);
    if (status == TSR_OK && o->activation != TSR_ACTIVATION_PRELU) return EXIT_DONE;
    if (strncmp(o->activation_text, prelu, sizeof prelu - 2) != 0) return report_status(status, "--activation");
    return report(EXIT_INPUT, "--activation is '%s'; expected prelu:S.npy, a slope for each output channel",
                  o->activation_text);
}

int conv_options_check(conv_options *o)
{
    const option_sizes *const of_transposed[] = {&o->output_padding, &o->output_shape};
    for (int i = 0; i < 2 && !o->transposed; ++i) {
        if (of_transposed[i]->count == 0) continue;
        return report(EXIT_INPUT, "--%s is '%s'; it needs --transposed", of_transposed[i]->name,
                      of_transposed[i]->text);
    }
    if (o->transposed && o->pad_mode != TSR_PAD_ZEROS) {
        return report(EXIT_INPUT, "--pad-mode is '%s'; expected zeros, because of --transposed",
                      pad_modes[o->pad_mode]);
    }
    return read_activation(o);
}

/* ---- Arrays and problem ---------------------------------------------------------------------------------------- */

int conv_arrays_read(const conv_options *o, const char *x_path, const char *w_path, conv_arrays *arrays)
{
    const tsr_layout layout = arrays_file_layout(o->layout);
    const npy_array *x = &arrays->x;
    int failed = arrays_read(x_path, ARRAYS_FLOATS, o->dtype, layout, &arrays->x);
    if (!failed) failed = arrays_read_weights(w_path, x, o->transposed, &arrays->w);
    if (!failed) failed = arrays_read_numbers(o->scale, x, &arrays->scale);
    if (!failed) failed = arrays_read_numbers(o->bias, x, &arrays->bias);
    if (!failed) failed = arrays_read_numbers(o->slope, x, &arrays->slope);
    if (!failed && o->residual != NULL) failed = arrays_read_like(o->residual, x, x->type, layout, &arrays->residual);
    return failed;
}

void conv_arrays_free(conv_arrays *arrays)
{
    npy_free(&arrays->x);
    npy_free(&arrays->w);
    npy_free(&arrays->scale);
    npy_free(&arrays->bias);
    npy_free(&arrays->residual);
    npy_free(&arrays->slope);
}

run_data conv_arrays_data(const conv_arrays *arrays)
{
    return (run_data){.x = arrays->x.data,
                      .w = arrays->w.data,
                      .scale = arrays->scale.data,
                      .bias = arrays->bias.data,
                      .residual = arrays->residual.data,
                      .slope = arrays->slope.data};
}

/* What the weights' shape says about the problem. */
static int read_filter(const conv_options *o, const npy_array *w, tsr_conv *problem)
{
    const int space = arrays_space(w);
    for (int i = 0; i < space; ++i) problem->filter[TSR_AXES - space + i] = w->shape[2 + i];
    problem->k = w->shape[0];
    if (!o->transposed || !__builtin_mul_overflow(w->shape[1], o->groups, &problem->k)) return EXIT_DONE;
    return report(EXIT_INPUT, "--groups is %" PRId64 "; its product with W's %" PRId64 " output channels overflows",
                  o->groups, w->shape[1]);
}

/* What the arrays' shapes and the options say together. */
static int make_problem(const conv_options *o, const conv_arrays *arrays, tsr_conv *problem)
{
    const int space = arrays_space(&arrays->x);
    const tsr_tensor x = arrays_tensor(&arrays->x, arrays_file_layout(o->layout));
    *problem = tsr_conv_default();
    problem->n = x.n;
    problem->c = x.c;
    problem->dtype = x.dtype;
    memcpy(problem->size, x.size, sizeof problem->size);
    problem->groups = o->groups;
    problem->auto_pad = (tsr_auto_pad)o->auto_pad;
    problem->pad_mode = (tsr_pad_mode)o->pad_mode;
    problem->flip = o->flip;
    problem->transposed = o->transposed;
    problem->exact = o->exact;
    problem->scale = o->scale != NULL;
    problem->bias = o->bias != NULL;
    problem->residual = o->residual != NULL;
    problem->activation = o->activation;
    problem->alpha = o->alpha;
    problem->beta = o->beta;
    problem->x_layout = problem->y_layout = arrays_layout(o->layout);
    int failed = options_check_least("groups", o->groups, 1);
    if (!failed) failed = read_filter(o, &arrays->w, problem);
    if (!failed) failed = options_spread_axes(&o->stride, space, 1, problem->stride);
    if (!failed) failed = options_spread_axes(&o->dilation, space, 1, problem->dilation);
    if (!failed) failed = options_spread_pads(&o->pad, space, problem->pad_begin, problem->pad_end);
    if (!failed) failed = options_spread_axes(&o->output_padding, space, 0, problem->output_padding);
    if (!failed) failed = options_spread_axes(&o->output_shape, space, 1, problem->output_size);
    return failed;
}

/* The input channels that W is for. Transposed, they come first and are not split into groups. */
static int check_weights(const tsr_conv *problem, const npy_array *w)
{
    const int axis = problem->transposed ? 0 : 1;
    const int64_t expected = problem->transposed ? problem->c : problem->c / problem->groups;
    if (w->shape[axis] == expected) return EXIT_DONE;
    return report(EXIT_INPUT,
                  "W has %" PRId64 " input channels (axis %d); X has %" PRId64 " in %" PRId64
                  " groups, so expected %" PRId64,
                  w->shape[axis], axis, problem->c, problem->groups, expected);
}

/* The problem itself, and what it leaves open: that the arrays have the sizes that follow from it. */
static int check_problem(const conv_options *o, const tsr_conv *problem, const conv_arrays *arrays, npy_array *expected)
{
    tsr_tensor y;
    const tsr_status status = tsr_conv_output(problem, &y);
    if (status != TSR_OK) return report_status(status, "cannot convolve");
    y.layout = arrays_file_layout(o->layout);
    *expected = arrays_array(&y, arrays_space(&arrays->x), NULL);
    int failed = check_weights(problem, &arrays->w);
    if (!failed) failed = arrays_check_numbers("--scale", &arrays->scale, problem->k);
    if (!failed) failed = arrays_check_numbers("--bias", &arrays->bias, problem->k);
    if (!failed) failed = arrays_check_numbers("--activation prelu", &arrays->slope, problem->k);
    if (!failed && problem->residual)
        failed = arrays_check_shape("--residual", &arrays->residual, "Y", expected, y.layout);
    return failed;
}

int conv_input_problem(const conv_options *o, const conv_arrays *arrays, tsr_conv *problem, npy_array *y)
{
    const int failed = make_problem(o, arrays, problem);
    return failed ? failed : check_problem(o, problem, arrays, y);
}
