/* common/activation: the function applied to a result just before it is stored. host/activation.c is its twin.
 *
 *   compiled in ACTIVATION, a number of tsr_activation
 *
 * Each activation is written once, as a macro over any real type, so that the scalar and the vector form cannot differ:
 * ACTIVATE(float8, v, a, b, slope), where a, b and slope are of the type too. It may evaluate v several times. Written
 * with comparisons and not with max(), which may drop a NaN. REAL_OF() is common/types.cl's.
 */
#if !defined(ACTIVATION)
#error "the host must define ACTIVATION"
#endif

#define CONSTANT(type, x)                   ((type)(REAL_OF(x)))
#define CLIP(v, low, high)                  ((v) < (low) ? (low) : (v) > (high) ? (high) : (v))
#define SOFTPLUS(type, v)                   (fmax(v, CONSTANT(type, 0.0)) + log1p(exp(-fabs(v))))
#define SIXTH(type, v)                      ((v)*CONSTANT(type, 0.16666666666666667) + CONSTANT(type, 0.5))

#define ACTIVATION_0(type, v, a, b, slope)  (v)
#define ACTIVATION_1(type, v, a, b, slope)  ((v) < CONSTANT(type, 0.0) ? CONSTANT(type, 0.0) : (v))
#define ACTIVATION_2(type, v, a, b, slope)  CLIP(v, CONSTANT(type, 0.0), CONSTANT(type, 6.0))
#define ACTIVATION_3(type, v, a, b, slope)  ((v) < CONSTANT(type, 0.0) ? (a) * (v) : (v))
#define ACTIVATION_4(type, v, a, b, slope)  ((v) < CONSTANT(type, 0.0) ? (slope) * (v) : (v))
#define ACTIVATION_5(type, v, a, b, slope)  CLIP(v, a, b)
#define ACTIVATION_6(type, v, a, b, slope)  (CONSTANT(type, 1.0) / (CONSTANT(type, 1.0) + exp(-(v))))
#define ACTIVATION_7(type, v, a, b, slope)  tanh(v)
#define ACTIVATION_8(type, v, a, b, slope)  ((v) / (CONSTANT(type, 1.0) + exp(-(v))))
#define ACTIVATION_9(type, v, a, b, slope)  CLIP((a) * (v) + (b), CONSTANT(type, 0.0), CONSTANT(type, 1.0))
#define ACTIVATION_10(type, v, a, b, slope) ((v)*CLIP(SIXTH(type, v), CONSTANT(type, 0.0), CONSTANT(type, 1.0)))
/* erfc and exp, as 1 + erf and 1 + tanh would cancel for negative v. */
#define ACTIVATION_11(type, v, a, b, slope) ((v)*CONSTANT(type, 0.5) * erfc((v)*CONSTANT(type, -0.70710678118654752)))
#define ACTIVATION_12(type, v, a, b, slope) \
    ((v) / (CONSTANT(type, 1.0) +           \
            exp(CONSTANT(type, -1.5957691216057307) * ((v) + CONSTANT(type, 0.044715) * (v) * (v) * (v)))))
#define ACTIVATION_13(type, v, a, b, slope) ((v) < CONSTANT(type, 0.0) ? (a)*expm1(v) : (v))
#define ACTIVATION_14(type, v, a, b, slope) SOFTPLUS(type, v)
#define ACTIVATION_15(type, v, a, b, slope) ((v)*tanh(SOFTPLUS(type, v)))

#define ACTIVATE(type, v, a, b, slope)      JOIN(ACTIVATION_, ACTIVATION)(type, v, a, b, slope)
