/* common/joined: STRIDE_W vectors of elements that lie STRIDE_W apart, put in order: what strided.cl takes apart.
 * On top of common/vector.cl.
 *
 *   compiled in STRIDE_W
 */
/* Stores VEC * STRIDE_W numbers of which lane[i] holds every STRIDE_W-th from the i-th on. */
static inline void store_joined(const REALV lane[STRIDE_W], REAL *to)
{
    const REAL *from = (const REAL *)lane;
    REALV joined;
    if (STRIDE_W == 1) {
        STOREV_OWN(lane[0], to);
    } else if (STRIDE_W == 2) {
        joined.even = lane[0].lo;
        joined.odd = lane[STRIDE_W - 1].lo;
        STOREV_OWN(joined, to);
        joined.even = lane[0].hi;
        joined.odd = lane[STRIDE_W - 1].hi;
        STOREV_OWN(joined, to + VEC);
    } else {
        for (int i = 0; i < VEC * STRIDE_W; ++i) to[i] = from[i % STRIDE_W * VEC + i / STRIDE_W];
    }
}
