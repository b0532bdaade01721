#include "arrays.h"
#include "atomic_file.h"
#include "commands.h"
#include "explain.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: tessera conv X.npy W.npy -o Y.npy [options]\n"
    "\n"
    "Convolves X (N,C,H,W) with the weights W (K,C/groups,R,S) into Y (N,K,P,Q). It is cross-correlation, as in\n"
    "ONNX and PyTorch. Arrays are .npy files of little-endian floats of 16, 32 or 64 bits in C order, all of one\n"
    "type; they have one axis of space (N,C,W), two, or three (N,C,D,H,W). A list has one value for all axes or one\n"
    "for each.\n"
    "\n"
    "  -o, --output Y.npy     where the result goes; written whole or not at all\n"
    "  --stride S             one number, or one for each axis: 2 or 2,1 (default 1)\n"
    "  --pad P                elements around X: one number, one for each axis, or all begins and then all ends, as\n"
    "                         in ONNX: H begin, W begin, H end, W end (default 0)\n"
    "  --pad-mode MODE        zeros; reflect: c b | a b c | b a; replicate: a a | a b c | c c;\n"
    "                         circular: b c | a b c | a b (default zeros)\n"
    "  --auto-pad HOW         same-upper or same-lower: Y has ceil(size / stride) elements per axis, and an odd one\n"
    "                         goes to the end or to the beginning; valid: no padding (default notset: --pad counts)\n"
    "  --dilation D           distance between the filter's elements; a list (default 1: dense)\n"
    "  --groups G             split the channels into G independent groups (default 1)\n"
    "  --flip                 mirror the filter: the convolution of mathematics\n"
    "  --transposed           ConvTranspose of ONNX: X is spread by the stride, W is (C,K/groups,R,S)\n"
    "  --output-padding P     with --transposed: more elements at the end; a list (default 0)\n"
    "  --output-shape S       with --transposed: the size of Y on its axes of space, from which the pads follow\n"
    "  --scale A.npy          multiply by one number per output channel: an array of K\n"
    "  --bias B.npy           then add one number per output channel: an array of K\n"
    "  --residual R.npy       then add an array of Y's shape\n"
    "  --activation WHAT      at last, one of none, relu, relu6, leaky-relu:A, prelu:S.npy (an array of K),\n"
    "                         clip:LO,HI, sigmoid, tanh, silu, hard-sigmoid:A,B, hard-swish, gelu, gelu-tanh,\n"
    "                         elu:A, softplus, mish (default none)\n"
    "  --layout nchw|nhwc|any nhwc: X, Y and R are N,H,W,C; any: they are N,C,H,W, and are reordered on the device\n"
    "                         to what suits it best (default nchw)\n"
    "  --dtype f32|f16|f64    the arrays' type, which they must have (default: X's)\n"
    "  --exact                only algorithms that sum the products themselves; else 3x3 filters may be applied by\n"
    "                         Winograd's method, which rounds more\n"
    "  --algorithm NAME       use this algorithm; --explain lists them\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera\n"
    "                         devices)\n"
    "  --explain              tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json                 describe the run on stdout as one JSON document\n"
    "  -h, --help             print this\n";

static const char *const pad_modes[] = {"zeros", "reflect", "replicate", "circular", NULL}; /* as tsr_pad_mode */

typedef struct conv_options {
    const char *output, *scale, *bias, *residual, *slope, *activation_text, *algorithm, *device;
    option_sizes stride, pad, dilation, output_padding, output_shape;
    int64_t groups;
    int auto_pad, pad_mode, layout, dtype;
    tsr_activation activation;
    float alpha, beta;
    bool flip, transposed, exact, explain, json;
} conv_options;

typedef struct conv_arrays {
    npy_array x, w, scale, bias, residual, slope;
} conv_arrays;

/* ---- Options --------------------------------------------------------------------------------------------------- */

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

/* What only the options together can be wrong about. */
static int check_options(conv_options *o)
{
    if (o->output == NULL) return report(EXIT_INPUT, "missing option: -o Y.npy (--help tells what there is)");
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

static option_outcome parse(int argc, char **argv, conv_options *o, option_texts *arguments)
{
    const option_rule rules[] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
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
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 2, 2, "X.npy and W.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    if (outcome != OPTIONS_GO) return outcome;
    return check_options(o) == EXIT_DONE ? OPTIONS_GO : OPTIONS_WRONG;
}

/* ---- Arrays and problem ---------------------------------------------------------------------------------------- */

static int read_arrays(const conv_options *o, const option_texts *arguments, conv_arrays *arrays)
{
    const tsr_layout layout = arrays_file_layout(o->layout);
    const npy_array *x = &arrays->x;
    int failed = arrays_read(arguments->text[0], ARRAYS_FLOATS, o->dtype, layout, &arrays->x);
    if (!failed) failed = arrays_read_weights(arguments->text[1], x, o->transposed, &arrays->w);
    if (!failed) failed = arrays_read_numbers(o->scale, x, &arrays->scale);
    if (!failed) failed = arrays_read_numbers(o->bias, x, &arrays->bias);
    if (!failed) failed = arrays_read_numbers(o->slope, x, &arrays->slope);
    if (!failed && o->residual != NULL) failed = arrays_read_like(o->residual, x, x->type, layout, &arrays->residual);
    return failed;
}

static void free_arrays(conv_arrays *arrays)
{
    npy_free(&arrays->x);
    npy_free(&arrays->w);
    npy_free(&arrays->scale);
    npy_free(&arrays->bias);
    npy_free(&arrays->residual);
    npy_free(&arrays->slope);
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
static int check_problem(const conv_options *o, const tsr_conv *problem, const conv_arrays *arrays)
{
    tsr_tensor y;
    const tsr_status status = tsr_conv_output(problem, &y);
    if (status != TSR_OK) return report_status(status, "cannot convolve");
    y.layout = arrays_file_layout(o->layout);
    const npy_array expected = arrays_array(&y, arrays_space(&arrays->x), NULL);
    int failed = check_weights(problem, &arrays->w);
    if (!failed) failed = arrays_check_numbers("--scale", &arrays->scale, problem->k);
    if (!failed) failed = arrays_check_numbers("--bias", &arrays->bias, problem->k);
    if (!failed) failed = arrays_check_numbers("--activation prelu", &arrays->slope, problem->k);
    if (!failed && problem->residual)
        failed = arrays_check_shape("--residual", &arrays->residual, "Y", &expected, y.layout);
    return failed;
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static int run(const conv_options *o, const tsr_conv *problem, const conv_arrays *arrays, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    int failed = o->explain ? explain_conv(context, problem, &plan_options) : EXIT_DONE;
    if (failed) return failed;

    const run_data data = {.x = arrays->x.data,
                           .w = arrays->w.data,
                           .scale = arrays->scale.data,
                           .bias = arrays->bias.data,
                           .residual = arrays->residual.data,
                           .slope = arrays->slope.data};
    run_result result;
    failed = run_conv(context, problem, &plan_options, &data, &result);
    if (failed) return failed;
    const npy_array y = arrays_array(&result.shape, arrays_space(&arrays->x), result.y);
    failed = npy_write(o->output, &y);
    if (!failed && o->json) {
        char text[256];
        cJSON *document =
            json_run(tsr_context_device(context), tsr_conv_format(problem, text, sizeof text), &result, &arrays->x, &y);
        cJSON_AddItemToObject(document, "w", json_shape(&arrays->w));
        failed = json_print(document);
    }
    run_result_free(&result);
    return failed;
}

int command_conv(int argc, char **argv)
{
    conv_options options = {.groups = 1, .dtype = ARRAYS_NO_DTYPE, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    conv_arrays arrays = {0};
    tsr_conv problem;
    tsr_context *context = NULL;
    int failed = read_arrays(&options, &arguments, &arrays);
    if (!failed) failed = make_problem(&options, &arrays, &problem);
    if (!failed) failed = check_problem(&options, &problem, &arrays);
    if (!failed) failed = atomic_file_try(options.output, NULL);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &problem, &arrays, context);
    tsr_context_destroy(context);
    free_arrays(&arrays);
    return failed;
}
