/* Every convolution algorithm on every shape that it accepts, and every tile that a tuner may choose on a few. */
#include "support/exact.h"
#include "conv/conv.h"
#include "support/shapes.h"
#include "support/support.h"

static void check_shape(const exact_lab *lab, tsr_conv conv, size_t shape, exact_tally *tallies)
{
    for (size_t pair = 0; shapes_layouts(shape, pair, &conv.x_layout, &conv.y_layout); ++pair) {
        tsr__problem problem;
        REQUIRE(tsr__conv_problem(&conv, &problem));
        exact_check_all(lab, &problem, (shape + pair) % 2 == 0, tallies);
    }
}

/* The same windows and sizes transposed, depthwise; a padding may leave nothing of the output. */
static void check_transposed(const exact_lab *lab, tsr_conv conv, size_t shape, exact_tally *tallies)
{
    tsr_tensor y;
    conv.transposed = true;
    if (conv.groups == conv.c && tsr_conv_output(&conv, &y) == TSR_OK) check_shape(lab, conv, shape, tallies);
}

/* Sizes for which every tile has whole and partial instances. */
static void check_tiles(const exact_lab *lab, const char *text, tsr_layout layout, exact_tally *tallies)
{
    tsr_conv conv;
    tsr__problem problem;
    REQUIRE(tsr_conv_parse(text, &conv));
    conv.x_layout = conv.y_layout = layout;
    REQUIRE(tsr__conv_problem(&conv, &problem));
    exact_check_candidates(lab, &problem, tallies);
}

/* Few output channels in larger blocks than x has: most of y's block are spare, in vectors of their own, and zeros. In
 * tiles enough for each work-item to do all that there is to some. In every share. */
static void check_spare_vectors(const exact_lab *lab, exact_tally *tallies)
{
    exact_lab all = *lab;
    all.share = -1;
    tsr_conv conv;
    tsr__problem problem;
    REQUIRE(tsr_conv_parse("conv:c16h63w63k5r3s3pd1,bias,relu", &conv));
    conv.x_layout = TSR_LAYOUT_NCHW8C;
    conv.y_layout = TSR_LAYOUT_NCHW16C;
    REQUIRE(tsr__conv_problem(&conv, &problem));
    exact_check_all(&all, &problem, false, tallies);
}

int main(void)
{
    exact_lab lab = exact_lab_open(8);
    exact_tally tallies[EXACT_MAX_ALGORITHMS] = {{0}};
    tsr_conv conv;
    for (size_t i = 0; shapes_conv(i, &conv); ++i) {
        check_shape(&lab, conv, i, tallies);
        check_transposed(&lab, conv, i, tallies);
    }
    check_tiles(&lab, "conv:n2c19h23w21k37r3s3pd1,bias,relu", TSR_LAYOUT_ANY, tallies);
    check_tiles(&lab, "conv:n2c19h23w21k37r3s3pd1,bias,relu", TSR_LAYOUT_NCHW, tallies);
    check_tiles(&lab, "conv:n2c32h9w11k74r3s3pd1g2,residual", TSR_LAYOUT_NHWC, tallies); /* 16 channels in a group */
    check_tiles(&lab, "conv:n2c19h23w21k37,residual", TSR_LAYOUT_ANY, tallies);
    check_tiles(&lab, "conv:n2c37h23w21k37r3s3pd1g37,bias,relu", TSR_LAYOUT_ANY, tallies);
    check_tiles(&lab, "conv:n2c37d3h11w21k37t2r3s3st1x2x1dl1x3x1pd1g37,residual", TSR_LAYOUT_NHWC, tallies);
    check_spare_vectors(&lab, tallies);
    const int code = exact_report(&lab, &tsr__conv, tallies, 100);
    exact_lab_close(&lab);
    return code;
}
