#include "arrays.h"
#include "atomic_file.h"
#include "commands.h"
#include "json.h"
#include "layer.h"
#include "measure.h"
#include "options.h"
#include "report.h"
#include "session.h"
#include "temporary_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: tessera bench --problem PROBLEM... [options]\n"
    "\n"
    "Measures how fast problems run, and what share that is of the device's own peak (multiply-adds on registers) and\n"
    "of its copy bandwidth. Peak and copy are measured in turn with each problem, in the same process.\n"
    "\n"
    "  --problem PROBLEM...   one or more, as conv:c64h56w56k64r3s3pd1 or max:c64h112w112r3s3st2pd1; may be repeated\n"
    "      conv:  convolution     convt:  transposed     max:     avg:, avgpad:  avgpad divides by the padding too\n"
    "      lp:  norm\n"
    "      n batch  c channels  d h w size  k output channels  t r s filter or window  st stride  dl dilation\n"
    "      g groups  pd padding  op output padding  os output size  div divisor  p of lp\n"
    "      st, dl, pd: one number for all axes, or one for each as HxW; pd also begins then ends, as 0x0x1x1\n"
    "      then, after commas: bias scale residual relu reflect replicate circular flip, any activation, f16 f64;\n"
    "      ceil adaptive global indices indices32; same-upper same-lower valid\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl)\n"
    "  --layout any|nchw|nhwc any: what the algorithm likes best; else arrays as they are, conversions counted\n"
    "                         (default any)\n"
    "  --views                x, y and residual lie in larger tensors, with space around; not with --layout any\n"
    "  --dtype f32|f16|f64|i8|u8\n"
    "                         the type of the tensors (default: what the problem says)\n"
    "  --algorithm NAME       use this algorithm\n"
    "  --json FILE            write the figures as JSON; - is stdout, and the table then goes to stderr\n"
    "  -h, --help             print this\n"
    "\n"
    "Times are wall clock over batches of pipelined runs, warmed up; weights are packed once, beforehand. A problem "
    "is\n"
    "measured until its median is stable or 2 s are spent. 'plan' is the time to make a plan without a cache, "
    "'warm'\n"
    "with the programs in the disk cache.\n";

enum { LIMIT_MS = 2000 };

static const char *const layouts[] = {"any", "nchw", "nhwc", NULL};
static const tsr_layout layout_values[] = {TSR_LAYOUT_ANY, TSR_LAYOUT_NCHW, TSR_LAYOUT_NHWC};

typedef struct bench_options {
    option_texts problems;
    const char *device, *algorithm, *json;
    int layout, dtype;
    bool views;
} bench_options;

static layer_form form_of(const bench_options *o)
{
    return (layer_form){layout_values[o->layout], o->views, o->dtype};
}

/* What all problems of a run share. */
typedef struct bench {
    const bench_options *options;
    const char *folder; /* the disk cache of the warm plans */
    FILE *table;
    cJSON *results;
    double peak_gflops[OPTIONS_MAX_TEXTS], copy_gbps[OPTIONS_MAX_TEXTS]; /* of each problem */
} bench;

static option_outcome parse(int argc, char **argv, bench_options *o)
{
    const option_rule rules[] = {
        {"problem", 0, OPTION_TEXTS, &o->problems, NULL}, {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"layout", 0, OPTION_WORD, &o->layout, layouts},  {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"json", 0, OPTION_TEXT, &o->json, NULL},         {"dtype", 0, OPTION_WORD, &o->dtype, arrays_dtypes},
        {"views", 0, OPTION_FLAG, &o->views, NULL},
    };
    /* The problems after the first of one --problem arrive as plain arguments. */
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 0, OPTIONS_MAX_TEXTS, "PROBLEM"};
    option_texts more = {0};
    const option_outcome outcome = options_parse(&table, argc, argv, &more);
    if (outcome != OPTIONS_GO) return outcome;
    if (o->problems.count == 0) {
        report(EXIT_INPUT, "missing option: --problem PROBLEM (--help tells what there is)");
        return OPTIONS_WRONG;
    }
    if (o->problems.count + more.count > OPTIONS_MAX_TEXTS) {
        report(EXIT_INPUT, "more than %d problems", OPTIONS_MAX_TEXTS);
        return OPTIONS_WRONG;
    }
    if (o->views && layout_values[o->layout] == TSR_LAYOUT_ANY) {
        report(EXIT_INPUT, "--views says how tensors lie, which --layout any leaves to the library: name a layout");
        return OPTIONS_WRONG;
    }
    for (int i = 0; i < more.count; ++i) o->problems.text[o->problems.count++] = more.text[i];
    return OPTIONS_GO;
}

/* How long a plan takes in a fresh context with this cache. */
static int time_plan(const bench *b, const layer_problem *problem, session_cache cache, double *plan_ms)
{
    tsr_context *context = NULL;
    tsr_plan *plan = NULL;
    int failed = session_open(b->options->device, cache, b->folder, &context);
    if (!failed) failed = layer_plan(context, problem, b->options->algorithm, &plan, plan_ms);
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
    return failed;
}

static void add_result(bench *b, const char *problem, const layer *measured, const measure_figures *f, double plan_ms,
                       double warm_plan_ms)
{
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "problem", problem);
    cJSON_AddStringToObject(result, "layout", layouts[b->options->layout]);
    cJSON_AddStringToObject(result, "x_layout", tsr_layout_text(measured->info.x.layout));
    cJSON_AddStringToObject(result, "y_layout", tsr_layout_text(measured->info.y.layout));
    cJSON_AddStringToObject(result, "dtype", tsr_dtype_text(measured->info.x.dtype));
    cJSON_AddBoolToObject(result, "views", b->options->views);
    cJSON_AddStringToObject(result, "algorithm", measured->info.algorithm);
    cJSON_AddNumberToObject(result, "median_ms", f->median_ms);
    cJSON_AddNumberToObject(result, "min_ms", f->min_ms);
    cJSON_AddNumberToObject(result, "p95_ms", f->p95_ms);
    cJSON_AddNumberToObject(result, "event_ms", f->event_ms);
    cJSON_AddNumberToObject(result, "gflops", f->gflops);
    cJSON_AddNumberToObject(result, "gbps", f->gbps);
    cJSON_AddNumberToObject(result, "percent_of_peak", f->percent_of_peak);
    cJSON_AddNumberToObject(result, "percent_of_copy", f->percent_of_copy);
    cJSON_AddNumberToObject(result, "plan_ms", plan_ms);
    cJSON_AddNumberToObject(result, "warm_plan_ms", warm_plan_ms);
    cJSON_AddItemToArray(b->results, result);

    fprintf(b->table, "%-44s %-8s %-16s %9.4f %9.4f %9.4f %9.1f %6.1f %8.1f %6.1f %9.1f %7.2f\n", problem,
            tsr_layout_text(measured->info.x.layout), measured->info.algorithm, f->median_ms, f->min_ms, f->p95_ms,
            f->gflops, f->percent_of_peak, f->gbps, f->percent_of_copy, plan_ms, warm_plan_ms);
    fflush(b->table);
    if (session_is_debugging()) {
        fprintf(stderr, "[debug] %d batches of %d runs; by events %.4f ms a run; peak %.1f GFLOP/s, copy %.1f GB/s\n",
                f->rounds, f->batch, f->event_ms, f->peak_gflops, f->copy_gbps);
    }
}

static int run_problem(bench *b, int number, tsr_context *context, yardstick *device)
{
    const char *text = b->options->problems.text[number];
    layer_problem problem;
    layer measured;
    measure_figures figures;
    double plan_ms = 0.0, filling_ms = 0.0, warm_plan_ms = 0.0;
    int failed = layer_parse(text, form_of(b->options), &problem);
    if (!failed) failed = time_plan(b, &problem, SESSION_CACHE_NONE, &plan_ms);
    if (!failed) failed = time_plan(b, &problem, SESSION_CACHE_FOLDER, &filling_ms); /* fills the cache */
    if (!failed) failed = time_plan(b, &problem, SESSION_CACHE_FOLDER, &warm_plan_ms);
    if (!failed) failed = layer_open(context, &problem, b->options->algorithm, &measured);
    if (failed) return failed;
    failed = measure_layer(&measured, &problem, device, LIMIT_MS, &figures);
    if (!failed) {
        b->peak_gflops[number] = figures.peak_gflops;
        b->copy_gbps[number] = figures.copy_gbps;
        add_result(b, text, &measured, &figures, plan_ms, warm_plan_ms);
    }
    layer_close(&measured);
    return failed;
}

/* The device as a whole: its yardsticks are the medians over the problems. */
static int finish(bench *b, const tsr_device *device)
{
    const int count = b->options->problems.count;
    const double peak = measure_median(b->peak_gflops, count), copy = measure_median(b->copy_gbps, count);
    fprintf(b->table, "\n%s (%s, driver %s): peak %.1f GFLOP/s, copy %.1f GB/s\n", device->name, device->platform,
            device->driver, peak, copy);
    if (b->options->json == NULL) return EXIT_DONE;

    cJSON *object = json_device(device);
    cJSON_AddNumberToObject(object, "peak_gflops", peak);
    cJSON_AddNumberToObject(object, "copy_gbps", copy);
    cJSON *document = cJSON_CreateObject();
    cJSON_AddItemToObject(document, "device", object);
    cJSON_AddItemToObject(document, "results", b->results);
    b->results = NULL;
    return json_write(document, b->options->json);
}

static int run_all(bench *b)
{
    tsr_context *context = NULL;
    yardstick *device = NULL;
    int failed = session_open(b->options->device, SESSION_CACHE_NONE, NULL, &context);
    if (!failed) failed = yardstick_open(context, &device);
    if (!failed) {
        fprintf(b->table, "%-44s %-8s %-16s %9s %9s %9s %9s %6s %8s %6s %9s %7s\n", "problem", "layout", "algorithm",
                "median ms", "min ms", "p95 ms", "GFLOP/s", "% peak", "GB/s", "% copy", "plan ms", "warm ms");
        for (int i = 0; i < b->options->problems.count && !failed; ++i) failed = run_problem(b, i, context, device);
    }
    if (!failed) failed = finish(b, tsr_context_device(context));
    yardstick_close(device);
    tsr_context_destroy(context);
    return failed;
}

int command_bench(int argc, char **argv)
{
    bench_options options = {.device = SESSION_DEFAULT_DEVICE, .dtype = LAYER_DTYPE_AS_SAID};
    const option_outcome outcome = parse(argc, argv, &options);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;
    /* All are read before the first is measured, so that a typing mistake in the last costs no time. */
    for (int i = 0; i < options.problems.count; ++i) {
        layer_problem problem;
        const int failed = layer_parse(options.problems.text[i], form_of(&options), &problem);
        if (failed) return failed;
    }

    /* So is whether the figures can be written. */
    const bool to_stdout = options.json != NULL && strcmp(options.json, "-") == 0;
    if (options.json != NULL && !to_stdout) {
        atomic_file trial;
        const int failed = atomic_file_open(options.json, &trial);
        if (failed) return failed;
        atomic_file_discard(&trial);
    }

    char folder[TEMPORARY_FOLDER_PATH];
    int failed = temporary_folder_create(folder);
    if (failed) return failed;
    /* Drivers keep caches of their own, which would make a cold plan look warm: they get a fresh place too. They read
     * this when the first of them is loaded, which is later. */
    char driver_cache[TEMPORARY_FOLDER_PATH + 16];
    snprintf(driver_cache, sizeof driver_cache, "%s/driver", folder);
    setenv("POCL_CACHE_DIR", driver_cache, 1);
    setenv("CUDA_CACHE_PATH", driver_cache, 1);

    bench b = {&options, folder, to_stdout ? stderr : stdout, cJSON_CreateArray(), {0}, {0}};
    failed = run_all(&b);
    cJSON_Delete(b.results);
    temporary_folder_remove(folder);
    return failed;
}
