/* Every activation on the device against the CPU path's formula in double, within the bounds that OpenCL's functions
 * leave: a few units of the last place. */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "api/activation_texts.h"
#include "support/support.h"
#include "tensor.h"
#include "support/check.h"

enum { ACTIVATIONS = TSR__ACTIVATIONS, WIDTH = 512, CHANNELS = 16 };

static tsr_context *context;
static float points[WIDTH]; /* the last one is a NaN */

/* What the convolution's result is: points far out, near 0, and evenly between. */
static void make_points(void)
{
    static const float special[] = {0.0f,    1e-30f, -1e-30f, 1e-6f, -1e-6f, 80.0f,      -80.0f,   100.0f,
                                    -100.0f, 1e4f,   -1e4f,   1e30f, -1e30f, 3.0f,       -3.0f,    6.0f,
                                    -6.0f,   0.5f,   -0.5f,   1.0f,  -1.0f,  -0x1p-126f, 0x1p-126f};
    for (int i = 0; i < WIDTH; ++i) points[i] = -12.0f + 24.0f * (float)i / (float)WIDTH;
    for (size_t i = 0; i < COUNT(special); ++i) points[i * 7] = special[i];
    points[WIDTH - 1] = NAN;
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

/* ---- Bounds ---------------------------------------------------------------------------------------------------- */

/* OpenCL 1.2, table 7.1, in units of the last place: exp 3, expm1 3, log1p 2, tanh 5, erf 16, a quotient 2.5. Where a
 * formula subtracts numbers of about the size of v or of 1 the error is in units of that size, not of the result's. */
typedef struct bound {
    double of_result, of_v, of_one; /* units of these sizes */
} bound;

static const bound bounds[ACTIVATIONS] = {
    [TSR_ACTIVATION_LEAKY_RELU] = {1, 0, 0},   [TSR_ACTIVATION_PRELU] = {1, 0, 0},
    [TSR_ACTIVATION_SIGMOID] = {8, 0, 0}, /* exp, a sum, a quotient */
    [TSR_ACTIVATION_TANH] = {5, 0, 0},         [TSR_ACTIVATION_SILU] = {8, 0, 0},
    [TSR_ACTIVATION_HARD_SIGMOID] = {0, 1, 1}, /* a v + b */
    [TSR_ACTIVATION_HARD_SWISH] = {2, 2, 0},   /* v / 6 + 1 / 2 is below 1 */
    [TSR_ACTIVATION_GELU] = {4, 10, 0},        /* 1 + erf, halved */
    [TSR_ACTIVATION_GELU_TANH] = {8, 8, 0},    /* 1 + tanh, halved; the argument is a sum of products */
    [TSR_ACTIVATION_ELU] = {4, 0, 0},          [TSR_ACTIVATION_SOFTPLUS] = {8, 0, 0}, /* log1p of exp, a sum */
    [TSR_ACTIVATION_MISH] = {16, 0, 0},                                               /* tanh of that, a product */
};

/* Below this a device may flush to 0, and exp(-v) may have overflowed. */
static const double tiny = 0x1p-118;

static double tolerance(int activation, double v, double y)
{
    const bound *b = &bounds[activation];
    const double size = b->of_result * fabs(y) + b->of_v * fabs(v) + b->of_one;
    return size * (double)FLT_EPSILON + tiny;
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static tsr_buffer *filled(const float *numbers, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    assert_ok(tsr_buffer_create(context, bytes, &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, numbers, bytes));
    return buffer;
}

static float slope_of(int64_t channel)
{
    return (float)(channel - 4) / 8.0f;
}

static void assert_activated(const tsr_conv *problem, const tsr_plan_info *info, const float *y)
{
    const int a = (int)problem->activation;
    tsr_tensor t = info->y;
    tsr__tensor_settle(&t);
    for (int64_t k = 0; k < CHANNELS; ++k)
        for (int64_t w = 0; w < WIDTH; ++w) {
            const double v = (double)points[w], got = (double)y[tsr__tensor_at(&t, 0, k, 0, 0, w)];
            const double expected = tsr__activate(problem->activation, v, (double)problem->alpha, (double)problem->beta,
                                                  (double)slope_of(k));
            const bool right = isnan(v) ? isnan(got) : fabs(got - expected) <= tolerance(a, v, expected);
            if (!right) print_error("%s of %.9g: %.9g and not %.9g\n", info->description, v, got, expected);
            assert_true(right);
        }
}

/* A convolution with one input channel and weights of 1: every output channel is the activation of the points. */
static void check(tsr_activation activation, const char *text, const char *algorithm, tsr_layout layout)
{
    static float ones[CHANNELS], slopes[CHANNELS];
    tsr_conv problem;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = algorithm;
    for (int k = 0; k < CHANNELS; ++k) {
        ones[k] = 1.0f;
        slopes[k] = slope_of(k);
    }
    assert_ok(tsr_conv_parse("conv:c1w512k16", &problem));
    assert_ok(tsr_activation_parse(text, &problem.activation, &problem.alpha, &problem.beta));
    assert_int_equal(problem.activation, activation);
    problem.x_layout = TSR_LAYOUT_NCHW;
    problem.y_layout = layout;
    assert_ok(tsr_conv_plan(context, &problem, &options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    tsr_buffer *buffers[] = {filled(points, sizeof points), filled(ones, sizeof ones), filled(slopes, sizeof slopes),
                             NULL};
    assert_ok(tsr_buffer_create(context, info.y_bytes, &buffers[3]));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = buffers[0], .w = buffers[1], .slope = buffers[2], .y = buffers[3]}));
    float *y = support_allocate(info.y_bytes);
    assert_ok(tsr_buffer_read(buffers[3], 0, y, info.y_bytes));
    assert_activated(&problem, &info, y);
    free(y);
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(plan);
}

static void the_reference_computes_every_activation(void **state)
{
    (void)state;
    for (int a = 0; a < ACTIVATIONS; ++a) check((tsr_activation)a, activation_texts[a], "reference", TSR_LAYOUT_NCHW);
}

static void the_librarys_choice_computes_every_activation(void **state)
{
    (void)state;
    for (int a = 0; a < ACTIVATIONS; ++a) check((tsr_activation)a, activation_texts[a], NULL, TSR_LAYOUT_ANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_computes_every_activation),
        cmocka_unit_test(the_librarys_choice_computes_every_activation),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
