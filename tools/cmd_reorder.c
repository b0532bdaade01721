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

static const char help[] =
    "usage: tessera reorder X.npy -o Y.npy --from LAYOUT --to LAYOUT [options]\n"
    "\n"
    "Changes the order of an array's axes, and its type. Arrays are .npy files in C order with one axis of space,\n"
    "two, or three:\n"
    "\n"
    "  nchw                      N,C,W or N,C,H,W or N,C,D,H,W\n"
    "  nhwc                      N,W,C or N,H,W,C or N,D,H,W,C\n"
    "  nchw4c, nchw8c, nchw16c   N,ceil(C/B),W,B and so on: blocks of B channels; the last one is filled with zeros\n"
    "\n"
    "  -o, --output Y.npy        where the result goes; written whole or not at all\n"
    "  --from LAYOUT             the order that X has\n"
    "  --to LAYOUT               the order that Y gets\n"
    "  --channels C              how many channels X has; needed where it comes in blocks\n"
    "  --dtype f32|f16|f64|i8|u8 X's type, which it must have (default: what it has)\n"
    "  --to-dtype f32|f16|f64|i8|u8\n"
    "                            Y's type: rounded to the nearest, ties to even, and to the nearest end of an\n"
    "                            integer's range (default: X's)\n"
    "  --algorithm NAME          use this algorithm; --explain lists them\n"
    "  --device SEL              where to run: opencl, opencl:TEXT, a number or cpu (default opencl)\n"
    "  --explain                 tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json                    describe the run on stdout as one JSON document\n"
    "  -h, --help                print this\n";

static const char *const layouts[] = {"nchw", "nchw4c", "nchw8c", "nchw16c", "nhwc", NULL}; /* as tsr_layout */
enum { LAYOUT_MISSING = -1 };

typedef struct reorder_options {
    const char *output, *algorithm, *device;
    int64_t channels;
    int from, to, dtype, to_dtype;
    bool explain, json;
} reorder_options;

/* ---- Options --------------------------------------------------------------------------------------------------- */

static int check_options(const reorder_options *o)
{
    const char *missing = o->output == NULL           ? "-o Y.npy"
                          : o->from == LAYOUT_MISSING ? "--from LAYOUT"
                          : o->to == LAYOUT_MISSING   ? "--to LAYOUT"
                                                      : NULL;
    if (missing != NULL) return report(EXIT_INPUT, "missing option: %s (--help tells what there is)", missing);
    const bool blocked = arrays_block((tsr_layout)o->from) > 1;
    if (blocked && o->channels == OPTION_ABSENT) {
        return report(EXIT_INPUT, "missing option: --channels C, because --from is %s (--help tells what there is)",
                      layouts[o->from]);
    }
    if (!blocked && o->channels != OPTION_ABSENT) {
        return report(EXIT_INPUT, "--channels is %" PRId64 "; with --from %s the array itself tells", o->channels,
                      layouts[o->from]);
    }
    return options_check_least("channels", o->channels, 1);
}

static option_outcome parse(int argc, char **argv, reorder_options *o, option_texts *arguments)
{
    const option_rule rules[] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
        {"from", 0, OPTION_WORD, &o->from, layouts},
        {"to", 0, OPTION_WORD, &o->to, layouts},
        {"channels", 0, OPTION_SIZE, &o->channels, NULL},
        {"dtype", 0, OPTION_WORD, &o->dtype, arrays_dtypes},
        {"to-dtype", 0, OPTION_WORD, &o->to_dtype, arrays_dtypes},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 1, 1, "X.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    if (outcome != OPTIONS_GO) return outcome;
    return check_options(o) == EXIT_DONE ? OPTIONS_GO : OPTIONS_WRONG;
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

/* Reads X and tells what tensor it is. */
static int read_x(const reorder_options *o, const char *path, npy_array *array, tsr_tensor *x)
{
    const tsr_layout layout = (tsr_layout)o->from;
    if (arrays_block(layout) > 1)
        return arrays_read_blocked(path, ARRAYS_NUMBERS, o->dtype, layout, o->channels, array, x);
    const int failed = arrays_read(path, ARRAYS_NUMBERS, o->dtype, layout, array);
    if (!failed) *x = arrays_tensor(array, layout);
    return failed;
}

static int run(const reorder_options *o, const npy_array *array, const tsr_tensor *x, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    tsr_tensor y = *x;
    y.layout = (tsr_layout)o->to;
    if (o->to_dtype != ARRAYS_NO_DTYPE) y.dtype = (tsr_dtype)o->to_dtype;
    run_result result;
    int failed = o->explain ? explain_reorder(context, x, &y, &plan_options) : EXIT_DONE;
    if (!failed) failed = run_reorder(context, x, &y, &plan_options, &(run_data){.x = array->data}, &result);
    if (failed) return failed;
    const int space = array->axes - (arrays_block(x->layout) > 1 ? 3 : 2);
    const npy_array reordered = arrays_array(&result.shape, space, result.y);
    failed = npy_write(o->output, &reordered);
    if (!failed && o->json) {
        cJSON *document = json_run(tsr_context_device(context), NULL, &result, array, &reordered);
        cJSON_AddStringToObject(document, "y_dtype", npy_type_text(reordered.type));
        failed = json_print(document);
    }
    run_result_free(&result);
    return failed;
}

int command_reorder(int argc, char **argv)
{
    reorder_options options = {.from = LAYOUT_MISSING,
                               .to = LAYOUT_MISSING,
                               .channels = OPTION_ABSENT,
                               .dtype = ARRAYS_NO_DTYPE,
                               .to_dtype = ARRAYS_NO_DTYPE,
                               .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    npy_array array;
    tsr_tensor x;
    tsr_context *context = NULL;
    int failed = read_x(&options, arguments.text[0], &array, &x);
    if (!failed) failed = atomic_file_try(&options.output, 1);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &array, &x, context);
    tsr_context_destroy(context);
    npy_free(&array);
    return failed;
}
