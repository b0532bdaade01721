#include "arrays.h"
#include "clock.h"
#include "commands.h"
#include "layer.h"
#include "options.h"
#include "report.h"
#include "session.h"
#include "suite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

static const char help[] =
    "usage: tessera tune [--suite SUITE]... [--problem PROBLEM...] [--list FILE]... -o FILE [options]\n"
    "\n"
    "Measures which algorithm with which parameters runs each problem fastest on a device, and keeps the result\n"
    "in a file that the library loads (tsr_tuning_load) and that the other commands follow where TESSERA_TUNING\n"
    "names it.\n"
    "\n"
    "  --suite SUITE          the layers of a network, or of a FILE.csv (see tessera bench --help); may be repeated\n"
    "  --problem PROBLEM...   one or more, as conv:c64h56w56k64r3s3pd1 (see tessera bench --help); may be repeated\n"
    "  --list FILE            a file of problems, one a line; # begins a comment; may be repeated\n"
    "  -o, --output FILE      the tuning data. What it holds already is kept and not measured again; it is\n"
    "                         written after each problem, whole or not at all, so that a run may be killed and\n"
    "                         started again\n"
    "  --budget SECONDS       stop after about so long (default: when all is measured)\n"
    "  --batch N              instead of what suites and problems say\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl)\n"
    "  --layout any|nchw|nhwc of the tensors (default any: what each algorithm likes best)\n"
    "  --dtype f32|f16|f64|i8|u8\n"
    "                         the type of the tensors (default: what the problem says)\n"
    "  --plain                weights are packed at every run; else they are packed beforehand, as tessera bench does\n"
    "  -h, --help             print this\n"
    "\n"
    "Each candidate is measured in turn with the best so far. Regret is the time of the choice without tuning\n"
    "over the time of the best.\n";

typedef struct tune_options {
    option_texts suites, problems, lists;
    const char *device, *output;
    int layout, dtype;
    int64_t batch, budget_s; /* OPTION_ABSENT: as said, and without end */
    bool plain;
} tune_options;

static option_outcome parse(int argc, char **argv, tune_options *o, option_texts *more)
{
    const option_rule rules[] = {
        {"suite", 0, OPTION_TEXTS, &o->suites, NULL},        {"problem", 0, OPTION_TEXTS, &o->problems, NULL},
        {"list", 0, OPTION_TEXTS, &o->lists, NULL},          {"batch", 0, OPTION_SIZE, &o->batch, NULL},
        {"output", 'o', OPTION_TEXT, &o->output, NULL},      {"budget", 0, OPTION_SIZE, &o->budget_s, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},        {"layout", 0, OPTION_WORD, &o->layout, arrays_layouts},
        {"dtype", 0, OPTION_WORD, &o->dtype, arrays_dtypes}, {"plain", 0, OPTION_FLAG, &o->plain, NULL},
    };
    /* The problems after the first of one --problem arrive as plain arguments. */
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 0, OPTIONS_MAX_TEXTS, "PROBLEM"};
    const option_outcome outcome = options_parse(&table, argc, argv, more);
    if (outcome != OPTIONS_GO) return outcome;
    if (o->output == NULL) {
        report(EXIT_INPUT, "missing option: -o FILE (--help tells what there is)");
        return OPTIONS_WRONG;
    }
    int failed = options_check_least("batch", o->batch, 1);
    if (!failed) failed = options_check_least("budget", o->budget_s, 0);
    return failed ? OPTIONS_WRONG : OPTIONS_GO;
}

static layer_form read_form(const tune_options *o)
{
    return (layer_form){arrays_layout(o->layout), false, o->dtype, o->batch == OPTION_ABSENT ? 0 : o->batch,
                        LAYER_FORWARD};
}

/* All that is to be tuned: read before the first is measured, so that a typing mistake in the last costs no time. */
static int collect(const tune_options *o, const option_texts *more, workload *all)
{
    const layer_form form = read_form(o);
    int failed = EXIT_DONE;
    for (int i = 0; i < o->suites.count && !failed; ++i) failed = suite_add(o->suites.text[i], form.batch, all);
    for (int i = 0; i < o->problems.count && !failed; ++i)
        failed = workload_add_problem(all, o->problems.text[i], form);
    for (int i = 0; i < more->count && !failed; ++i) failed = workload_add_problem(all, more->text[i], form);
    for (int i = 0; i < o->lists.count && !failed; ++i) failed = workload_read(all, o->lists.text[i], form);
    if (!failed && all->count == 0)
        failed = report(EXIT_INPUT, "missing option: --suite SUITE, --problem PROBLEM or --list FILE (--help tells "
                                    "what there is)");
    return failed;
}

/* ---- Regret ---------------------------------------------------------------------------------------------------- */

typedef struct regret {
    size_t count;
    double log_sum, worst;
    const char *worst_problem;
} regret;

static void add_regret(regret *r, const char *problem, double ratio)
{
    ++r->count;
    r->log_sum += log(ratio);
    if (ratio <= r->worst) return;
    r->worst = ratio;
    r->worst_problem = problem;
}

static void print_regret(const regret *r)
{
    if (r->count == 0) return;
    printf("\nregret of the choice without tuning over %zu problems: geometric mean %.3f, worst %.3f (%s)\n", r->count,
           exp(r->log_sum / (double)r->count), r->worst, r->worst_problem);
}

/* ---- Tuning ---------------------------------------------------------------------------------------------------- */

typedef struct tune {
    const tune_options *options;
    const workload *all;
    tsr_context *context;
    double start_ms, deadline_ms;
    regret regret;
} tune;

/* What the rest takes if it goes on like this, or the budget's rest where that is less. */
static void print_progress(const tune *t, size_t done)
{
    const double now = tsr__clock_ms(), rest = t->deadline_ms - now;
    const double guess = done == 0 ? INFINITY : (now - t->start_ms) / (double)done * (double)(t->all->count - done);
    const double left_s = (guess < rest ? guess : rest) * 1e-3;
    fprintf(stderr, "%zu of %zu: %s", done + 1, t->all->count, t->all->items[done].problem);
    fprintf(stderr, isfinite(left_s) ? ", about %.0f s left\n" : "\n", left_s);
}

static int tune_problem(tune *t, const char *text)
{
    layer_problem problem;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    tsr_plan_options options = tsr_plan_options_default();
    const double left_ms = t->deadline_ms - tsr__clock_ms();
    options.packed_weights = !t->options->plain;
    options.tune_ms = left_ms < UINT32_MAX ? (uint32_t)left_ms + 1 : UINT32_MAX;
    int failed = layer_parse(text, read_form(t->options), &problem);
    if (!failed) failed = layer_plan_with(t->context, &problem, &options, &plan);
    if (failed) return failed;
    tsr_plan_describe(plan, &info);
    if (info.tuned_ms > 0.0) {
        const double ratio = info.default_ms / info.tuned_ms;
        add_regret(&t->regret, text, ratio);
        printf("%9.4f ms  regret %5.3f  %s\n", info.tuned_ms, ratio, info.description);
        fflush(stdout);
    }
    tsr_plan_destroy(plan);
    return EXIT_DONE;
}

static int save(const tune *t)
{
    const tsr_status status = tsr_tuning_save(t->context, t->options->output);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "-o");
}

/* That the file can be written shows before anything is measured. */
static int begin(const tune *t)
{
    if (access(t->options->output, F_OK) == 0) {
        const tsr_status status = tsr_tuning_load(t->context, t->options->output);
        if (status != TSR_OK) return report_status(status, "-o");
    }
    return save(t);
}

/* The last search may have ended before its last candidate; the tuning data keep that it has. */
static void print_unfinished(const tune *t, size_t begun)
{
    fprintf(stderr,
            "%zu of %zu problems were begun in the budget of %" PRId64
            " s; the same command goes on with what is left\n",
            begun, t->all->count, t->options->budget_s);
}

static int run_all(tune *t)
{
    int failed = begin(t);
    size_t begun = 0;
    for (; begun < t->all->count && !failed && tsr__clock_ms() < t->deadline_ms; ++begun) {
        print_progress(t, begun);
        failed = tune_problem(t, t->all->items[begun].problem);
        if (!failed) failed = save(t);
    }
    if (!failed) print_regret(&t->regret);
    if (!failed && tsr__clock_ms() >= t->deadline_ms) print_unfinished(t, begun);
    return failed;
}

static int tune_all(const tune_options *o, const workload *all)
{
    tune t = {.options = o, .all = all};
    int failed = session_open(o->device, SESSION_CACHE_USER, NULL, &t.context);
    t.start_ms = tsr__clock_ms();
    t.deadline_ms = o->budget_s == OPTION_ABSENT ? INFINITY : t.start_ms + 1e3 * (double)o->budget_s;
    if (!failed) failed = run_all(&t);
    tsr_context_destroy(t.context);
    return failed;
}

int command_tune(int argc, char **argv)
{
    tune_options options = {.device = SESSION_DEFAULT_DEVICE,
                            .layout = ARRAYS_ANY,
                            .dtype = LAYER_DTYPE_AS_SAID,
                            .batch = OPTION_ABSENT,
                            .budget_s = OPTION_ABSENT};
    option_texts more = {0};
    const option_outcome outcome = parse(argc, argv, &options, &more);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;
    workload all = {0};
    int failed = collect(&options, &more, &all);
    if (!failed) failed = tune_all(&options, &all);
    workload_free(&all);
    return failed;
}
