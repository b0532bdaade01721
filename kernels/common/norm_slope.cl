/* common/norm_slope: the derivative of a norm by one of its elements, in REALV: vector.cl's, or REAL by the including
 * kernel's own definition.
 *
 *   compiled in P of the norm
 */
/* a / b, exact where it can be. */
static inline REALV divide(REALV a, REALV b)
{
    const REALV quotient = a / b;
    const REALV corrected = quotient + fma(-quotient, b, a) / b;
    return ((fabs(quotient) < (REALV)(INFINITY)) & (b < (REALV)(INFINITY))) ? corrected : quotient;
}

/* The derivative of a norm y by an element x. */
static inline REALV norm_slope(REALV x, REALV y)
{
    const REALV one = (REALV)(REAL_OF(1.0)), zero = (REALV)(REAL_OF(0.0));
    REALV result = x > zero ? one : x < zero ? -one : x;
    if (P > 1) {
        REALV square = divide(fabs(x), y);
        for (int p = P - 1; p > 0; p >>= 1, square *= square)
            if (p & 1) result *= square;
    }
    return y == zero ? zero : result;
}
