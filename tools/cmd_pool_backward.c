#include "atomic_file.h"
#include "commands.h"
#include "explain.h"
#include "json.h"
#include "pool_input.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

static const char help[] =
    "usage: tessera pool-backward DY.npy --x X.npy -o DX.npy --kind max|avg|lp --kernel K [options]\n"
    "\n"
    "From DY, the gradient of a loss by the result Y of\n"
    "\n"
    "  tessera pool X.npy -o Y.npy [options]\n"
    "\n"
    "makes DX, the gradient by X. A maximum's goes to the element that it was, of equal ones to the first. Arrays are\n"
    "as for tessera pool, but of floats; DY has Y's shape.\n"
    "\n"
    "  --x X.npy              what was pooled\n"
    "  -o, --output DX.npy    where the result goes; written whole or not at all\n"
    "  --indices I.npy        max: where each maximum was found, as tessera pool --indices wrote it; without them it "
    "is\n"
    "                         looked for again\n"
    "\n"
    "These say what the pooling was; tessera pool --help explains them:\n"
    "\n"
    "  --kind max|avg|lp  --kernel K  --stride S  --pad P  --auto-pad HOW  --dilation D  --ceil\n"
    "  --adaptive O1,O2..  --global  --count-include-pad  --divisor N  --p P\n"
    "  --layout nchw|nhwc|any  --dtype f32|f16|f64\n"
    "\n"
    "A norm is pooled first, since its derivative takes Y.\n"
    "\n"
    "  --algorithm NAME       use this algorithm for the gradient; --explain lists them\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera\n"
    "                         devices)\n"
    "  --explain              tell on stderr which algorithms refuse and why, and which one runs\n"
    "  --json                 describe the run on stdout as one JSON document\n"
    "  -h, --help             print this\n";

typedef struct command_options {
    pool_options pool;
    const char *x, *output, *algorithm, *device;
    bool explain, json;
} command_options;

typedef struct input {
    npy_array x, dy, indices;
    tsr_pool problem;
} input;

static option_outcome parse(int argc, char **argv, command_options *o, option_texts *arguments)
{
    enum { OWN_RULES = 6 };
    option_rule rules[OWN_RULES + POOL_RULES] = {
        {"x", 0, OPTION_TEXT, &o->x, NULL},
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    pool_options_rules(&o->pool, arrays_float_dtypes, rules + OWN_RULES);
    const option_table table = {help, rules, OWN_RULES + POOL_RULES, 1, 1, "DY.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    if (outcome != OPTIONS_GO) return outcome;
    if (o->x == NULL) return options_missing("--x X.npy");
    return o->output != NULL ? pool_options_check(&o->pool) : options_missing("-o DX.npy");
}

/* ---- Input ----------------------------------------------------------------------------------------------------- */

/* The library passes over an index outside of its window; here one outside of the plane is taken for a mistake. A
 * window without an element has -1. */
static int read_indices(const char *path, const npy_array *dy, tsr_layout layout, input *in)
{
    const int64_t *size = in->problem.size;
    int failed = arrays_read_like(path, dy, NPY_I64, layout, &in->indices);
    if (!failed) failed = arrays_check_shape(path, &in->indices, dy->path, dy, layout);
    if (!failed) failed = arrays_check_indices(&in->indices, -1, size[TSR_D] * size[TSR_H] * size[TSR_W]);
    return failed;
}

static int read_input(const command_options *o, const char *dy_path, input *in)
{
    const tsr_layout layout = arrays_file_layout(o->pool.layout);
    npy_array y;
    int failed = pool_input_read(&o->pool, ARRAYS_FLOATS, o->x, &in->x);
    if (!failed) failed = arrays_read_like(dy_path, &in->x, in->x.type, layout, &in->dy);
    if (!failed) failed = pool_input_problem(&o->pool, &in->x, &in->problem, &y);
    if (!failed) failed = arrays_check_shape("DY", &in->dy, "Y", &y, layout);
    if (!failed && o->pool.indices != NULL) failed = read_indices(o->pool.indices, &in->dy, layout, in);
    return failed;
}

static void free_input(input *in)
{
    npy_free(&in->x);
    npy_free(&in->dy);
    npy_free(&in->indices);
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static int run_gradient(const input *in, const tsr_plan_options *options, tsr_context *context, run_result *result)
{
    run_result pooled = {0};
    int failed = EXIT_DONE;
    if (in->problem.kind == TSR_POOL_LP)
        failed = run_pool(context, &in->problem, NULL, &(run_data){.x = in->x.data}, &pooled);
    const run_data data = {.x = in->x.data, .y = pooled.y, .indices = in->indices.data, .dy = in->dy.data};
    if (!failed) failed = run_pool_backward(context, &in->problem, options, &data, result);
    run_result_free(&pooled);
    return failed;
}

static int run(const command_options *o, const input *in, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    run_result result;
    int failed = o->explain ? explain_pool_backward(context, &in->problem, &plan_options) : EXIT_DONE;
    if (!failed) failed = run_gradient(in, &plan_options, context, &result);
    if (failed) return failed;
    npy_array dx = in->x;
    dx.data = result.dx;
    failed = npy_write(o->output, &dx);
    if (!failed && o->json) {
        char text[256];
        failed = json_print(json_run(tsr_context_device(context), tsr_pool_format(&in->problem, text, sizeof text),
                                     &result, &dx, &in->dy));
    }
    run_result_free(&result);
    return failed;
}

int command_pool_backward(int argc, char **argv)
{
    command_options options = {.pool = pool_options_default, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    input in = {0};
    tsr_context *context = NULL;
    int failed = read_input(&options, arguments.text[0], &in);
    if (!failed) failed = atomic_file_try(&options.output, 1);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &in, context);
    tsr_context_destroy(context);
    free_input(&in);
    return failed;
}
