/* The idea of a convolutional network in one picture: a kernel is learned from examples of what it does. Given a
 * photograph and what unknown kernels made of it, gradient descent finds the kernels. */
#include "clock.h"
#include "complain.h"
#include "descent.h"
#include "device.h"
#include "options.h"
#include "progress.h"
#include "strip.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: learn-kernel PHOTO [options]\n"
                           "\n"
                           "Learns a 5 x 5 kernel, then a bank of 8 with ReLU and max pooling, from a PNG photograph\n"
                           "and what they made of it. Fails where a kernel is off by 0.1 % or more.\n"
                           "\n"
                           "  -o FILE          draw the kernels while they are learned, as PNG\n"
                           "  --device SEL     opencl, opencl:TEXT, a number, or cpu; without it the best there is\n"
                           "  --cache FOLDER   keep built kernels there\n"
                           "  --steps N        at most so many steps for each of the two; 400\n";

static const double GOOD_LOSS = 1e-9, GOOD_ERROR = 1e-3;

/* The unknown kernels: ripples under a bell, as cells of the eye like them. Nothing but the first response and the
 * final comparison sees them. */
static void make_ripples(double angle, bool odd, float w[TAPS])
{
    for (int i = 0; i < TAPS; ++i) {
        const double x = i % SIDE - SIDE / 2, y = i / SIDE - SIDE / 2;
        const double phase = 1.7 * (x * cos(angle) + y * sin(angle));
        w[i] = (float)(exp(-(x * x + y * y) / 4.5) * (odd ? sin(phase) : cos(phase)) / 2);
    }
}

static double relative_error(const float *w, const float *truth)
{
    double off = 0, size = 0;
    for (int i = 0; i < TAPS; ++i) {
        off += pow((double)w[i] - (double)truth[i], 2);
        size += pow((double)truth[i], 2);
    }
    return sqrt(off / size);
}

/* Whether the picture shows this step: 0, 1, 2, 5, 10, 20, 50, 100, ... */
static bool is_shown(int step)
{
    while (step >= 10 && step % 10 == 0) step /= 10;
    return step <= 2 || step == 5;
}

static void note(strip *drawn, int step, const descent *learner)
{
    if (drawn->count == STRIP_STEPS) return;
    drawn->steps[drawn->count] = step;
    memcpy(drawn->kernels[drawn->count++], learner->w, sizeof learner->w);
    progress_clear();
    printf("  step %4d  loss %.3e\n", step, learner->loss);
}

/* Descends until the loss is as good as 0. */
static bool descend(descent *learner, int steps, strip *drawn)
{
    note(drawn, 0, learner);
    int step = 0;
    while (step < steps && learner->loss > GOOD_LOSS) {
        if (!descent_step(learner)) return false;
        ++step;
        progress_show(step, steps, "step %d  loss %.3e", step, learner->loss);
        if (is_shown(step) && learner->loss > GOOD_LOSS) note(drawn, step, learner);
    }
    if (drawn->count == STRIP_STEPS) --drawn->count;
    note(drawn, step, learner);
    return true;
}

/* Learns drawn->truth, of which the learner gets only the photograph's response. */
static bool learn(bank *used, int steps, strip *drawn)
{
    const double start = clock_seconds();
    float *target = malloc(used->outputs * (size_t)used->kernels * sizeof *target);
    descent learner = {0};
    bool good = target != NULL || complain("out of memory");
    good = good && bank_forward(used, drawn->truth, target) && descent_create(used, target, &learner) &&
           descend(&learner, steps, drawn);
    drawn->response = target;
    drawn->width = used->columns, drawn->height = used->rows;
    if (!good) return false;
    double worst = 0;
    for (int k = 0; k < used->kernels; ++k)
        worst = fmax(worst, relative_error(learner.w + k * TAPS, drawn->truth + k * TAPS));
    descent_free(&learner);
    printf("  relative error %.2e after %.2f s\n", worst, clock_seconds() - start);
    return worst < GOOD_ERROR || complain("a kernel is off by %.2e; expected less than %.0e", worst, GOOD_ERROR);
}

static bool learn_bank(tsr_context *context, const photo *from, int kernels, int steps, strip *drawn)
{
    bank used;
    *drawn = (strip){.rows = kernels};
    /* A single kernel is tilted, so that it is nobody's first guess. */
    for (int k = 0; k < kernels; ++k)
        make_ripples(kernels == 1 ? 0.4 : k * acos(-1.0) / kernels, k % 2 == 1, drawn->truth + k * TAPS);
    printf("%d kernel%s\n", kernels, kernels == 1 ? "" : "s with ReLU and max pooling");
    if (!bank_create(context, from, kernels, kernels > 1, &used)) return false;
    const bool learned = learn(&used, steps, drawn);
    bank_free(&used);
    return learned;
}

int main(int count, char **words)
{
    complain_as("learn-kernel");
    const char *path = NULL, *output = NULL, *device = NULL, *cache = NULL;
    int steps = 400;
    const option list[] = {{"", &path, NULL, 0, 0},
                           {"-o", &output, NULL, 0, 0},
                           {"--device", &device, NULL, 0, 0},
                           {"--cache", &cache, NULL, 0, 0},
                           {"--steps", NULL, &steps, 1, 100000}};
    const parsed outcome = options_parse(count, words, list, sizeof list / sizeof *list);
    if (outcome == PARSED_HELP) return fputs(help, stdout) < 0;
    if (outcome == PARSED_WRONG) return 2;
    if (path == NULL) return complain("a photograph is missing; --help tells more"), 2;
    photo from;
    if (!photo_read(path, &from)) return 1;
    tsr_context *context = NULL;
    strip single = {0}, eight = {0};
    bool good = device_open(device, cache, &context);
    if (good) printf("%s, %d x %d, on %s\n", path, from.width, from.height, tsr_context_device(context)->name);
    good = good && learn_bank(context, &from, 1, steps, &single) &&
           learn_bank(context, &from, MAX_KERNELS, steps, &eight) &&
           (output == NULL || strips_write(output, &from, &single, &eight));
    free(single.response), free(eight.response);
    tsr_context_destroy(context);
    photo_free(&from);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
