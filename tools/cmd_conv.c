#include "atomic_file.h"
#include "commands.h"
#include "conv_input.h"
#include "explain.h"
#include "json.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

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

typedef struct command_options {
    conv_options conv;
    const char *output, *algorithm, *device;
    bool explain, json;
} command_options;

static option_outcome parse(int argc, char **argv, command_options *o, option_texts *arguments)
{
    enum { OWN_RULES = 5 };
    option_rule rules[OWN_RULES + CONV_RULES] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL}, {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},   {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    conv_options_rules(&o->conv, rules + OWN_RULES);
    const option_table table = {help, rules, OWN_RULES + CONV_RULES, 2, 2, "X.npy and W.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    if (outcome != OPTIONS_GO) return outcome;
    if (o->output == NULL) return options_missing("-o Y.npy");
    return conv_options_check(&o->conv) == EXIT_DONE ? OPTIONS_GO : OPTIONS_WRONG;
}

static int run(const command_options *o, const tsr_conv *problem, const conv_arrays *arrays, npy_array *y,
               tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    int failed = o->explain ? explain_conv(context, problem, &plan_options) : EXIT_DONE;
    if (failed) return failed;

    const run_data data = conv_arrays_data(arrays);
    run_result result;
    failed = run_conv(context, problem, &plan_options, &data, &result);
    if (failed) return failed;
    y->data = result.y;
    failed = npy_write(o->output, y);
    if (!failed && o->json) {
        char text[256];
        cJSON *document =
            json_run(tsr_context_device(context), tsr_conv_format(problem, text, sizeof text), &result, &arrays->x, y);
        cJSON_AddItemToObject(document, "w", json_shape(&arrays->w));
        failed = json_print(document);
    }
    run_result_free(&result);
    return failed;
}

int command_conv(int argc, char **argv)
{
    command_options options = {.conv = conv_options_default, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    conv_arrays arrays = {0};
    npy_array y;
    tsr_conv problem;
    tsr_context *context = NULL;
    int failed = conv_arrays_read(&options.conv, arguments.text[0], arguments.text[1], &arrays);
    if (!failed) failed = conv_input_problem(&options.conv, &arrays, &problem, &y);
    if (!failed) failed = atomic_file_try(&options.output, 1);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &problem, &arrays, &y, context);
    tsr_context_destroy(context);
    conv_arrays_free(&arrays);
    return failed;
}
