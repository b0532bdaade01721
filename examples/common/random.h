/* Random numbers that are the same on every machine: SplitMix64. */
#ifndef EXAMPLES_RANDOM_H
#define EXAMPLES_RANDOM_H

#include <stdint.h>

/* The next number of a sequence; its seed is any number. */
uint64_t random_next(uint64_t *state);

/* From -1 to 1, of 24 bits, so that it is exact in a float. */
float random_uniform(uint64_t *state);

#endif
