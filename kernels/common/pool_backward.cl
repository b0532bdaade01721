/* common/pool_backward: what an output of a pooling gives to the elements of its window, for VEC outputs at a time, on
 * top of common/vector.cl, pooling.cl, norm_slope.cl and indices.cl.
 *
 * What a maximum gives goes to one element. Its position is a REAL_INT as in indices.cl, and -1 where there is none.
 */

#define ULONGV JOIN(ulong, VEC)

/* Whether a comparison holds in any lane. PoCL makes a branch for each lane of any(). */
#define ANY_4(v)  (as_uint(convert_char4(v)) != 0)
#define ANY_8(v)  (as_ulong(convert_char8(v)) != 0)
#define ANY_16(v) (ANY_8((v).lo) | ANY_8((v).hi))
#define ANYV(v)   JOIN(ANY_, VEC)(v)

/* What VEC outputs give: dy, of averages divided already; to whom, or by which norm y. */
typedef struct {
    REALV dy, y;
    REAL_INTV position;
} pool_gift;

/* What they give to elements that lie at one position. */
static ALWAYS_INLINE REALV pool_share(pool_gift gift, REALV element, REAL_INTV position)
{
    if (KIND == 0) return gift.position == position ? gift.dy : (REALV)(REAL_OF(0.0));
    return KIND == 3 ? gift.dy * norm_slope(element, gift.y) : gift.dy;
}

/* The greatest element of each window so far, its position, and whether there was a NaN. */
typedef struct {
    REALV maximum;
    REAL_INTV position, has_nan;
} pool_found;

/* Looks at one more element of each. NaNs are passed over: compare and maximum are then one instruction of the CPU. */
static ALWAYS_INLINE void pool_look(pool_found *found, REALV element, REAL_INTV position)
{
    found->position = element > found->maximum ? position : found->position;
    found->maximum = element > found->maximum ? element : found->maximum;
    found->has_nan |= element != element;
}

/* The same where there may be NaNs, of which the first stays. */
static ALWAYS_INLINE void pool_look_for_nan(pool_found *found, REALV element, REAL_INTV position)
{
    const REAL_INTV wins = (element != element) & (found->maximum == found->maximum);
    found->maximum = wins ? element : found->maximum;
    found->position = wins ? position : found->position;
}

/* VEC indices, `step` apart, or the first count and then zeros. */
static inline LONGV load_indices(__global const INDEX *from, int step, int count)
{
    long lane[VEC] = {0};
    if (step == 1 && count >= VEC) return JOIN(convert_long, VEC)(JOIN(vload, VEC)(0, from));
    for (int i = 0; i < min(VEC, count); ++i) lane[i] = from[i * step];
    return JOIN(vload, VEC)(0, lane);
}

/* Positions from indices that were given, -1 for one that lies in none of the planes: the first counts from `plane` on,
 * and each other `plane_step` later. */
static inline REAL_INTV pool_position(LONGV index, long plane, long plane_step, int elements)
{
    /* Unsigned: what lies before the plane wraps to far behind it. */
    const ULONGV at =
        JOIN(as_ulong, VEC)(index) - JOIN(as_ulong, VEC)((LONGV)(plane) + JOIN(vload, VEC)(0, long_lane) * plane_step);
    const LONGV position = at < (ULONGV)((ulong)elements) ? JOIN(as_long, VEC)(at) : (LONGV)(-1);
    return JOIN(JOIN(convert_, REAL_INT), VEC)(position);
}
