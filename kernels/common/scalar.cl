/* common/scalar: the names of common/vector.cl for vectors of one number, as a work-item of a GPU has them; on top of
 * common/types.cl.
 */
#define VEC                    1
#define REALV                  REAL
#define LOADV_X(pointer)       LOAD_X(pointer, 0)
#define STOREV(value, pointer) (*(pointer) = (value))

typedef REAL real_anywhere;

/* A vector has this one or none. */
static inline REAL load_first(__global const X_ELEMENT *from, int count)
{
    return count >= 1 ? LOADV_X(from) : REAL_OF(0.0);
}
