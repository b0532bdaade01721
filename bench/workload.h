/* What a run of the benchmark measures: problems, each with how often the networks have it. Equal problems are measured
 * once and counted. */
#ifndef TESSERA_BENCH_WORKLOAD_H
#define TESSERA_BENCH_WORKLOAD_H

#include "layer.h"

#include <cjson/cJSON.h>

typedef struct workload_item {
    char *problem; /* in the notation of tessera.h */
    int64_t count; /* over all uses */
    cJSON *uses;   /* [{"network", "layer", "count"}]; empty where the problem was named by itself */
} workload_item;

typedef struct workload {
    workload_item *items;
    size_t count, capacity;
} workload;

/* Each returns an exit code (report.h).
 *
 * Adds a layer of a network, or to the count of the equal problem that is there. network NULL: it was named by
 * itself. */
int workload_add(workload *all, const char *problem, const char *network, const char *layer_name, int64_t count);

/* Adds a problem that was named by itself, with the form's batch, once it is known to be right in that form. */
int workload_add_problem(workload *all, const char *problem, layer_form form);

/* Adds those of a file: one a line, with empty lines and lines that begin with # left out. */
int workload_read(workload *all, const char *path, layer_form form);
void workload_free(workload *all);

#endif
