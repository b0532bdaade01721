/* A bank of 5 x 5 kernels on one photograph: what it makes of it, and the derivatives of that by the kernels.
 *
 *   plain    y_k = conv(x, w_k)
 *   pooled   y_k = max over 2 x 2 of relu(conv(x, w_k)) */
#ifndef LEARN_KERNEL_BANK_H
#define LEARN_KERNEL_BANK_H

#include "photo.h"

#include <tessera.h>

enum { SIDE = 5, TAPS = SIDE * SIDE };

typedef struct bank {
    bool pooled;
    int kernels, rows, columns; /* of the outputs                          */
    size_t outputs;             /* rows * columns: of one kernel           */
    size_t products;            /* outputs of one kernel before pooling    */
    tsr_plan *convolve, *pool;
    tsr_plan *pool_backward, *activation_backward, *weights_backward;
    tsr_plan *project; /* the convolution alone                              */
    tsr_buffer *x, *w, *v, *y, *indices, *dy, *dactivated, *dv, *dw, *workspace;
    float *projected;     /* what bank_tangent() reads back                  */
    int32_t *index;       /* the outputs' maxima, within a kernel's products */
    unsigned char *alive; /* whether relu let an output pass                 */
} bank;

/* On failure false, and *made is empty. */
bool bank_create(tsr_context *context, const photo *of, int kernels, bool pooled, bank *made);

/* y from the kernels w, which the next two are about. */
bool bank_forward(bank *used, const float *w, float *y);

/* dw, the gradient by w of anything whose gradient by y is dy. */
bool bank_gradient(bank *used, const float *dy, float *dw);

/* dy, how fast y changes where w moves by p: to first order y(w + a p) = y(w) + a dy. */
bool bank_tangent(bank *used, const float *p, float *dy);
void bank_free(bank *used);

#endif
