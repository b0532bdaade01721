/* One layer of a network, ready to run again and again: a problem in the notation of tessera.h with its plan, its
 * buffers filled with small integers, and its weights packed. */
#ifndef TESSERA_TOOLS_LAYER_H
#define TESSERA_TOOLS_LAYER_H

#include "tessera_training.h"

#include <stddef.h>

/* What is made of a problem: y; the gradient dx, of a convolution or a pooling; the gradient dw. */
typedef enum layer_pass { LAYER_FORWARD, LAYER_BACKWARD_DATA, LAYER_BACKWARD_WEIGHTS } layer_pass;
extern const char *const layer_passes[]; /* their names, ended by NULL */

/* How a problem's tensors lie. A view lies in a larger tensor, with space around each row, plane and image. */
typedef struct layer_form {
    tsr_layout layout; /* NCHW, NHWC or ANY */
    bool views;        /* not with ANY */
    int dtype;         /* of tsr_dtype; LAYER_DTYPE_AS_SAID: what the problem says */
    int64_t batch;     /* 0: what the problem says */
    layer_pass pass;
} layer_form;

enum { LAYER_DTYPE_AS_SAID = -1 };

typedef struct layer_problem {
    bool is_conv; /* which of the two below */
    tsr_conv conv;
    tsr_pool pool;
    layer_pass pass;
    tsr_tensor y, result; /* their shapes, NCHW, f32: the result is what the pass makes, and weights are one row */
    double operations;    /* floating-point operations of a convolution, a multiply-add being two; 0 for pooling */
    double bytes;         /* x, y, residual and indices once, and the weights of a convolution */

    /* Where its data begin in those of the whole of which it is a part, and channels of the whole. */
    uint64_t first_x, first_w, first_y, first_result;
    int64_t whole_c, whole_k;
} layer_problem;

typedef struct layer {
    tsr_context *context; /* the caller's */
    tsr_plan *plan;
    tsr_plan_info info;
    tsr_args args;            /* its buffers belong to the layer */
    tsr_tensor made;          /* the result as it lies in its buffer */
    const tsr_buffer *result; /* one of args */
    double plan_ms;
} layer;

/* Elements of a shape. */
size_t layer_elements(const tsr_tensor *shape);

/* Reads a problem. A backward pass takes f32 problems without an epilogue, and of poolings maxima without indices and
 * averages. Returns an exit code (report.h). */
int layer_parse(const char *text, layer_form form, layer_problem *problem);

/* A part of the problem that a slow device can compute, with the same data, plain: the last image, but for dw; and of a
 * convolution that has no more to it than x and w the last channels of the result, or output channels of dw, as many as
 * these operations allow. */
int layer_part(const layer_problem *whole, double operations, layer_problem *part);

/* What the layer computes with, as dense NCHW floats of a problem that is whole: x, the weights as they come, and the
 * gradient by y. Freed by the caller. NULL: out of memory, and reported. */
float *layer_x(const layer_problem *problem);
float *layer_w(const layer_problem *problem);
float *layer_dy(const layer_problem *problem);

/* Makes a plan for the problem. Returns an exit code (report.h), or LAYER_REFUSED where the options name an algorithm
 * that refuses it: the user has been told, and another problem may follow. */
enum { LAYER_REFUSED = -1 };
int layer_plan_with(tsr_context *context, const layer_problem *problem, const tsr_plan_options *options,
                    tsr_plan **plan);

/* The same for packed weights, and measures how long it took. algorithm NULL: the library's choice. */
int layer_plan(tsr_context *context, const layer_problem *problem, const char *algorithm, tsr_plan **plan,
               double *plan_ms);

/* Makes everything, with such a plan. On failure nothing is left to close. */
int layer_open(tsr_context *context, const layer_problem *problem, const char *algorithm, layer *opened);
void layer_close(layer *opened);

/* Reads the result back as dense NCHW floats; freed by the caller. NULL: failed, and reported. */
float *layer_read_result(const layer *opened);

#endif
