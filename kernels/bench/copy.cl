/* bench/copy: the copy bandwidth of a device, the yardstick for kernels that only move data.
 *
 *   launch      global = (floats / (VEC * vectors), 1, 1), local = (1, 1, 1)
 *   local mem   none
 *   compiled in VEC
 *   run time    vectors, how many each work-item copies
 *
 * A work-item reads and writes vectors * VEC * 4 bytes, consecutive ones, as a CPU's prefetchers like it best. With
 * some KiB for each the launch of a work-item costs nothing that can be measured. Bandwidth counts what is read and
 * what is written; buffers must be well beyond the last cache, or it is the cache that is measured.
 */
#define DTYPE 0
#include "common/vector.cl"

__kernel ONE_ITEM_GROUPS void bench_copy(__global const float *restrict x, ulong x_offset, __global float *restrict y,
                                         ulong y_offset, int vectors)
{
    const ulong first = (ulong)get_global_id(0) * (ulong)(vectors * VEC);
    __global const float *from = x + x_offset + first;
    __global float *to = y + y_offset + first;

    for (int i = 0; i < vectors; ++i) STOREV(LOADV(from + i * VEC), to + i * VEC);
}
