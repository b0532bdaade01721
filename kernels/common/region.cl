/* common/region: the part of a plane that some outputs see, copied into private memory, padding and all and as REALs:
 * that is one load and one store for each element, and afterwards no loop tests where it is. On top of vector.cl and
 * taps.cl.
 *
 *   compiled in TILE_Q: outputs of a row; R S, strides and dilations of height and width; TRANSPOSED PAD_MODE (see
 *               taps.cl)
 *
 * Transposed, STRIDE_W outputs that lie side by side are one group, one of each phase, and STRIDE_H rows likewise: here
 * such a group counts as one output, as all of it sees the same elements, which the next group sees one further on.
 */
#if !defined(TILE_Q)
#error "the host must define TILE_Q"
#endif

/* From what the first tap of an output sees to what its last one does. */
#define REACH_H ((R - 1) * DILATION_H / (TRANSPOSED ? STRIDE_H : 1))
#define REACH_W ((S - 1) * DILATION_W / (TRANSPOSED ? STRIDE_W : 1))

/* Columns that TILE_Q outputs see; and a row of the region, with room for the last vector. */
#define SPAN  ((TILE_Q - 1) * (TRANSPOSED ? 1 : STRIDE_W) + REACH_W + 1)
#define PITCH (SPAN + VEC)

/* Rows of the region that so many rows of outputs see. */
#define LINES(outputs) (((outputs)-1) * (TRANSPOSED ? 1 : STRIDE_H) + REACH_H + 1)

/* Copies columns iw to iw + SPAN of a row of w elements into the region; NULL is a row of zeros. From the row's first
 * element on there are `room` in its plane. */
static inline void copy_row(REAL *to, __global const X_ELEMENT *row, int iw, int w, int room)
{
    const int begin = clamp(-iw, 0, SPAN), end = row == 0 ? begin : clamp(w - iw, begin, SPAN);
    for (int i = 0; i < begin; i += VEC) STOREV_OWN((REALV)(REAL_OF(0.0)), to + i);
    if (end - begin >= VEC) {
        /* The last vector ends where the row does, over elements that are copied already. */
        for (int i = begin; i < end; i += VEC) {
            const int at = min(i, end - VEC);
            STOREV_OWN(LOADV_X(row + iw + at), to + at);
        }
    } else if (iw + begin + VEC <= room) {
        if (end > begin) STOREV_OWN(LOADV_X(row + iw + begin), to + begin);
    } else {
        for (int i = begin; i < end; ++i) to[i] = LOAD_X(row, iw + i);
    }
    for (int i = end; i < SPAN; i += VEC) STOREV_OWN((REALV)(REAL_OF(0.0)), to + i);
    if (PAD_MODE == 0 || row == 0) return;
    for (int i = 0; i < begin; ++i) to[i] = LOAD_X(row, clamp(look_up(iw + i, w), 0, w - 1));
    for (int i = end; i < SPAN; ++i) to[i] = LOAD_X(row, clamp(look_up(iw + i, w), 0, w - 1));
}

/* What the host passes to depthwise kernels that see three axes (host/conv/plain_depthwise.h). */
#define PLAIN_DEPTHWISE_NUMBERS(EACH)                                                                            \
    OFFSET(EACH, x) OFFSET(EACH, w) EPILOGUE_NUMBERS(EACH) OFFSET(EACH, y) EACH(int, rows) EACH(int, multiplier) \
        EACH(int, flip) EACH(int, c) THREE(EACH, int, d, h, w) EACH(int, p) EACH(int, q) AXES(EACH, int, pad)    \
            STRIDES(EACH, x) STRIDES(EACH, y) STRIDES(EACH, r)
