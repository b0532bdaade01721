#include "atomic_file.h"
#include "commands.h"
#include "explain.h"
#include "json.h"
#include "pool_input.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

static const char help[] =
    "usage: tessera pool X.npy -o Y.npy --kind max|avg|lp --kernel K [options]\n"
    "\n"
    "Takes the maximum, the average or the norm over windows of each plane of X (N,C,H,W) into Y (N,C,P,Q). Windows\n"
    "overlap where the stride is smaller than the window. Arrays are .npy files of little-endian floats of 16, 32\n"
    "or 64 bits in C order, for maxima also of bytes; they have one axis of space (N,C,W), two, or three\n"
    "(N,C,D,H,W). A list has one value for all axes or one for each.\n"
    "\n"
    "  -o, --output Y.npy     where the result goes; written whole or not at all\n"
    "  --kind max|avg|lp      maximum, average, or the norm (sum |x|^p)^(1/p)\n"
    "  --kernel K             the window's size: one number, or one for each axis: 3 or 3,2\n"
    "  --stride S             a list (default: the window's size)\n"
    "  --pad P                padding around X: one number, one for each axis, or all begins and then all ends, as\n"
    "                         in ONNX: H begin, W begin, H end, W end; less than the window (default 0)\n"
    "  --auto-pad HOW         same-upper or same-lower: Y has ceil(size / stride) elements per axis, and an odd one\n"
    "                         goes to the end or to the beginning; valid: no padding (default notset: --pad counts)\n"
    "  --dilation D           distance between the window's elements; a list (default 1: dense)\n"
    "  --ceil                 round the size of Y up, where a window then begins inside X or the padding before it\n"
    "  --adaptive O1,O2..     instead of a window: the size of Y, a list; window i covers floor(i * size / O) to\n"
    "                         ceil((i + 1) * size / O)\n"
    "  --global               instead of a window: the whole plane\n"
    "  --count-include-pad    avg: divide by the padding too, not only by the elements inside X\n"
    "  --divisor N            avg: divide by N\n"
    "  --p P                  lp: the norm's exponent, a whole number (default 2)\n"
    "  --indices I.npy        max: write where each maximum was found: int64, counted inside its plane in the order\n"
    "                         of H and W, -1 where the window had nothing inside X. Both files are written, or none\n"
    "  --layout nchw|nhwc|any nhwc: X, Y and I are N,H,W,C; any: they are N,C,H,W, and are reordered on the device\n"
    "                         to what suits it best (default nchw)\n"
    "  --dtype f32|f16|f64|i8|u8\n"
    "                         X's type, which it must have (default: what it has)\n"
    "  --algorithm NAME       use this algorithm; --explain lists them\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera\n"
    "                         devices)\n"
    "  --explain              tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json                 describe the run on stdout as one JSON document\n"
    "  -h, --help             print this\n";

typedef struct command_options {
    pool_options pool;
    const char *output, *algorithm, *device;
    bool explain, json;
} command_options;

static option_outcome parse(int argc, char **argv, command_options *o, option_texts *arguments)
{
    enum { OWN_RULES = 5 };
    option_rule rules[OWN_RULES + POOL_RULES] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL}, {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},   {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    pool_options_rules(&o->pool, arrays_dtypes, rules + OWN_RULES);
    const option_table table = {help, rules, OWN_RULES + POOL_RULES, 1, 1, "X.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    if (outcome != OPTIONS_GO) return outcome;
    return o->output != NULL ? pool_options_check(&o->pool) : options_missing("-o Y.npy");
}

static int write_result(const command_options *o, const npy_array *y, void *indices)
{
    npy_output outputs[] = {{o->output, *y}, {o->pool.indices, *y}};
    outputs[1].array.type = NPY_I64;
    outputs[1].array.data = indices;
    return npy_write_all(outputs, indices != NULL ? 2 : 1);
}

static int run(const command_options *o, const tsr_pool *problem, const npy_array *x, npy_array *y,
               tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    int failed = o->explain ? explain_pool(context, problem, &plan_options) : EXIT_DONE;
    if (failed) return failed;

    run_result result;
    failed = run_pool(context, problem, &plan_options, &(run_data){.x = x->data}, &result);
    if (failed) return failed;
    y->data = result.y;
    failed = write_result(o, y, result.indices);
    if (!failed && o->json) {
        char text[256];
        failed = json_print(
            json_run(tsr_context_device(context), tsr_pool_format(problem, text, sizeof text), &result, x, y));
    }
    run_result_free(&result);
    return failed;
}

int command_pool(int argc, char **argv)
{
    command_options options = {.pool = pool_options_default, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    npy_array x, y;
    tsr_pool problem;
    tsr_context *context = NULL;
    const char *const outputs[] = {options.output, options.pool.indices};
    int failed = pool_input_read(&options.pool, ARRAYS_NUMBERS, arguments.text[0], &x);
    if (!failed) failed = pool_input_problem(&options.pool, &x, &problem, &y);
    if (!failed) failed = atomic_file_try(outputs, 2);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &problem, &x, &y, context);
    tsr_context_destroy(context);
    npy_free(&x);
    return failed;
}
