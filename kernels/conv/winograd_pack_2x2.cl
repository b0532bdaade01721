/* conv/winograd_pack_2x2: the transformed weights of conv/winograd_2x2.
 *
 *   kernel, launch, local memory and what is compiled in: see common/winograd_pack.cl
 */
#include "common/vector.cl"
#include "common/transforms_2x2.cl"
#include "common/winograd_pack.cl"
