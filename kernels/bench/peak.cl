/* bench/peak: how many multiply-adds a device can do, the yardstick for every share of peak that is reported.
 *
 *   launch      global = (any number of work-items, 1, 1), local = NULL or any size
 *   local mem   none
 *   compiled in VEC
 *   run time    iterations
 *
 * A work-item does iterations * CHAINS * VEC multiply-adds, that is 2 * iterations * CHAINS * VEC floating-point
 * operations, on registers alone, and stores one float. The chains do not depend on each other: a CPU core that starts
 * two vectors a cycle and needs four or five cycles for each wants ten, and twelve still fit into sixteen registers.
 */
#define DTYPE 0
#include "common/vector.cl"

#define CHAINS 12

__kernel void bench_peak(__global float *restrict y, ulong y_offset, int iterations)
{
    const int item = (int)get_global_id(0);
    /* Both come from outside of the kernel, so that no compiler can foresee a result. */
    const REALV scale = 1.0f / (float)iterations;
    const REALV shift = (float)item;

    REALV chain[CHAINS];
    for (int i = 0; i < CHAINS; ++i) chain[i] = (float)i;
    for (int n = 0; n < iterations; ++n)
#pragma unroll
        for (int i = 0; i < CHAINS; ++i) chain[i] = fma(chain[i], scale, shift);

    REALV total = 0.0f;
    for (int i = 0; i < CHAINS; ++i) total += chain[i];
    y[y_offset + (ulong)item] = total.s0 + total.s1 + total.s2 + total.s3;
}
