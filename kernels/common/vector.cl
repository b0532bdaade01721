/* common/vector: names for vectors of VEC floats.
 *
 *   compiled in VEC: 4, 8 or 16, as a rule CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT
 *
 * Loads and stores go through vloadN and vstoreN: a tensor's offset leaves its pointer aligned to one float only, and
 * on the CPUs that this serves an unaligned vector instruction costs the same as an aligned one.
 */
#if !defined(VEC)
#error "the host must define VEC"
#elif VEC != 4 && VEC != 8 && VEC != 16
#error "VEC must be 4, 8 or 16"
#endif

#include "common/types.cl"

#define FLOATV                 JOIN(float, VEC)
#define INTV                   JOIN(int, VEC)
#define LOADV(pointer)         JOIN(vload, VEC)(0, pointer)
#define STOREV(value, pointer) JOIN(vstore, VEC)(value, 0, pointer)

__constant int vector_lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* v with zeros in all lanes but the first count. Channels past a tensor's last are stored as zeros. */
static inline FLOATV keep_lanes(FLOATV v, int count)
{
    return JOIN(vload, VEC)(0, vector_lane) < (INTV)(count) ? v : (FLOATV)(0.0f);
}
