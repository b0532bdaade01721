/* The CPU path: published examples, special values, the fast algorithms against the naive ones. */
#include "support/check.h"

#include <math.h>
#include <stdlib.h>

#include "support/shapes.h"
#include "support/support.h"

enum { MAX_VALUES = 64 };

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

/* ---- Running --------------------------------------------------------------------------------------------------- */

static tsr_plan_options options_for(const char *algorithm)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = algorithm;
    return options;
}

static tsr_plan *conv_plan(const tsr_conv *problem, const char *algorithm)
{
    const tsr_plan_options options = options_for(algorithm);
    tsr_plan *plan = NULL;
    assert_ok(tsr_conv_plan(context, problem, &options, &plan));
    return plan;
}

static tsr_plan *pool_plan(const tsr_pool *problem, const char *algorithm)
{
    const tsr_plan_options options = options_for(algorithm);
    tsr_plan *plan = NULL;
    assert_ok(tsr_pool_plan(context, problem, &options, &plan));
    return plan;
}

/* What a plan makes of host memory; w and bias may be NULL. The caller frees. */
static float *run_plan(const tsr_plan *plan, const float *x, const float *w, const float *bias)
{
    tsr_plan_info info;
    assert_ok(tsr_plan_describe(plan, &info));
    assert_int_equal(info.workspace_bytes, 0);
    float *y = support_allocate(info.y_bytes);
    memset(y, 0x7f, info.y_bytes);
    const float *const sources[] = {x, w, bias, y};
    const uint64_t bytes[] = {info.x_bytes, info.w_bytes, info.bias_bytes, info.y_bytes};
    tsr_buffer *buffers[COUNT(sources)] = {NULL};
    for (size_t i = 0; i < COUNT(sources); ++i)
        if (bytes[i] > 0)
            assert_ok(tsr_buffer_wrap_host(context, (void *)(uintptr_t)sources[i], bytes[i], &buffers[i]));
    const tsr_args args = {.x = buffers[0], .w = buffers[1], .bias = buffers[2], .y = buffers[3]};
    assert_ok(tsr_plan_run(plan, &args));
    for (size_t i = 0; i < COUNT(sources); ++i) tsr_buffer_destroy(buffers[i]);
    return y;
}

static const char *const algorithms[] = {"rows", "reference"};

/* Both algorithms turn x (and w) into exactly the expected values. */
static void check_conv(const char *text, const float *x, const float *w, const float *bias, const float *expected)
{
    tsr_conv problem;
    tsr_tensor y;
    uint64_t bytes = 0;
    assert_ok(tsr_conv_parse(text, &problem));
    assert_ok(tsr_conv_output(&problem, &y));
    assert_ok(tsr_tensor_bytes(&y, &bytes));
    for (size_t i = 0; i < COUNT(algorithms); ++i) {
        tsr_plan *plan = conv_plan(&problem, algorithms[i]);
        float *got = run_plan(plan, x, w, bias);
        if (memcmp(got, expected, bytes) != 0) print_error("%s with %s\n", text, algorithms[i]);
        assert_memory_equal(got, expected, bytes);
        free(got);
        tsr_plan_destroy(plan);
    }
}

static void check_pool(const char *text, const float *x, const float *expected)
{
    tsr_pool problem;
    tsr_tensor y;
    uint64_t bytes = 0;
    assert_ok(tsr_pool_parse(text, &problem));
    assert_ok(tsr_pool_output(&problem, &y));
    assert_ok(tsr_tensor_bytes(&y, &bytes));
    for (size_t i = 0; i < COUNT(algorithms); ++i) {
        tsr_plan *plan = pool_plan(&problem, algorithms[i]);
        float *got = run_plan(plan, x, NULL, NULL);
        if (memcmp(got, expected, bytes) != 0) print_error("%s with %s\n", text, algorithms[i]);
        assert_memory_equal(got, expected, bytes);
        free(got);
        tsr_plan_destroy(plan);
    }
}

/* first, first + 1, ... */
static const float *counting(float first)
{
    static float values[MAX_VALUES];
    for (size_t i = 0; i < MAX_VALUES; ++i) values[i] = first + (float)i;
    return values;
}

static const float ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};

/* ---- Published examples ---------------------------------------------------------------------------------------- */

/* The examples in ONNX's documentation of the operator Conv, with its numbers. */
static void convolution_gives_the_numbers_of_onnx(void **state)
{
    (void)state;
    static const struct {
        const char *name, *problem;
        float expected[25];
    } cases[] = {
        {"conv, with padding", "conv:c1h5w5k1r3s3pd1", {12,  21, 27, 33,  24,  33,  54,  63, 72,  51,  63,  99, 108,
                                                        117, 81, 93, 144, 153, 162, 111, 72, 111, 117, 123, 84}},
        {"conv, without padding", "conv:c1h5w5k1r3s3", {54, 63, 72, 99, 108, 117, 144, 153, 162}},
        {"conv_with_autopad_same", "conv:c1h5w5k1r3s3st2,same-lower", {12, 27, 24, 63, 108, 81, 72, 117, 84}},
        {"conv_with_strides, padding",
         "conv:c1h7w5k1r3s3st2pd1",
         {12, 27, 24, 63, 108, 81, 123, 198, 141, 112, 177, 124}},
        {"conv_with_strides, no padding", "conv:c1h7w5k1r3s3st2", {54, 72, 144, 162, 234, 252}},
        {"conv_with_strides, asymmetric padding",
         "conv:c1h7w5k1r3s3st2pd1x0x1x0",
         {21, 33, 99, 117, 189, 207, 171, 183}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) check_conv(cases[i].problem, counting(0), ones, NULL, cases[i].expected);
}

/* The examples in ONNX's documentation of MaxPool ("precomputed"), with its numbers. */
static void max_pooling_gives_the_numbers_of_onnx(void **state)
{
    (void)state;
    static const float pads[] = {13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25,
                                 25, 25, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25};
    static const float same_upper[] = {7, 9, 10, 17, 19, 20, 22, 24, 25}, strides[] = {7, 9, 17, 19};
    check_pool("max:c1h5w5r5s5st1pd2", counting(1), pads);
    check_pool("max:c1h5w5r3s3st2,same-upper", counting(1), same_upper);
    check_pool("max:c1h5w5r2s2st2", counting(1), strides);
}

/* The same of AveragePool. */
static void average_pooling_gives_the_numbers_of_onnx(void **state)
{
    (void)state;
    static const float pads[] = {7,     7.5f, 8,     8.5f, 9,     9.5f, 10,    10.5f, 11,    11.5f, 12,    12.5f, 13,
                                 13.5f, 14,   14.5f, 15,   15.5f, 16,   16.5f, 17,    17.5f, 18,    18.5f, 19};
    static const float include[] = {2.5200f, 3.6000f,  4.8000f, 4.0800f,  3.2400f,  4.5600f,  6.4000f,
                                    8.4000f, 7.0400f,  5.5200f, 7.2000f,  10.0000f, 13.0000f, 10.8000f,
                                    8.4000f, 6.9600f,  9.6000f, 12.4000f, 10.2400f, 7.9200f,  6.1200f,
                                    8.4000f, 10.8000f, 8.8800f, 6.8400f};
    static const float same_upper[] = {4, 5.5f, 7, 11.5f, 13, 14.5f, 19, 20.5f, 22}, strides[] = {4, 6, 14, 16};
    check_pool("avg:c1h5w5r5s5st1pd2", counting(1), pads);
    check_pool("avgpad:c1h5w5r5s5st1pd2", counting(1), include);
    check_pool("avg:c1h5w5r3s3st2,same-upper", counting(1), same_upper);
    check_pool("avg:c1h5w5r2s2st2", counting(1), strides);
}

/* ---- By hand --------------------------------------------------------------------------------------------------- */

static void convolutions_give_what_a_hand_computes(void **state)
{
    (void)state;
    /* Cross-correlation: the filter is not flipped. */
    check_conv("conv:c1w4k1s2", counting(1), (const float[]){10, 1}, NULL, (const float[]){12, 23, 34});
    check_conv("conv:c1w5k1s2dl3", counting(1), (const float[]){10, 1}, NULL, (const float[]){14, 25});
    check_conv("conv:c1w4k1s2pd0x1x0x0", counting(1), (const float[]){10, 1}, NULL, (const float[]){1, 12, 23, 34});
    /* Channels are summed; w is [k][c][s]. */
    check_conv("conv:c2w2k2", counting(1), (const float[]){1, 10, 100, 1000}, NULL,
               (const float[]){31, 42, 3100, 4200});
    /* Two groups: each sees one channel. */
    check_conv("conv:c2w2k4g2", counting(1), (const float[]){1, 2, 3, 4}, NULL,
               (const float[]){1, 2, 2, 4, 9, 12, 12, 16});
    check_conv("conv:c2w2k2,bias", counting(1), (const float[]){1, 0, 0, 1}, (const float[]){0.5f, -9},
               (const float[]){1.5f, 2.5f, -6, -5});
    check_conv("conv:c2w2k2,bias,relu", counting(1), (const float[]){1, 0, 0, 1}, (const float[]){0.5f, -3.5f},
               (const float[]){1.5f, 2.5f, 0, 0.5f});
    /* Two images of one 2x2x2 cube each, all eight weights 1. */
    check_conv("conv:n2c1d2h2w2k1t2r2s2", counting(1), ones, NULL, (const float[]){36, 100});
}

static void poolings_give_what_a_hand_computes(void **state)
{
    (void)state;
    static const float x[] = {1, -2, 3, -4, 5, -6};
    check_pool("max:c2w3s2st1", x, (const float[]){1, 3, 5, 5});
    check_pool("avg:c2w3s2st1", x, (const float[]){-0.5f, 0.5f, 0.5f, -0.5f});
    check_pool("avg:c1w6s4st2pd0x1x0x1", x, (const float[]){2.0f / 3, 0.5f, -5.0f / 3});
    check_pool("avgpad:c1w6s4st2pd0x1x0x1", x, (const float[]){0.5f, 0.5f, -1.25f});
    check_pool("max:c1d3h1w2t2st1", x, (const float[]){3, -2, 5, -4});
    check_pool("max:c1w6s2st4", x, (const float[]){1, 5}); /* a stride above the window */
}

/* ---- Special values -------------------------------------------------------------------------------------------- */

static void a_maximum_passes_nan_on_and_starts_below_everything(void **state)
{
    (void)state;
    const float x[] = {NAN, 1, 2, NAN, -INFINITY, -INFINITY, 3, INFINITY};
    tsr_pool problem;
    assert_ok(tsr_pool_parse("max:c1w8s2", &problem));
    for (size_t i = 0; i < COUNT(algorithms); ++i) {
        tsr_plan *plan = pool_plan(&problem, algorithms[i]);
        float *y = run_plan(plan, x, NULL, NULL);
        assert_true(isnan(y[0]) && isnan(y[1]));
        assert_true(isinf(y[2]) && y[2] < 0);
        assert_true(isinf(y[3]) && y[3] > 0);
        free(y);
        tsr_plan_destroy(plan);
    }
    /* Padding is below every number, and of equals the first stays. */
    check_pool("max:c1w3s2st1pd0x1x0x1", (const float[]){-7, -8, -9}, (const float[]){-7, -7, -8, -9});
    check_pool("max:c1w4s2", (const float[]){-0.0f, 0.0f, 0.0f, -0.0f}, (const float[]){-0.0f, 0.0f});
}

static void relu_keeps_nan_and_cuts_what_is_below_0(void **state)
{
    (void)state;
    const float x[] = {NAN, -1, 2, -INFINITY, INFINITY, 0};
    tsr_conv problem;
    assert_ok(tsr_conv_parse("conv:c1w6k1,relu", &problem));
    for (size_t i = 0; i < COUNT(algorithms); ++i) {
        tsr_plan *plan = conv_plan(&problem, algorithms[i]);
        float *y = run_plan(plan, x, ones, NULL);
        assert_true(isnan(y[0]));
        assert_memory_equal(&y[1], ((const float[]){0, 2, 0, INFINITY, 0}), 5 * sizeof *y);
        free(y);
        tsr_plan_destroy(plan);
    }
}

/* ---- The fast algorithms against the naive ones ---------------------------------------------------------------- */

static void same_bits(tsr_plan *fast, tsr_plan *naive, bool weights)
{
    tsr_plan_info info;
    assert_ok(tsr_plan_describe(fast, &info));
    support_random random = {.state = info.x_bytes * 31 + info.y_bytes};
    float *x = support_tensor(&random, &info.x);
    float *w = weights ? support_floats(&random, info.w_bytes) : NULL;
    float *bias = info.bias_bytes > 0 ? support_floats(&random, info.bias_bytes) : NULL;
    float *got = run_plan(fast, x, w, bias), *expected = run_plan(naive, x, w, bias);
    if (memcmp(got, expected, info.y_bytes) != 0) print_error("%s\n", info.description);
    assert_memory_equal(got, expected, info.y_bytes);
    free(x);
    free(w);
    free(bias);
    free(got);
    free(expected);
    tsr_plan_destroy(fast);
    tsr_plan_destroy(naive);
}

static void rows_convolves_as_the_reference_to_the_bit(void **state)
{
    (void)state;
    tsr_conv problem;
    size_t i = 0;
    for (; shapes_conv(i, &problem); ++i)
        same_bits(conv_plan(&problem, "rows"), conv_plan(&problem, "reference"), true);
    assert_in_range(i, 100, SIZE_MAX);
}

static void rows_pools_as_the_reference_to_the_bit(void **state)
{
    (void)state;
    tsr_pool problem;
    size_t i = 0;
    for (; shapes_pool(i, &problem); ++i)
        if (problem.kind != TSR_POOL_LP) /* which rows refuses */
            same_bits(pool_plan(&problem, "rows"), pool_plan(&problem, "reference"), false);
    assert_in_range(i, 100, SIZE_MAX);
}

/* Rows longer than the stretch that is worked on at a time, on every axis and with everything at once. */
static void rows_is_exact_in_1_2_and_3_dimensions(void **state)
{
    (void)state;
    static const char *const convs[] = {
        "conv:c5w1000k7s5pd2",
        "conv:n2c6w517k9s4st3dl5pd0x7x0x2g3,bias,relu",
        "conv:c3h40w300k5r3s5st2x1dl1x3pd2,bias",
        "conv:c4d6h9w140k6t3r2s3st2x1x2dl1x2x1pd1x0x2x0x1x1g2,bias,relu",
        "conv:c8d3h5w7k16t3r3s3g8,same-upper",
        "conv:c2h3w129k2r3s3,same-lower",
        "conv:c1h2w2k1r5s5pd4",
    };
    static const char *const pools[] = {
        "max:n2c3w1000s5st2pd2",
        "avg:c3h20w300r3s5st2x1pd1x4x2x0",
        "avgpad:c2d5h7w150t3r3s4st2x1x3pd1x2x3x2x0x1",
        "max:c2d5h6w7t2r3s2,same-lower",
        "avg:c2h9w9r4s4st3,same-upper",
    };
    for (size_t i = 0; i < COUNT(convs); ++i) {
        tsr_conv problem;
        assert_ok(tsr_conv_parse(convs[i], &problem));
        same_bits(conv_plan(&problem, "rows"), conv_plan(&problem, "reference"), true);
    }
    for (size_t i = 0; i < COUNT(pools); ++i) {
        tsr_pool problem;
        assert_ok(tsr_pool_parse(pools[i], &problem));
        same_bits(pool_plan(&problem, "rows"), pool_plan(&problem, "reference"), false);
    }
}

/* ---- Layouts --------------------------------------------------------------------------------------------------- */

/* x in another layout, by a reorder plan. */
static float *reordered(const float *x, tsr_tensor tensor, tsr_layout to)
{
    tsr_plan *plan = NULL;
    tsr_tensor other = tensor;
    other.layout = to;
    other.strides = (tsr_strides){0};
    assert_ok(tsr_reorder_plan(context, &tensor, &other, NULL, &plan));
    float *y = run_plan(plan, x, NULL, NULL);
    tsr_plan_destroy(plan);
    return y;
}

static void blocked_layouts_change_no_result_and_leave_spare_lanes_0(void **state)
{
    (void)state;
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW16C};
    tsr_conv problem;
    assert_ok(tsr_conv_parse("conv:n2c6h5w7k10r3s2st2x1pd1g2,bias", &problem));
    support_random random = {.state = 5};
    tsr_plan *plan = conv_plan(&problem, NULL);
    tsr_plan_info info;
    assert_ok(tsr_plan_describe(plan, &info));
    float *x = support_tensor(&random, &info.x), *w = support_floats(&random, info.w_bytes);
    float *bias = support_floats(&random, info.bias_bytes), *expected = run_plan(plan, x, w, bias);
    for (size_t i = 0; i < COUNT(layouts) * COUNT(layouts); ++i) {
        tsr_conv blocked = problem;
        blocked.x_layout = layouts[i % COUNT(layouts)];
        blocked.y_layout = layouts[i / COUNT(layouts)];
        tsr_plan *other = conv_plan(&blocked, NULL);
        float *blocked_x = reordered(x, info.x, blocked.x_layout), *y = run_plan(other, blocked_x, w, bias);
        /* Every byte, spare lanes included, is as a reorder of the plain result has it. */
        float *blocked_y = reordered(expected, info.y, blocked.y_layout);
        tsr_plan_info other_info;
        assert_ok(tsr_plan_describe(other, &other_info));
        assert_memory_equal(y, blocked_y, other_info.y_bytes);
        float *back = reordered(y, other_info.y, TSR_LAYOUT_NCHW);
        assert_memory_equal(back, expected, info.y_bytes);
        free(back);
        free(blocked_y);
        free(y);
        free(blocked_x);
        tsr_plan_destroy(other);
    }
    free(x);
    free(w);
    free(bias);
    free(expected);
    tsr_plan_destroy(plan);
}

static void a_reorder_writes_zeros_into_spare_lanes(void **state)
{
    (void)state;
    const tsr_tensor tensor = {.layout = TSR_LAYOUT_NCHW, .n = 1, .c = 5, .size = {1, 1, 2}};
    static const float expected[] = {1, 3, 5, 7, 2, 4, 6, 8, 9, 0, 0, 0, 10, 0, 0, 0};
    float *y = reordered(counting(1), tensor, TSR_LAYOUT_NCHW4C);
    assert_memory_equal(y, expected, sizeof expected);
    free(y);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_context, close_context)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(convolution_gives_the_numbers_of_onnx),
        TEST(max_pooling_gives_the_numbers_of_onnx),
        TEST(average_pooling_gives_the_numbers_of_onnx),
        TEST(convolutions_give_what_a_hand_computes),
        TEST(poolings_give_what_a_hand_computes),
        TEST(a_maximum_passes_nan_on_and_starts_below_everything),
        TEST(relu_keeps_nan_and_cuts_what_is_below_0),
        TEST(rows_convolves_as_the_reference_to_the_bit),
        TEST(rows_pools_as_the_reference_to_the_bit),
        TEST(rows_is_exact_in_1_2_and_3_dimensions),
        TEST(blocked_layouts_change_no_result_and_leave_spare_lanes_0),
        TEST(a_reorder_writes_zeros_into_spare_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
