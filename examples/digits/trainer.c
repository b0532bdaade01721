#include "trainer.h"
#include "complain.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>

static const double RATE = 0.2, MOMENTUM = 0.9;

/* ---- Making ---------------------------------------------------------------------------------------------------- */

static bool make_memory(tsr_context *context, const data *from, trainer *made)
{
    const size_t vector_bytes = PARAMETERS * sizeof(float);
    return memory_create(context, sizeof from->pixels, from->pixels, &made->images, NULL) &&
           memory_create(context, sizeof from->labels, from->labels, &made->labels, NULL) &&
           memory_create(context, SLICE * PIXELS * sizeof(float), NULL, &made->x_memory, &made->x) &&
           memory_create(context, IMAGES * sizeof(int), NULL, &made->order, NULL) &&
           memory_create(context, IMAGES * sizeof(float), NULL, &made->losses, NULL) &&
           memory_create(context, IMAGES * sizeof(int), NULL, &made->hits, NULL) &&
           memory_create(context, vector_bytes, NULL, &made->weights_memory, NULL) &&
           memory_create(context, vector_bytes, NULL, &made->momenta, NULL) &&
           memory_create(context, SLICES * vector_bytes, NULL, &made->gradients_memory, NULL);
}

static bool make_vectors(tsr_context *context, trainer *made)
{
    bool good = vector_create(context, made->weights_memory, 0, &made->weights);
    for (int i = 0; good && i < SLICES; ++i) {
        const size_t offset = (size_t)i * PARAMETERS * sizeof(float);
        good = vector_create(context, made->gradients_memory, offset, &made->gradients[i]);
    }
    return good;
}

bool trainer_create(tsr_context *context, const data *from, trainer *made)
{
    *made = (trainer){.context = context, .epoch = -1};
    if (tsr_context_cl(context) == NULL) {
        return complain("the device is %s; expected an OpenCL device, which the loss and the optimiser run on",
                        tsr_context_device(context)->name);
    }
    if (program_create(context, &made->kernels) && network_create(context, &made->net) &&
        make_memory(context, from, made) && make_vectors(context, made)) {
        return true;
    }
    trainer_free(made);
    return false;
}

void trainer_free(trainer *used)
{
    for (int i = 0; i < SLICES; ++i) vector_free(&used->gradients[i]);
    vector_free(&used->weights);
    memory_free(&used->x_memory, &used->x);
    cl_mem *const memories[] = {&used->images, &used->labels,         &used->order,   &used->losses,
                                &used->hits,   &used->weights_memory, &used->momenta, &used->gradients_memory};
    for (size_t i = 0; i < sizeof memories / sizeof *memories; ++i) memory_free(memories[i], NULL);
    network_free(&used->net);
    program_free(&used->kernels);
    *used = (trainer){.epoch = -1};
}

/* ---- State ----------------------------------------------------------------------------------------------------- */

bool trainer_load(trainer *used, const state *from)
{
    return memory_write(used->context, used->weights_memory, 0, from->weights, sizeof from->weights) &&
           memory_write(used->context, used->momenta, 0, from->momenta, sizeof from->momenta);
}

bool trainer_save(trainer *used, state *to)
{
    return memory_read(used->context, used->weights_memory, 0, to->weights, sizeof to->weights) &&
           memory_read(used->context, used->momenta, 0, to->momenta, sizeof to->momenta);
}

bool trainer_read_gradients(trainer *used, int first_slice, int slices, float *all)
{
    const size_t first = (size_t)first_slice * PARAMETERS, count = (size_t)slices * PARAMETERS;
    return memory_read(used->context, used->gradients_memory, first * sizeof *all, all + first, count * sizeof *all);
}

bool trainer_write_gradients(trainer *used, const float *all)
{
    return memory_write(used->context, used->gradients_memory, 0, all, SLICES * PARAMETERS * sizeof *all);
}

/* ---- Training -------------------------------------------------------------------------------------------------- */

/* Fisher and Yates' shuffle of the images to train with, half of them shifted, seeded by the epoch: whoever goes on
 * from a checkpoint sees the same batches. */
static bool make_order(trainer *used, int epoch)
{
    if (used->epoch == epoch) return true;
    int order[IMAGES];
    for (int i = 0; i < IMAGES; ++i) order[i] = i;
    uint64_t random = (uint64_t)epoch;
    for (int i = TRAINING - 1; i > 0; --i) {
        const int other = (int)(random_next(&random) % (uint64_t)(i + 1)), kept = order[i];
        order[i] = order[other], order[other] = kept;
    }
    for (int i = 0; i < IMAGES; ++i) {
        const int drawn = i < TRAINING ? (int)(random_next(&random) % (2 * SHIFTS)) : SHIFTS / 2;
        order[i] = order[i] * SHIFTS + (drawn < SHIFTS ? drawn : SHIFTS / 2); /* the one in the middle is none */
    }
    used->epoch = epoch;
    return memory_write(used->context, used->order, 0, order, sizeof order);
}

/* The network's outputs for SLICE images of the order, their losses, and the losses' gradient by the outputs. */
static bool look(trainer *used, int first)
{
    const argument gather[] = {{sizeof(cl_mem), &used->images},
                               {sizeof(cl_mem), &used->order},
                               {sizeof first, &first},
                               {sizeof(cl_mem), &used->x_memory}};
    const layer *last = &used->net.layers[LAYERS - 1];
    const argument cross_entropy[] = {{sizeof(cl_mem), &last->y_memory},  {sizeof(cl_mem), &used->labels},
                                      {sizeof(cl_mem), &used->order},     {sizeof first, &first},
                                      {sizeof(cl_mem), &last->dy_memory}, {sizeof(cl_mem), &used->losses},
                                      {sizeof(cl_mem), &used->hits}};
    const size_t pixels[3] = {IMAGE_SIDE, IMAGE_SIDE, SLICE}, images[3] = {SLICE, 1, 1};
    return kernel_run(used->context, used->kernels.gather, pixels, gather, 4) &&
           network_forward(&used->net, used->x, &used->weights) &&
           kernel_run(used->context, used->kernels.cross_entropy, images, cross_entropy, 7);
}

bool trainer_gradients(trainer *used, int step, int first_slice, int slices)
{
    bool good = make_order(used, step / STEPS);
    for (int slice = first_slice; good && slice < first_slice + slices; ++slice)
        good = look(used, step % STEPS * BATCH + slice * SLICE) &&
               network_backward(&used->net, used->x, &used->weights, &used->gradients[slice]);
    return good;
}

bool trainer_descend(trainer *used, int step, int epochs)
{
    const double half_turn = acos(-1.0) * step / (epochs * STEPS);
    const float rate = (float)(RATE * (1 + cos(half_turn)) / 2), momentum = (float)MOMENTUM;
    const argument list[] = {{sizeof(cl_mem), &used->gradients_memory},
                             {sizeof rate, &rate},
                             {sizeof momentum, &momentum},
                             {sizeof(cl_mem), &used->momenta},
                             {sizeof(cl_mem), &used->weights_memory}};
    return kernel_run(used->context, used->kernels.descend, (const size_t[3]){PARAMETERS, 1, 1}, list, 5);
}

/* ---- Scores ---------------------------------------------------------------------------------------------------- */

static bool read_score(trainer *used, int first, int count, score *told)
{
    float losses[IMAGES];
    int hits[IMAGES];
    *told = (score){0};
    if (!memory_read(used->context, used->losses, 0, losses, sizeof losses) ||
        !memory_read(used->context, used->hits, 0, hits, sizeof hits)) {
        return false;
    }
    for (int i = first; i < first + count; ++i) {
        told->loss += (double)losses[i] / count;
        told->hits += hits[i];
    }
    return true;
}

bool trainer_score_epoch(trainer *used, score *told)
{
    return read_score(used, 0, STEPS * BATCH, told);
}

bool trainer_score_held_out(trainer *used, score *told)
{
    bool good = used->epoch >= 0 || make_order(used, 0);
    for (int i = TRAINING; good && i < IMAGES; i += SLICE) good = look(used, i);
    return good && read_score(used, TRAINING, HELD_OUT, told);
}
