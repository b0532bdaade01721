/* common/activation: the function applied to a result just before it is stored.
 *
 *   compiled in ACTIVATION: 0 none, 1 relu
 *
 * Each activation is written once, as a macro over any float type, so that the scalar and the vector form cannot
 * differ: activate(v) is for a float, ACTIVATION_OF(float8, v) for a vector. The macro may evaluate v twice.
 */
#if !defined(ACTIVATION)
#error "the host must define ACTIVATION"
#elif ACTIVATION == 0
#define ACTIVATION_OF(type, v) (v)
#elif ACTIVATION == 1
/* Written as a comparison and not as max(), which may drop a NaN. */
#define ACTIVATION_OF(type, v) ((v) < (type)(0.0f) ? (type)(0.0f) : (v))
#else
#error "unknown ACTIVATION"
#endif

static inline float activate(float v)
{
    return ACTIVATION_OF(float, v);
}
