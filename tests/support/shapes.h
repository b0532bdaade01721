/* The problems that every algorithm is tested on, generated: sizes of 1, primes, sizes around blocks and tiles, windows
 * larger than the image, strides larger than the window, every kind of padding. What kernels compile in varies slowly
 * and what they are passed varies fast, because each new set of defines is another compilation. */
#ifndef TSR_TESTS_SHAPES_H
#define TSR_TESTS_SHAPES_H

#include "tessera.h"

/* The i-th problem; false past the last. Problems that are out of range are left out beforehand. */
bool shapes_conv(size_t i, tsr_conv *out);
bool shapes_pool(size_t i, tsr_pool *out);
bool shapes_reorder(size_t i, tsr_tensor *from, tsr_tensor *to);

/* The pairs of layouts that the i-th problem is tried in; false past the last pair. */
bool shapes_layouts(size_t i, size_t pair, tsr_layout *x, tsr_layout *y);

#endif
