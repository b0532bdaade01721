/* common/add_shared: a sum that the work-items of a group share, on top of common/types.cl.
 *
 *   compiled in GROUP: work-items of a group, a power of two
 */
#if !defined(GROUP)
#error "the host must define GROUP"
#endif

/* Adds up what the work-items of a group give: in each of `count` sums, what all items hold whose number leaves the
 * same remainder by `lanes`, a power of two below GROUP. The first lanes items get theirs. It is made in halves, so
 * that the order is always the same. All must call it, each time with another room, of count * GROUP REALs, than the
 * time before. All sums at once, because barriers cost time, and PoCL's compiler takes minutes for a dozen loops with
 * them. */
static ALWAYS_INLINE void add_shared(REAL *sum, int count, __local REAL *room, int lanes)
{
    const int me = (int)get_local_id(0);
    if (GROUP == 1) return;
#pragma unroll
    for (int i = 0; i < count; ++i) room[i * GROUP + me] = sum[i];
    for (int half_way = GROUP / 2; half_way >= lanes; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (me < half_way) {
#pragma unroll
            for (int i = 0; i < count; ++i) room[i * GROUP + me] += room[i * GROUP + me + half_way];
        }
    }
#pragma unroll
    for (int i = 0; i < count; ++i) sum[i] = room[i * GROUP + me];
}
