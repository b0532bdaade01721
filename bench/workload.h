/* What a run of the benchmark measures: problems, each with how often the networks have it. Equal problems are measured
 * once and counted. */
#ifndef TESSERA_BENCH_WORKLOAD_H
#define TESSERA_BENCH_WORKLOAD_H

#include <cjson/cJSON.h>

#include <stddef.h>
#include <stdint.h>

typedef struct workload_item {
    char *problem; /* in the notation of tessera.h */
    int64_t count; /* over all uses */
    cJSON *uses;   /* [{"network", "layer", "count"}]; empty where the problem was named by itself */
} workload_item;

typedef struct workload {
    workload_item *items;
    size_t count, capacity;
} workload;

/* Adds a problem, or to the count of the equal one that is there. network NULL: it was named by itself. Returns an exit
 * code (report.h). */
int workload_add(workload *all, const char *problem, const char *network, const char *layer, int64_t count);
void workload_free(workload *all);

#endif
