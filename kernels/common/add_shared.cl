/* common/add_shared: a sum that the work-items of a group share, on top of common/types.cl.
 *
 *   compiled in GROUP: work-items of a group, a power of two
 */
#if !defined(GROUP)
#error "the host must define GROUP"
#endif

/* The sum of what all work-items give whose number leaves the same remainder by `lanes`, a power of two below GROUP:
 * the first lanes items get theirs. It is made in halves, so that the order is always the same. All must call it, and
 * each time with another room than the time before. */
static inline REAL add_shared(REAL v, __local REAL *room, int lanes)
{
    const int me = (int)get_local_id(0);
    if (GROUP == 1) return v;
    room[me] = v;
    for (int half_way = GROUP / 2; half_way >= lanes; half_way /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (me < half_way) room[me] += room[me + half_way];
    }
    return room[me];
}
