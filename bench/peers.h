/* The peers of a run: which are wanted, which of them are there, and their layers beside one of ours. */
#ifndef TESSERA_BENCH_PEERS_H
#define TESSERA_BENCH_PEERS_H

#include "measure.h"
#include "peers/peer.h"

#include <cjson/cJSON.h>

typedef struct peers_wanted {
    int count;
    struct {
        const peer_library *library;
        const char *variant;
    } item[MEASURE_MAX_OTHERS];
    bool started[MEASURE_MAX_OTHERS]; /* of peer_libraries */
    int threads;
} peers_wanted;

/* Reads "onednn,clblast": names of libraries, each for its variants that suit the layout, or of variants. An unknown
 * one is refused. Returns an exit code (report.h). */
int peers_choose(const char *list, tsr_layout layout, peers_wanted *wanted);

/* Starts their libraries. One that is absent is named on stderr and in `absent`, with what to install, and is left out;
 * the others' versions go to `versions`. */
void peers_start(peers_wanted *wanted, const char *folder, cJSON *versions, cJSON *absent);
void peers_stop(peers_wanted *wanted);

/* One layer in each peer that does it. */
typedef struct peers_layer {
    int count;
    struct {
        const peer_library *library;
        const char *variant;
        void *opened;
        int same_as; /* the position of an earlier one that runs the same code, which is measured for both; else -1 */
    } item[MEASURE_MAX_OTHERS];
} peers_layer;

/* Opens them, runs each once and compares its y with ours. Who refuses the layer or gets another y is left out, and the
 * reason is in `refused` under its name. Returns an exit code (report.h); close in any case. */
int peers_open(const peers_wanted *wanted, const peer_task *task, const float *y, cJSON *refused, peers_layer *opened);
void peers_close(peers_layer *opened);

/* What is to be measured beside the layer, and its figures afterwards: {NAME: {"median_ms", "ratio",
 * "implementation"}}. The fastest of a library's several ways is there again as LIBRARY-best, with the way as its
 * implementation. */
void peers_list(const peers_layer *opened, measure_others *others);
cJSON *peers_figures(const peers_layer *opened, const measure_others *others);

#endif
