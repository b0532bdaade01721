/* The picture: how the loss fell, and the kernels that were learned. */
#ifndef DIGITS_CHART_H
#define DIGITS_CHART_H

#include "state.h"

bool chart_write(const char *path, const state *drawn);

#endif
