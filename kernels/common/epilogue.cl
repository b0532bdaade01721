/* common/epilogue: y = activation(scale_k * sum + bias_k + residual). host/cpu/epilogue.h is its twin.
 *
 *   compiled in HAS_SCALE HAS_BIAS HAS_RESIDUAL HAS_SLOPE ACTIVATION (see common/activation.cl) DTYPE (see
 *               common/types.cl)
 *
 * A kernel is passed EPILOGUE_MEMORY and EPILOGUE_NUMBERS for it: tensors by channel, and the residual, which lies in
 * memory as the kernel's host file says. EPILOGUE_ARGS is what functions are handed on of these.
 */
#if !defined(HAS_SCALE) || !defined(HAS_BIAS) || !defined(HAS_RESIDUAL) || !defined(HAS_SLOPE)
#error "the host must define HAS_SCALE HAS_BIAS HAS_RESIDUAL HAS_SLOPE"
#endif

#include "common/types.cl"
#include "common/activation.cl"

/* Few problems need all of it. */
#define EPILOGUE_ARGS                                                                                      \
    MAYBE __global const X_ELEMENT *scale, MAYBE ulong scale_offset, MAYBE __global const X_ELEMENT *bias, \
        MAYBE ulong bias_offset, MAYBE __global const X_ELEMENT *residual, MAYBE ulong residual_offset,    \
        MAYBE __global const X_ELEMENT *slope, MAYBE ulong slope_offset, MAYBE float alpha, MAYBE float beta
#define EPILOGUE_MEMORY                                                          \
    MAYBE __global const X_ELEMENT *scale, MAYBE __global const X_ELEMENT *bias, \
        MAYBE __global const X_ELEMENT *residual, MAYBE __global const X_ELEMENT *slope
#define EPILOGUE_NUMBERS(EACH)                                                                           \
    OFFSET(EACH, scale) OFFSET(EACH, bias) OFFSET(EACH, residual) OFFSET(EACH, slope) EACH(float, alpha) \
        EACH(float, beta)

/* One number of channel k, or what changes nothing where the problem has none. */
#define CHANNEL_SCALE(k) (HAS_SCALE ? LOAD_X(scale, scale_offset + (ulong)(k)) : REAL_OF(1.0))
#define CHANNEL_BIAS(k)  (HAS_BIAS ? LOAD_X(bias, bias_offset + (ulong)(k)) : REAL_OF(0.0))
#define CHANNEL_SLOPE(k) (HAS_SLOPE ? LOAD_X(slope, slope_offset + (ulong)(k)) : REAL_OF(0.0))

/* The epilogue of a sum of type `type`, whose numbers of the channel and residual are given in the same type. What the
 * problem has not is not added, so that -0 stays -0. */
#define SCALED(sum, scale_k)        (HAS_SCALE ? (sum) * (scale_k) : (sum))
#define BIASED(sum, bias_k)         (HAS_BIAS ? (sum) + (bias_k) : (sum))
#define WITH_RESIDUAL(sum, added_y) (HAS_RESIDUAL ? (sum) + (added_y) : (sum))
#define EPILOGUE(type, sum, scale_k, bias_k, added_y, slope_k)                                        \
    ACTIVATE(type, WITH_RESIDUAL(BIASED(SCALED(sum, scale_k), bias_k), added_y), (type)((REAL)alpha), \
             (type)((REAL)beta), slope_k)
