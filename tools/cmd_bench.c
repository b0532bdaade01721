#include "arrays.h"
#include "atomic_file.h"
#include "commands.h"
#include "layer.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "session.h"
#include "suite.h"
#include "temporary_folder.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: tessera bench [--suite SUITE]... [--problem PROBLEM...] [options]\n"
    "\n"
    "Measures how fast problems run, and what share that is of the device's own peak (multiply-adds on registers) and\n"
    "of its copy bandwidth. Peak, copy and what other libraries take for the same are measured in turn with each\n"
    "problem. A problem's result is compared with the CPU path's before it is measured.\n"
    "\n"
    "  --suite SUITE          the layers of a network: alexnet, vgg16, resnet50, resnet50-v1.5, mobilenet-v1,\n"
    "                         mobilenet-v2, squeezenet, inception-v3, unet; pools; all; or a FILE.csv with the "
    "columns\n"
    "                         c h w k r s and, if they are wanted, n stride_h stride_w pad_h pad_w pad_h_end\n"
    "                         pad_w_end dil_h dil_w groups type count network layer; may be repeated\n"
    "  --problem PROBLEM...   one or more, as conv:c64h56w56k64r3s3pd1 or max:c64h112w112r3s3st2pd1; may be repeated\n"
    "      conv:  convolution     convt:  transposed     max:     avg:, avgpad:  avgpad divides by the padding too\n"
    "      lp:  norm\n"
    "      n batch  c channels  d h w size  k output channels  t r s filter or window  st stride  dl dilation\n"
    "      g groups  pd padding  op output padding  os output size  div divisor  p of lp\n"
    "      st, dl, pd: one number for all axes, or one for each as HxW; pd also begins then ends, as 0x0x1x1\n"
    "      then, after commas: bias scale residual relu reflect replicate circular flip, any activation, f16 f64;\n"
    "      ceil adaptive global indices indices32; same-upper same-lower valid\n"
    "  --batch N              instead of what the suite and the problems say\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl)\n"
    "  --layout any|nchw|nhwc any: what the algorithm likes best; else arrays as they are, conversions counted\n"
    "                         (default any)\n"
    "  --pass forward|backward-data|backward-weights\n"
    "                         what is measured: y of x and w; dx of dy and w, or of a pooling's dy; dw of x and dy\n"
    "                         (default forward)\n"
    "  --views                x, y and residual lie in larger tensors, with space around; not with --layout any\n"
    "  --dtype f32|f16|f64|i8|u8\n"
    "                         the type of the tensors (default: what the problem says)\n"
    "  --algorithm NAME       use this algorithm; problems that it refuses are told and passed over\n"
    "  --vs PEERS             compare with others, commas between: onednn, onnxruntime, clblast, cpu-path (Tessera's\n"
    "                         own plain C); or with one way to use oneDNN: onednn-direct, onednn-winograd (layouts of\n"
    "                         its own), onednn-reorder (plain tensors, reordered at each run), onednn-plain\n"
    "  --min-time S           seconds to measure a problem for (default: until its median is stable, at most 2)\n"
    "  --no-plan-times        do not time plans, which takes compiling kernels twice\n"
    "  --json FILE            write the figures as JSON; - is stdout, and the table then goes to stderr\n"
    "  -h, --help             print this\n"
    "\n"
    "Times are wall clock over batches of pipelined runs, warmed up; weights are packed once, beforehand. 'plan' is\n"
    "the time to make a plan without a cache, 'warm' with the programs in the disk cache, 'MB' the workspace. Of a\n"
    "peer its time is told, and that by ours: above 1 where ours is shorter. Equal layers are measured once.\n";

static const double usual_limit_ms = 2000.0;

typedef struct bench_options {
    option_texts suites, problems;
    const char *device, *algorithm, *json, *vs, *min_time;
    int64_t batch; /* OPTION_ABSENT: as said */
    int layout, dtype, pass;
    bool views, no_plan_times;
} bench_options;

/* The problems after the first of one --problem arrive as plain arguments. */
static int join_problems(bench_options *o, const option_texts *more)
{
    if (o->problems.count == 0 && (o->suites.count == 0 || more->count > 0))
        return report(EXIT_INPUT, "missing option: --suite SUITE or --problem PROBLEM (--help tells what there is)");
    if (o->problems.count + more->count > OPTIONS_MAX_TEXTS)
        return report(EXIT_INPUT, "more than %d problems", OPTIONS_MAX_TEXTS);
    for (int i = 0; i < more->count; ++i) o->problems.text[o->problems.count++] = more->text[i];
    return EXIT_DONE;
}

static option_outcome parse(int argc, char **argv, bench_options *o)
{
    const option_rule rules[] = {
        {"suite", 0, OPTION_TEXTS, &o->suites, NULL},
        {"problem", 0, OPTION_TEXTS, &o->problems, NULL},
        {"batch", 0, OPTION_SIZE, &o->batch, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
        {"layout", 0, OPTION_WORD, &o->layout, arrays_layouts},
        {"algorithm", 0, OPTION_TEXT, &o->algorithm, NULL},
        {"json", 0, OPTION_TEXT, &o->json, NULL},
        {"dtype", 0, OPTION_WORD, &o->dtype, arrays_dtypes},
        {"pass", 0, OPTION_WORD, &o->pass, layer_passes},
        {"views", 0, OPTION_FLAG, &o->views, NULL},
        {"vs", 0, OPTION_TEXT, &o->vs, NULL},
        {"min-time", 0, OPTION_TEXT, &o->min_time, NULL},
        {"no-plan-times", 0, OPTION_FLAG, &o->no_plan_times, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 0, OPTIONS_MAX_TEXTS, "PROBLEM"};
    option_texts more = {0};
    const option_outcome outcome = options_parse(&table, argc, argv, &more);
    if (outcome != OPTIONS_GO) return outcome;
    int failed = join_problems(o, &more);
    if (!failed && o->views && o->layout == ARRAYS_ANY)
        failed = report(EXIT_INPUT, "--views says how tensors lie, which --layout any leaves to the library: name a "
                                    "layout");
    if (!failed) failed = options_check_least("batch", o->batch, 1);
    return failed ? OPTIONS_WRONG : OPTIONS_GO;
}

/* ---- Settings -------------------------------------------------------------------------------------------------- */

static int read_limits(const char *text, measure_time_limits *limits)
{
    enum { MOST_S = 3600 };
    *limits = (measure_time_limits){0.0, usual_limit_ms};
    if (text == NULL) return EXIT_DONE;
    char *end = NULL;
    const double seconds = strtod(text, &end);
    if (end == text || *end != '\0' || !(seconds > 0.0 && seconds <= MOST_S))
        return report(EXIT_INPUT, "--min-time is '%s'; expected seconds above 0, at most %d", text, (int)MOST_S);
    *limits = (measure_time_limits){seconds * 1e3, seconds * 1e3};
    return EXIT_DONE;
}

/* All are read before the first is measured, so that a typing mistake in the last costs no time. */
static int read_workload(const bench_options *o, layer_form form, workload *all)
{
    int failed = EXIT_DONE;
    for (int i = 0; i < o->suites.count && !failed; ++i) failed = suite_add(o->suites.text[i], form.batch, all);
    for (int i = 0; i < o->problems.count && !failed; ++i)
        failed = workload_add_problem(all, o->problems.text[i], form);
    return failed;
}

/* So is whether the figures can be written. */
static int read_settings(const bench_options *o, run_settings *s, workload *all)
{
    const bool to_stdout = o->json != NULL && strcmp(o->json, "-") == 0;
    *s = (run_settings){.device = o->device, .algorithm = o->algorithm, .json = o->json};
    s->table = to_stdout ? stderr : stdout;
    s->shows_progress = o->suites.count > 0;
    s->skips_plans = o->no_plan_times;
    s->form = (layer_form){arrays_layout(o->layout), o->views, o->dtype, o->batch == OPTION_ABSENT ? 0 : o->batch,
                           (layer_pass)o->pass};
    int failed = read_limits(o->min_time, &s->limits);
    if (!failed) failed = peers_choose(o->vs, s->form.layout, &s->peers);
    if (!failed) failed = read_workload(o, s->form, all);
    if (!failed && o->json != NULL && !to_stdout) failed = atomic_file_try(&o->json, 1);
    return failed;
}

/* ---- The process ----------------------------------------------------------------------------------------------- */

/* OpenMP's threads, in the CPU path and in peers, would spin after their work and take the cores from whoever is
 * measured next. OpenMP reads that they shall not before a program's first line runs, so the program starts itself
 * again. Where that is not to be had, it goes on as it is. */
static void restart_with_passive_threads(int argc, char **argv)
{
    enum { ARGUMENTS_MAX = 1024 };
    char *arguments[ARGUMENTS_MAX + 2] = {"tessera"};
    if (getenv("OMP_WAIT_POLICY") != NULL || argc > ARGUMENTS_MAX) return;
    setenv("OMP_WAIT_POLICY", "passive", 1);
    for (int i = 0; i < argc; ++i) arguments[i + 1] = argv[i];
    execv("/proc/self/exe", arguments);
}

/* Drivers keep caches of their own, which would make a cold plan look warm: they get a fresh place too. They read this
 * when the first of them is loaded, which is later. */
static void move_driver_caches(const char *folder)
{
    char driver_cache[TEMPORARY_FOLDER_PATH + 16];
    snprintf(driver_cache, sizeof driver_cache, "%s/driver", folder);
    setenv("POCL_CACHE_DIR", driver_cache, 1);
    setenv("CUDA_CACHE_PATH", driver_cache, 1);
}

int command_bench(int argc, char **argv)
{
    bench_options options = {
        .device = SESSION_DEFAULT_DEVICE, .layout = ARRAYS_ANY, .dtype = LAYER_DTYPE_AS_SAID, .batch = OPTION_ABSENT};
    const option_outcome outcome = parse(argc, argv, &options);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;
    run_settings settings;
    workload all = {0};
    char folder[TEMPORARY_FOLDER_PATH];
    int failed = read_settings(&options, &settings, &all);
    if (!failed) restart_with_passive_threads(argc, argv);
    if (!failed) failed = temporary_folder_create(folder);
    if (!failed) {
        settings.folder = folder;
        move_driver_caches(folder);
        failed = run_workload(&settings, &all);
        temporary_folder_remove(folder);
    }
    workload_free(&all);
    return failed;
}
