#include "demo.h"
#include "demo_compare.h"
#include "measure.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>

/* Layers as VGG-16, ResNet-50 and DenseNet-121 have them. Averages are over 4 values, so that they are exact, as are
 * the convolutions that say so. */
static const struct {
    const char *name, *problem;
} layers[] = {
    {"VGG-16 conv1_1", "conv:c3h224w224k64r3s3pd1,bias,relu,exact"},
    {"VGG-16 conv2_1", "conv:c64h112w112k128r3s3pd1,bias,relu,exact"},
    {"VGG-16 conv4_1", "conv:c256h28w28k512r3s3pd1,bias,relu,exact"},
    {"VGG-16 pool1", "max:c64h224w224r2s2"},
    {"ResNet-50 conv1", "conv:c3h224w224k64r7s7st2pd3,bias,relu"},
    {"ResNet-50 pool1", "max:c64h112w112r3s3st2pd1"},
    {"ResNet-50 conv2, 3 x 3", "conv:c64h56w56k64r3s3pd1,bias,relu,exact"},
    {"ResNet-50 conv3, 1 x 1", "conv:c512h28w28k128,bias,relu"},
    {"DenseNet-121 pool", "avg:c128h56w56r2s2"},
};

static const double limit_ms = 500.0;      /* for each layer on the device */
static const double host_limit_ms = 200.0; /* and on the CPU path          */
/* The naive loop does about half a GFLOP in a second. Larger layers are compared with the CPU path's fast algorithm,
 * which the tests compare with the naive one. */
static const double naive_limit_operations = 0.3e9;

/* The CPU path's result; and, where median_ms is not NULL, its time. */
static float *run_host(const demo *d, const layer_problem *problem, const char *algorithm, double *median_ms)
{
    layer host;
    if (layer_open(d->host, problem, algorithm, &host)) return NULL;
    int failed = EXIT_DONE;
    if (median_ms != NULL) {
        failed = measure_time(&host, host_limit_ms, median_ms);
    } else {
        const tsr_status status = tsr_plan_run(host.plan, &host.args);
        if (status != TSR_OK) failed = report_status(status, "cannot run on the CPU path");
    }
    float *y = failed ? NULL : layer_read_result(&host);
    layer_close(&host);
    return y;
}

/* Compares with the CPU path's fast algorithm, and with its naive one where that takes a reasonable time. */
static int compare(const demo *d, const layer_problem *problem, const char *name, const float *found, double *host_ms)
{
    const double operations = problem->is_conv ? problem->operations : problem->bytes;
    for (int naive = 0; naive < 2; ++naive) {
        if (naive && operations > naive_limit_operations) break;
        float *expected = run_host(d, problem, naive ? "reference" : NULL, naive ? NULL : host_ms);
        if (expected == NULL) return EXIT_DEVICE;
        const int failed = demo_compare(name, &problem->y, found, expected);
        free(expected);
        if (failed) return failed;
    }
    return EXIT_DONE;
}

static void print_line(const char *name, const layer *measured, const layer_problem *problem, const measure_figures *f,
                       double host_ms)
{
    const tsr_tensor *y = &problem->y;
    char rate[32], share[32], count[32];
    if (problem->is_conv) {
        snprintf(rate, sizeof rate, "%.1f GFLOP/s", f->gflops);
        snprintf(share, sizeof share, "%.0f %% of peak", f->percent_of_peak);
    } else {
        snprintf(rate, sizeof rate, "%.1f GB/s", f->gbps);
        snprintf(share, sizeof share, "%.0f %% of copy", f->percent_of_copy);
    }
    printf("  %-23s %-16s %8.3f %16s %14s %12.3f   bit for bit equal, %s values\n", name, measured->info.algorithm,
           f->median_ms, rate, share, host_ms,
           demo_group_digits((uint64_t)(y->n * y->c * y->size[TSR_H] * y->size[TSR_W]), count));
    fflush(stdout);
}

static int run_one(const demo *d, yardstick *device, const char *name, const char *text)
{
    layer_problem problem, host_problem;
    layer measured;
    measure_figures figures;
    double host_ms = 0.0;
    int failed =
        layer_parse(text, (layer_form){TSR_LAYOUT_ANY, false, LAYER_DTYPE_AS_SAID, 0, LAYER_FORWARD}, &problem);
    if (!failed)
        failed = layer_parse(text, (layer_form){TSR_LAYOUT_NCHW, false, LAYER_DTYPE_AS_SAID, 0, LAYER_FORWARD},
                             &host_problem);
    if (!failed) failed = layer_open(d->device, &problem, NULL, &measured);
    if (failed) return failed;
    failed = measure_layer(&measured, &problem, device, (measure_time_limits){0.0, limit_ms}, &(measure_others){0},
                           &figures);
    float *found = failed ? NULL : layer_read_result(&measured);
    if (!failed) failed = found != NULL ? compare(d, &host_problem, name, found, &host_ms) : EXIT_DEVICE;
    if (!failed) print_line(name, &measured, &problem, &figures, host_ms);
    free(found);
    layer_close(&measured);
    return failed;
}

int demo_layers(const demo *d)
{
    yardstick *device = NULL;
    int failed = yardstick_open(d->device, &device);
    if (failed) return failed;
    printf("\nLayers, on integers. Shares are of the device's peak and of its copy bandwidth, both measured between a\n"
           "layer's runs; a layer that fits into a cache may exceed a copy from memory to memory.\n");
    printf("  %-23s %-16s %8s %16s %14s %12s\n", "layer", "algorithm", "ms", "rate", "share", "CPU path ms");
    for (size_t i = 0; i < sizeof layers / sizeof layers[0] && !failed; ++i)
        failed = run_one(d, device, layers[i].name, layers[i].problem);
    yardstick_close(device);
    return failed;
}
