/* common/target: where pixels and channels of y, or of the residual, lie.
 *
 *   compiled in Y_BLOCK (see common/tile.cl)
 */

/* Strides of y or the residual within a group; and whether y is stored past the caches. */
typedef struct {
    int c, d, h, w, streams;
} target;

/* Where channel k of a group lies. */
static int place_channel(target to, int k)
{
    return Y_BLOCK == 0 ? k : Y_BLOCK == 1 ? k * to.c : k / Y_BLOCK * to.c + k % Y_BLOCK;
}
