/* A network made ready for one size of input: a plan for each layer, chained through buffers on the device. */
#ifndef FACES_RUNNER_H
#define FACES_RUNNER_H

#include "network.h"

typedef struct runner {
    const network *of; /* NULL: this runner has not been made yet */
    tsr_plan *plans[MAX_LAYERS];
    tsr_buffer *packed[MAX_LAYERS]; /* the weights as the plans like them       */
    tsr_buffer *x, *y[MAX_LAYERS];  /* the input; what each layer gives         */
    tsr_buffer *workspace;          /* as large as the most demanding plan asks */
    tsr_tensor in, out;             /* both NCHW                                */
} runner;

/* Makes the plans; all tensors between input and output have the layout that the device likes. On failure false, and
 * *made is empty. */
bool runner_create(tsr_context *context, const network *of, int64_t n, int64_t height, int64_t width, runner *made);

/* The three steps of a run: copies the input to the device, lets it compute, copies the output back. */
bool runner_upload(const runner *used, const float *x);
bool runner_start(const runner *used); /* does not wait */
bool runner_download(const runner *used, float *y);
void runner_free(runner *used);

#endif
