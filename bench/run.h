/* A run of the benchmark: each problem planned, verified, and measured beside its yardsticks and peers. */
#ifndef TESSERA_BENCH_RUN_H
#define TESSERA_BENCH_RUN_H

#include "layer.h"
#include "measure.h"
#include "peers.h"
#include "workload.h"

#include <stdio.h>

typedef struct run_settings {
    const char *device, *algorithm; /* algorithm NULL: the library's choice */
    layer_form form;
    measure_time_limits limits;
    peers_wanted peers;
    const char *folder;  /* for this run alone: disk cache, peers' files */
    const char *json;    /* a path, "-" or NULL */
    FILE *table;         /* for people to read */
    bool shows_progress; /* on stderr */
    bool skips_plans;    /* plan_ms and warm_plan_ms are null */
} run_settings;

/* Measures every problem, prints a line for each and what they come to, and writes the JSON:
 *
 *   {"date", "version", "peer_versions": {LIBRARY: VERSION}, "absent_peers": {LIBRARY: what to install},
 *    "device": {"name", "platform", "driver", "kind", "peak_gflops", "copy_gbps", "compute_units"},
 *    "results": [{"problem", "class", "count", "uses": [{"network", "layer", "count"}], "layout", ... the figures ...,
 *                 "peers": {PEER: {"median_ms", "ratio", "implementation"}}, "refused": {PEER: why it has none}}],
 *    "refused": [PROBLEM], by the algorithm that the settings name,
 *    "networks": summary_networks(), "summary": summary_make()}
 *
 * Problems that the named algorithm refuses are told and passed over; it is an error where it refuses all. Returns an
 * exit code (report.h). */
int run_workload(run_settings *settings, const workload *all);

#endif
