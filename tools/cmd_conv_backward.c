#include "atomic_file.h"
#include "commands.h"
#include "conv_input.h"
#include "explain.h"
#include "json.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

static const char help[] =
    "usage: tessera conv-backward DY.npy --x X.npy --w W.npy [--dx F] [--dw F] [--db F] [options]\n"
    "\n"
    "From DY, the gradient of a loss by the result Y of\n"
    "\n"
    "  tessera conv X.npy W.npy -o Y.npy [options]\n"
    "\n"
    "makes the gradients by what Y came from. Each goes to a file of its own, of the shape of what it belongs to; at\n"
    "least one is asked for, and all are written or none. Arrays are as for tessera conv; DY has Y's shape.\n"
    "\n"
    "  --x X.npy              what was convolved\n"
    "  --w W.npy              with these weights\n"
    "  --dx F.npy             the gradient by X\n"
    "  --dw F.npy             by W\n"
    "  --db F.npy             by the bias; with an activation it needs --bias\n"
    "  --dscale F.npy         by --scale\n"
    "  --dslope F.npy         by the slopes of --activation prelu:S.npy\n"
    "  --dresidual F.npy      by --residual\n"
    "\n"
    "These say what the convolution was; tessera conv --help explains them:\n"
    "\n"
    "  --stride S  --pad P  --pad-mode MODE  --auto-pad HOW  --dilation D  --groups G  --flip\n"
    "  --transposed  --output-padding P  --output-shape S\n"
    "  --scale A.npy  --bias B.npy  --residual R.npy  --activation WHAT\n"
    "  --layout nchw|nhwc|any  --dtype f32|f16|f64  --exact\n"
    "\n"
    "With an activation the convolution runs first, for the activation's derivative. At a kink of one that is the\n"
    "derivative on one side, as PyTorch has it: relu's at 0 is 0.\n"
    "\n"
    "  --algorithm NAME       use this algorithm for the gradients; --explain lists them\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl; see tessera\n"
    "                         devices)\n"
    "  --explain              tell on stderr, for each pass, which algorithms refuse and why, and which one runs\n"
    "  --json                 describe the run on stdout as one JSON document\n"
    "  -h, --help             print this\n";

typedef struct command_options {
    conv_options conv;
    const char *x, *w, *dx, *dw, *db, *dscale, *dslope, *dresidual, *algorithm, *device;
    bool explain, json;
} command_options;

typedef struct input {
    conv_arrays arrays;
    npy_array dy;
    tsr_conv problem;
} input;

/* A pass and its set of gradients; nothing written: it is not needed. */
typedef struct step {
    const conv_pass *pass;
    unsigned written;
    run_result result;
} step;

typedef struct steps {
    run_result forward; /* its y is v, from before the activation */
    step activation, data, weights;
} steps;

/* ---- Options --------------------------------------------------------------------------------------------------- */

/* Gradients of what the convolution does not have. */
static option_outcome check_gradients(const command_options *o)
{
    const bool activated = o->conv.activation != TSR_ACTIVATION_NONE;
    const struct {
        const char *name, *wants;
        bool given, there;
    } rules[] = {
        {"db", "--bias B.npy, because of --activation", o->db != NULL && activated, o->conv.bias != NULL},
        {"dscale", "--scale A.npy", o->dscale != NULL, o->conv.scale != NULL},
        {"dslope", "--activation prelu:S.npy", o->dslope != NULL, o->conv.slope != NULL},
        {"dresidual", "--residual R.npy", o->dresidual != NULL, o->conv.residual != NULL},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; ++i) {
        if (!rules[i].given || rules[i].there) continue;
        report(EXIT_INPUT, "--%s is given; it needs %s", rules[i].name, rules[i].wants);
        return OPTIONS_WRONG;
    }
    return OPTIONS_GO;
}

static option_outcome check_options(command_options *o)
{
    const bool any = o->dx != NULL || o->dw != NULL || o->db != NULL || o->dscale != NULL || o->dslope != NULL ||
                     o->dresidual != NULL;
    if (o->x == NULL) return options_missing("--x X.npy");
    if (o->w == NULL) return options_missing("--w W.npy");
    if (!any) return options_missing("--dx F, --dw F, --db F, --dscale F, --dslope F or --dresidual F");
    return conv_options_check(&o->conv) == EXIT_DONE ? check_gradients(o) : OPTIONS_WRONG;
}

static option_outcome parse(int argc, char **argv, command_options *o, option_texts *arguments)
{
    enum { OWN_RULES = 12 };
    option_rule rules[OWN_RULES + CONV_RULES] = {
        {"x", 0, OPTION_TEXT, &o->x, NULL},
        {"w", 0, OPTION_TEXT, &o->w, NULL},
        {"dx", 0, OPTION_TEXT, &o->dx, NULL},
        {"dw", 0, OPTION_TEXT, &o->dw, NULL},
        {"db", 0, OPTION_TEXT, &o->db, NULL},
        {"dscale", 0, OPTION_TEXT, &o->dscale, NULL},
        {"dslope", 0, OPTION_TEXT, &o->dslope, NULL},
        {"dresidual", 0, OPTION_TEXT, &o->dresidual, NULL},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"explain", 0, OPTION_FLAG, &o->explain, NULL},
        {"json", 0, OPTION_FLAG, &o->json, NULL},
    };
    conv_options_rules(&o->conv, rules + OWN_RULES);
    const option_table table = {help, rules, OWN_RULES + CONV_RULES, 1, 1, "DY.npy"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    return outcome == OPTIONS_GO ? check_options(o) : outcome;
}

/* ---- Input ----------------------------------------------------------------------------------------------------- */

static int read_input(const command_options *o, const char *dy_path, input *in)
{
    const tsr_layout layout = arrays_file_layout(o->conv.layout);
    npy_array y;
    int failed = conv_arrays_read(&o->conv, o->x, o->w, &in->arrays);
    if (!failed) failed = arrays_read_like(dy_path, &in->arrays.x, in->arrays.x.type, layout, &in->dy);
    if (!failed) failed = conv_input_problem(&o->conv, &in->arrays, &in->problem, &y);
    if (!failed) failed = arrays_check_shape("DY", &in->dy, "Y", &y, layout);
    return failed;
}

static int try_outputs(const command_options *o)
{
    const char *const paths[] = {o->dx, o->dw, o->db, o->dscale, o->dslope, o->dresidual};
    return atomic_file_try(paths, sizeof paths / sizeof paths[0]);
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static unsigned if_asked(const char *path, unsigned written)
{
    return path != NULL ? written : 0;
}

/* The activation pass makes the bias' gradient too, and dv that the others read; without an activation dv is DY. */
static steps choose_steps(const command_options *o)
{
    const bool activated = o->conv.activation != TSR_ACTIVATION_NONE;
    const unsigned sums = if_asked(o->db, RUN_DBIAS) | if_asked(o->dslope, RUN_DSLOPE);
    const unsigned weights = if_asked(o->dw, RUN_DW) | if_asked(o->dscale, RUN_DSCALE);
    return (steps){
        .activation = {.pass = &conv_pass_activation, .written = activated || sums != 0 ? RUN_DV | sums : 0},
        .data = {.pass = &conv_pass_data, .written = if_asked(o->dx, RUN_DX)},
        .weights = {.pass = &conv_pass_weights, .written = weights != 0 ? RUN_DW | weights : 0},
    };
}

/* The problem that a step's pass sees. */
static tsr_conv_backward step_problem(const step *s, const tsr_conv *forward)
{
    tsr_conv_backward b = tsr_conv_backward_default();
    b.forward = *forward;
    b.dbias = s->written & RUN_DBIAS;
    b.forward.bias = forward->bias || b.dbias; /* whose numbers do not matter where there is no activation */
    b.dscale = s->written & RUN_DSCALE;
    b.dslope = s->written & RUN_DSLOPE;
    b.from_v = true;
    return b;
}

static int explain_steps(const steps *all, const tsr_conv *forward, const tsr_plan_options *options,
                         tsr_context *context)
{
    const step *const each[] = {&all->activation, &all->data, &all->weights};
    int failed = EXIT_DONE;
    for (size_t i = 0; i < sizeof each / sizeof each[0] && !failed; ++i) {
        if (each[i]->written == 0) continue;
        const tsr_conv_backward problem = step_problem(each[i], forward);
        failed = explain_conv_pass(context, each[i]->pass, &problem, options);
    }
    return failed;
}

static int run_step(step *s, const tsr_conv *forward, const tsr_plan_options *options, const run_data *data,
                    tsr_context *context)
{
    if (s->written == 0) return EXIT_DONE;
    const tsr_conv_backward problem = step_problem(s, forward);
    return run_conv_pass(context, s->pass, &problem, options, s->written, data, &s->result);
}

static int run_steps(steps *all, const input *in, const tsr_plan_options *options, tsr_context *context)
{
    const tsr_conv *problem = &in->problem;
    const conv_arrays *a = &in->arrays;
    tsr_conv plain = *problem;
    plain.activation = TSR_ACTIVATION_NONE;
    const run_data whole = conv_arrays_data(a);
    int failed = EXIT_DONE;
    if (problem->activation != TSR_ACTIVATION_NONE) failed = run_conv(context, &plain, NULL, &whole, &all->forward);

    const run_data activation = {.dy = in->dy.data, .y = all->forward.y, .slope = a->slope.data};
    if (!failed) failed = run_step(&all->activation, problem, options, &activation, context);
    const void *dv = all->activation.result.dv != NULL ? all->activation.result.dv : in->dy.data;
    const run_data data = {.dv = dv, .w = a->w.data, .scale = a->scale.data};
    if (!failed) failed = run_step(&all->data, problem, options, &data, context);
    const run_data weights = {.x = a->x.data, .dv = dv, .w = a->w.data, .scale = a->scale.data};
    if (!failed) failed = run_step(&all->weights, problem, options, &weights, context);
    return failed;
}

static void free_steps(steps *all)
{
    run_result_free(&all->forward);
    run_result_free(&all->activation.result);
    run_result_free(&all->data.result);
    run_result_free(&all->weights.result);
}

/* ---- Results --------------------------------------------------------------------------------------------------- */

static int write_gradients(const command_options *o, const input *in, const steps *all)
{
    const conv_arrays *a = &in->arrays;
    const run_result *activation = &all->activation.result, *weights = &all->weights.result;
    const npy_array bias = {.type = a->x.type, .axes = 1, .shape = {in->problem.k}, .count = (size_t)in->problem.k};
    const struct {
        const char *path;
        const npy_array *like;
        void *data;
    } gradients[] = {
        {o->dx, &a->x, all->data.result.dx},
        {o->dw, &a->w, weights->dw},
        {o->db, &bias, activation->dbias},
        {o->dscale, &a->scale, weights->dscale},
        {o->dslope, &a->slope, activation->dslope},
        {o->dresidual, &in->dy, activation->dv != NULL ? activation->dv : in->dy.data},
    };
    npy_output outputs[sizeof gradients / sizeof gradients[0]];
    int count = 0;
    for (size_t i = 0; i < sizeof gradients / sizeof gradients[0]; ++i) {
        if (gradients[i].path == NULL) continue;
        outputs[count] = (npy_output){gradients[i].path, *gradients[i].like};
        outputs[count++].array.data = gradients[i].data;
    }
    return npy_write_all(outputs, count);
}

static int print_json(const input *in, const steps *all, const tsr_context *context)
{
    char text[256];
    const run_result *const results[] = {&all->forward, &all->activation.result, &all->data.result,
                                         &all->weights.result};
    const char *const names[] = {"forward", all->activation.pass->name, all->data.pass->name, all->weights.pass->name};
    cJSON *document = cJSON_CreateObject();
    cJSON_AddItemToObject(document, "device", json_device(tsr_context_device(context)));
    cJSON_AddStringToObject(document, "problem", tsr_conv_format(&in->problem, text, sizeof text));
    cJSON_AddStringToObject(document, "dtype", npy_type_text(in->dy.type));
    cJSON *passes = cJSON_AddArrayToObject(document, "passes");
    for (size_t i = 0; i < sizeof results / sizeof results[0]; ++i)
        if (results[i]->algorithm[0] != '\0') cJSON_AddItemToArray(passes, json_pass(names[i], results[i]));
    cJSON_AddItemToObject(document, "x", json_shape(&in->arrays.x));
    cJSON_AddItemToObject(document, "w", json_shape(&in->arrays.w));
    cJSON_AddItemToObject(document, "y", json_shape(&in->dy));
    return json_print(document);
}

static int run(const command_options *o, const input *in, tsr_context *context)
{
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = o->algorithm;
    steps all = choose_steps(o);
    int failed = o->explain ? explain_steps(&all, &in->problem, &plan_options, context) : EXIT_DONE;
    if (!failed) failed = run_steps(&all, in, &plan_options, context);
    if (!failed) failed = write_gradients(o, in, &all);
    if (!failed && o->json) failed = print_json(in, &all, context);
    free_steps(&all);
    return failed;
}

int command_conv_backward(int argc, char **argv)
{
    command_options options = {.conv = conv_options_default, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    /* The input is checked before a device is opened, so that a mistake in it is told on every machine. */
    input in = {0};
    tsr_context *context = NULL;
    int failed = read_input(&options, arguments.text[0], &in);
    if (!failed) failed = try_outputs(&options);
    if (!failed) failed = session_open(options.device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) failed = run(&options, &in, context);
    tsr_context_destroy(context);
    conv_arrays_free(&in.arrays);
    npy_free(&in.dy);
    return failed;
}
