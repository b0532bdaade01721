/* The derivative of every activation on the device, from v and from y, against the CPU path's formulas in double, which
 * unit/test_gradients.c holds against differences; and the kinks. */
#include <float.h>
#include <math.h>

#include "api/activation_texts.h"
#include "support/check.h"
#include "support/support.h"
#include "tessera_training.h"

enum { ACTIVATIONS = TSR__ACTIVATIONS, WIDTH = 512 };

static tsr_context *context;
static float points[WIDTH], ones[WIDTH];

/* Far out, at the kinks, near 0, a NaN, and evenly between. */
static void make_points(void)
{
    static const float special[] = {0.0f,   -0.0f, 1e-30f, -1e-30f, 80.0f, -80.0f, 1e4f,  -1e4f, 1e30f,
                                    -1e30f, 3.0f,  -3.0f,  6.0f,    -6.0f, 3.25f,  -2.5f, 1.0f,  NAN};
    for (int i = 0; i < WIDTH; ++i) {
        points[i] = -12.0f + 24.0f * (float)i / (float)WIDTH;
        ones[i] = 1.0f;
    }
    for (size_t i = 0; i < COUNT(special); ++i) points[i * 7] = special[i];
}

static int open_context(void **state)
{
    (void)state;
    context = support_context();
    make_points();
    return 0;
}

static int close_context(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    return 0;
}

static tsr_buffer *filled(const float *numbers, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    assert_ok(tsr_buffer_create(context, bytes, &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, numbers, bytes));
    return buffer;
}

/* OpenCL's functions leave a few units of the last place, 16 of erfc and of what is subtracted from 1; the products
 * with v that the formulas add are below 2 where they do not vanish. */
static bool is_near(double got, double expected)
{
    const double units = 48.0 * (double)FLT_EPSILON;
    if (isnan(expected)) return isnan(got);
    return fabs(got - expected) <= units * (1.0 + fabs(expected));
}

static void check(const char *text, bool from_v)
{
    static const float slope = -0.5f;
    tsr_conv_backward b = tsr_conv_backward_default();
    tsr_plan *plan = NULL;
    float saved[WIDTH], dv[WIDTH];
    assert_ok(tsr_conv_parse("conv:c1w512k1", &b.forward));
    assert_ok(tsr_activation_parse(text, &b.forward.activation, &b.forward.alpha, &b.forward.beta));
    const double alpha = (double)b.forward.alpha, beta = (double)b.forward.beta;
    for (int i = 0; i < WIDTH; ++i)
        saved[i] = from_v ? points[i]
                          : (float)tsr__activate(b.forward.activation, (double)points[i], alpha, beta, (double)slope);
    b.from_v = from_v;
    assert_ok(tsr_conv_backward_activation_plan(context, &b, NULL, &plan));
    tsr_buffer *buffers[] = {filled(ones, sizeof ones), filled(saved, sizeof saved), filled(&slope, sizeof slope),
                             filled(points, sizeof points)};
    assert_ok(
        tsr_plan_run(plan, &(tsr_args){.dy = buffers[0], .y = buffers[1], .slope = buffers[2], .dv = buffers[3]}));
    assert_ok(tsr_buffer_read(buffers[3], 0, dv, sizeof dv));
    for (int i = 0; i < WIDTH; ++i) {
        const double expected =
            tsr__activation_derivative(b.forward.activation, from_v, (double)saved[i], alpha, beta, (double)slope);
        if (!is_near((double)dv[i], expected))
            fail_msg("%s from %s at %.9g: %.9g and not %.9g", text, from_v ? "v" : "y", (double)saved[i], (double)dv[i],
                     expected);
    }
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(plan);
}

static void the_device_computes_every_derivative(void **state)
{
    (void)state;
    for (int a = 0; a < ACTIVATIONS; ++a) {
        check(activation_texts[a], true);
        if (!tsr__derivative_needs_v((tsr_activation)a, 0.5f)) check(activation_texts[a], false);
    }
}

/* From y and from v they are the same. */
static void both_ways_to_a_derivative_agree(void **state)
{
    (void)state;
    for (int a = 0; a < ACTIVATIONS; ++a) {
        if (tsr__derivative_needs_v((tsr_activation)a, 0.5f)) continue;
        for (double v = -8.0; v <= 8.0; v += 0.0625) {
            const double y = tsr__activate((tsr_activation)a, v, 0.5, 0.75, 0.0);
            const double of_v = tsr__activation_derivative((tsr_activation)a, true, v, 0.5, 0.75, 0.0);
            const double of_y = tsr__activation_derivative((tsr_activation)a, false, y, 0.5, 0.75, 0.0);
            if (!(fabs(of_v - of_y) <= 1e-12))
                fail_msg("%s at %g: %.12g and %.12g", activation_texts[a], v, of_v, of_y);
        }
    }
}

static void kinks_are_as_documented(void **state)
{
    (void)state;
    static const struct {
        tsr_activation activation;
        double v, derivative; /* alpha 0.5, beta 2, slope -3 */
    } kinks[] = {
        {TSR_ACTIVATION_RELU, 0, 0},         {TSR_ACTIVATION_RELU6, 0, 0},         {TSR_ACTIVATION_RELU6, 6, 0},
        {TSR_ACTIVATION_LEAKY_RELU, 0, 0.5}, {TSR_ACTIVATION_PRELU, 0, -3},        {TSR_ACTIVATION_CLIP, 0.5, 0},
        {TSR_ACTIVATION_CLIP, 2, 0},         {TSR_ACTIVATION_ELU, 0, 0.5},         {TSR_ACTIVATION_HARD_SWISH, -3, 0},
        {TSR_ACTIVATION_HARD_SWISH, 3, 1},   {TSR_ACTIVATION_HARD_SIGMOID, -2, 0}, {TSR_ACTIVATION_HARD_SIGMOID, -4, 0},
        {TSR_ACTIVATION_CLIP, 1, 1}};
    for (size_t i = 0; i < COUNT(kinks); ++i) {
        const double got = tsr__activation_derivative(kinks[i].activation, true, kinks[i].v, 0.5, 2, -3);
        if (got != kinks[i].derivative)
            fail_msg("%s at %g: %g", activation_texts[kinks[i].activation], kinks[i].v, got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device_computes_every_derivative),
        cmocka_unit_test(both_ways_to_a_derivative_agree),
        cmocka_unit_test(kinks_are_as_documented),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
