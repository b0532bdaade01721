/* The gradients of convolution: every algorithm on shapes that it accepts. The data pass runs on the algorithms of
 * forward convolution, which have a test of their own: it meets fewer. */
#include "conv_backward_activation/conv_backward_activation.h"
#include "conv_backward_data/conv_backward_data.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "support/exact.h"
#include "support/shapes.h"
#include "support/support.h"

typedef struct passes {
    exact_tally activation[EXACT_MAX_ALGORITHMS], gradient[EXACT_MAX_ALGORITHMS], data[EXACT_MAX_ALGORITHMS],
        weights[EXACT_MAX_ALGORITHMS];
} passes;

static void check_data(const exact_lab *lab, const tsr_conv_backward *b, bool packed, passes *tallies)
{
    tsr__problem problem;
    REQUIRE(tsr__conv_backward_data_problem(b, &problem));
    exact_check_all(lab, &problem, packed, problem.op == &tsr__conv_gradient ? tallies->gradient : tallies->data);
}

static void check_weights(const exact_lab *lab, const tsr_conv_backward *b, passes *tallies)
{
    tsr__problem problem;
    REQUIRE(tsr__conv_backward_weights_problem(b, &problem));
    exact_check_all(lab, &problem, false, tallies->weights);
}

static void check_activation(const exact_lab *lab, const tsr_conv_backward *b, passes *tallies)
{
    tsr__problem problem;
    REQUIRE(tsr__conv_backward_activation_problem(b, &problem));
    exact_check_all(lab, &problem, false, tallies->activation);
}

static void check_shapes(const exact_lab *lab, passes *tallies)
{
    enum { WEIGHTS_EVERY = 3, DATA_EVERY = 53 }; /* primes: they visit all windows and sizes */
    tsr_conv_backward b = tsr_conv_backward_default();
    for (size_t i = 0; shapes_conv(i, &b.forward); ++i) {
        const size_t pair = i / WEIGHTS_EVERY % 3;
        shapes_layouts(i, pair, &b.forward.x_layout, &b.forward.y_layout);
        b.dbias = b.forward.bias;
        b.accumulate = i % 2 == 0;
        if (i % WEIGHTS_EVERY == 0) check_weights(lab, &b, tallies);
        if (i % WEIGHTS_EVERY == 1) check_activation(lab, &b, tallies);
        if (i % DATA_EVERY == 0) check_data(lab, &b, i % 2 == 0, tallies);
    }
}

/* Paddings that read an element of x in several places, up to as far as they may reach; and transposed convolution
 * whose output has more rows than x with any filter. */
static void check_folds(const exact_lab *lab, passes *tallies)
{
    static const char *const texts[] = {
        "conv:n2c3h5w4k4r3s3pd2x2x2x2,reflect",      "conv:c3h2w3k4r3s3pd1x1x1x2,reflect",
        "conv:c3h2w3k4r5s4st2pd2x3x1x3,circular",    "conv:c4h1w1k2r3s3pd1,circular",
        "conv:c3h4w3k4r5s6dl2x1pd4x5x4x5,replicate", "conv:c2h1w5k3r3s3pd3,replicate",
        "conv:c2d3h4w3k3t3r3s3pd1,replicate",        "conv:c4d3h4w3k4t2r3s3st2pd1g2,circular",
        "conv:c6h7w9k6r3s3st2x3pd1g6,reflect,flip",  "conv:c3h5w6k5r3s3pd1,reflect,scale",
        "convt:c3h4w5k4r3s3st2dl4pd1op3x2",          "convt:n2c4h3w4k6r2s3dl3pd1x0x1x0op2g2,flip",
        "convt:c3h3w3k2r3s3dl2op1pd3,scale",
    };
    exact_lab halves = *lab; /* they are few */
    halves.shares = 2;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i)
        for (size_t pair = 0; pair < 3; pair += 2) {
            tsr_conv_backward b = tsr_conv_backward_default();
            REQUIRE(tsr_conv_parse(texts[i], &b.forward));
            shapes_layouts(i * 60, pair, &b.forward.x_layout, &b.forward.y_layout);
            check_data(&halves, &b, i % 2 == 0 && !b.forward.scale, tallies);
            b.dscale = b.forward.scale;
            check_weights(lab, &b, tallies);
        }
}

/* Every tile of the weights pass: channels that fill their vectors or not, few of them and many rows, whose sums are
 * made in pieces, and steps and types that are staged. */
static void check_tiles(const exact_lab *lab, passes *tallies)
{
    static const char *const texts[] = {
        "conv:n2c17h9w8k33r3s3pd1",
        "conv:n3c64h7w7k64",
        "conv:n9c3h33w32k32r5s5st2pd2",
        "convt:c24h5w6k16r3s3st2pd1",
        "conv:c32h6w6k64r3s3pd1g2",
        "conv:n2c4h9w300k20s3,scale",
        "conv:n2c8d4h5w6k16t3r2s3pd1",
        "conv:n2c12h9w8k24r3s3,flip",
        "conv:n2c110h9w6k36r3s3pd2x0",
        "convt:c20h38w37k17r3s3,flip",
        "conv:n5c5h19w18k99r3s3pd1x0x2x1,circular",
        "conv:n2c20h64w48k256st2",
        "convt:c256h33w32k12st2x3",
        "conv:n4c6d5h20w9k256st2x2x1,f16",
        "conv:n2c64h9w8k40r3s3pd1x1x0x1,flip",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i)
        for (size_t pair = 0; pair < 3; ++pair) {
            tsr_conv_backward b = tsr_conv_backward_default();
            tsr__problem problem;
            REQUIRE(tsr_conv_parse(texts[i], &b.forward));
            shapes_layouts(i * 60, pair, &b.forward.x_layout, &b.forward.y_layout);
            b.accumulate = i % 2 == 0;
            b.dscale = b.forward.scale;
            REQUIRE(tsr__conv_backward_weights_problem(&b, &problem));
            exact_check_candidates(lab, &problem, tallies->weights);
        }
}

int main(void)
{
    static passes tallies;
    exact_lab lab = exact_lab_open(8);
    check_shapes(&lab, &tallies);
    check_folds(&lab, &tallies);
    check_tiles(&lab, &tallies);
    int code = exact_report(&lab, &tsr__conv_backward_activation, tallies.activation, 200);
    code |= exact_report(&lab, &tsr__conv_backward_weights, tallies.weights, 35);
    code |= exact_report(&lab, &tsr__conv_backward_data, tallies.data, 20);
    code |= exact_report(&lab, &tsr__conv_gradient, tallies.gradient, 0);
    exact_lab_close(&lab);
    return code;
}
