/* What the figures of many layers come to, against each peer. */
#ifndef TESSERA_BENCH_SUMMARY_H
#define TESSERA_BENCH_SUMMARY_H

#include <cjson/cJSON.h>

#include <stdio.h>

/* "dense", "depthwise" or "pooling": what a result's "class" is. */
extern const char *const summary_classes[];

/* From the results of a run, {PEER: {"layers", "geomean", "geomean_weighted", "worst", "worst_problem",
 * "network_ratio", "below_one", "classes": {CLASS: ...}, "networks": {NETWORK: ...}}}; a class and a network have the
 * same figures but the last two. Ratios are the peer's time by ours, above 1 where ours is shorter. Weights are the
 * layers' counts. network_ratio is the quotient of the two sums of time by count, over the layers that the peer does.
 * A network is the sum of its convolutions. */
cJSON *summary_make(const cJSON *results);

/* {NETWORK: {"layers", "ms"}}: the sum of our medians by count over a network's convolutions. */
cJSON *summary_networks(const cJSON *results);

/* Both, for people. */
void summary_print(const cJSON *summary, const cJSON *networks, const cJSON *results, FILE *to);

#endif
