/* common/block: blocks of 4 channels of one pixel on GPUs: how they are finished and stored.
 *
 *   compiled in VEC = 4; what common/epilogue.cl wants
 *
 * Every index into a private array is a constant once loops are unrolled: GPUs have no registers that can be indexed.
 * Whether channels lie side by side is seen at run time: beside a sum of products that costs nothing, and programs are
 * fewer.
 */
#include "common/vector.cl"
#include "common/epilogue.cl"

/* The channels of a pixel, `step` apart, of which the first `channels` exist. Types are converted as vectors, for a
 * compiler without halves makes long code of each conversion. */
static ALWAYS_INLINE REALV load_block(__global const X_ELEMENT *from, int step, int channels)
{
    X_BITS bits[VEC] = {0};
    if (step == 1 && channels >= VEC) return LOADV_X(from);
#pragma unroll
    for (int i = 0; i < VEC; ++i)
        if (i < channels) bits[i] = ((__global const X_BITS *)from)[i * step];
    return FROM_BITSV(bits);
}

static ALWAYS_INLINE void store_block(REALV v, __global Y_ELEMENT *to, int step, int channels)
{
    Y_BITS bits[VEC];
    if (step == 1 && channels >= VEC) {
        STOREV_Y(v, to);
        return;
    }
    TO_BITSV(v, bits);
#pragma unroll
    for (int i = 0; i < VEC; ++i)
        if (i < channels) ((__global Y_BITS *)to)[i * step] = bits[i];
}

/* Applies the epilogue to the sums of `channels` channels from number k on, and stores them at y, y_c apart; their
 * residual lies at residual_at, r_c apart. */
static ALWAYS_INLINE void finish_block(REALV sum, MAYBE int k, int channels, __global Y_ELEMENT *y, int y_c,
                                       MAYBE int residual_at, MAYBE int r_c, EPILOGUE_ARGS)
{
    MAYBE const REALV none = (REALV)(REAL_OF(0.0));
    MAYBE const REALV scale_k = HAS_SCALE ? load_block(scale + scale_offset + k, 1, channels) : none;
    MAYBE const REALV bias_k = HAS_BIAS ? load_block(bias + bias_offset + k, 1, channels) : none;
    MAYBE const REALV slope_k = HAS_SLOPE ? load_block(slope + slope_offset + k, 1, channels) : none;
    MAYBE const REALV added = HAS_RESIDUAL ? load_block(residual + residual_offset + residual_at, r_c, channels) : none;
    store_block(EPILOGUE(REALV, sum, scale_k, bias_k, added, slope_k), y, y_c, channels);
}

/* Parts of sums of a pixel's channels, `step` apart. */
static ALWAYS_INLINE REALV load_sums(__global const REAL *from, int step, int channels)
{
    REAL sum[VEC] = {0};
#pragma unroll
    for (int i = 0; i < VEC; ++i)
        if (i < channels) sum[i] = from[i * step];
    return LOADV(sum);
}

static ALWAYS_INLINE void store_sums(REALV v, __global REAL *to, int step, int channels)
{
    REAL sum[VEC];
    STOREV(v, sum);
#pragma unroll
    for (int i = 0; i < VEC; ++i)
        if (i < channels) to[i * step] = sum[i];
}
