/* conv/winograd_pack_4x4: the transformed weights of conv/winograd_4x4.
 *
 *   kernel, launch, local memory and what is compiled in: see common/winograd_pack.cl
 */
#include "common/vector.cl"
#include "common/transforms_4x4.cl"
#include "common/winograd_pack.cl"
