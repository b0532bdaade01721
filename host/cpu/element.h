/* Elements of a tensor on the CPU path, of whatever type, as doubles: every value of every type is one. */
#ifndef TSR_HOST_CPU_ELEMENT_H
#define TSR_HOST_CPU_ELEMENT_H

#include "algorithm.h"
#include "half.h"

static inline double tsr__load(tsr_dtype dtype, const void *data, int64_t at)
{
    switch (dtype) {
    case TSR_F32:
        return (double)((const float *)data)[at];
    case TSR_F16:
        return tsr__half_to_double(((const uint16_t *)data)[at]);
    case TSR_F64:
        return ((const double *)data)[at];
    case TSR_I8:
        return ((const int8_t *)data)[at];
    case TSR_U8:
        return ((const uint8_t *)data)[at];
    }
    return 0.0;
}

/* To the nearest integer of a range; a NaN becomes 0. */
static inline int tsr__to_integer(double v, int low, int high)
{
    return isnan(v) ? 0 : v < low ? low : v > high ? high : (int)nearbyint(v);
}

static inline void tsr__store(tsr_dtype dtype, void *data, int64_t at, double v)
{
    switch (dtype) {
    case TSR_F32:
        ((float *)data)[at] = (float)v;
        return;
    case TSR_F16:
        ((uint16_t *)data)[at] = tsr__half_from_double(v);
        return;
    case TSR_F64:
        ((double *)data)[at] = v;
        return;
    case TSR_I8:
        ((int8_t *)data)[at] = (int8_t)tsr__to_integer(v, INT8_MIN, INT8_MAX);
        return;
    case TSR_U8:
        ((uint8_t *)data)[at] = (uint8_t)tsr__to_integer(v, 0, UINT8_MAX);
        return;
    }
}

/* Indices of maxima. */
static inline void tsr__store_index(tsr_indices type, void *data, int64_t at, int64_t index)
{
    if (type == TSR_INDICES_I32)
        ((int32_t *)data)[at] = (int32_t)index;
    else
        ((int64_t *)data)[at] = index;
}

static inline int64_t tsr__load_index(tsr_indices type, const void *data, int64_t at)
{
    return type == TSR_INDICES_I32 ? ((const int32_t *)data)[at] : ((const int64_t *)data)[at];
}

#endif
