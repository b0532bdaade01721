#include "descent.h"
#include "complain.h"
#include "random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double dot(const float *a, const float *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += (double)a[i] * (double)b[i];
    return sum;
}

/* The loss, and the gradient of half of it. */
static bool evaluate(descent *used)
{
    const size_t outputs = used->of->outputs;
    if (!bank_forward(used->of, used->w, used->residual)) return false;
    used->loss = 0;
    for (int k = 0; k < used->of->kernels; ++k) {
        float *residual = used->residual + (size_t)k * outputs;
        const float *target = used->target + (size_t)k * outputs;
        for (size_t i = 0; i < outputs; ++i) residual[i] -= target[i];
        used->loss = fmax(used->loss, dot(residual, residual, outputs) / dot(target, target, outputs));
    }
    return bank_gradient(used->of, used->residual, used->gradient);
}

bool descent_create(bank *of, const float *target, descent *made)
{
    *made = (descent){.of = of, .target = target};
    const size_t all = of->outputs * (size_t)of->kernels;
    made->residual = malloc(all * sizeof *made->residual);
    made->tangent = malloc(all * sizeof *made->tangent);
    uint64_t state = 1;
    for (int i = 0; i < of->kernels * TAPS; ++i) made->w[i] = 0.2f * random_uniform(&state);
    const bool good = made->residual != NULL && made->tangent != NULL;
    if (good ? evaluate(made) : complain("out of memory for %zu numbers", 2 * all)) {
        for (int i = 0; i < of->kernels * TAPS; ++i) made->direction[i] = -made->gradient[i];
        return true;
    }
    descent_free(made);
    return false;
}

/* The next direction of one kernel, from its gradient before and after the step. */
static void turn(const float *before, const float *gradient, float *direction)
{
    const double length = dot(before, before, TAPS);
    double keep = length > 0 ? (dot(gradient, gradient, TAPS) - dot(gradient, before, TAPS)) / length : 0;
    keep = fmax(keep, 0);
    for (int pass = 0; pass < 2; ++pass) {
        float turned[TAPS];
        for (int i = 0; i < TAPS; ++i) turned[i] = (float)(keep * (double)direction[i]) - gradient[i];
        if (pass == 1 || dot(turned, gradient, TAPS) < 0) {
            memcpy(direction, turned, sizeof turned);
            return;
        }
        keep = 0; /* it would lead uphill: start anew */
    }
}

bool descent_step(descent *used)
{
    const size_t outputs = used->of->outputs;
    if (!bank_tangent(used->of, used->direction, used->tangent)) return false;
    for (int k = 0; k < used->of->kernels; ++k) {
        const float *direction = used->direction + k * TAPS, *tangent = used->tangent + (size_t)k * outputs;
        const double curvature = dot(tangent, tangent, outputs);
        const double step = curvature > 0 ? -dot(used->gradient + k * TAPS, direction, TAPS) / curvature : 0;
        for (int i = 0; i < TAPS; ++i) used->w[k * TAPS + i] += (float)(step * (double)direction[i]);
    }
    float before[MAX_KERNELS * TAPS];
    memcpy(before, used->gradient, sizeof before);
    if (!evaluate(used)) return false;
    for (int k = 0; k < used->of->kernels; ++k)
        turn(before + k * TAPS, used->gradient + k * TAPS, used->direction + k * TAPS);
    return true;
}

void descent_free(descent *used)
{
    free(used->residual), free(used->tangent);
    *used = (descent){0};
}
