/* common/transforms_2x2: the transforms of Winograd's F(2x2, 3x3) on one axis, with the points 0, 1, -1 and infinity
 * (Lavin and Gray 2016): y = A^T ((G g) (B^T d)) are 2 outputs of 4 inputs and a filter of 3.
 *
 *   compiled in VEC, DTYPE (see common/vector.cl)
 */
#define OUT 2
#define IN  (OUT + 2)

static ALWAYS_INLINE void transform_input(REALV v[IN], const REALV d[IN])
{
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[1] - d[3];
}

static ALWAYS_INLINE void transform_filter(REALV u[IN], const REALV g[3])
{
    const REALV even = (g[0] + g[2]) * REAL_OF(0.5), odd = g[1] * REAL_OF(0.5);
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
}

static ALWAYS_INLINE void transform_output(REALV y[OUT], const REALV m[IN])
{
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] - m[3];
}
