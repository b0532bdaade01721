/* Tessera's backward passes: the gradients that train a network, on the same devices and under the rules of tessera.h.
 *
 *   forward    v = scale_k * conv(x, w) + bias_k + residual,  y = activation(v)
 *   backward   dy -> dv (activation pass) -> dx (data pass), dw and the rest (weights pass)
 *
 * dv is the gradient of a loss by v, and so on. Each pass is a plan of its own, run by tsr_plan_enqueue() with the
 * members of tsr_args that it names; docs/training.md shows a step of training. A gradient has the shape, type, layout
 * and strides of what it belongs to: in tsr_plan_info x and x_bytes speak of x and dx, y of y, v, dy and dv, w_bytes of
 * w and dw, and so on.
 *
 * Results are the same from run to run, whatever the device's threads do: there are no atomics, and each gradient is
 * summed in an order that the problem alone decides. Sums are in float for f32 and f16, in double for f64 and on the
 * CPU path. */
#ifndef TESSERA_TRAINING_H
#define TESSERA_TRAINING_H

#include "tessera.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Convolution ----------------------------------------------------------------------------------------------- */

/* The gradients of a convolution. A pass looks at the members that concern it, so that one struct serves all three.
 * In `forward`, x_layout and x_strides are those of x and dx, y_layout and y_strides those of y, v, dy and dv;
 * residual_strides, half_sums but for dx, and exact but for dx and dw mean nothing here. */
typedef struct tsr_conv_backward {
    tsr_conv forward;
    bool accumulate;     /* add to dw, dbias, dscale and dslope what they hold already; dx and dv are overwritten  */
    bool dbias;          /* activation and weights pass: dbias too, where forward.bias; one of them is enough      */
    bool dscale;         /* weights pass: dscale too, where forward.scale                                          */
    bool dslope, from_v; /* activation pass: dslope too, where the activation is prelu; y holds v, not y           */
} tsr_conv_backward;

TSR_API tsr_conv_backward tsr_conv_backward_default(void); /* a default convolution, everything false */

/* dv = dy * activation'(v), which is the gradient of the residual too; dbias_k = sum of dv; dslope_k = sum of dy * v
 * where v < 0. Reads dy, y, and the slope of prelu; writes dv, and dbias and dslope where asked. Without an activation
 * dv is dy: no pass is needed, but for dbias, and y is not read.
 *
 * y is the forward pass' result, or with `from_v` v: what the same convolution without activation gives. The
 * derivatives, and what they come from without from_v; at a kink they are what PyTorch takes:
 *
 *   relu          0 where v <= 0, else 1                                            y
 *   relu6, clip   0 where v <= a or v >= b, else 1, as PyTorch's hardtanh           y
 *   leaky-relu    a where v <= 0, else 1                                            y where a >= 0
 *   prelu         slope_k where v <= 0, else 1                                      v: slopes may be learned to be < 0
 *   sigmoid       y (1 - y)                                                         y
 *   tanh          1 - y^2                                                           y
 *   silu          s (1 + v (1 - s)), s = 1 / (1 + exp(-v))                          v
 *   hard-sigmoid  a where 0 < a v + b < 1, else 0                                   y
 *   hard-swish    0 where v <= -3, 1 where v >= 3, else v / 3 + 1 / 2               v
 *   gelu          (1 + erf(v / sqrt(2))) / 2 + v exp(-v^2 / 2) / sqrt(2 pi)         v
 *   gelu-tanh     s (1 + v (1 - s) u'), s = 1 / (1 + exp(-u)),
 *                 u = sqrt(8 / pi) (v + 0.044715 v^3)                               v
 *   elu           a exp(v) where v <= 0, else 1                                     y where a >= 0
 *   softplus      1 / (1 + exp(-v))                                                 y
 *   mish          t + v (1 - t^2) / (1 + exp(-v)), t = tanh(log(1 + exp(v)))        v
 *
 * Where the activation needs v, a problem without from_v is TSR_INVALID_VALUE. */
TSR_API tsr_status tsr_conv_backward_activation_plan(tsr_context *context, const tsr_conv_backward *problem,
                                                     const tsr_plan_options *options, tsr_plan **plan);

/* dx from dv and w, and from scale where forward.scale. It is a convolution itself, with `transposed` the other way
 * round and the same weights, and runs on the algorithms of tsr_conv_plan(), whose names the options take. Where the
 * padding mirrors or repeats, or transposed output padding is the stride or more, it is none, and has algorithms of its
 * own. Weights may be packed beforehand, but not with scale, which is multiplied into them in the workspace and rounded
 * to their type there. */
TSR_API tsr_status tsr_conv_backward_data_plan(tsr_context *context, const tsr_conv_backward *problem,
                                               const tsr_plan_options *options, tsr_plan **plan);

/* dw = scale_k * the gradient of conv by w, from x and dv; dbias_k = sum of dv; dscale_k = sum of dv * conv(x, w), for
 * which w is read. Weights are plain.
 *
 * forward.exact admits only algorithms that sum the products themselves, as it does for dx. Without it the gradient of
 * 3 x 3 filters may be summed by Winograd's method: with `pixels` the products of one sum, which are those of dv in all
 * images (transposed: of x), the error of dw before scale is below 4e-6 * pixels * max|x| * max|dv|, and that of dscale
 * below the same times 9 * c * max|w| (as measured: docs/architecture.md). A NaN spoils all nine taps. */
TSR_API tsr_status tsr_conv_backward_weights_plan(tsr_context *context, const tsr_conv_backward *problem,
                                                  const tsr_plan_options *options, tsr_plan **plan);

/* What the plans would choose from, as tsr_conv_explain() tells it. */
TSR_API tsr_status tsr_conv_backward_activation_explain(const tsr_context *context, const tsr_conv_backward *problem,
                                                        const tsr_plan_options *options, tsr_candidate *list,
                                                        size_t room, size_t *count);
TSR_API tsr_status tsr_conv_backward_data_explain(const tsr_context *context, const tsr_conv_backward *problem,
                                                  const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                                  size_t *count);
TSR_API tsr_status tsr_conv_backward_weights_explain(const tsr_context *context, const tsr_conv_backward *problem,
                                                     const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                                     size_t *count);

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

/* dx of a pooling in f32, f16 or f64, from dy and
 *
 *   max      the indices that the forward pass wrote, where `forward` has some; else x, in which each maximum is found
 *            again: of equal elements the first in scan order, a NaN before all. An index outside of its window is
 *            passed over
 *   average  nothing
 *   lp       x and y: dy * sign(x) * (|x| / y)^(p - 1), 0 where y is 0
 *
 * Where windows overlap, an element's gradient is the sum over them, in scan order. */
TSR_API tsr_status tsr_pool_backward_plan(tsr_context *context, const tsr_pool *forward,
                                          const tsr_plan_options *options, tsr_plan **plan);
TSR_API tsr_status tsr_pool_backward_explain(const tsr_context *context, const tsr_pool *forward,
                                             const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                             size_t *count);

#ifdef __cplusplus
}
#endif

#endif
