/* The yardstick of the CPU path: plain loops that the compiler turns into vectors, on as many threads as it uses. */
#ifndef TESSERA_TOOLS_YARDSTICK_HOST_H
#define TESSERA_TOOLS_YARDSTICK_HOST_H

#include <stddef.h>

/* Multiply-adds on independent chains; returns how many floating-point operations a call does. `sink` gets a number
 * that depends on all of them, so that no compiler drops them. */
double yardstick_host_peak(float *sink);
void yardstick_host_copy(const float *x, float *y, size_t count);

#endif
