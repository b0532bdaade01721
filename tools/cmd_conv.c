#include "commands.h"
#include "explain.h"
#include "json.h"
#include "npy.h"
#include "options.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>

static const char help[] =
    "usage: tessera conv X.npy W.npy -o Y.npy [options]\n"
    "\n"
    "Convolves X (N,C,H,W) with the weights W (K,C/groups,R,S) into Y (N,K,P,Q). It is cross-correlation, as in ONNX\n"
    "and PyTorch. Arrays are .npy files of 32-bit little-endian floats in C order.\n"
    "\n"
    "  -o, --output Y.npy   where the result goes; written whole or not at all\n"
    "  --bias B.npy         add one number per output channel: an array of K\n"
    "  --stride S           one number, or two for H and W: 2 or 2,1 (default 1)\n"
    "  --pad P              zeros around X: one number, two for H and W, or four in ONNX's order: H begin, W begin,\n"
    "                       H end, W end (default 0)\n"
    "  --auto-pad HOW       same-upper or same-lower: Y has ceil(size / stride) elements per axis, and an odd zero\n"
    "                       goes to the end or to the beginning; valid: no padding (default notset: --pad counts)\n"
    "  --dilation D         distance between the filter's elements; one number or two (default 1: dense)\n"
    "  --groups G           split the channels into G independent groups (default 1)\n"
    "  --activation WHAT    none or relu (default none)\n"
    "  --layout nchw        the order of the arrays; there is no other yet\n"
    "  --algorithm NAME     use this algorithm; --explain lists them\n"
    "  --device SEL         where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera devices)\n"
    "  --explain            tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json               describe the run on stdout as one JSON document\n"
    "  -h, --help           print this\n";

static const char *const activations[] = {"none", "relu", NULL};
static const char *const layouts[] = {"nchw", NULL};

typedef struct conv_options {
    const char *output, *bias, *algorithm, *device;
    option_sizes stride, pad, dilation;
    int64_t groups;
    int auto_pad, activation, layout;
    bool explain, json;
} conv_options;

typedef struct conv_arrays {
    npy_array x, w, bias;
} conv_arrays;

static option_outcome parse(int argc, char **argv, conv_options *o, option_texts *arguments)
{
    const option_rule rules[] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
        {"bias", 0, OPTION_TEXT, &o->bias, NULL},
        {"stride", 0, OPTION_AXES, &o->stride, NULL},
        {"pad", 0, OPTION_PADS, &o->pad, NULL},
        {"auto-pad", 0, OPTION_WORD, &o->auto_pad, options_auto_pads},
        {"dilation", 0, OPTION_AXES, &o->dilation, NULL},
        {"groups", 0, OPTION_SIZE, &o->groups, NULL},
        {"activation", 0, OPTION_WORD, &o->activation, activations},
        {"layout", 0, OPTION_WORD, &o->layout, layouts},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 2, 2, "X.npy and W.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    if (outcome != OPTIONS_GO || o->output != NULL) return outcome;
    report(EXIT_INPUT, "missing option: -o Y.npy (--help tells what there is)");
    return OPTIONS_WRONG;
}

static int read_arrays(const conv_options *o, const option_texts *arguments, conv_arrays *arrays)
{
    int failed = npy_read(arguments->text[0], "NCHW", &arrays->x);
    if (!failed) failed = npy_read(arguments->text[1], "KCRS", &arrays->w);
    if (!failed && o->bias != NULL) failed = npy_read(o->bias, "K", &arrays->bias);
    return failed;
}

/* What the arrays' shapes and the options say together. */
static tsr_conv make_problem(const conv_options *o, const conv_arrays *arrays)
{
    const npy_array *x = &arrays->x, *w = &arrays->w;
    tsr_conv problem = tsr_conv_default();
    problem.n = x->shape[0];
    problem.c = x->shape[1];
    problem.k = w->shape[0];
    problem.groups = o->groups;
    for (int i = 0; i < 2; ++i) {
        problem.size[TSR_H + i] = x->shape[2 + i];
        problem.filter[TSR_H + i] = w->shape[2 + i];
    }
    options_spread_axes(&o->stride, problem.stride);
    options_spread_axes(&o->dilation, problem.dilation);
    options_spread_pads(&o->pad, problem.pad_begin, problem.pad_end);
    problem.auto_pad = (tsr_auto_pad)o->auto_pad;
    problem.activation = (tsr_activation)o->activation;
    problem.bias = o->bias != NULL;
    return problem;
}

/* The problem itself, and what it leaves open: that the arrays have the sizes that follow from it. */
static int check_problem(const tsr_conv *problem, const conv_arrays *arrays)
{
    tsr_tensor y;
    const tsr_status status = tsr_conv_output(problem, &y);
    if (status != TSR_OK) return report_status(status, "cannot convolve");
    const int64_t expected = problem->c / problem->groups;
    if (arrays->w.shape[1] != expected) {
        return report(EXIT_INPUT,
                      "W has %" PRId64 " input channels (axis 1); X has %" PRId64 " in %" PRId64
                      " groups, so expected %" PRId64,
                      arrays->w.shape[1], problem->c, problem->groups, expected);
    }
    if (problem->bias && arrays->bias.shape[0] != problem->k) {
        return report(EXIT_INPUT, "--bias has %" PRId64 " elements; W has %" PRId64 " output channels",
                      arrays->bias.shape[0], problem->k);
    }
    return EXIT_DONE;
}

static int run(const conv_options *o, const tsr_conv *problem, const conv_arrays *arrays, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    int failed = o->explain ? explain_conv(context, problem, &plan_options) : EXIT_DONE;
    if (failed) return failed;

    run_result result;
    failed = run_conv(context, problem, &plan_options, arrays->x.data, arrays->w.data, arrays->bias.data, &result);
    if (failed) return failed;
    const tsr_tensor *y = &result.shape;
    const npy_array out = {.axes = 4,
                           .shape = {y->n, y->c, y->size[TSR_H], y->size[TSR_W]},
                           .count = (size_t)(y->n * y->c * y->size[TSR_H] * y->size[TSR_W]),
                           .data = result.y};
    failed = npy_write(o->output, &out);
    if (!failed && o->json) {
        tsr_tensor x = {.n = problem->n, .c = problem->c};
        tsr_tensor w = {.n = problem->k, .c = problem->c / problem->groups};
        for (int axis = TSR_H; axis <= TSR_W; ++axis) {
            x.size[axis] = problem->size[axis];
            w.size[axis] = problem->filter[axis];
        }
        char text[256];
        cJSON *document = json_run(tsr_context_device(context), tsr_conv_format(problem, text, sizeof text),
                                   result.algorithm, result.workspace_bytes, &x, y);
        cJSON_AddItemToObject(document, "w", json_shape(&w));
        failed = json_print(document);
    }
    run_result_free(&result);
    return failed;
}

int command_conv(int argc, char **argv)
{
    conv_options options = {.groups = 1, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    conv_arrays arrays = {0};
    tsr_context *context = NULL;
    int failed = read_arrays(&options, &arguments, &arrays);
    if (!failed) {
        const tsr_conv problem = make_problem(&options, &arrays);
        failed = check_problem(&problem, &arrays);
        if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
        if (!failed) failed = run(&options, &problem, &arrays, context);
    }
    tsr_context_destroy(context);
    npy_free(&arrays.x);
    npy_free(&arrays.w);
    npy_free(&arrays.bias);
    return failed;
}
