/* conv/winograd_4x4: a 3x3 convolution by tiles of 4 x 4 outputs, each from 6 x 6 inputs, with 36 multiplications where
 * 144 would be: Winograd's F(4x4, 3x3) with the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray 2016).
 *
 *   kernels, launches and what is compiled in: see common/winograd.cl
 *
 * Sixths and twenty-fourths round, and the transforms amplify what was rounded: include/tessera.h has the bound.
 */
#include "common/tile.cl"
#include "common/transforms_4x4.cl"
#include "common/winograd.cl"
