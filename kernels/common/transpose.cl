/* common/transpose: VEC vectors of VEC numbers become rows from columns, and parts of plain planes vectors of channels;
 * on top of common/vector.cl.
 */
/* Lane i of vector k becomes lane k of vector i: in each round, vectors of the first half alternate with those of the
 * second. */
static ALWAYS_INLINE void transpose(REALV v[VEC])
{
#pragma unroll
    for (int round = 1; round < VEC; round *= 2) {
        REALV w[VEC];
#pragma unroll
        for (int i = 0; i < VEC / 2; ++i) {
            w[2 * i].even = v[i].lo;
            w[2 * i].odd = v[i + VEC / 2].lo;
            w[2 * i + 1].even = v[i].hi;
            w[2 * i + 1].odd = v[i + VEC / 2].hi;
        }
#pragma unroll
        for (int i = 0; i < VEC; ++i) v[i] = w[i];
    }
}

/* Stores or adds the first `count` numbers of rows that v has as columns: of `channels` rows, `step` apart. */
static ALWAYS_INLINE void store_columns(__global REAL *to, int step, REALV v[VEC], int count, int channels,
                                        const int adds)
{
    transpose(v);
#pragma unroll
    for (int k = 0; k < VEC; ++k) {
        __global REAL *at = to + k * step;
        const REAL *lane = (const REAL *)&v[k];
        if (k >= channels) break;
        if (count >= VEC)
            *(__global real_anywhere *)at = adds ? *(__global real_anywhere *)at + v[k] : v[k];
        else
            for (int i = 0; i < count; ++i) at[i] = adds ? at[i] + lane[i] : lane[i];
    }
}

/* Copies a part of VEC planes, of which the first `channels` exist, into private memory, channels side by side. Planes
 * are step_c apart, rows step_h; vectors of a row go to one of `pitch` vectors. */
static inline void gather_planes(REAL *to, int pitch, __global const X_ELEMENT *from, int step_c, int step_h, int rows,
                                 int columns, int channels)
{
    if (step_h == columns && pitch == columns) columns *= rows, rows = 1; /* they follow one another */
    for (int j = 0; j < rows; ++j, from += step_h, to += pitch * VEC) {
        for (int i = 0; i < columns && columns >= VEC; i += VEC) {
            /* The last vector ends where the row does, over elements that are copied already. */
            const int at = min(i, columns - VEC);
            REALV v[VEC];
#pragma unroll
            for (int k = 0; k < VEC; ++k) v[k] = k < channels ? LOADV_X(from + k * step_c + at) : (REALV)(REAL_OF(0.0));
            transpose(v);
#pragma unroll
            for (int k = 0; k < VEC; ++k) STOREV_OWN(v[k], to + (at + k) * VEC);
        }
        for (int i = 0; i < columns && columns < VEC; ++i)
            for (int k = 0; k < VEC; ++k) to[i * VEC + k] = k < channels ? LOAD_X(from, k * step_c + i) : REAL_OF(0.0);
    }
}

/* The reverse. */
static inline void scatter_planes(const REALV *from, int pitch, __global Y_ELEMENT *to, int step_c, int step_h,
                                  int rows, int columns, int channels)
{
    if (step_h == columns && pitch == columns) columns *= rows, rows = 1;
    for (int j = 0; j < rows; ++j, from += pitch, to += step_h) {
        for (int i = 0; i < columns && columns >= VEC; i += VEC) {
            const int at = min(i, columns - VEC);
            REALV v[VEC];
#pragma unroll
            for (int k = 0; k < VEC; ++k) v[k] = from[at + k];
            transpose(v);
#pragma unroll
            for (int k = 0; k < VEC; ++k)
                if (k < channels) STOREV_Y(v[k], to + k * step_c + at);
        }
        for (int i = 0; i < columns && columns < VEC; ++i)
            for (int k = 0; k < min(VEC, channels); ++k) STORE_Y(((const REAL *)&from[i])[k], to, k * step_c + i);
    }
}
