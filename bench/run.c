#include "run.h"
#include "clock.h"
#include "json.h"
#include "report.h"
#include "session.h"
#include "summary.h"
#include "verify.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* What all problems of a run share. */
typedef struct bench {
    const run_settings *settings;
    tsr_context *context, *cpu_path;
    yardstick *device;
    cJSON *results, *refused;
    double *peak_gflops, *copy_gbps; /* of each result */
} bench;

/* All that is found out about one problem. */
typedef struct findings {
    const workload_item *item;
    layer_problem problem;
    layer measured;
    double plan_ms, warm_plan_ms, distance;
    measure_figures figures;
    measure_others others;
    peers_layer peers;
    cJSON *refused;
} findings;

/* ---- Plans ----------------------------------------------------------------------------------------------------- */

/* How long a plan takes in a fresh context with this cache. */
static int time_plan(const run_settings *s, const layer_problem *problem, session_cache cache, double *plan_ms)
{
    tsr_context *context = NULL;
    tsr_plan *plan = NULL;
    int failed = session_open(s->device, cache, s->folder, &context);
    if (!failed) failed = layer_plan(context, problem, s->algorithm, &plan, plan_ms);
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
    return failed;
}

static int time_plans(const run_settings *s, findings *f)
{
    double filling_ms = 0.0;
    f->plan_ms = f->warm_plan_ms = NAN;
    if (s->skips_plans) return EXIT_DONE;
    int failed = time_plan(s, &f->problem, SESSION_CACHE_NONE, &f->plan_ms);
    if (!failed) failed = time_plan(s, &f->problem, SESSION_CACHE_FOLDER, &filling_ms); /* fills the cache */
    if (!failed) failed = time_plan(s, &f->problem, SESSION_CACHE_FOLDER, &f->warm_plan_ms);
    return failed;
}

/* ---- Results --------------------------------------------------------------------------------------------------- */

static const char *class_of(const layer_problem *problem)
{
    const tsr_conv *p = &problem->conv;
    if (!problem->is_conv) return summary_classes[2];
    return summary_classes[p->groups > 1 && p->groups == p->c ? 1 : 0];
}

static void add_figures(cJSON *result, const measure_figures *f)
{
    cJSON_AddNumberToObject(result, "median_ms", f->median_ms);
    cJSON_AddNumberToObject(result, "min_ms", f->min_ms);
    cJSON_AddNumberToObject(result, "p95_ms", f->p95_ms);
    cJSON_AddNumberToObject(result, "event_ms", f->event_ms);
    cJSON_AddNumberToObject(result, "gflops", f->gflops);
    cJSON_AddNumberToObject(result, "gbps", f->gbps);
    cJSON_AddNumberToObject(result, "percent_of_peak", f->percent_of_peak);
    cJSON_AddNumberToObject(result, "percent_of_copy", f->percent_of_copy);
    cJSON_AddItemToObject(result, "share_range", cJSON_CreateDoubleArray(f->share_range, 2));
    cJSON_AddNumberToObject(result, "rounds", f->rounds);
}

static void add_result(bench *b, findings *f)
{
    const tsr_plan_info *info = &f->measured.info;
    cJSON *result = cJSON_CreateObject();
    cJSON_AddStringToObject(result, "problem", f->item->problem);
    cJSON_AddStringToObject(result, "class", class_of(&f->problem));
    cJSON_AddNumberToObject(result, "count", (double)f->item->count);
    cJSON_AddItemToObject(result, "uses", cJSON_Duplicate(f->item->uses, true));
    cJSON_AddStringToObject(result, "pass", layer_passes[b->settings->form.pass]);
    cJSON_AddStringToObject(result, "layout", tsr_layout_text(b->settings->form.layout));
    cJSON_AddStringToObject(result, "x_layout", tsr_layout_text(info->x.layout));
    cJSON_AddStringToObject(result, "y_layout", tsr_layout_text(info->y.layout));
    cJSON_AddStringToObject(result, "dtype", tsr_dtype_text(info->x.dtype));
    cJSON_AddBoolToObject(result, "views", b->settings->form.views);
    cJSON_AddStringToObject(result, "algorithm", info->algorithm);
    cJSON_AddNumberToObject(result, "workspace_bytes", (double)info->workspace_bytes);
    cJSON_AddNumberToObject(result, "distance", f->distance);
    add_figures(result, &f->figures);
    cJSON_AddNumberToObject(result, "operations", f->problem.operations);
    cJSON_AddNumberToObject(result, "bytes", f->problem.bytes);
    cJSON_AddNumberToObject(result, "plan_ms", f->plan_ms);
    cJSON_AddNumberToObject(result, "warm_plan_ms", f->warm_plan_ms);
    cJSON_AddItemToObject(result, "peers", peers_figures(&f->peers, &f->others));
    cJSON_AddItemToObject(result, "refused", f->refused);
    f->refused = NULL;
    cJSON_AddItemToArray(b->results, result);
}

static void print_header(FILE *table)
{
    fprintf(table, "%-44s %-8s %-16s %9s %9s %9s %9s %6s %8s %6s %9s %7s %6s\n", "problem", "layout", "algorithm",
            "median ms", "min ms", "p95 ms", "GFLOP/s", "% peak", "GB/s", "% copy", "plan ms", "warm ms", "MB");
}

static void print_result(const bench *b, const findings *f)
{
    const measure_figures *m = &f->figures;
    const tsr_plan_info *info = &f->measured.info;
    FILE *table = b->settings->table;
    char plan[32] = "-", warm[32] = "-";
    if (!b->settings->skips_plans) {
        snprintf(plan, sizeof plan, "%.1f", f->plan_ms);
        snprintf(warm, sizeof warm, "%.2f", f->warm_plan_ms);
    }
    fprintf(table, "%-44s %-8s %-16s %9.4f %9.4f %9.4f %9.1f %6.1f %8.1f %6.1f %9s %7s %6.1f\n", f->item->problem,
            tsr_layout_text(info->x.layout), info->algorithm, m->median_ms, m->min_ms, m->p95_ms, m->gflops,
            m->percent_of_peak, m->gbps, m->percent_of_copy, plan, warm, (double)info->workspace_bytes * 1e-6);
    const cJSON *result = cJSON_GetArrayItem(b->results, cJSON_GetArraySize(b->results) - 1), *peer = NULL;
    cJSON_ArrayForEach(peer, cJSON_GetObjectItemCaseSensitive(result, "peers"))
    {
        fprintf(table, "    %-18s %9.4f ms %8.2f x  %s\n", peer->string,
                cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(peer, "median_ms")),
                cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(peer, "ratio")),
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(peer, "implementation")));
    }
    fflush(table);
    if (session_is_debugging()) {
        fprintf(stderr, "[debug] %d batches of %d runs; by events %.4f ms a run; peak %.1f GFLOP/s, copy %.1f GB/s\n",
                m->rounds, m->batch, m->event_ms, m->peak_gflops, m->copy_gbps);
    }
}

/* ---- Problems -------------------------------------------------------------------------------------------------- */

/* Runs it once, compares it with the CPU path, and opens the peers, whose results are compared with it. */
static int check(const bench *b, findings *f)
{
    const tsr_status status = tsr_plan_run(f->measured.plan, &f->measured.args);
    if (status != TSR_OK) return report_status(status, "cannot run");
    float *y = layer_read_result(&f->measured);
    if (y == NULL) return EXIT_DEVICE;
    int failed = verify_layer(b->cpu_path, tsr_context_device(b->context), &f->problem, y, &f->distance);
    if (!failed && b->settings->peers.count > 0) {
        float *x = layer_x(&f->problem), *w = f->problem.is_conv ? layer_w(&f->problem) : NULL;
        const bool backward = f->problem.pass != LAYER_FORWARD;
        float *dy = backward ? layer_dy(&f->problem) : NULL;
        const peer_task task = {&f->problem, b->settings->form.layout,  x, w, dy,
                                b->context,  b->settings->peers.threads};
        failed = x == NULL || (w == NULL && f->problem.is_conv) || (dy == NULL && backward) ? EXIT_DEVICE : EXIT_DONE;
        if (!failed) failed = peers_open(&b->settings->peers, &task, y, f->refused, &f->peers);
        free(x);
        free(w);
        free(dy);
    }
    free(y);
    return failed;
}

static int measure(bench *b, findings *f)
{
    peers_list(&f->peers, &f->others);
    return measure_layer(&f->measured, &f->problem, b->device, b->settings->limits, &f->others, &f->figures);
}

static int run_item(bench *b, const workload_item *item)
{
    const run_settings *s = b->settings;
    findings f = {.item = item};
    int failed = layer_parse(item->problem, s->form, &f.problem);
    if (!failed) failed = time_plans(s, &f);
    if (!failed) failed = layer_open(b->context, &f.problem, s->algorithm, &f.measured);
    if (failed) return failed;
    f.refused = cJSON_CreateObject();
    failed = check(b, &f);
    if (!failed) failed = measure(b, &f);
    if (!failed) {
        const int number = cJSON_GetArraySize(b->results);
        b->peak_gflops[number] = f.figures.peak_gflops;
        b->copy_gbps[number] = f.figures.copy_gbps;
        add_result(b, &f);
        print_result(b, &f);
    } else if (failed == EXIT_UNEQUAL) {
        fprintf(stderr, "%s is wrong with %s\n", item->problem, f.measured.info.algorithm);
    }
    cJSON_Delete(f.refused);
    peers_close(&f.peers);
    layer_close(&f.measured);
    return failed;
}

/* ---- Runs ------------------------------------------------------------------------------------------------------ */

static void show_progress(size_t done, size_t count, double start_ms)
{
    const double left_s = (tsr__clock_ms() - start_ms) / (double)done * (double)(count - done) * 1e-3;
    /* A terminal shows the line in its place; a log gets one now and then. */
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%zu of %zu, about %.0f s left   %s", done, count, left_s, done == count ? "\n" : "\r");
    } else if (done == count || done % 20 == 0) {
        fprintf(stderr, "%zu of %zu, about %.0f s left\n", done, count, left_s);
    }
}

static int run_items(bench *b, const workload *all)
{
    print_header(b->settings->table);
    int failed = EXIT_DONE;
    const double start_ms = tsr__clock_ms();
    for (size_t i = 0; i < all->count && !failed; ++i) {
        failed = run_item(b, &all->items[i]);
        if (failed == LAYER_REFUSED) {
            cJSON_AddItemToArray(b->refused, cJSON_CreateString(all->items[i].problem));
            failed = EXIT_DONE;
        }
        if (!failed && b->settings->shows_progress) show_progress(i + 1, all->count, start_ms);
    }
    if (!failed && cJSON_GetArraySize(b->results) == 0) failed = EXIT_INPUT;
    return failed;
}

/* The device as a whole: its yardsticks are the medians over the problems. */
static int finish(bench *b, cJSON *document)
{
    const int count = cJSON_GetArraySize(b->results);
    const tsr_device *device = tsr_context_device(b->context);
    const double peak = measure_median(b->peak_gflops, count), copy = measure_median(b->copy_gbps, count);
    FILE *table = b->settings->table;
    if (cJSON_GetArraySize(b->refused) > 0)
        fprintf(table, "\nrefused by %s: %d of %d problems\n", b->settings->algorithm, cJSON_GetArraySize(b->refused),
                cJSON_GetArraySize(b->refused) + count);
    fprintf(table, "\n%s (%s, driver %s): peak %.1f GFLOP/s, copy %.1f GB/s\n", device->name, device->platform,
            device->driver, peak, copy);
    cJSON *object = json_device(device);
    cJSON_AddNumberToObject(object, "peak_gflops", peak);
    cJSON_AddNumberToObject(object, "copy_gbps", copy);
    cJSON_AddNumberToObject(object, "compute_units", device->compute_units);
    cJSON_AddItemToObject(document, "device", object);
    cJSON_AddItemToObject(document, "results", b->results);
    cJSON_AddItemToObject(document, "refused", b->refused);
    cJSON *networks = summary_networks(b->results), *summary = summary_make(b->results);
    cJSON_AddItemToObject(document, "networks", networks);
    cJSON_AddItemToObject(document, "summary", summary);
    summary_print(summary, networks, b->results, table);
    b->results = b->refused = NULL;
    return b->settings->json != NULL ? json_write(cJSON_Duplicate(document, true), b->settings->json) : EXIT_DONE;
}

/* As many threads as the device has, where it is these cores that it uses too. */
static int peer_threads(const tsr_device *device)
{
    return device->kind == TSR_DEVICE_CPU ? (int)device->compute_units : 0;
}

static void add_date(cJSON *document)
{
    char text[32];
    const time_t now = time(NULL);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    cJSON_AddStringToObject(document, "date", text);
    cJSON_AddStringToObject(document, "version", tsr_version());
}

static int run_in(bench *b, run_settings *settings, const workload *all)
{
    cJSON *document = cJSON_CreateObject();
    add_date(document);
    cJSON *versions = cJSON_AddObjectToObject(document, "peer_versions");
    cJSON *absent = cJSON_AddObjectToObject(document, "absent_peers");
    settings->peers.threads = peer_threads(tsr_context_device(b->context));
    peers_start(&settings->peers, settings->folder, versions, absent);
    int failed = run_items(b, all);
    if (!failed) failed = finish(b, document);
    peers_stop(&settings->peers);
    cJSON_Delete(document);
    return failed;
}

int run_workload(run_settings *settings, const workload *all)
{
    bench b = {.settings = settings, .results = cJSON_CreateArray(), .refused = cJSON_CreateArray()};
    b.peak_gflops = calloc(all->count, sizeof *b.peak_gflops);
    b.copy_gbps = calloc(all->count, sizeof *b.copy_gbps);
    int failed = EXIT_DONE;
    if (b.peak_gflops == NULL || b.copy_gbps == NULL) failed = report(EXIT_DEVICE, "out of memory for the figures");
    if (!failed) failed = session_open(settings->device, SESSION_CACHE_NONE, NULL, &b.context);
    if (!failed) failed = session_open("cpu", SESSION_CACHE_NONE, NULL, &b.cpu_path);
    if (!failed) failed = yardstick_open(b.context, &b.device);
    if (!failed) failed = run_in(&b, settings, all);
    yardstick_close(b.device);
    tsr_context_destroy(b.context);
    tsr_context_destroy(b.cpu_path);
    cJSON_Delete(b.results);
    cJSON_Delete(b.refused);
    free(b.peak_gflops);
    free(b.copy_gbps);
    return failed;
}
