/* common/pooling: how the elements of a pooling window are combined, in REALV: vector.cl's, or REAL by the including
 * kernel's own definition.
 *
 *   compiled in KIND: 0 maximum, 1 average over the elements inside the image, 2 average that counts padding too,
 *               3 norm; P of the norm; DIVISOR of an average, 0 for what the kind says; INDICES of maxima: 0 none,
 *               1 int, 2 long
 */
#if !defined(KIND) || !defined(P) || !defined(DIVISOR) || !defined(INDICES)
#error "the host must define KIND P DIVISOR INDICES"
#elif KIND != 0 && KIND != 1 && KIND != 2 && KIND != 3
#error "KIND must be 0, 1, 2 or 3"
#endif

#if INDICES == 1
#define INDEX int
#else
#define INDEX long
#endif

/* The greatest element or the sum so far. A maximum keeps apart whether there was a NaN, in the form that a comparison
 * has: its compare and select are then one instruction of the CPU, and the chain of instructions from one element to
 * the next is short. */
typedef struct {
    REALV total;
    REAL_INTV nan;
} pool_window;

/* A window without elements, whose maximum is -infinity. */
static inline pool_window pool_empty(void)
{
    const pool_window window = {(REALV)(KIND == 0 ? (REAL)-INFINITY : REAL_OF(0.0)), (REAL_INTV)(0)};
    return window;
}

/* |element|^P, by squaring. P is a constant, so the loop is none. */
static inline REALV pool_power(REALV element)
{
    REALV result = (REALV)(REAL_OF(1.0)), square = fabs(element);
    if (P == 1) return square;
    if (P == 2) return element * element;
    for (int p = P; p > 0; p >>= 1, square *= square)
        if (p & 1) result *= square;
    return result;
}

/* Takes in what another window came to, as long as that is no norm yet. Of equal elements the first stays. A NaN is
 * what differs from itself. */
static inline void pool_join(pool_window *window, REALV total)
{
    if (KIND == 0) {
        window->total = total > window->total ? total : window->total;
        window->nan |= total != total;
    } else {
        window->total += total;
    }
}

static inline void pool_join_window(pool_window *window, pool_window other)
{
    window->total = KIND != 0 ? window->total + other.total : other.total > window->total ? other.total : window->total;
    window->nan |= other.nan;
}

/* What two windows come to together, one number each. */
static inline REAL pool_join_one(REAL a, REAL b)
{
    return KIND != 0 ? a + b : a != a || a >= b ? a : b;
}

static inline void pool_add(pool_window *window, REALV element)
{
    pool_join(window, KIND == 3 ? pool_power(element) : element);
}

/* The greatest element, a NaN if there was one. */
static inline REALV pool_maximum(pool_window window)
{
    return window.nan ? (REALV)(NAN) : window.total;
}

/* What a window has come to so far, as an element that others are joined to. */
static inline REALV pool_so_far(pool_window window)
{
    return KIND == 0 ? pool_maximum(window) : window.total;
}

/* The sum divided by count, and 0 if that is 0. OpenCL lets a division be wrong by 2.5 units in the last place, so the
 * quotient is corrected: with fma its remainder is exact, and adding what that stands for rounds as a true division
 * does. An infinite or NaN quotient is right already, and has no remainder. */
static inline REALV pool_average(pool_window window, REALV count)
{
    const REALV divisor = DIVISOR > 0 ? (REALV)((REAL)DIVISOR) : fmax(count, (REALV)(REAL_OF(1.0)));
    const REALV reciprocal = REAL_OF(1.0) / divisor;
    const REALV quotient = window.total * reciprocal;
    const REALV remainder = fma(-quotient, divisor, window.total);
    return fabs(quotient) < (REALV)(INFINITY) ? fma(remainder, reciprocal, quotient) : quotient;
}

/* The P-th root of the sum. A square root may be wrong by 3 units in the last place: corrected like the quotient. */
static inline REALV pool_norm(pool_window window)
{
    if (P == 1) return window.total;
    if (P != 2) return pow(window.total, (REALV)(REAL_OF(1.0) / (REAL)P));
    const REALV root = sqrt(window.total);
    const REALV correction = fma(-root, root, window.total) / (root + root);
    return root > (REALV)(REAL_OF(0.0)) && root < (REALV)(INFINITY) ? root + correction : root;
}

/* What a window comes to; count is for averages. */
static inline REALV pool_result(pool_window window, REALV count)
{
    return KIND == 0 ? pool_maximum(window) : KIND == 3 ? pool_norm(window) : pool_average(window, count);
}

/* ---- Where windows lie ------------------------------------------------------------------------------------------ */

/* Of windows along one axis that begin at `start`: the first tap that does not lie before 0; one past the last that
 * lies before `end`; and how many count in an average, in an image of the given size whose padding ends at padded_end.
 * For one window T is int, for several a vector. */
#define DEFINE_POOL_TAPS(T, suffix)                                                                             \
    static inline T pool_first_tap##suffix(T start, int dilation)                                               \
    {                                                                                                           \
        return start < 0 ? (dilation - 1 - start) / dilation : (T)(0);                                          \
    }                                                                                                           \
    static inline T pool_end_tap##suffix(T start, int taps, int dilation, int end)                              \
    {                                                                                                           \
        return start >= end ? (T)(0) : min((T)(taps), (end - start + dilation - 1) / dilation);                 \
    }                                                                                                           \
    static inline T pool_counted_taps##suffix(T start, int taps, int dilation, int size, int padded_end)        \
    {                                                                                                           \
        if (KIND == 2) return pool_end_tap##suffix(start, taps, dilation, padded_end);                          \
        return max(pool_end_tap##suffix(start, taps, dilation, size) - pool_first_tap##suffix(start, dilation), \
                   (T)(0));                                                                                     \
    }

DEFINE_POOL_TAPS(int, )

/* The window of one output on one axis. */
typedef struct {
    int begin;      /* where tap 0 looks, which may be outside of the image */
    int first, end; /* the taps inside: from first on, before end */
    int counted;    /* how many count in an average */
} pool_span;

/* Sliding windows begin a stride apart; adaptive ones share the image among the outputs. */
static inline pool_span pool_locate(int out, int outs, int size, int taps, int stride, int dilation, int pad,
                                    int padded_end, const int adaptive)
{
    pool_span span = {out * stride - pad, 0, 0, 0};
    if (adaptive) {
        /* Within 32 bits, as the host has seen to. */
        const uint next = (uint)(out + 1) * (uint)size;
        span.begin = (int)((uint)out * (uint)size / (uint)outs);
        span.end = (int)(next / (uint)outs + (next % (uint)outs != 0)) - span.begin;
        span.counted = span.end;
    } else {
        span.first = pool_first_tap(span.begin, dilation);
        span.end = pool_end_tap(span.begin, taps, dilation, size);
        span.counted = pool_counted_taps(span.begin, taps, dilation, size, padded_end);
    }
    return span;
}
