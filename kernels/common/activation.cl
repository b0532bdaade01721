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

#define CONSTANT(type, x)  ((type)(REAL_OF(x)))
#define CLIP(v, low, high) ((v) < (low) ? (low) : (v) > (high) ? (high) : (v))
#define SOFTPLUS(type, v)  (fmax(v, CONSTANT(type, 0.0)) + log1p(exp(-fabs(v))))
#define SIXTH(type, v)     ((v)*CONSTANT(type, 0.16666666666666667) + CONSTANT(type, 0.5))

/* The normal distribution up to v, of each DTYPE: where sums are floats, a vector's erfc would be computed lane by
 * lane. The tail beyond |v| is exp(-v^2 / 2) times a polynomial in t = 1 / (1 + 0.3 |v|), fitted for |v| < 14.5 to a
 * relative error of 2e-7. */
#define TAIL_T(type, v)             (CONSTANT(type, 1.0) / (CONSTANT(type, 1.0) + CONSTANT(type, 0.3) * fabs(v)))
#define TAIL_STEP(type, t, c, rest) ((t) * (CONSTANT(type, c) + (rest)))
#define TAIL_HIGH(type, t)           \
    TAIL_STEP(type, t, -0.052033907, \
              TAIL_STEP(type, t, 0.204556652, TAIL_STEP(type, t, -0.156158363, (t)*CONSTANT(type, 0.0354237132))))
#define TAIL_SERIES(type, t)                  \
    TAIL_STEP(type, t, 0.119632007,           \
              TAIL_STEP(type, t, 0.120712134, \
                        TAIL_STEP(type, t, 0.100175961, TAIL_STEP(type, t, 0.12769172, TAIL_HIGH(type, t)))))
#define TAIL(type, v)                       (exp((v) * (v)*CONSTANT(type, -0.5)) * TAIL_SERIES(type, TAIL_T(type, v)))
#define REST(type, v)                       (CONSTANT(type, 1.0) - TAIL(type, v))
#define NORMAL_0(type, v)                   ((v) < CONSTANT(type, 0.0) ? TAIL(type, v) : REST(type, v))
#define NORMAL_1(type, v)                   NORMAL_0(type, v)
#define NORMAL_2(type, v)                   (CONSTANT(type, 0.5) * erfc((v)*CONSTANT(type, -0.70710678118654752)))

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
/* v times the normal distribution up to v. Both forms keep their digits for negative v, where 1 + erf would cancel. */
#define ACTIVATION_11(type, v, a, b, slope) ((v)*JOIN(NORMAL_, DTYPE)(type, v))
/* And exp in the place of 1 + tanh. */
#define ACTIVATION_12(type, v, a, b, slope) \
    ((v) / (CONSTANT(type, 1.0) +           \
            exp(CONSTANT(type, -1.5957691216057307) * ((v) + CONSTANT(type, 0.044715) * (v) * (v) * (v)))))
#define ACTIVATION_13(type, v, a, b, slope) ((v) < CONSTANT(type, 0.0) ? (a)*expm1(v) : (v))
#define ACTIVATION_14(type, v, a, b, slope) SOFTPLUS(type, v)
/* v tanh(softplus(v)) with one exp, of -|v| so that it cannot overflow. */
#define MISH_LOW(type, v, e) \
    ((v) * ((e) * ((e) + CONSTANT(type, 2.0))) / ((e) * ((e) + CONSTANT(type, 2.0)) + CONSTANT(type, 2.0)))
#define MISH_HIGH(type, v, e)                                  \
    ((v) * (CONSTANT(type, 1.0) + CONSTANT(type, 2.0) * (e)) / \
     (CONSTANT(type, 1.0) + CONSTANT(type, 2.0) * (e) * (CONSTANT(type, 1.0) + (e))))
#define ACTIVATION_15(type, v, a, b, slope) \
    ((v) < CONSTANT(type, 0.0) ? MISH_LOW(type, v, exp(-fabs(v))) : MISH_HIGH(type, v, exp(-fabs(v))))

#define ACTIVATE(type, v, a, b, slope) JOIN(ACTIVATION_, ACTIVATION)(type, v, a, b, slope)
