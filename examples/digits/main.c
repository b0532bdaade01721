/* Trains a small convolutional network to read handwritten digits on an OpenCL device, to the same bits every time. */
#include "chart.h"
#include "clock.h"
#include "complain.h"
#include "device.h"
#include "options.h"
#include "progress.h"
#include "trainer.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: digits DATA [options]\n"
    "\n"
    "Trains a network on the handwritten digits in DATA (examples/data/digits.npy.gz).\n"
    "\n"
    "  -o FOLDER          write there, into a folder that exists: the weights, conv1.w.npy and so on; digits.png; and\n"
    "                     after each epoch checkpoint.npy.gz\n"
    "  --epochs N         40\n"
    "  --resume FILE      go on from a checkpoint of a run of as many epochs; the result is the same to the bit\n"
    "  --stop-after N     stop in the middle of things, after step N, as if interrupted\n"
    "  --evaluate FOLDER  train nothing: tell how good the weights in a folder are\n"
    "  --device SEL       opencl, opencl:TEXT or a number; without it the best there is\n"
    "  --cache FOLDER     keep built kernels there\n";

enum { MAX_PATH = 4096 };

typedef struct options {
    const char *data, *output, *resume, *evaluate, *device, *cache;
    int epochs, stop_after; /* 0: do not stop */
} options;

static bool write_to(const options *wanted, const char *name, const state *kept,
                     bool (*write)(const char *path, const state *kept))
{
    char path[MAX_PATH];
    if (wanted->output == NULL) return true;
    const int length = snprintf(path, sizeof path, "%s/%s", wanted->output, name);
    if (length < 0 || length >= MAX_PATH) return complain("%s: the path is too long", wanted->output);
    return write(path, kept);
}

/* The end of an epoch: how good it is, and a checkpoint. */
static bool finish_epoch(trainer *with, const options *wanted, state *now)
{
    score trained, held_out;
    if (!trainer_score_epoch(with, &trained) || !trainer_score_held_out(with, &held_out) || !trainer_save(with, now)) {
        return false;
    }
    const int epoch = now->step / STEPS;
    now->scores[epoch - 1] = (epoch_scores){(float)trained.loss, (float)held_out.loss, (float)held_out.hits};
    progress_clear();
    printf("epoch %3d  loss %.6f  held out: loss %.6f, %.2f %% right\n", epoch, trained.loss, held_out.loss,
           100.0 * held_out.hits / HELD_OUT);
    return write_to(wanted, "checkpoint.npy.gz", now, state_write);
}

static bool train(trainer *with, const options *wanted, state *now)
{
    const double start = clock_seconds();
    const int steps = wanted->epochs * STEPS;
    while (now->step < steps) {
        if (!trainer_gradients(with, now->step, 0, SLICES) || !trainer_descend(with, now->step, wanted->epochs)) {
            return false;
        }
        ++now->step;
        if (now->step % STEPS == 0 && !finish_epoch(with, wanted, now)) return false;
        progress_show(now->step, steps, "step %d of %d", now->step, steps);
        if (now->step == wanted->stop_after) {
            progress_clear();
            return complain("stopped after step %d, as asked for", now->step);
        }
    }
    progress_clear();
    printf("%d steps, %.1f s\n", now->step, clock_seconds() - start);
    return (wanted->output == NULL || weights_write(wanted->output, now->weights)) &&
           write_to(wanted, "digits.png", now, chart_write);
}

static bool evaluate(trainer *with)
{
    score held_out;
    if (!trainer_score_held_out(with, &held_out)) return false;
    printf("held out: loss %.6f, %d of %d right: %.2f %%\n", held_out.loss, held_out.hits, HELD_OUT,
           100.0 * held_out.hits / HELD_OUT);
    return true;
}

/* What is wrong with a file is found before anything is built or written. */
static bool begin(const options *wanted, data *from, state *now)
{
    state_begin(wanted->epochs, now);
    if (!data_read(wanted->data, from)) return false;
    if (wanted->resume != NULL) return state_read(wanted->resume, wanted->epochs, now);
    return wanted->evaluate == NULL || weights_read(wanted->evaluate, now->weights);
}

static bool run(const options *wanted, const data *from, state *now)
{
    tsr_context *context = NULL;
    trainer with = {0};
    bool good = device_open(wanted->device, wanted->cache, &context) && trainer_create(context, from, &with) &&
                trainer_load(&with, now);
    if (good) {
        printf("%d images to train with, %d held out, on %s\n", TRAINING, HELD_OUT, tsr_context_device(context)->name);
        good = wanted->evaluate != NULL ? evaluate(&with) : train(&with, wanted, now);
        trainer_free(&with);
    }
    tsr_context_destroy(context);
    return good;
}

int main(int count, char **words)
{
    complain_as("digits");
    options wanted = {.epochs = 40};
    const option list[] = {{"", &wanted.data, NULL, 0, 0},
                           {"-o", &wanted.output, NULL, 0, 0},
                           {"--epochs", NULL, &wanted.epochs, 1, MAX_EPOCHS},
                           {"--resume", &wanted.resume, NULL, 0, 0},
                           {"--stop-after", NULL, &wanted.stop_after, 1, MAX_EPOCHS * STEPS},
                           {"--evaluate", &wanted.evaluate, NULL, 0, 0},
                           {"--device", &wanted.device, NULL, 0, 0},
                           {"--cache", &wanted.cache, NULL, 0, 0}};
    const parsed outcome = options_parse(count, words, list, sizeof list / sizeof *list);
    if (outcome == PARSED_HELP) return fputs(help, stdout) < 0;
    if (outcome == PARSED_WRONG) return 2;
    if (wanted.data == NULL) return complain("the digits are missing; --help tells more"), 2;
    if (!options_folder("-o", wanted.output)) return 2;
    static data from;
    static state now;
    return begin(&wanted, &from, &now) && run(&wanted, &from, &now) ? EXIT_SUCCESS : EXIT_FAILURE;
}
