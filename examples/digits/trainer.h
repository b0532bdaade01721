/* Trains the network on one device: stochastic gradient descent with momentum, its rate falling along a cosine.
 *
 * A batch is always cut into SLICES slices. Each slice's gradient is computed alone, and the step sums them in the
 * slices' order; so several trainers that share the slices (examples/data-parallel) take the very same step. */
#ifndef DIGITS_TRAINER_H
#define DIGITS_TRAINER_H

#include "data.h"
#include "network.h"
#include "opencl.h"
#include "state.h"

enum { SHIFTS = 9 };               /* of an image: by up to a pixel each way, so that there is more to learn from */
enum { STEPS = TRAINING / BATCH }; /* in an epoch, which leaves out the few images that fill no batch */

typedef struct trainer {
    tsr_context *context;
    program kernels;
    network net;
    cl_mem images, labels, x_memory;
    cl_mem order;        /* image * SHIFTS + shift, in the order of the epoch; then the images held out */
    cl_mem losses, hits; /* of each place in that order                                                 */
    cl_mem weights_memory, momenta, gradients_memory;
    tsr_buffer *x;
    vector weights, gradients[SLICES];
    int epoch; /* whose order is on the device; -1: none */
} trainer;

typedef struct score {
    double loss; /* the mean over the images      */
    int hits;    /* images whose digit was told   */
} score;

/* The device must be an OpenCL device. On failure false, and *made is empty. */
bool trainer_create(tsr_context *context, const data *from, trainer *made);
void trainer_free(trainer *used);

/* The weights and momenta to go on from; those now. */
bool trainer_load(trainer *used, const state *from);
bool trainer_save(trainer *used, state *to);

/* Enqueues the gradients of some slices of a step's batch. */
bool trainer_gradients(trainer *used, int step, int first_slice, int slices);

/* Enqueues the step, once all slices have their gradients. */
bool trainer_descend(trainer *used, int step, int epochs);

/* Gradients of slices, to or from numbers of all slices on the host. */
bool trainer_read_gradients(trainer *used, int first_slice, int slices, float *all);
bool trainer_write_gradients(trainer *used, const float *all);

/* How the batches of the epoch went, where this trainer had all slices; how it goes on the images held out. */
bool trainer_score_epoch(trainer *used, score *told);
bool trainer_score_held_out(trainer *used, score *told);

#endif
