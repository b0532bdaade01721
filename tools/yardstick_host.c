#include "yardstick_host.h"
#include "cpu/vector.h"

#ifdef _OPENMP
#include <omp.h>
#endif

/* 12 chains where a vector has 8 floats: enough to hide the latency of an addition, and all in registers. */
enum { LANES = 96, ITERATIONS = 1 << 18 };

/* One thread's share. `scale` and `shift` come from outside, so that no compiler can foresee the result. */
TSR__VECTOR_CLONES static float run_chains(float scale, float shift)
{
    float chain[LANES];
    for (int i = 0; i < LANES; ++i) chain[i] = (float)i;
    for (int n = 0; n < ITERATIONS; ++n)
        for (int i = 0; i < LANES; ++i) chain[i] = chain[i] * scale + shift;
    float total = 0.0f;
    for (int i = 0; i < LANES; ++i) total += chain[i];
    return total;
}

double yardstick_host_peak(float *sink)
{
    float total = 0.0f;
    int threads = 1;
    const float scale = *sink == 1.0f ? 0.25f : 0.5f;
#ifdef _OPENMP
#pragma omp parallel reduction(+ : total)
    {
#pragma omp single
        threads = omp_get_num_threads();
        total += run_chains(scale, (float)omp_get_thread_num());
    }
#else
    total = run_chains(scale, 1.0f);
#endif
    *sink = total;
    return 2.0 * LANES * ITERATIONS * threads;
}

void yardstick_host_copy(const float *x, float *y, size_t count)
{
#ifdef _OPENMP
#pragma omp parallel for schedule(static)
#endif
    for (size_t i = 0; i < count; ++i) y[i] = x[i];
}
