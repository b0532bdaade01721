/* Half floats (IEEE 754 binary16) on hosts whose compilers have no such type. */
#ifndef TSR_HOST_HALF_H
#define TSR_HOST_HALF_H

#include <math.h>
#include <stdint.h>

static inline double tsr__half_to_double(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const double sign = half >> 15 ? -1.0 : 1.0;
    if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
    return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25));
}

/* To the nearest, ties to even. */
static inline uint16_t tsr__half_from_double(double v)
{
    const uint16_t sign = signbit(v) ? 0x8000 : 0;
    const double size = fabs(v);
    if (isnan(v)) return sign | 0x7e00;
    if (size >= 65520.0) return sign | 0x7c00; /* where rounding leaves the range */
    int exponent = INT16_MIN;                  /* of 0 */
    if (size > 0) frexp(size, &exponent);
    /* Halves of this size lie 2^unit apart. nearbyint() rounds to the nearest, ties to even, by default. */
    const int unit = exponent - 11 > -24 ? exponent - 11 : -24;
    const int fraction = (int)nearbyint(ldexp(size, -unit));
    /* A fraction that rounded up to 2048 carries into the exponent by itself. */
    return (uint16_t)(sign | (unit == -24 ? fraction : ((unit + 24) << 10) + fraction));
}

#endif
