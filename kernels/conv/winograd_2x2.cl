/* conv/winograd_2x2: a 3x3 convolution by tiles of 2 x 2 outputs, each from 4 x 4 inputs, with 16 multiplications where
 * 36 would be: Winograd's F(2x2, 3x3) with the points 0, 1, -1 and infinity (Lavin and Gray 2016).
 *
 *   kernels, launches and what is compiled in: see common/winograd.cl
 *
 * Halves are all that the transforms multiply by, so that integers stay exact.
 */
#include "common/tile.cl"
#include "common/transforms_2x2.cl"
#include "common/winograd.cl"
