/* Lists of layers: those of well-known networks, which the build embeds from bench/suites, and files of one's own. */
#ifndef TESSERA_BENCH_SUITE_H
#define TESSERA_BENCH_SUITE_H

#include "workload.h"

/* Adds the layers of a suite, of all suites ("all"), or of a file whose name ends in ".csv".
 *
 * A file's first line names its columns, in any order: c h w r s and for a convolution k; and where they differ from
 * the usual n stride_h stride_w pad_h pad_w pad_h_end pad_w_end dil_h dil_w groups count network layer. `type` is conv,
 * max, avg, avgpad or global_avg, by default conv. out_h and out_w say what must come out, as a check. Other columns
 * are not read. A `batch` above 0 stands instead of n. Returns an exit code (report.h); messages name file and line. */
int suite_add(const char *suite, int64_t batch, workload *all);

#endif
