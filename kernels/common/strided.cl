/* common/strided: VEC elements that lie STRIDE_W apart, of private memory or of x.
 *
 *   compiled in STRIDE_W, 0 where neither is used
 */
#define DEFINE_LOAD_STRIDED(name, ELEMENT, LOAD, LOAD_VECTOR)                                    \
    static inline REALV name(const ELEMENT *from)                                                \
    {                                                                                            \
        REAL lane[VEC];                                                                          \
        if (STRIDE_W == 1) return LOAD_VECTOR(from);                                             \
        if (STRIDE_W == 2) return (REALV)(LOAD_VECTOR(from).even, LOAD_VECTOR(from + VEC).even); \
        for (int i = 0; i < VEC; ++i) lane[i] = LOAD(from, i * STRIDE_W);                        \
        return LOADV(lane);                                                                      \
    }

#define LOAD_REAL(from, i) ((from)[i])
DEFINE_LOAD_STRIDED(load_strided, REAL, LOAD_REAL, LOADV_OWN)
DEFINE_LOAD_STRIDED(load_strided_x, __global X_ELEMENT, LOAD_X, LOADV_X)
