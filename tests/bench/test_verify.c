/* What the benchmark takes for a right result, and that it sees a wrong one. */
#include "support/check.h"

#include "session.h"
#include "verify.h"

#include <math.h>
#include <stdlib.h>

static void a_distance_is_a_part_of_the_largest_value(void **state)
{
    (void)state;
    const float expected[] = {0.0f, -4.0f, 2.0f, NAN, INFINITY};
    float found[] = {0.0f, -4.0f, 2.0f, NAN, INFINITY};
    const size_t count = sizeof found / sizeof found[0];
    assert_true(verify_distance(found, expected, count) == 0.0);
    found[2] = 2.5f;
    assert_true(verify_distance(found, expected, count) == 0.125); /* of 4, the largest */
    found[2] = NAN;
    assert_true(isinf(verify_distance(found, expected, count)));
    found[2] = 2.0f;
    found[4] = -INFINITY;
    assert_true(isinf(verify_distance(found, expected, count)));
    found[4] = 1.0f;
    assert_true(isinf(verify_distance(found, expected, count)));
    const float zeros[2] = {0.0f, 0.0f}, one[2] = {0.0f, 1.0f};
    assert_true(verify_distance(zeros, zeros, 2) == 0.0);
    assert_true(isinf(verify_distance(one, zeros, 2)));
}

static layer_problem parse_pass(const char *text, layer_pass pass)
{
    layer_problem problem;
    const layer_form form = {TSR_LAYOUT_NHWC, false, LAYER_DTYPE_AS_SAID, 0, pass};
    assert_int_equal(layer_parse(text, form, &problem), 0);
    return problem;
}

static layer_problem parse(const char *text)
{
    return parse_pass(text, LAYER_FORWARD);
}

/* Which part of a problem is computed again. */
static void a_part_is_the_last_image_and_the_last_channels(void **state)
{
    (void)state;
    layer_problem whole = parse("conv:n3c4h5w6k8r3s3pd1"), part;
    assert_int_equal(layer_part(&whole, 1e9, &part), 0);
    assert_int_equal(part.conv.n, 1);
    assert_int_equal(part.conv.k, 8);
    assert_int_equal(part.conv.x_layout, TSR_LAYOUT_NCHW);
    assert_int_equal(part.first_x, 2 * 4 * 5 * 6);
    assert_int_equal(part.first_w, 0);
    assert_int_equal(part.first_y, 2 * 8 * 5 * 6);

    assert_int_equal(layer_part(&whole, whole.operations / 3 / 8, &part), 0); /* one channel, and one more */
    assert_int_equal(part.conv.k, 2);
    assert_int_equal(part.y.c, 2);
    assert_int_equal(part.first_w, 6 * 4 * 3 * 3);
    assert_int_equal(part.first_y, (2 * 8 + 6) * 5 * 6);

    whole = parse("conv:n3c4h5w6k8r3s3pd1,bias"); /* a bias would have to begin elsewhere */
    assert_int_equal(layer_part(&whole, 1.0, &part), 0);
    assert_int_equal(part.conv.k, 8);

    whole = parse("max:n3c4h5w6r2s2");
    assert_int_equal(layer_part(&whole, 1.0, &part), 0);
    assert_int_equal(part.pool.n, 1);
    assert_int_equal(part.first_x, 2 * 4 * 5 * 6);
    assert_int_equal(part.first_y, 2 * 4 * 2 * 3);
}

static void a_part_of_a_gradient_is_its_last_channels(void **state)
{
    (void)state;
    layer_problem whole = parse_pass("conv:n3c4h5w6k8r3s3pd1", LAYER_BACKWARD_DATA), part;
    assert_int_equal(whole.result.c, 4);
    assert_int_equal(layer_part(&whole, whole.operations / 3 / 4, &part), 0);
    assert_int_equal(part.conv.n, 1);
    assert_int_equal(part.conv.c, 2);
    assert_int_equal(part.first_y, 2 * 8 * 5 * 6);
    assert_int_equal(part.first_w, 2 * 3 * 3);
    assert_int_equal(part.first_result, (2 * 4 + 2) * 5 * 6);

    whole = parse_pass("conv:n3c4h5w6k8r3s3pd1", LAYER_BACKWARD_WEIGHTS);
    assert_int_equal(layer_elements(&whole.result), 8 * 4 * 3 * 3);
    assert_int_equal(layer_part(&whole, whole.operations / 8, &part), 0);
    assert_int_equal(part.conv.n, 3);
    assert_int_equal(part.conv.k, 2);
    assert_int_equal(part.first_x, 0);
    assert_int_equal(part.first_y, 6 * 5 * 6);
    assert_int_equal(part.first_result, 6 * 4 * 3 * 3);

    whole = parse_pass("max:n3c4h5w6r2s2", LAYER_BACKWARD_DATA);
    assert_int_equal(layer_part(&whole, 1.0, &part), 0);
    assert_int_equal(part.first_y, 2 * 4 * 2 * 3);
    assert_int_equal(part.first_result, 2 * 4 * 5 * 6);
}

/* One element is away by one. */
static void check_layer(const char *text, layer_pass pass, size_t wrong)
{
    tsr_context *context = NULL;
    layer one;
    double distance = -1.0;
    const layer_problem problem = parse_pass(text, pass);
    assert_int_equal(session_open("cpu", SESSION_CACHE_NONE, NULL, &context), 0);
    const tsr_device *device = tsr_context_device(context);
    assert_int_equal(layer_open(context, &problem, NULL, &one), 0);
    assert_int_equal(tsr_plan_run(one.plan, &one.args), TSR_OK);
    float *y = layer_read_result(&one);
    assert_non_null(y);
    assert_int_equal(verify_layer(context, device, &problem, y, &distance), 0);
    assert_true(distance == 0.0);
    y[wrong] += 1.0f;
    assert_int_equal(verify_layer(context, device, &problem, y, &distance), 1);
    assert_true(distance > 0.0);
    free(y);
    layer_close(&one);
    tsr_context_destroy(context);
}

static void a_wrong_element_is_seen(void **state)
{
    (void)state;
    const layer_pass forward = LAYER_FORWARD, data = LAYER_BACKWARD_DATA, weights = LAYER_BACKWARD_WEIGHTS;
    check_layer("conv:n2c4h5w6k8r3s3pd1", forward, 8 * 5 * 6);            /* the first of the last image */
    check_layer("conv:n2c4h5w6k8r3s3pd1", forward, 2 * 8 * 5 * 6 - 1);    /* the last of all */
    check_layer("conv:c32h20w20k200r5s5pd2", forward, 200 * 20 * 20 - 1); /* too much for all channels */
    check_layer("conv:n2c6h5w5k6r3s3g6,bias,relu", forward, 6 * 3 * 3);
    check_layer("avg:n2c3h6w6r2s2", forward, 3 * 3 * 3 + 5);
    check_layer("conv:n2c4h5w6k8r3s3pd1", data, 4 * 5 * 6);
    check_layer("conv:n2c200h20w20k32r5s5pd2", data, 2 * 200 * 20 * 20 - 1);
    check_layer("convt:c6h5w5k4r3s3st2", data, 0);
    check_layer("conv:n2c4h5w6k8r3s3pd1", weights, 0);
    check_layer("conv:n2c32h20w20k100r5s5pd2", weights, 100 * 32 * 5 * 5 - 1);
    check_layer("conv:n2c6h5w5k6r3s3g6", weights, 6 * 3 * 3 - 1);
    check_layer("max:n2c3h6w6r2s2", data, 3 * 6 * 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_distance_is_a_part_of_the_largest_value),
        cmocka_unit_test(a_part_is_the_last_image_and_the_last_channels),
        cmocka_unit_test(a_part_of_a_gradient_is_its_last_channels),
        cmocka_unit_test(a_wrong_element_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
