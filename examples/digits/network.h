/* The network, on one slice of a batch:
 *
 *   image 1 x 8 x 8
 *   conv1   32 x 8 x 8    3 x 3, ReLU
 *   pool1   32 x 4 x 4    maximum of 2 x 2
 *   conv2   64 x 4 x 4    3 x 3, ReLU
 *   pool2   64 x 2 x 2    average of 2 x 2
 *   dense   10            a convolution whose filter is the whole plane
 *
 * The parameters are one vector, in the order of network_parameters, and so are their gradients. */
#ifndef DIGITS_NETWORK_H
#define DIGITS_NETWORK_H

#include "opencl.h"

#include <stdbool.h>
#include <stdint.h>
#include <tessera.h>

enum { SLICE = 20, SLICES = 4, BATCH = SLICE * SLICES }; /* images */
enum { LAYERS = 5, TENSORS = 6, PARAMETERS = 288 + 32 + 18432 + 64 + 2560 + 10 };

typedef struct parameter {
    const char *name;
    int axes;
    int64_t shape[4];
    int count, at; /* numbers, and the place of the first in the vector */
} parameter;

extern const parameter network_parameters[TENSORS];

typedef struct layer {
    tsr_plan *forward, *activation_backward, *data_backward, *weights_backward; /* NULL: there is none            */
    tsr_buffer *y, *indices, *dy, *dv;                                          /* dv is NULL where it would be dy */
    cl_mem y_memory, dy_memory;
    int tensor; /* of the weights; the bias is next; -1: there are none  */
} layer;

typedef struct network {
    layer layers[LAYERS];
    tsr_buffer *workspace;
} network;

/* Views of the tensors in a vector of parameters. */
typedef struct vector {
    tsr_buffer *tensors[TENSORS];
} vector;

/* The vector at `offset` bytes of memory. On failure false, and *made is empty; so below. */
bool vector_create(tsr_context *context, cl_mem memory, size_t offset, vector *made);
void vector_free(vector *used);

bool network_create(tsr_context *context, network *made);
void network_free(network *used);

/* Both enqueue: the logits from the images x, which are the last layer's y; the gradients from the last layer's dy. */
bool network_forward(const network *used, const tsr_buffer *x, const vector *weights);
bool network_backward(const network *used, const tsr_buffer *x, const vector *weights, const vector *gradients);

#endif
