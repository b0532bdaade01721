/* Every algorithm of every operator on every feature: it runs and is right to the bit, or it refuses in the feature's
 * words. A feature that an algorithm claims and that nothing here runs is a failure. */
#include <stdio.h>
#include <string.h>

#include "columns/columns.h"
#include "conv/conv.h"
#include "conv_backward_activation/conv_backward_activation.h"
#include "conv_backward_data/conv_backward_data.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "pool/pool.h"
#include "pool_backward/pool_backward.h"
#include "reorder/reorder.h"
#include "support/exact.h"
#include "support/features.h"
#include "support/support.h"
#include "unpool/unpool.h"

static const tsr__operator *const operators[] = {&tsr__conv,
                                                 &tsr__conv_backward_activation,
                                                 &tsr__conv_backward_data,
                                                 &tsr__conv_backward_weights,
                                                 &tsr__pool,
                                                 &tsr__pool_backward,
                                                 &tsr__unpool,
                                                 &tsr__columns,
                                                 &tsr__reorder};
enum { OPERATORS = sizeof operators / sizeof operators[0] };

/* By name: the data pass counts as convolution, whose algorithms it runs on. */
static int number_of(const tsr__operator *op)
{
    int i = 0;
    while (strcmp(operators[i]->name, op->name) != 0) ++i;
    return i;
}

/* What the cases ask an operator for. Without a window nothing but 2^31 elements, or strides over as many, is wide:
 * that is left to unit/test_wide.c, api/test_far.c and the optional tests in large/. */
static uint32_t asked(const tsr__operator *op)
{
    return features_askable(op) & ~(op->has_window ? 0 : (uint32_t)TSR__WIDE_BIT);
}

static bool is_wanted(const tsr__operator *op, int argc, char **argv)
{
    bool wanted = argc == 1;
    for (int i = 1; i < argc; ++i) wanted |= strcmp(argv[i], op->name) == 0;
    return wanted;
}

/* Arguments: the operators to test; none: all. */
int main(int argc, char **argv)
{
    static exact_tally tallies[OPERATORS][EXACT_MAX_ALGORITHMS];
    exact_lab lab = exact_lab_open(2);
    lab.pairs = lab.share >= 0;
    const tsr_device *device = tsr_context_device(lab.context);
    tsr__problem problem;
    size_t i = 0;
    for (; features_problem(device, i, &problem); ++i)
        if (is_wanted(problem.op, argc, argv))
            exact_check_all(&lab, &problem, i % 2 == 0, tallies[number_of(problem.op)]);
    int code = 0;
    for (int op = 0; op < OPERATORS; ++op) {
        if (!is_wanted(operators[op], argc, argv)) continue;
        code |= exact_report(&lab, operators[op], tallies[op], 1);
        code |= exact_report_features(&lab, operators[op], tallies[op], asked(operators[op]));
    }
    exact_lab_close(&lab);
    return code;
}
