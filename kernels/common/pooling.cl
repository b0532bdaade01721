/* common/pooling: how the elements of a pooling window are combined, in FLOATV: vector.cl's, or float by the including
 * kernel's own definition.
 *
 *   compiled in KIND: 0 maximum, 1 average over the elements inside the image, 2 average that counts padding too
 */
#if !defined(KIND)
#error "the host must define KIND"
#elif KIND != 0 && KIND != 1 && KIND != 2
#error "KIND must be 0, 1 or 2"
#endif

/* The greatest element or the sum so far. A maximum keeps NaNs apart: its compare and select are then one instruction
 * of the CPU, and the chain of instructions from one element to the next is short. */
typedef struct {
    FLOATV total;
    FLOATV nan;
} pool_window;

/* A window without elements, whose maximum is -infinity. */
static inline pool_window pool_empty(void)
{
    const pool_window window = {KIND == 0 ? -INFINITY : 0.0f, 0.0f};
    return window;
}

/* Of equal elements the first stays. A NaN is what differs from itself. */
static inline void pool_add(pool_window *window, FLOATV element)
{
    if (KIND == 0) {
        window->total = element > window->total ? element : window->total;
        window->nan = element != element ? element : window->nan;
    } else {
        window->total += element;
    }
}

/* The greatest element, a NaN if there was one. */
static inline FLOATV pool_maximum(pool_window window)
{
    return window.nan != window.nan ? window.nan : window.total;
}

/* The sum divided by count, and 0 if that is 0. OpenCL lets a division be wrong by 2.5 units in the last place, so the
 * quotient is corrected: with fma its remainder is exact, and adding what that stands for rounds as a true division
 * does. An infinite or NaN quotient is right already, and has no remainder. */
static inline FLOATV pool_average(pool_window window, FLOATV count)
{
    const FLOATV divisor = fmax(count, (FLOATV)(1.0f));
    const FLOATV reciprocal = 1.0f / divisor;
    const FLOATV quotient = window.total * reciprocal;
    const FLOATV remainder = fma(-quotient, divisor, window.total);
    return fabs(quotient) < INFINITY ? fma(remainder, reciprocal, quotient) : quotient;
}

/* The first tap, of those of a window along one axis that begins at start, which does not lie before 0. */
static inline int pool_first_tap(int start, int dilation)
{
    return start < 0 ? (dilation - 1 - start) / dilation : 0;
}

/* One past the last tap that lies before end. */
static inline int pool_end_tap(int start, int taps, int dilation, int end)
{
    return start >= end ? 0 : min(taps, (end - start + dilation - 1) / dilation);
}

/* How many taps count in an average, along one axis of the given size whose padding ends at end. */
static inline int pool_counted_taps(int start, int taps, int dilation, int size, int end)
{
    if (KIND == 2) return pool_end_tap(start, taps, dilation, end);
    return max(pool_end_tap(start, taps, dilation, size) - pool_first_tap(start, dilation), 0);
}
