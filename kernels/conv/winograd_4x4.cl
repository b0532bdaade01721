/* conv/winograd_4x4: a 3x3 convolution by tiles of 4 x 4 outputs, each from 6 x 6 inputs, with 36 multiplications where
 * 144 would be: Winograd's F(4x4, 3x3) with the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray 2016).
 *
 *   kernels, launches and what is compiled in: see common/winograd.cl
 *
 * Sixths and twenty-fourths round, and the transforms amplify what was rounded: include/tessera.h has the bound.
 */
#define OUT 4

#include "common/tile.cl"

#define IN (OUT + 2)

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

#include "common/winograd.cl"
