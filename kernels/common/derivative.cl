/* common/derivative: the derivative of an activation, as tessera_training.h lists them. host/activation.c is its twin.
 *
 *   compiled in ACTIVATION, a number of tsr_activation; FROM_V: 1 where it is calculated from the activation's
 *               argument v, 0 from its result y
 *
 * DERIVATIVE(type, v, a, b, slope) is written for any real type like ACTIVATE() of common/activation.cl, and may
 * evaluate v several times. Written so that a NaN does not become a zero.
 */
#if !defined(ACTIVATION) || !defined(FROM_V)
#error "the host must define ACTIVATION FROM_V"
#endif

#include "common/activation.cl"

#define ONE(type)                          CONSTANT(type, 1.0)
#define ZERO(type)                         CONSTANT(type, 0.0)
#define STEP(type, v, below, above)        ((v) <= ZERO(type) ? (below) : (above))
#define INSIDE(type, v, low, high, inside) ((v) <= (low) || (v) >= (high) ? ZERO(type) : (inside))
#define LOGISTIC(type, v)                  (ONE(type) / (ONE(type) + exp(-(v))))

/* From v or from y, which have the same sign, or lie between the same ends. */
#define DERIVATIVE_0_1(type, y, a, b, slope) STEP(type, y, ZERO(type), ONE(type))
#define DERIVATIVE_0_2(type, y, a, b, slope) INSIDE(type, y, ZERO(type), CONSTANT(type, 6.0), ONE(type))
#define DERIVATIVE_0_3(type, y, a, b, slope) STEP(type, y, a, ONE(type))
#define DERIVATIVE_0_5(type, y, a, b, slope) INSIDE(type, y, a, b, ONE(type))
#define DERIVATIVE_1_1(type, v, a, b, slope) DERIVATIVE_0_1(type, v, a, b, slope)
#define DERIVATIVE_1_2(type, v, a, b, slope) DERIVATIVE_0_2(type, v, a, b, slope)
#define DERIVATIVE_1_3(type, v, a, b, slope) DERIVATIVE_0_3(type, v, a, b, slope)
#define DERIVATIVE_1_4(type, v, a, b, slope) STEP(type, v, slope, ONE(type))
#define DERIVATIVE_1_5(type, v, a, b, slope) DERIVATIVE_0_5(type, v, a, b, slope)

/* From y, and from v by way of y. */
#define DERIVATIVE_0_0(type, y, a, b, slope) ONE(type)
#define DERIVATIVE_0_6(type, y, a, b, slope) ((y) * (ONE(type) - (y)))
#define DERIVATIVE_0_7(type, y, a, b, slope) (ONE(type) - (y) * (y))
#define DERIVATIVE_0_9(type, y, a, b, slope) INSIDE(type, y, ZERO(type), ONE(type), a)
#define DERIVATIVE_1_0(type, v, a, b, slope) ONE(type)
#define DERIVATIVE_1_6(type, v, a, b, slope) DERIVATIVE_0_6(type, LOGISTIC(type, v), a, b, slope)
#define DERIVATIVE_1_7(type, v, a, b, slope) DERIVATIVE_0_7(type, tanh(v), a, b, slope)
#define DERIVATIVE_1_9(type, v, a, b, slope) DERIVATIVE_0_9(type, (a) * (v) + (b), a, b, slope)

/* From y otherwise than from v. */
#define DERIVATIVE_0_13(type, y, a, b, slope) STEP(type, y, (y) + (a), ONE(type))
#define DERIVATIVE_0_14(type, y, a, b, slope) (-expm1(-(y)))
#define DERIVATIVE_1_13(type, v, a, b, slope) STEP(type, v, (a)*exp(v), ONE(type))
#define DERIVATIVE_1_14(type, v, a, b, slope) LOGISTIC(type, v)

/* From v alone. */
#define SWISH_SLOPE(type, v, s, du) \
    ((s) * (ONE(type) - (s)) == ZERO(type) ? (s) : (s) * (ONE(type) + (v) * (ONE(type) - (s)) * (du)))
#define DERIVATIVE_1_8(type, v, a, b, slope) SWISH_SLOPE(type, v, LOGISTIC(type, v), ONE(type))
#define DERIVATIVE_1_10(type, v, a, b, slope)  \
    ((v) <= CONSTANT(type, -3.0)  ? ZERO(type) \
     : (v) >= CONSTANT(type, 3.0) ? ONE(type)  \
                                  : (v) / CONSTANT(type, 3.0) + CONSTANT(type, 0.5))
#define DERIVATIVE_1_11(type, v, a, b, slope)                               \
    (CONSTANT(type, 0.5) * erfc((v)*CONSTANT(type, -0.70710678118654752)) + \
     (v)*exp((v) * (v)*CONSTANT(type, -0.5)) * CONSTANT(type, 0.39894228040143268))
#define CUBIC(type, v) (CONSTANT(type, 1.5957691216057307) * ((v) + CONSTANT(type, 0.044715) * (v) * (v) * (v)))
#define DERIVATIVE_1_12(type, v, a, b, slope)            \
    SWISH_SLOPE(type, v, LOGISTIC(type, CUBIC(type, v)), \
                CONSTANT(type, 1.5957691216057307) * (ONE(type) + CONSTANT(type, 0.134145) * (v) * (v)))
/* Both terms as quotients in e = exp(-|v|): 1 - t^2 would cancel. */
#define FALL(type, v, e)              ((v)*CONSTANT(type, 4.0) * (ONE(type) + (e)) * (e))
#define MISH_SLOPE_LOW(type, v, e, d) ((e) * ((e) + CONSTANT(type, 2.0)) / (d) + FALL(type, v, e) / ((d) * (d)))
#define MISH_SLOPE_HIGH(type, v, e, d) \
    ((ONE(type) + CONSTANT(type, 2.0) * (e)) / (d) + FALL(type, v, e) * (e) / ((d) * (d)))
#define MISH_D_LOW(type, e)  ((e) * ((e) + CONSTANT(type, 2.0)) + CONSTANT(type, 2.0))
#define MISH_D_HIGH(type, e) (ONE(type) + CONSTANT(type, 2.0) * (e) * (ONE(type) + (e)))
#define MISH_SLOPE(type, v, e)                                          \
    ((v) < ZERO(type) ? MISH_SLOPE_LOW(type, v, e, MISH_D_LOW(type, e)) \
                      : MISH_SLOPE_HIGH(type, v, e, MISH_D_HIGH(type, e)))
#define DERIVATIVE_1_15(type, v, a, b, slope) MISH_SLOPE(type, v, exp(-fabs(v)))

#define DERIVATIVE(type, v, a, b, slope)      JOIN(JOIN(JOIN(DERIVATIVE_, FROM_V), _), ACTIVATION)(type, v, a, b, slope)
