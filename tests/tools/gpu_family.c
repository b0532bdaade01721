/* Every algorithm that is made for GPUs on a fifth of the problems of test_features, whatever the device, in buffers
 * that end where tensors do: for devices that tell of an access outside of a buffer, which a CPU forgives, and are
 * slow. --signless-zeros takes +0 and -0 for the same, where a driver does. */
#include <string.h>

#include "conv/conv.h"
#include "conv_backward_activation/conv_backward_activation.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "pool/pool.h"
#include "pool_backward/pool_backward.h"
#include "support/exact.h"
#include "support/features.h"

static const tsr__operator *const operators[] = {&tsr__conv, &tsr__pool, &tsr__conv_backward_activation,
                                                 &tsr__conv_backward_weights, &tsr__pool_backward};
enum { OPERATORS = sizeof operators / sizeof operators[0] };

/* All would take simulators, and PoCL's compiler, many minutes; and a large window minutes by itself. */
static bool is_wanted(size_t i, const tsr__problem *p)
{
    enum { EVERY = 5, MOST_TAPS = 1024 };
    return i % EVERY == 0 && tsr__taps(p) <= MOST_TAPS;
}

int main(int argc, char **argv)
{
    static exact_tally tallies[OPERATORS][EXACT_MAX_ALGORITHMS];
    exact_lab lab = exact_lab_open(1);
    lab.family = TSR__GPU_FAMILY;
    lab.bare = true;
    lab.signless_zeros = argc > 1 && strcmp(argv[1], "--signless-zeros") == 0;
    tsr__problem problem;
    int code = 0;
    for (size_t i = 0; features_problem(tsr_context_device(lab.context), i, &problem); ++i)
        for (int op = 0; op < OPERATORS; ++op)
            if (problem.op == operators[op] && is_wanted(i, &problem))
                exact_check_all(&lab, &problem, i % 2 == 0, tallies[op]);
    for (int op = 0; op < OPERATORS; ++op) code |= exact_report(&lab, operators[op], tallies[op], 1);
    exact_lab_close(&lab);
    return code;
}
