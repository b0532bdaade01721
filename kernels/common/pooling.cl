/* common/pooling: what a window's elements become, once for every pooling kernel.
 *
 *   compiled in KIND: 0 maximum, 1 average over the elements inside the input, 2 average over the padded input too
 */
#if !defined(KIND)
#error "the host must define KIND"
#elif KIND == 0
#define POOL_START (-INFINITY)
#else
#define POOL_START 0.0f
#endif

/* A NaN is greater than anything and stays. */
static inline float pool_take(float value, float x)
{
    return KIND != 0 ? value + x : x > value || x != x ? x : value;
}

static inline float pool_finish(float value, float count)
{
    return KIND == 0 ? value : value / count;
}
