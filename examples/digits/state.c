#include "state.h"
#include "complain.h"
#include "npy.h"
#include "random.h"
#include "trainer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PATH = 4096, SEED = 2026 };

/* He's rule for what ReLU reads: the layers' outputs vary as much as their inputs. Biases are 0. */
void state_begin(int epochs, state *made)
{
    *made = (state){.epochs = epochs};
    uint64_t random = SEED;
    for (int i = 0; i < TENSORS; i += 2) {
        const parameter *w = &network_parameters[i];
        const float bound = (float)sqrt(6.0 * (double)w->shape[0] / w->count);
        for (int j = 0; j < w->count; ++j) made->weights[w->at + j] = bound * random_uniform(&random);
    }
}

/* ---- Checkpoints ----------------------------------------------------------------------------------------------- */

/* The order of the numbers in a file: step, epochs, weights, momenta, scores. Whole numbers are exact in floats. */
enum { HEAD = 2, SCORES = 3, MOST = HEAD + 2 * PARAMETERS + SCORES * MAX_EPOCHS };

bool state_write(const char *path, const state *kept)
{
    float numbers[MOST] = {(float)kept->step, (float)kept->epochs};
    memcpy(numbers + HEAD, kept->weights, sizeof kept->weights);
    memcpy(numbers + HEAD + PARAMETERS, kept->momenta, sizeof kept->momenta);
    for (int i = 0; i < kept->epochs; ++i) {
        float *scores = numbers + HEAD + 2 * PARAMETERS + SCORES * i;
        scores[0] = kept->scores[i].training_loss, scores[1] = kept->scores[i].loss, scores[2] = kept->scores[i].hits;
    }
    const int64_t count = HEAD + 2 * PARAMETERS + SCORES * kept->epochs;
    return array_write(path, &(array){.of = ELEMENT_F32, .axes = 1, .shape = {count}, .data = numbers});
}

static bool fits(const char *path, const array *found, int epochs)
{
    const float *numbers = found->data;
    const int64_t count = HEAD + 2 * PARAMETERS + SCORES * epochs;
    if (found->axes != 1 || found->shape[0] < HEAD + 2 * PARAMETERS) {
        return complain("%s: not a checkpoint of this network", path);
    }
    if (numbers[1] != (float)epochs || found->shape[0] != count) {
        return complain("%s: belongs to a run of %g epochs; expected %d", path, (double)numbers[1], epochs);
    }
    const double step = (double)numbers[0];
    if (!(step >= 0 && step <= epochs * STEPS && step == floor(step))) {
        return complain("%s: its step is %g; expected 0 to %d", path, step, epochs * STEPS);
    }
    for (int64_t i = 0; i < count; ++i)
        if (!isfinite(numbers[i])) return complain("%s: its number %d is not finite", path, (int)i);
    return true;
}

bool state_read(const char *path, int epochs, state *read)
{
    array found;
    if (!array_read(path, ELEMENT_F32, &found)) return false;
    const bool good = fits(path, &found, epochs);
    if (good) {
        const float *numbers = found.data;
        *read = (state){.step = (int)numbers[0], .epochs = epochs};
        memcpy(read->weights, numbers + HEAD, sizeof read->weights);
        memcpy(read->momenta, numbers + HEAD + PARAMETERS, sizeof read->momenta);
        for (int i = 0; i < epochs; ++i) {
            const float *scores = numbers + HEAD + 2 * PARAMETERS + SCORES * i;
            read->scores[i] = (epoch_scores){scores[0], scores[1], scores[2]};
        }
    }
    array_free(&found);
    return good;
}

/* ---- Weights --------------------------------------------------------------------------------------------------- */

static bool make_path(const char *folder, const char *name, char path[MAX_PATH])
{
    const int length = snprintf(path, MAX_PATH, "%s/%s.npy", folder, name);
    return (length >= 0 && length < MAX_PATH) || complain("%s: the path is too long", folder);
}

bool weights_write(const char *folder, const float weights[PARAMETERS])
{
    for (int i = 0; i < TENSORS; ++i) {
        const parameter *one = &network_parameters[i];
        float numbers[PARAMETERS];
        memcpy(numbers, weights + one->at, (size_t)one->count * sizeof *numbers);
        array tensor = {.of = ELEMENT_F32, .axes = one->axes, .data = numbers};
        memcpy(tensor.shape, one->shape, sizeof tensor.shape);
        char path[MAX_PATH];
        if (!make_path(folder, one->name, path) || !array_write(path, &tensor)) return false;
    }
    return true;
}

static bool read_tensor(const char *path, const parameter *of, float *numbers)
{
    array found;
    if (!array_read(path, ELEMENT_F32, &found)) return false;
    const bool good =
        found.axes == of->axes && memcmp(found.shape, of->shape, (size_t)of->axes * sizeof *of->shape) == 0;
    if (good) memcpy(numbers, found.data, (size_t)of->count * sizeof *numbers);
    array_free(&found);
    return good || complain("%s: its shape is not that of %s in this network", path, of->name);
}

bool weights_read(const char *folder, float weights[PARAMETERS])
{
    float numbers[PARAMETERS];
    for (int i = 0; i < TENSORS; ++i) {
        const parameter *one = &network_parameters[i];
        char path[MAX_PATH];
        if (!make_path(folder, one->name, path) || !read_tensor(path, one, numbers + one->at)) return false;
    }
    memcpy(weights, numbers, sizeof numbers);
    return true;
}
