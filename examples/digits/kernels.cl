/* digits: what training needs beside convolution and pooling: batches, the loss and its gradient, the optimiser.
 *
 *   launch      gather         global = (8, 8, images)  local = any
 *               cross_entropy  global = (images)
 *               descend        global = (parameters)
 *   local mem   none
 *   compiled in BATCH, CLASSES, SHIFTS, SLICES    run time  the rest
 */
#if !defined(BATCH) || !defined(CLASSES) || !defined(SHIFTS) || !defined(SLICES)
#error "program.c must define BATCH CLASSES SHIFTS SLICES"
#endif

/* The same bits from every compiler, whether or not it would fuse a product and a sum. */
#pragma OPENCL FP_CONTRACT OFF

/* x = the images order[first], order[first + 1], ..., from 0 to 1. An entry of the order is image * SHIFTS + shift: by
 * up to a pixel each way, row and column; what comes in is 0. */
__kernel void gather(__global const uchar *restrict images, __global const int *restrict order, int first,
                     __global float *restrict x)
{
    const int column = (int)get_global_id(0), row = (int)get_global_id(1), side = (int)get_global_size(0);
    const int image = (int)get_global_id(2);
    const int chosen = order[first + image] / SHIFTS, shift = order[first + image] % SHIFTS;
    const int from_row = row + 1 - shift / 3, from_column = column + 1 - shift % 3;
    const bool inside = from_row >= 0 && from_row < side && from_column >= 0 && from_column < side;
    const uchar pixel = inside ? images[(chosen * side + from_row) * side + from_column] : 0;
    x[(image * side + row) * side + column] = pixel / 16.0f;
}

/* One image: its loss -log(softmax(logits)[label]), whether the largest logit is the label's, and the gradient of the
 * batch's mean loss by the logits. */
__kernel void cross_entropy(__global const float *restrict logits, __global const uchar *restrict labels,
                            __global const int *restrict order, int first, __global float *restrict gradient,
                            __global float *restrict losses, __global int *restrict hits)
{
    const int image = (int)get_global_id(0);
    const int label = labels[order[first + image] / SHIFTS];
    __global const float *row = logits + image * CLASSES;
    int best = 0;
    for (int i = 1; i < CLASSES; ++i)
        if (row[i] > row[best]) best = i;
    float sum = 0.0f;
    for (int i = 0; i < CLASSES; ++i) sum += exp(row[i] - row[best]);
    for (int i = 0; i < CLASSES; ++i) {
        const float probability = exp(row[i] - row[best]) / sum;
        gradient[image * CLASSES + i] = (probability - (i == label ? 1.0f : 0.0f)) / BATCH;
    }
    losses[first + image] = log(sum) - (row[label] - row[best]);
    hits[first + image] = best == label;
}

/* Stochastic gradient descent with momentum. The slices' gradients are summed in the slices' order, whoever computed
 * them: so the bits do not depend on how many devices share the work. */
__kernel void descend(__global const float *restrict gradients, float rate, float momentum,
                      __global float *restrict momenta, __global float *restrict weights)
{
    const size_t i = get_global_id(0), count = get_global_size(0);
    float sum = gradients[i];
    for (int slice = 1; slice < SLICES; ++slice) sum += gradients[slice * count + i];
    const float moved = momentum * momenta[i] + sum;
    momenta[i] = moved;
    weights[i] -= rate * moved;
}
