#include "arrays.h"
#include "atomic_file.h"
#include "commands.h"
#include "explain.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: tessera pool X.npy -o Y.npy --kind max|avg|lp --kernel K [options]\n"
    "\n"
    "Takes the maximum, the average or the norm over windows of each plane of X (N,C,H,W) into Y (N,C,P,Q). Windows\n"
    "overlap where the stride is smaller than the window. Arrays are .npy files of little-endian floats of 16, 32 or "
    "64\n"
    "bits in C order, for maxima also of bytes; they have one axis of space (N,C,W), two, or three (N,C,D,H,W). A "
    "list\n"
    "has one value for all axes or one for each.\n"
    "\n"
    "  -o, --output Y.npy     where the result goes; written whole or not at all\n"
    "  --kind max|avg|lp      maximum, average, or the norm (sum |x|^p)^(1/p)\n"
    "  --kernel K             the window's size: one number, or one for each axis: 3 or 3,2\n"
    "  --stride S             a list (default: the window's size)\n"
    "  --pad P                padding around X: one number, one for each axis, or all begins and then all ends, as in\n"
    "                         ONNX: H begin, W begin, H end, W end; less than the window (default 0)\n"
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
    "  --indices I.npy        max: write where each maximum was found: int64, counted inside its plane in the order "
    "of\n"
    "                         H and W, -1 where the window had nothing inside X. Both files are written, or none\n"
    "  --layout nchw|nhwc|any nhwc: X, Y and I are N,H,W,C; any: they are N,C,H,W, and are reordered on the device to\n"
    "                         what suits it best (default nchw)\n"
    "  --dtype f32|f16|f64|i8|u8\n"
    "                         X's type, which it must have (default: what it has)\n"
    "  --algorithm NAME       use this algorithm; --explain lists them\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera "
    "devices)\n"
    "  --explain              tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json                 describe the run on stdout as one JSON document\n"
    "  -h, --help             print this\n";

static const char *const kinds[] = {"max", "avg", "lp", NULL};
enum { KIND_MISSING = -1, KIND_MAX, KIND_AVG, KIND_LP };

typedef struct pool_options {
    const char *output, *indices, *algorithm, *device;
    option_sizes kernel, stride, pad, dilation, adaptive;
    int64_t divisor, p;
    int kind, auto_pad, layout, dtype;
    bool count_include_pad, ceil, global, explain, json;
} pool_options;

/* ---- Options --------------------------------------------------------------------------------------------------- */

/* A window, or another way to say how Y comes about; not two of them. */
static option_outcome check_window(const pool_options *o)
{
    const option_given others[] = {
        {"global", o->global && o->adaptive.count > 0},
        {"kernel", o->kernel.count > 0},
        {"stride", o->stride.count > 0},
        {"pad", o->pad.count > 0},
        {"auto-pad", o->auto_pad != TSR_PAD_NOTSET},
        {"dilation", o->dilation.count > 0},
        {"ceil", o->ceil},
    };
    const int count = sizeof others / sizeof others[0];
    if (o->adaptive.count > 0) return options_exclude("adaptive", others, count);
    return o->global ? options_exclude("global", others, count) : OPTIONS_GO;
}

/* Options that belong to one kind. */
static option_outcome check_kind(const pool_options *o)
{
    const struct {
        const char *name, *does;
        bool given;
        int kind;
    } rules[] = {
        {"count-include-pad", "says how an average divides", o->count_include_pad, KIND_AVG},
        {"divisor", "says how an average divides", o->divisor != OPTION_ABSENT, KIND_AVG},
        {"p", "is the exponent of a norm", o->p != OPTION_ABSENT, KIND_LP},
        {"indices", "tells where maxima are", o->indices != NULL, KIND_MAX},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; ++i) {
        if (!rules[i].given || o->kind == rules[i].kind) continue;
        report(EXIT_INPUT, "--%s %s; --kind is %s, expected %s", rules[i].name, rules[i].does, kinds[o->kind],
               kinds[rules[i].kind]);
        return OPTIONS_WRONG;
    }
    const bool wrong = options_check_least("divisor", o->divisor, 1) || options_check_least("p", o->p, 1);
    return wrong ? OPTIONS_WRONG : OPTIONS_GO;
}

/* What only the options together can be wrong about. */
static option_outcome check_options(const pool_options *o)
{
    const bool has_window = o->kernel.count > 0 || o->adaptive.count > 0 || o->global;
    const char *missing = o->output == NULL         ? "-o Y.npy"
                          : o->kind == KIND_MISSING ? "--kind max|avg|lp"
                          : !has_window             ? "--kernel K, --adaptive O1,O2.. or --global"
                                                    : NULL;
    if (missing != NULL) {
        report(EXIT_INPUT, "missing option: %s (--help tells what there is)", missing);
        return OPTIONS_WRONG;
    }
    const option_outcome outcome = check_window(o);
    return outcome == OPTIONS_GO ? check_kind(o) : outcome;
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
        {"dilation", 0, OPTION_AXES, &o->dilation, NULL},
        {"ceil", 0, OPTION_FLAG, &o->ceil, NULL},
        {"adaptive", 0, OPTION_AXES, &o->adaptive, NULL},
        {"global", 0, OPTION_FLAG, &o->global, NULL},
        {"count-include-pad", 0, OPTION_FLAG, &o->count_include_pad, NULL},
        {"divisor", 0, OPTION_SIZE, &o->divisor, NULL},
        {"p", 0, OPTION_SIZE, &o->p, NULL},
        {"indices", 0, OPTION_TEXT, &o->indices, NULL},
        {"layout", 0, OPTION_WORD, &o->layout, arrays_layouts},
        {"dtype", 0, OPTION_WORD, &o->dtype, arrays_dtypes},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 1, 1, "X.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    return outcome == OPTIONS_GO ? check_options(o) : outcome;
}

/* ---- The problem ----------------------------------------------------------------------------------------------- */

static int read_x(const pool_options *o, const char *path, npy_array *x)
{
    const bool bytes = o->dtype == TSR_I8 || o->dtype == TSR_U8;
    *x = (npy_array){0};
    if (bytes && o->kind != KIND_MAX) {
        return report(EXIT_INPUT, "--dtype is %s, which --kind max takes; --kind is %s", arrays_dtypes[o->dtype],
                      kinds[o->kind]);
    }
    return arrays_read(path, o->kind == KIND_MAX ? ARRAYS_NUMBERS : ARRAYS_FLOATS, o->dtype,
                       arrays_file_layout(o->layout), x);
}

static tsr_pool_kind problem_kind(const pool_options *o)
{
    if (o->kind == KIND_MAX) return TSR_POOL_MAX;
    if (o->kind == KIND_LP) return TSR_POOL_LP;
    return o->count_include_pad ? TSR_POOL_AVG_INCLUDE_PAD : TSR_POOL_AVG;
}

static int make_problem(const pool_options *o, const npy_array *array, tsr_pool *problem)
{
    const int space = arrays_space(array);
    const tsr_tensor x = arrays_tensor(array, arrays_file_layout(o->layout));
    *problem = tsr_pool_default();
    problem->kind = problem_kind(o);
    problem->n = x.n;
    problem->c = x.c;
    problem->dtype = x.dtype;
    memcpy(problem->size, x.size, sizeof problem->size);
    problem->auto_pad = (tsr_auto_pad)o->auto_pad;
    problem->ceil = o->ceil;
    problem->adaptive = o->adaptive.count > 0;
    problem->global = o->global;
    if (o->divisor != OPTION_ABSENT) problem->divisor = o->divisor;
    if (o->p != OPTION_ABSENT) problem->p = o->p;
    problem->x_layout = problem->y_layout = arrays_layout(o->layout);
    if (o->indices != NULL) {
        problem->indices = TSR_INDICES_I64;
        /* The indices lie as Y does, and a reorder takes no 64-bit integers. */
        problem->x_layout = problem->y_layout = arrays_file_layout(o->layout);
    }
    /* In the library's problems a stride of 0 means "as the window"; here that is said by leaving it out. */
    int failed = options_spread_axes(&o->kernel, space, 1, problem->filter);
    if (!failed) failed = options_spread_axes(&o->stride, space, 1, problem->stride);
    if (!failed) failed = options_spread_axes(&o->dilation, space, 1, problem->dilation);
    if (!failed) failed = options_spread_axes(&o->adaptive, space, 1, problem->output_size);
    if (!failed) failed = options_spread_pads(&o->pad, space, problem->pad_begin, problem->pad_end);
    return failed;
}

static int check_problem(const tsr_pool *problem)
{
    tsr_tensor y;
    const tsr_status status = tsr_pool_output(problem, &y);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot pool");
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static int write_result(const pool_options *o, const npy_array *y, int64_t *indices)
{
    if (o->indices == NULL) return npy_write(o->output, y);
    npy_array places = *y;
    places.type = NPY_I64;
    places.data = indices;
    return npy_write_two(o->output, y, o->indices, &places);
}

static int run(const pool_options *o, const tsr_pool *problem, const npy_array *x, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    int failed = o->explain ? explain_pool(context, problem, &plan_options) : EXIT_DONE;
    if (failed) return failed;

    run_result result;
    failed = run_pool(context, problem, &plan_options, &(run_data){.x = x->data}, &result);
    if (failed) return failed;
    const npy_array y = arrays_array(&result.shape, arrays_space(x), result.y);
    failed = write_result(o, &y, result.indices);
    if (!failed && o->json) {
        char text[256];
        failed = json_print(
            json_run(tsr_context_device(context), tsr_pool_format(problem, text, sizeof text), &result, x, &y));
    }
    run_result_free(&result);
    return failed;
}

int command_pool(int argc, char **argv)
{
    pool_options options = {.kind = KIND_MISSING,
                            .divisor = OPTION_ABSENT,
                            .p = OPTION_ABSENT,
                            .dtype = ARRAYS_NO_DTYPE,
                            .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    npy_array x;
    tsr_pool problem;
    tsr_context *context = NULL;
    int failed = read_x(&options, arguments.text[0], &x);
    if (!failed) failed = make_problem(&options, &x, &problem);
    if (!failed) failed = check_problem(&problem);
    if (!failed) failed = atomic_file_try(options.output, options.indices);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &problem, &x, context);
    tsr_context_destroy(context);
    npy_free(&x);
    return failed;
}
