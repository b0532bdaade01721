/* common/transforms_4x4: the transforms of Winograd's F(4x4, 3x3) on one axis, with the points 0, 1, -1, 2, -2 and
 * infinity (Lavin and Gray 2016): y = A^T ((G g) (B^T d)) are 4 outputs of 6 inputs and a filter of 3. The gradient by
 * that filter is G^T ((A dy) (B^T d)).
 *
 *   compiled in VEC, DTYPE (see common/vector.cl)
 */
#define OUT 4
#define IN  (OUT + 2)

static ALWAYS_INLINE void transform_input(REALV v[IN], const REALV d[IN])
{
    const REALV four = (REALV)(REAL_OF(4.0)), two = (REALV)(REAL_OF(2.0)), minus_five = (REALV)(REAL_OF(-5.0));
    const REALV even = fma(-four, d[2], d[4]), odd = fma(-four, d[1], d[3]);
    const REALV even2 = d[4] - d[2], odd2 = two * (d[3] - d[1]);
    v[0] = fma(four, d[0], fma(minus_five, d[2], d[4]));
    v[1] = even + odd;
    v[2] = even - odd;
    v[3] = even2 + odd2;
    v[4] = even2 - odd2;
    v[5] = fma(four, d[1], fma(minus_five, d[3], d[5]));
}

static ALWAYS_INLINE void transform_filter(REALV u[IN], const REALV g[3])
{
    const REALV even = (g[0] + g[2]) * REAL_OF(-0.16666666666666667), odd = g[1] * REAL_OF(-0.16666666666666667);
    const REALV even2 = g[0] * REAL_OF(0.041666666666666667) + g[2] * REAL_OF(0.16666666666666667);
    const REALV odd2 = g[1] * REAL_OF(0.083333333333333333);
    u[0] = g[0] * REAL_OF(0.25);
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = even2 + odd2;
    u[4] = even2 - odd2;
    u[5] = g[2];
}

static ALWAYS_INLINE void transform_output(REALV y[OUT], const REALV m[IN])
{
    const REALV sum = m[1] + m[2], difference = m[1] - m[2], sum2 = m[3] + m[4], difference2 = m[3] - m[4];
    y[0] = m[0] + sum + sum2;
    y[1] = fma((REALV)(REAL_OF(2.0)), difference2, difference);
    y[2] = fma((REALV)(REAL_OF(4.0)), sum2, sum);
    y[3] = fma((REALV)(REAL_OF(8.0)), difference2, difference) + m[5];
}

/* A and G^T: the transposes of the two before. */
static ALWAYS_INLINE void transform_gradient(REALV u[IN], const REALV dy[OUT])
{
    const REALV four = (REALV)(REAL_OF(4.0));
    const REALV even = dy[0] + dy[2], odd = dy[1] + dy[3];
    const REALV even2 = fma(four, dy[2], dy[0]), odd2 = REAL_OF(2.0) * fma(four, dy[3], dy[1]);
    u[0] = dy[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = even2 + odd2;
    u[4] = even2 - odd2;
    u[5] = dy[3];
}

static ALWAYS_INLINE void transform_sums(REALV dg[3], const REALV m[IN])
{
    const REALV sum = (m[1] + m[2]) * REAL_OF(-0.16666666666666667), sum2 = m[3] + m[4];
    const REALV difference = (m[1] - m[2]) * REAL_OF(-0.16666666666666667), difference2 = m[3] - m[4];
    dg[0] = m[0] * REAL_OF(0.25) + sum + sum2 * REAL_OF(0.041666666666666667);
    dg[1] = difference + difference2 * REAL_OF(0.083333333333333333);
    dg[2] = sum + sum2 * REAL_OF(0.16666666666666667) + m[5];
}
