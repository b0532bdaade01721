/* common/pool_plane: x as a kernel reads it whose channels lie side by side: in memory, or where NCHW is copied to in
 * private memory; on top of common/vector.cl.
 *
 *   compiled in PLAIN: NCHW
 */
#if PLAIN
#define PLANE                     const REAL
#define LOAD_PLANE(from)          LOADV_OWN(from)
#define LOAD_SOME(from, channels) LOADV_OWN(from)
#else
#define PLANE                     __global const X_ELEMENT
#define LOAD_PLANE(from)          LOADV_X(from)
#define LOAD_SOME(from, channels) load_first(from, channels)
#endif

/* NHWC may end within a vector; a block's spare lanes are there to be read. `whole` is a constant. */
static ALWAYS_INLINE REALV load_plane(PLANE *from, MAYBE int channels, const int whole)
{
    return whole ? LOAD_PLANE(from) : LOAD_SOME(from, channels);
}
