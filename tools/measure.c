#include "measure.h"
#include "clock.h"
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_ROUNDS = 400,
    MIN_ROUNDS = 15,  /* before a median is asked whether it is stable */
    LEAST_ROUNDS = 3, /* however long they take: fewer have no median worth the name */
    GOOD_ROUNDS = 8,  /* that should fit into the time */
    EVENT_RUNS = 16,
    MAX_BATCH = 4096, /* a driver may hold all of a batch in memory */
};
static const double long_batch_ms = 10.0; /* long enough for the clock, and for the wait at the end to weigh nothing */
static const double short_batch_ms = 1.0; /* just so */

/* ---- Samples --------------------------------------------------------------------------------------------------- */

typedef struct samples {
    int count;
    double value[MAX_ROUNDS];
} samples;

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double measure_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return values[(count - 1) / 2];
}

/* The value that `share` of the first `count` samples do not exceed. */
static double quantile(const samples *s, int count, double share)
{
    double sorted[MAX_ROUNDS];
    memcpy(sorted, s->value, (size_t)count * sizeof sorted[0]);
    qsort(sorted, (size_t)count, sizeof sorted[0], by_value);
    const int position = (int)ceil(share * count) - 1;
    return sorted[position < 0 ? 0 : position];
}

static double median(const samples *s)
{
    return quantile(s, s->count, 0.5);
}

/* A median is stable when a third of the samples could be left out without moving it by half a percent. */
static bool is_stable(const samples *s)
{
    if (s->count < MIN_ROUNDS) return false;
    const double now = median(s);
    return fabs(quantile(s, s->count * 2 / 3, 0.5) - now) < 0.005 * now;
}

/* Between which of the samples the true median lies, 19 times in 20, whatever their distribution: by their ranks. Of a
 * few samples it is all of them. */
static void median_range(const samples *s, double range[2])
{
    const double half = 0.98 * sqrt(s->count);
    range[0] = quantile(s, s->count, 0.5 - half / s->count);
    range[1] = quantile(s, s->count, fmin(1.0, 0.5 + (half + 1.0) / s->count));
}

/* ---- Batches --------------------------------------------------------------------------------------------------- */

static int run_layer(void *cookie, int count)
{
    const layer *one = cookie;
    tsr_status status = TSR_OK;
    for (int i = 0; i < count && status == TSR_OK; ++i)
        status = tsr_plan_enqueue(one->plan, &one->args, NULL, 0, NULL, NULL);
    if (status == TSR_OK) status = tsr_context_finish(one->context);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot run");
}

static int time_batch(const yardstick_work *work, int count, double *ms)
{
    const double start = tsr__clock_ms();
    const int failed = work->run(work->cookie, count);
    *ms = (tsr__clock_ms() - start) / count;
    return failed;
}

/* Warms up, and finds how many runs make a batch of the length that is wanted. */
static int find_batch(const yardstick_work *work, double batch_ms, int *count)
{
    double ms = 0.0;
    *count = 1;
    int failed = time_batch(work, 1, &ms); /* first touches of memory, lazy compilation: not counted */
    while (!failed) {
        failed = time_batch(work, *count, &ms);
        if (failed || ms * *count >= batch_ms / 2 || *count == MAX_BATCH) break;
        const double wanted = batch_ms / (ms > 1e-6 ? ms : 1e-6);
        const int next = wanted > 8.0 * *count ? 8 * *count : (int)ceil(wanted);
        *count = next > MAX_BATCH ? MAX_BATCH : next;
    }
    return failed;
}

/* ---- Events ---------------------------------------------------------------------------------------------------- */

/* Enqueues runs with an event each and takes the median distance between their ends: that counts every kernel of a
 * run, although an event tells of the last one only. */
static int time_runs(const layer *measured, cl_command_queue queue, cl_event events[EVENT_RUNS], double *ms)
{
    tsr_status status = TSR_OK;
    for (int i = 0; i < EVENT_RUNS && status == TSR_OK; ++i)
        status = tsr_plan_enqueue(measured->plan, &measured->args, queue, 0, NULL, &events[i]);
    if (status != TSR_OK) return report_status(status, "cannot run with events");

    cl_int code = clFinish(queue);
    samples distances = {0};
    cl_ulong before = 0, end = 0;
    for (int i = 0; i < EVENT_RUNS && code == CL_SUCCESS; ++i) {
        code = clGetEventProfilingInfo(events[i], CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
        if (i > 0) distances.value[distances.count++] = (double)(end - before) * 1e-6;
        before = end;
    }
    if (code != CL_SUCCESS) return report(EXIT_DEVICE, "reading event times failed with OpenCL error %d", (int)code);
    *ms = median(&distances);
    return EXIT_DONE;
}

static int measure_events(const layer *measured, double *ms)
{
    *ms = 0.0;
    if (tsr_context_cl(measured->context) == NULL) return EXIT_DONE;
    cl_int code = CL_SUCCESS;
    cl_command_queue queue = clCreateCommandQueue(
        tsr_context_cl(measured->context), tsr_context_cl_device(measured->context), CL_QUEUE_PROFILING_ENABLE, &code);
    if (code != CL_SUCCESS) return report(EXIT_DEVICE, "clCreateCommandQueue failed with OpenCL error %d", (int)code);
    cl_event events[EVENT_RUNS] = {NULL};
    const int failed = time_runs(measured, queue, events, ms);
    for (int i = 0; i < EVENT_RUNS; ++i)
        if (events[i] != NULL) clReleaseEvent(events[i]);
    clReleaseCommandQueue(queue);
    return failed;
}

/* ---- Measuring ------------------------------------------------------------------------------------------------- */

enum { LAYER, PEAK, COPY, FIRST_OTHER, MAX_WORKS = FIRST_OTHER + MEASURE_MAX_OTHERS };

/* Batches are short where many works share little time, so that each gets its rounds. */
static double choose_batch_ms(measure_time_limits limits, int work_count)
{
    const double share_ms = limits.most_ms / (GOOD_ROUNDS * work_count);
    return fmax(short_batch_ms, fmin(long_batch_ms, share_ms));
}

/* One batch of each, in turn, until the layer's median is stable or the time is up. */
static int run_rounds(const yardstick_work *works, int work_count, measure_time_limits limits, samples *times,
                      int *batch)
{
    int counts[MAX_WORKS];
    for (int w = 0; w < work_count; ++w) {
        const int failed = find_batch(&works[w], choose_batch_ms(limits, work_count), &counts[w]);
        if (failed) return failed;
    }
    *batch = counts[LAYER];
    const double start = tsr__clock_ms();
    double spent_ms = 0.0;
    do {
        for (int w = 0; w < work_count; ++w) {
            const int failed = time_batch(&works[w], counts[w], &times[w].value[times[w].count]);
            if (failed) return failed;
            ++times[w].count;
        }
        spent_ms = tsr__clock_ms() - start;
    } while (times[LAYER].count < LEAST_ROUNDS ||
             (times[LAYER].count < MAX_ROUNDS &&
              (spent_ms < limits.least_ms || (spent_ms < limits.most_ms && !is_stable(&times[LAYER])))));
    return EXIT_DONE;
}

static yardstick_work layer_work(const layer *measured, double amount)
{
    return (yardstick_work){run_layer, (void *)measured, amount};
}

/* Over the rounds, what the layer reaches of a yardstick's rate, in percent. */
static samples shares_of(const samples *times, double amount, const samples *best_times, double best_amount)
{
    samples shares = {.count = times->count};
    for (int i = 0; i < times->count; ++i)
        shares.value[i] = 100.0 * (amount / times->value[i]) / (best_amount / best_times->value[i]);
    return shares;
}

static double median_ratio(const samples *times, const samples *to)
{
    samples ratios = {.count = times->count};
    for (int i = 0; i < times->count; ++i) ratios.value[i] = times->value[i] / to->value[i];
    return median(&ratios);
}

static void fill_figures(const layer_problem *problem, const yardstick_work *works, const samples *times,
                         measure_figures *figures)
{
    const samples *layer_times = &times[LAYER];
    figures->rounds = layer_times->count;
    figures->median_ms = median(layer_times);
    figures->min_ms = quantile(layer_times, layer_times->count, 0.0);
    figures->p95_ms = quantile(layer_times, layer_times->count, 0.95);
    figures->gflops = problem->operations / figures->median_ms * 1e-6;
    figures->gbps = problem->bytes / figures->median_ms * 1e-6;
    figures->peak_gflops = works[PEAK].amount / median(&times[PEAK]) * 1e-6;
    figures->copy_gbps = works[COPY].amount / median(&times[COPY]) * 1e-6;
    const samples peak_shares = shares_of(layer_times, problem->operations, &times[PEAK], works[PEAK].amount);
    const samples copy_shares = shares_of(layer_times, problem->bytes, &times[COPY], works[COPY].amount);
    figures->percent_of_peak = median(&peak_shares);
    figures->percent_of_copy = median(&copy_shares);
    median_range(problem->is_conv ? &peak_shares : &copy_shares, figures->share_range);
}

int measure_layer(const layer *measured, const layer_problem *problem, yardstick *device, measure_time_limits limits,
                  measure_others *others, measure_figures *figures)
{
    yardstick_work works[MAX_WORKS] = {
        [LAYER] = layer_work(measured, problem->operations),
        [PEAK] = yardstick_peak(device),
        [COPY] = yardstick_copy(device),
    };
    for (int i = 0; i < others->count; ++i) works[FIRST_OTHER + i] = others->item[i].work;
    samples times[MAX_WORKS] = {0};
    *figures = (measure_figures){0};
    int failed = run_rounds(works, FIRST_OTHER + others->count, limits, times, &figures->batch);
    if (!failed) failed = measure_events(measured, &figures->event_ms);
    if (failed) return failed;

    fill_figures(problem, works, times, figures);
    for (int i = 0; i < others->count; ++i) {
        others->item[i].median_ms = median(&times[FIRST_OTHER + i]);
        others->item[i].ratio = median_ratio(&times[FIRST_OTHER + i], &times[LAYER]);
    }
    return EXIT_DONE;
}

int measure_time(const layer *measured, double limit_ms, double *median_ms)
{
    const yardstick_work work = layer_work(measured, 0.0);
    samples times[1] = {0};
    int batch = 0;
    const int failed = run_rounds(&work, 1, (measure_time_limits){0.0, limit_ms}, times, &batch);
    if (!failed) *median_ms = median(&times[LAYER]);
    return failed;
}
