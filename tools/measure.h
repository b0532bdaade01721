/* How fast a layer runs, beside what its device can do at best. */
#ifndef TESSERA_TOOLS_MEASURE_H
#define TESSERA_TOOLS_MEASURE_H

#include "layer.h"
#include "yardstick.h"

typedef struct measure_figures {
    /* Wall clock of one run: batches of enqueues that are waited for once, divided by their number. Over the
     * batches. */
    double median_ms, min_ms, p95_ms;
    double event_ms;     /* the same by the device's own clock, to cross-check; 0 on the CPU path */
    double gflops, gbps; /* of the median; gflops is 0 for pooling */

    /* The yardsticks, measured between the layer's batches; the shares are medians over the rounds, so that a moment
     * in which the machine was busy with something else spoils one round of both and not their comparison. */
    double peak_gflops, copy_gbps;
    double percent_of_peak, percent_of_copy;
    double
        share_range[2]; /* where the true median of the share that counts (peak; pooling: copy) lies, 19 of 20 times */
    int rounds, batch;  /* how many batches, and runs in each */
} measure_figures;

/* How long to measure: until the median is stable, but in these limits. Three rounds are run however long they take. */
typedef struct measure_time_limits {
    double least_ms, most_ms;
} measure_time_limits;

/* Others that do the same work, measured in the same rounds. */
enum { MEASURE_MAX_OTHERS = 12 };

typedef struct measure_other {
    yardstick_work work;
    double median_ms;
    double ratio; /* its time by the layer's: the median over the rounds, as the shares are */
} measure_other;

typedef struct measure_others {
    int count;
    measure_other item[MEASURE_MAX_OTHERS];
} measure_others;

/* Runs the layer between runs of the yardsticks and of the others, warmed up. Returns an exit code (report.h). */
int measure_layer(const layer *measured, const layer_problem *problem, yardstick *device, measure_time_limits limits,
                  measure_others *others, measure_figures *figures);

/* The median of some numbers, which it sorts: of an even count the lower of the two in the middle. */
double measure_median(double *values, int count);

/* The median of a layer's time alone, without yardsticks. */
int measure_time(const layer *measured, double limit_ms, double *median_ms);

#endif
