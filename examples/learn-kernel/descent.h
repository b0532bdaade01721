/* Gradient descent: recovers a bank of kernels from a photograph and what they made of it.
 *
 * Neighbouring pixels of a photograph are nearly equal, so the loss is a valley ten thousand times longer than wide, in
 * which plain descent, and Adam too, zigzags for thousands of steps. Conjugate gradients (Polak and Ribiere's, which
 * start anew by themselves where they must) need a few dozen and have nothing to tune: along each direction the step
 * is the one that is best to first order, which takes one more convolution. Kernels of a bank do not know of each
 * other, and each has its own direction and step. Behind ReLU there are valleys that lead nowhere: on a poor photograph
 * a kernel may end in one. */
#ifndef LEARN_KERNEL_DESCENT_H
#define LEARN_KERNEL_DESCENT_H

#include "bank.h"

enum { MAX_KERNELS = 8 };

typedef struct descent {
    bank *of;
    const float *target;         /* what the unknown kernels made of the photograph */
    float w[MAX_KERNELS * TAPS]; /* the kernels so far                              */
    float gradient[MAX_KERNELS * TAPS], direction[MAX_KERNELS * TAPS];
    double loss; /* |y - target|^2 / |target|^2, of the worst kernel */
    float *residual, *tangent;
} descent;

/* Begins with random kernels. The bank and the target outlive it. On failure false, and *made is empty. */
bool descent_create(bank *of, const float *target, descent *made);
bool descent_step(descent *used);
void descent_free(descent *used);

#endif
