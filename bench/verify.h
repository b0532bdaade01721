/* That a result is right, before anybody asks how fast it came. */
#ifndef TESSERA_BENCH_VERIFY_H
#define TESSERA_BENCH_VERIFY_H

#include "layer.h"

/* The largest distance of two results' elements, by the largest magnitude in `expected`; infinite where one is no
 * number and the other is. */
double verify_distance(const float *found, const float *expected, size_t count);

/* What a result may be away by verify_distance(): 1e-4 leaves room for algorithms that round. The inputs are
 * integers from -4 to 3, so a wrong sum is away by 1 at least, which is more than that while the largest is below
 * 10,000. Half has 11 bits, and gets 1e-3. */
double verify_tolerance(tsr_dtype dtype);

/* Compares the result, dense NCHW, with what the CPU path makes of a part of the problem (layer_part()): the last
 * image, and of costly convolutions the last channels. `device` is where it comes from: the CPU path is compared with
 * its own reference. A difference beyond the tolerance is reported. Returns an exit code (report.h). */
int verify_layer(tsr_context *cpu_path, const tsr_device *device, const layer_problem *problem, const float *found,
                 double *distance);

#endif
