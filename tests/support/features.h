/* Problems that ask for every feature beyond the plain case, alone and together, on integer data whose results are
 * exact: what shapes.h is for sizes this is for options, layouts, strides and types. */
#ifndef TSR_TESTS_FEATURES_H
#define TSR_TESTS_FEATURES_H

#include "algorithm.h"

/* The i-th checked problem, of any operator; false past the last. Types that the device lacks are left out. */
bool features_problem(const tsr_device *device, size_t i, tsr__problem *out);

/* The features that problems of an operator can ask for: on the others its algorithms are never asked. */
uint32_t features_askable(const tsr__operator *op);

#endif
