/* common/add_shared: sums that the work-items of a group share, on top of common/types.cl.
 *
 *   compiled in GROUP: work-items of a group, a power of two
 */
#if !defined(GROUP)
#error "the host must define GROUP"
#endif

/* What add_shared() takes of local memory. */
#define SHARED_ROOM(count) ((count) * ((GROUP + 1) / 2))

/* Adds up what the work-items of a group give: in each of `count` sums, what all items hold whose number leaves the
 * same remainder by `lanes`, a power of two below GROUP. The first lanes items get theirs. It is made in halves, so
 * that the order is always the same. All must call it, each time with another room, of SHARED_ROOM(count) REALs, than
 * the time before. All sums at once, because barriers cost time, and PoCL's compiler takes minutes for a dozen loops
 * with them. */
static ALWAYS_INLINE void add_shared(REAL *sum, int count, __local REAL *room, int lanes)
{
    const int half_way = GROUP / 2, me = (int)get_local_id(0), mine = me & (half_way - 1);
    if (GROUP == 1) return;
    if (me >= half_way) {
#pragma unroll
        for (int i = 0; i < count; ++i) room[i * half_way + mine] = sum[i];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me < half_way) {
#pragma unroll
        for (int i = 0; i < count; ++i) room[i * half_way + mine] += sum[i];
    }
    for (int items = half_way / 2; items >= lanes; items /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (me < items) {
#pragma unroll
            for (int i = 0; i < count; ++i) room[i * half_way + mine] += room[i * half_way + mine + items];
        }
    }
    if (me >= lanes) return;
#pragma unroll
    for (int i = 0; i < count; ++i) sum[i] = room[i * half_way + mine];
}
