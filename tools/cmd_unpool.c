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
    "usage: tessera unpool Y.npy I.npy -o X.npy --output-shape S [options]\n"
    "       tessera unpool Y.npy I.npy -o X.npy --kernel K [--stride S] [--pad P] [options]\n"
    "\n"
    "The reverse of a maximum pooling, as MaxUnpool in ONNX: X is 0, but where the indices I (int64, of Y's shape)\n"
    "say that a value of Y (N,C,H,W) came from. Indices count inside their plane in the order of H and W, as\n"
    "tessera pool --indices writes them; of several with one index the last stays. Arrays are .npy files in C\n"
    "order; they have one axis of space (N,C,W), two, or three (N,C,D,H,W). A list has one value for all axes or\n"
    "one for each.\n"
    "\n"
    "  -o, --output X.npy     where the result goes; written whole or not at all\n"
    "  --output-shape S       the size of X on its axes of space; a list\n"
    "  --kernel K             or the window of the pooling, which says it: (size - 1) * stride - pads + window; a\n"
    "                         list\n"
    "  --stride S             of the pooling; a list (default: the window's size)\n"
    "  --pad P                of the pooling: one number, one for each axis, or all begins and then all ends\n"
    "                         (default 0)\n"
    "  --layout nchw|nhwc     nhwc: all three are N,H,W,C (default nchw)\n"
    "  --dtype f32|f16|f64|i8|u8\n"
    "                         Y's type, which it must have (default: what it has)\n"
    "  --algorithm NAME       use this algorithm; --explain lists them\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera\n"
    "                         devices)\n"
    "  --explain              tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json                 describe the run on stdout as one JSON document\n"
    "  -h, --help             print this\n";

static const char *const layouts[] = {"nchw", "nhwc", NULL}; /* the first of arrays_layouts */

typedef struct unpool_options {
    const char *output, *algorithm, *device;
    option_sizes output_shape, kernel, stride, pad;
    int layout, dtype;
    bool explain, json;
} unpool_options;

/* ---- Options --------------------------------------------------------------------------------------------------- */

static option_outcome check_options(const unpool_options *o)
{
    const char *missing = o->output == NULL                                    ? "-o X.npy"
                          : o->output_shape.count == 0 && o->kernel.count == 0 ? "--output-shape S or --kernel K"
                                                                               : NULL;
    if (missing != NULL) return options_missing(missing);
    const option_given others[] = {
        {"kernel", o->kernel.count > 0}, {"stride", o->stride.count > 0}, {"pad", o->pad.count > 0}};
    return o->output_shape.count > 0 ? options_exclude("output-shape", others, 3) : OPTIONS_GO;
}

static option_outcome parse(int argc, char **argv, unpool_options *o, option_texts *arguments)
{
    const option_rule rules[] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
        {"output-shape", 0, OPTION_AXES, &o->output_shape, NULL},
        {"kernel", 0, OPTION_AXES, &o->kernel, NULL},
        {"stride", 0, OPTION_AXES, &o->stride, NULL},
        {"pad", 0, OPTION_PADS, &o->pad, NULL},
        {"layout", 0, OPTION_WORD, &o->layout, layouts},
        {"dtype", 0, OPTION_WORD, &o->dtype, arrays_dtypes},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 2, 2, "Y.npy and I.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    return outcome == OPTIONS_GO ? check_options(o) : outcome;
}

/* ---- The problem ----------------------------------------------------------------------------------------------- */

/* One axis of X: (size - 1) * stride - pads + window. */
static int derive_size(int64_t pooled, int64_t window, int64_t stride, int64_t pads, int64_t *size)
{
    int64_t product = 0;
    const bool overflow = __builtin_mul_overflow(pooled - 1, stride, &product) ||
                          __builtin_add_overflow(product, window, &product) ||
                          __builtin_sub_overflow(product, pads, size);
    if (overflow) return report(EXIT_INPUT, "--stride is %" PRId64 "; the size of X overflows", stride);
    if (*size >= 1) return EXIT_DONE;
    return report(EXIT_INPUT,
                  "--pad takes %" PRId64 " elements off an axis of X that has %" PRId64 " of them; expected less", pads,
                  product);
}

static int derive_sizes(const unpool_options *o, int space, tsr_unpool *problem)
{
    int64_t kernel[TSR_AXES] = {1, 1, 1}, stride[TSR_AXES], begin[TSR_AXES] = {0}, end[TSR_AXES] = {0};
    int failed = options_spread_axes(&o->kernel, space, 1, kernel);
    memcpy(stride, kernel, sizeof stride);
    if (!failed) failed = options_spread_axes(&o->stride, space, 1, stride);
    if (!failed) failed = options_spread_pads(&o->pad, space, begin, end);
    for (int axis = 0; axis < TSR_AXES && !failed; ++axis) {
        int64_t pads = 0;
        if (__builtin_add_overflow(begin[axis], end[axis], &pads))
            return report(EXIT_INPUT, "--pad is '%s'; the sum of two sides overflows", o->pad.text);
        failed = derive_size(problem->pooled[axis], kernel[axis], stride[axis], pads, &problem->size[axis]);
    }
    return failed;
}

static int make_problem(const unpool_options *o, const npy_array *y, tsr_unpool *problem)
{
    const tsr_tensor pooled = arrays_tensor(y, arrays_layout(o->layout));
    *problem = tsr_unpool_default();
    problem->n = pooled.n;
    problem->c = pooled.c;
    memcpy(problem->pooled, pooled.size, sizeof problem->pooled);
    memcpy(problem->size, (const int64_t[TSR_AXES]){1, 1, 1}, sizeof problem->size);
    problem->dtype = pooled.dtype;
    problem->layout = pooled.layout;
    if (o->kernel.count > 0) return derive_sizes(o, arrays_space(y), problem);
    return options_spread_axes(&o->output_shape, arrays_space(y), 1, problem->size);
}

/* The library passes over an index outside of its plane; here it is taken for a mistake. */
static int check_indices(const npy_array *indices, const tsr_unpool *problem)
{
    int64_t plane = 1;
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        if (!__builtin_mul_overflow(plane, problem->size[axis], &plane)) continue;
        return report(EXIT_INPUT,
                      "X has %" PRId64 " x %" PRId64 " x %" PRId64 " elements in a plane: more than 63 bits",
                      problem->size[TSR_D], problem->size[TSR_H], problem->size[TSR_W]);
    }
    return arrays_check_indices(indices, 0, plane);
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static int run(const unpool_options *o, const tsr_unpool *problem, const npy_array *y, const npy_array *indices,
               tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    const run_data data = {.x = y->data, .indices = indices->data};
    run_result result;
    int failed = o->explain ? explain_unpool(context, problem, &plan_options) : EXIT_DONE;
    if (!failed) failed = run_unpool(context, problem, &plan_options, &data, &result);
    if (failed) return failed;
    const npy_array x = arrays_array(&result.shape, arrays_space(y), result.y);
    failed = npy_write(o->output, &x);
    if (!failed && o->json) failed = json_print(json_run(tsr_context_device(context), NULL, &result, &x, y));
    run_result_free(&result);
    return failed;
}

int command_unpool(int argc, char **argv)
{
    unpool_options options = {.dtype = ARRAYS_NO_DTYPE, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    const tsr_layout layout = arrays_layout(options.layout);
    npy_array y, indices = {0};
    tsr_unpool problem;
    tsr_context *context = NULL;
    int failed = arrays_read(arguments.text[0], ARRAYS_NUMBERS, options.dtype, layout, &y);
    if (!failed) failed = arrays_read_like(arguments.text[1], &y, NPY_I64, layout, &indices);
    if (!failed) failed = arrays_check_shape(indices.path, &indices, y.path, &y, layout);
    if (!failed) failed = make_problem(&options, &y, &problem);
    if (!failed) failed = check_indices(&indices, &problem);
    if (!failed) failed = atomic_file_try(&options.output, 1);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &problem, &y, &indices, context);
    tsr_context_destroy(context);
    npy_free(&y);
    npy_free(&indices);
    return failed;
}
