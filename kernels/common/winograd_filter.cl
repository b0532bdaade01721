/* common/winograd_filter: how a 3x3 filter is transformed for Winograd's minimal filtering.
 *
 *   compiled in IN and the transform of one axis, by the file that includes this
 */
#if !defined(IN)
#error "what includes winograd_filter.cl must define IN and transform_filter()"
#endif

/* Transforms a filter; points are `step` apart. */
static ALWAYS_INLINE void transform_taps(__global REAL *to, int step, const REALV tap[9])
{
    REALV halfway[IN][3];
#pragma unroll
    for (int s = 0; s < 3; ++s) {
        const REALV g[3] = {tap[s], tap[3 + s], tap[6 + s]};
        REALV u[IN];
        transform_filter(u, g);
#pragma unroll
        for (int i = 0; i < IN; ++i) halfway[i][s] = u[i];
    }
#pragma unroll
    for (int i = 0; i < IN; ++i) {
        REALV u[IN];
        transform_filter(u, halfway[i]);
#pragma unroll
        for (int j = 0; j < IN; ++j) STOREV(u[j], to + (i * IN + j) * step);
    }
}
