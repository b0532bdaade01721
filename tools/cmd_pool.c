#include "commands.h"
#include "explain.h"
#include "json.h"
#include "npy.h"
#include "options.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

#include <stdio.h>

static const char help[] =
    "usage: tessera pool X.npy -o Y.npy --kind max|avg --kernel K [options]\n"
    "\n"
    "Takes the maximum or the average over windows of each plane of X (N,C,H,W) into Y (N,C,P,Q). Windows overlap "
    "where\n"
    "the stride is smaller than the window. Arrays are .npy files of 32-bit little-endian floats in C order.\n"
    "\n"
    "  -o, --output Y.npy   where the result goes; written whole or not at all\n"
    "  --kind max|avg       maximum or average\n"
    "  --kernel K           the window's size: one number, or two for H and W: 3 or 3,2\n"
    "  --stride S           one number or two (default: the window's size)\n"
    "  --pad P              padding around X: one number, two for H and W, or four in ONNX's order: H begin, W begin,\n"
    "                       H end, W end; less than the window (default 0)\n"
    "  --auto-pad HOW       same-upper or same-lower: Y has ceil(size / stride) elements per axis, and an odd element\n"
    "                       goes to the end or to the beginning; valid: no padding (default notset: --pad counts)\n"
    "  --count-include-pad  avg: divide by the padding too, not only by the elements inside X\n"
    "  --algorithm NAME     use this algorithm; --explain lists them\n"
    "  --device SEL         where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera devices)\n"
    "  --explain            tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json               describe the run on stdout as one JSON document\n"
    "  -h, --help           print this\n";

static const char *const kinds[] = {"max", "avg", NULL};
enum { KIND_MISSING = -1, KIND_MAX, KIND_AVG };

typedef struct pool_options {
    const char *output, *algorithm, *device;
    option_sizes kernel, stride, pad;
    int kind, auto_pad;
    bool count_include_pad, explain, json;
} pool_options;

/* What only the options together can be wrong about. */
static option_outcome check_options(const pool_options *o)
{
    const char *missing = o->output == NULL         ? "-o Y.npy"
                          : o->kind == KIND_MISSING ? "--kind max|avg"
                          : o->kernel.count == 0    ? "--kernel K"
                                                    : NULL;
    if (missing != NULL) {
        report(EXIT_INPUT, "missing option: %s (--help tells what there is)", missing);
        return OPTIONS_WRONG;
    }
    if (o->count_include_pad && o->kind != KIND_AVG) {
        report(EXIT_INPUT, "--count-include-pad says how an average divides; --kind is max");
        return OPTIONS_WRONG;
    }
    /* In the library's problems a stride of 0 means "as the window"; here that is said by leaving it out. */
    for (int i = 0; i < o->stride.count; ++i) {
        if (o->stride.size[i] > 0) continue;
        report(EXIT_INPUT, "--stride has a value of %lld; expected 1 or more", (long long)o->stride.size[i]);
        return OPTIONS_WRONG;
    }
    return OPTIONS_GO;
}

static option_outcome parse(int argc, char **argv, pool_options *o, option_texts *arguments)
{
    const option_rule rules[] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
        {"kind", 0, OPTION_WORD, &o->kind, kinds},
        {"kernel", 0, OPTION_AXES, &o->kernel, NULL},
        {"stride", 0, OPTION_AXES, &o->stride, NULL},
        {"pad", 0, OPTION_PADS, &o->pad, NULL},
        {"auto-pad", 0, OPTION_WORD, &o->auto_pad, options_auto_pads},
        {"count-include-pad", 0, OPTION_FLAG, &o->count_include_pad, NULL},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 1, 1, "X.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    return outcome == OPTIONS_GO ? check_options(o) : outcome;
}

static tsr_pool make_problem(const pool_options *o, const npy_array *x)
{
    tsr_pool problem = tsr_pool_default();
    problem.kind = o->kind == KIND_MAX ? TSR_POOL_MAX : o->count_include_pad ? TSR_POOL_AVG_INCLUDE_PAD : TSR_POOL_AVG;
    problem.n = x->shape[0];
    problem.c = x->shape[1];
    problem.size[TSR_H] = x->shape[2];
    problem.size[TSR_W] = x->shape[3];
    options_spread_axes(&o->kernel, problem.filter);
    options_spread_axes(&o->stride, problem.stride);
    options_spread_pads(&o->pad, problem.pad_begin, problem.pad_end);
    problem.auto_pad = (tsr_auto_pad)o->auto_pad;
    return problem;
}

static int run(const pool_options *o, const tsr_pool *problem, const npy_array *x, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    int failed = o->explain ? explain_pool(context, problem, &plan_options) : EXIT_DONE;
    if (failed) return failed;

    run_result result;
    failed = run_pool(context, problem, &plan_options, x->data, &result);
    if (failed) return failed;
    const tsr_tensor *y = &result.shape;
    const npy_array out = {.axes = 4,
                           .shape = {y->n, y->c, y->size[TSR_H], y->size[TSR_W]},
                           .count = (size_t)(y->n * y->c * y->size[TSR_H] * y->size[TSR_W]),
                           .data = result.y};
    failed = npy_write(o->output, &out);
    if (!failed && o->json) {
        tsr_tensor shape = {.n = problem->n, .c = problem->c};
        shape.size[TSR_H] = problem->size[TSR_H];
        shape.size[TSR_W] = problem->size[TSR_W];
        char text[256];
        failed = json_print(json_run(tsr_context_device(context), tsr_pool_format(problem, text, sizeof text),
                                     result.algorithm, result.workspace_bytes, &shape, y));
    }
    run_result_free(&result);
    return failed;
}

int command_pool(int argc, char **argv)
{
    pool_options options = {.kind = KIND_MISSING, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    npy_array x;
    tsr_context *context = NULL;
    int failed = npy_read(arguments.text[0], "NCHW", &x);
    if (!failed) {
        const tsr_pool problem = make_problem(&options, &x);
        tsr_tensor y;
        const tsr_status status = tsr_pool_output(&problem, &y);
        failed = status == TSR_OK ? EXIT_DONE : report_status(status, "cannot pool");
        if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
        if (!failed) failed = run(&options, &problem, &x, context);
    }
    tsr_context_destroy(context);
    npy_free(&x);
    return failed;
}
