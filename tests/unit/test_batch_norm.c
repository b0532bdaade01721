/* A batch normalisation folded into a convolution gives what normalising the convolution's output gives. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "support/support.h"

static tsr_context *context;

static int open_context(void **state)
{
    (void)state;
    return tsr_context_create("cpu", NULL, &context) == TSR_OK ? 0 : -1;
}

static int close_context(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    return 0;
}

/* Sixteenths, so that sums are exact and only the normalisation rounds. */
static float *random_floats(support_random *random, uint64_t bytes)
{
    float *numbers = support_floats(random, bytes);
    for (uint64_t i = 0; i < bytes / sizeof(float); ++i) numbers[i] /= 16.0f;
    return numbers;
}

static tsr_buffer *lend(const float *memory, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    if (bytes > 0) assert_ok(tsr_buffer_wrap_host(context, (void *)(uintptr_t)memory, bytes, &buffer));
    return buffer;
}

/* The problem, with a bias. The caller frees. */
static float *convolve(const tsr_conv *problem, const float *x, const float *w, const float *bias, tsr_plan_info *info)
{
    tsr_conv c = *problem;
    tsr_plan *plan = NULL;
    c.bias = true;
    assert_ok(tsr_conv_plan(context, &c, NULL, &plan));
    assert_ok(tsr_plan_describe(plan, info));
    float *y = support_allocate(info->y_bytes);
    const uint64_t bias_bytes = sizeof(float) * (uint64_t)c.k;
    tsr_buffer *buffers[] = {lend(x, info->x_bytes), lend(w, info->w_bytes), lend(bias, bias_bytes),
                             lend(y, info->y_bytes)};
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = buffers[0], .w = buffers[1], .bias = buffers[2], .y = buffers[3]}));
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(plan);
    return y;
}

/* ONNX BatchNormalization, opset 15: gamma * (v - mean) / sqrt(variance + epsilon) + beta. */
static double normalise(const tsr_batch_norm *norm, int64_t k, double v)
{
    const double gamma = norm->gamma == NULL ? 1.0 : (double)norm->gamma[k];
    const double beta = norm->beta == NULL ? 0.0 : (double)norm->beta[k];
    const double deviation = sqrt((double)norm->variance[k] + (double)norm->epsilon);
    return gamma * (v - (double)norm->mean[k]) / deviation + beta;
}

/* y holds n images of k planes. */
static void assert_normalised(const tsr_conv *c, const tsr_plan_info *info, const tsr_batch_norm *norm, const float *y,
                              const float *folded)
{
    const int64_t plane = info->y.size[TSR_D] * info->y.size[TSR_H] * info->y.size[TSR_W];
    for (int64_t i = 0; i < c->n * c->k * plane; ++i) {
        const double expected = normalise(norm, i / plane % c->k, (double)y[i]);
        /* Each folded weight is rounded once, by 2^-24; the values here stay below 64 altogether. */
        assert_true(fabs(expected - (double)folded[i]) < 64 * 0x1p-22);
    }
}

static void check(const char *text, bool gamma, bool beta, bool bias, bool in_place)
{
    support_random random = {.state = 41};
    tsr_conv c;
    tsr_plan_info info;
    assert_ok(tsr_conv_parse(text, &c));
    tsr_tensor shape = {.n = c.n, .c = c.c, .size = {c.size[TSR_D], c.size[TSR_H], c.size[TSR_W]}};
    uint64_t x_bytes = 0;
    assert_ok(tsr_tensor_bytes(&shape, &x_bytes));
    const int64_t taps = c.filter[TSR_D] * c.filter[TSR_H] * c.filter[TSR_W];
    const uint64_t w_bytes = sizeof(float) * (uint64_t)(c.k * c.c / c.groups * taps), k_bytes = 4 * (uint64_t)c.k;
    float *x = random_floats(&random, x_bytes), *w = random_floats(&random, w_bytes);
    float *tables[] = {random_floats(&random, k_bytes), random_floats(&random, k_bytes),
                       random_floats(&random, k_bytes), random_floats(&random, k_bytes), support_allocate(k_bytes)};
    for (int64_t k = 0; k < c.k; ++k) tables[3][k] = fabsf(tables[3][k]) + 0.3f;
    const tsr_batch_norm norm = {.gamma = gamma ? tables[0] : NULL,
                                 .beta = beta ? tables[1] : NULL,
                                 .mean = tables[2],
                                 .variance = tables[3],
                                 .epsilon = 1e-5f};
    float *before = random_floats(&random, k_bytes);
    if (!bias) memset(before, 0, k_bytes);
    float *y = convolve(&c, x, w, before, &info);
    float *folded_w = in_place ? w : support_allocate(w_bytes), *folded_bias = in_place ? before : tables[4];
    assert_ok(tsr_conv_fold_batch_norm(&c, &norm, w, bias ? before : NULL, folded_w, folded_bias));
    float *folded = convolve(&c, x, folded_w, folded_bias, &info);
    assert_normalised(&c, &info, &norm, y, folded);
    for (size_t i = 0; i < COUNT(tables); ++i) free(tables[i]);
    if (!in_place) free(folded_w);
    float *const rest[] = {x, w, before, y, folded};
    for (size_t i = 0; i < COUNT(rest); ++i) free(rest[i]);
}

static const char *const problems[] = {
    "conv:n2c3h5w6k4r3s3pd1",     "conv:c6h5w6k9r3s2g3st2",  "conv:c4h5w6k8r3s3g4pd1", "conv:c2d3h4w5k3t2r2s2",
    "convt:n2c3h4w5k4r3s3st2pd1", "convt:c6h4w5k9r3s2g3st2", "convt:c4h5w6k8r2s2g4",   "convt:c2d3h4w5k3t2r2s2st2",
};

static void folding_equals_normalising(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(problems); ++i)
        for (int which = 0; which < 8; ++which) check(problems[i], which & 1, which & 2, which & 4, false);
}

static void folding_may_write_over_its_inputs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(problems); ++i) check(problems[i], true, true, true, true);
}

static void a_channel_folds_by_hand(void **state)
{
    (void)state;
    tsr_conv c;
    const float gamma[] = {3, 1}, beta[] = {10, -1}, mean[] = {5, 1}, variance[] = {3, 0.25f}, w[] = {2, 4};
    const float bias[] = {7, 2};
    const tsr_batch_norm norm = {gamma, beta, mean, variance, 1.0f};
    float folded_w[2], folded_bias[2];
    assert_ok(tsr_conv_parse("conv:c1w4k2", &c));
    assert_ok(tsr_conv_fold_batch_norm(&c, &norm, w, bias, folded_w, folded_bias));
    assert_true(folded_w[0] == 3.0f && folded_bias[0] == 13.0f); /* 3 / sqrt(4) */
    assert_true(folded_w[1] == (float)(4.0 / sqrt(1.25)));
    assert_true(folded_bias[1] == (float)(1.0 / sqrt(1.25) - 1.0));
}

static void bad_normalisations_are_refused_and_change_nothing(void **state)
{
    (void)state;
    tsr_conv c;
    float mean[2] = {0}, variance[2] = {1, 1}, w[2] = {5, 6}, out_w[2] = {77, 77}, out_bias[2] = {78, 78};
    const tsr_batch_norm sound = {.mean = mean, .variance = variance, .epsilon = 0.0f};
    tsr_batch_norm norm = sound;
    assert_ok(tsr_conv_parse("conv:c1w4k2", &c));
    norm.mean = NULL;
    assert_fails(tsr_conv_fold_batch_norm(&c, &norm, w, NULL, out_w, out_bias), TSR_INVALID_VALUE, "NULL");
    norm = sound;
    norm.variance = NULL;
    assert_fails(tsr_conv_fold_batch_norm(&c, &norm, w, NULL, out_w, out_bias), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_conv_fold_batch_norm(&c, NULL, w, NULL, out_w, out_bias), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_conv_fold_batch_norm(&c, &sound, NULL, NULL, out_w, out_bias), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_conv_fold_batch_norm(&c, &sound, w, NULL, NULL, out_bias), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_conv_fold_batch_norm(&c, &sound, w, NULL, out_w, NULL), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_conv_fold_batch_norm(NULL, &sound, w, NULL, out_w, out_bias), TSR_INVALID_VALUE,
                 "problem is NULL");
    static const float bad[] = {0.0f, -1.0f, NAN};
    for (size_t i = 0; i < COUNT(bad); ++i) {
        variance[1] = bad[i];
        assert_fails(tsr_conv_fold_batch_norm(&c, &sound, w, NULL, out_w, out_bias), TSR_INVALID_VALUE,
                     "variance[1] is ", "must be above 0");
    }
    variance[1] = 1;
    c.groups = 3;
    assert_fails(tsr_conv_fold_batch_norm(&c, &sound, w, NULL, out_w, out_bias), TSR_INVALID_VALUE, "groups is 3");
    assert_true(out_w[0] == 77 && out_w[1] == 77 && out_bias[0] == 78 && out_bias[1] == 78);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folding_equals_normalising),
        cmocka_unit_test(folding_may_write_over_its_inputs),
        cmocka_unit_test(a_channel_folds_by_hand),
        cmocka_unit_test(bad_normalisations_are_refused_and_change_nothing),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
