/* One layer of a network, ready to run again and again: a problem in the notation of tessera.h with its plan, its
 * buffers filled with small integers, and its weights packed. */
#ifndef TESSERA_TOOLS_LAYER_H
#define TESSERA_TOOLS_LAYER_H

#include "tessera.h"

#include <stddef.h>

/* How a problem's tensors lie. A view lies in a larger tensor, with space around each row, plane and image. */
typedef struct layer_form {
    tsr_layout layout; /* NCHW, NHWC or ANY */
    bool views;        /* not with ANY */
    int dtype;         /* of tsr_dtype; LAYER_DTYPE_AS_SAID: what the problem says */
    int64_t batch;     /* 0: what the problem says */
} layer_form;

enum { LAYER_DTYPE_AS_SAID = -1 };

typedef struct layer_problem {
    bool is_conv; /* which of the two below */
    tsr_conv conv;
    tsr_pool pool;
    tsr_tensor y;      /* its shape, NCHW, f32 */
    double operations; /* floating-point operations of a convolution, a multiply-add being two; 0 for pooling */
    double bytes;      /* x, y, residual and indices once, and the weights of a convolution */
    uint64_t first_x, first_w, first_y; /* where its data begin in those of the whole of which it is a part */
} layer_problem;

typedef struct layer {
    tsr_context *context; /* the caller's */
    tsr_plan *plan;
    tsr_plan_info info;
    tsr_args args; /* its buffers belong to the layer */
    double plan_ms;
} layer;

/* Reads a problem. Returns an exit code (report.h). */
int layer_parse(const char *text, layer_form form, layer_problem *problem);

/* A part of the problem that a slow device can compute, with the same data: the last image, plain; of a convolution
 * that has no more to it than x and w the last output channels, as many as these operations allow. */
int layer_part(const layer_problem *whole, double operations, layer_problem *part);

/* What the layer computes with, as dense NCHW floats of a problem that is whole: x, and the weights as they come. Freed
 * by the caller. NULL: out of memory, and reported. */
float *layer_x(const layer_problem *problem);
float *layer_w(const layer_problem *problem);

/* Makes a plan for the problem. Returns an exit code (report.h). */
int layer_plan_with(tsr_context *context, const layer_problem *problem, const tsr_plan_options *options,
                    tsr_plan **plan);

/* The same for packed weights, and measures how long it took. algorithm NULL: the library's choice. */
int layer_plan(tsr_context *context, const layer_problem *problem, const char *algorithm, tsr_plan **plan,
               double *plan_ms);

/* Makes everything. On failure nothing is left to close. */
int layer_open(tsr_context *context, const layer_problem *problem, const char *algorithm, layer *opened);
void layer_close(layer *opened);

/* Reads y back as dense NCHW floats; freed by the caller. NULL: failed, and reported. */
float *layer_read_y(const layer *opened);

#endif
