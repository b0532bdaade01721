/* Which algorithms make gradients on GPUs, on invented devices. */
#include "conv_backward_activation/conv_backward_activation.h"
#include "unit/invented.h"

static tsr__problem activation_problem(const char *text, tsr_layout layout)
{
    tsr_conv_backward b = tsr_conv_backward_default();
    tsr__problem problem;
    assert_ok(tsr_conv_parse(text, &b.forward));
    b.forward.x_layout = b.forward.y_layout = layout;
    b.dbias = b.forward.bias;
    assert_ok(tsr__conv_backward_activation_problem(&b, &problem));
    return problem;
}

static void gpus_have_kernels_for_all_gradients(void **state)
{
    (void)state;
    static const struct {
        tsr__problem (*make)(const char *text, tsr_layout layout);
        const char *problem, *chosen, *chosen_blocked;
    } cases[] = {
        {weights_problem, "conv:n8c64h56w56k64r3s3pd1", "implicit_gemm", "reference"},
        {weights_problem, "conv:c8d9h9w9k16t3r3s3st2pd1,reflect,scale,f64", "implicit_gemm", "reference"},
        {weights_problem, "convt:c64h9w9k64r4s4st2pd1g2,f16", "implicit_gemm", "reference"},
        {weights_problem, "conv:c64h56w56k64r3s3pd1g64", "depthwise_tiled", "reference"},
        {weights_problem, "convt:c64h9w9k64r3s3st2g64,f16", "depthwise_tiled", "reference"},
        {weights_problem, "conv:c64h56w56k64r40s3g64", "implicit_gemm", "reference"}, /* too many rows to unroll */
        {activation_problem, "conv:n8c64h56w56k64,bias,relu", "tiled", "tiled"},
        {activation_problem, "conv:c64d4h9w9k19,relu,f16", "tiled", "tiled"},
        {pool_backward_problem, "max:n8c64h56w56r3s3st2pd1", "tiled", "tiled"},
        {pool_backward_problem, "max:c64h57w57r2s2,indices,f16", "tiled", "tiled"},
        {pool_backward_problem, "avg:c64h56w56,global", "tiled", "tiled"},
        {pool_backward_problem, "lp:c64d5h9w9t2r3s3dl2st1", "tiled", "tiled"},
        {pool_backward_problem, "avg:c64h57w55os7x5,adaptive", "tiled", "tiled"},
    };
    const tsr_device gpu = invent_h200();
    for (size_t i = 0; i < COUNT(cases); ++i)
        for (int layout = TSR_LAYOUT_NCHW; layout <= TSR_LAYOUT_ANY; ++layout) {
            const tsr__problem p = cases[i].make(cases[i].problem, (tsr_layout)layout);
            const bool blocked = tsr__layout_is_blocked((tsr_layout)layout);
            assert_string_equal(candidate(&gpu, &p, NULL).algorithm,
                                blocked ? cases[i].chosen_blocked : cases[i].chosen);
        }
}

static void refusals_tell_the_reason(void **state)
{
    (void)state;
    tsr_device small = invent_h200(), bare = small;
    small.max_work_group = 32;
    bare.local_bytes = 1024;
    tsr__problem p = weights_problem("conv:c64h9w9k64r3s3", TSR_LAYOUT_NCHW);
    assert_contains(candidate(&small, &p, "implicit_gemm").refusal, "work-groups of 64");
    assert_contains(candidate(&bare, &p, "implicit_gemm").refusal, "no tile fits");
    assert_contains(candidate(&bare, &p, "depthwise_tiled").refusal, "each channel by itself");
    p = weights_problem("conv:c1h9w9k64r3s3", TSR_LAYOUT_NCHW);
    assert_contains(candidate(&bare, &p, "depthwise_tiled").refusal, "one group of several filters");
    p = weights_problem("conv:c64h56w56k64r40s3g64", TSR_LAYOUT_NCHW);
    assert_contains(candidate(&bare, &p, "depthwise_tiled").refusal, "more than 32 rows");
    p = weights_problem("conv:c64h56w56k64r3s3g64", TSR_LAYOUT_NCHW);
    assert_contains(candidate(&small, &p, "depthwise_tiled").refusal, "work-groups of 64");
    p = activation_problem("conv:c64h9w9k64,bias,relu", TSR_LAYOUT_NCHW);
    assert_contains(candidate(&small, &p, "tiled").refusal, "work-groups of 64");
    bare.fp64 = false;
    p = pool_backward_problem("max:c64h9w9r2s2,f64", TSR_LAYOUT_NCHW);
    assert_contains(candidate(&bare, &p, "tiled").refusal, "f64");
}

/* Of the sums alone, and not what follows them. */
static int64_t work_groups(const tsr_device *device, const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__launches launches = {.count = 0};
    tsr__offer offer;
    int64_t groups = 1;
    for (const tsr__algorithm *const *a = problem->op->opencl; *a != NULL; ++a) {
        if (strcmp((*a)->name, candidate(device, problem, NULL).algorithm) != 0) continue;
        tsr__offer_from(*a, device, problem, &options, &offer);
        (*a)->launches(device, &offer.problem, &offer.params, &launches);
    }
    assert_in_range(launches.count, 1, 2);
    for (int i = 0; i < 3; ++i) groups *= (int64_t)(launches.items[0].global[i] / launches.items[0].local[i]);
    return groups;
}

/* Layers of ResNet-50 and MobileNet: nearly every compute unit has work, and the workspace holds no more than the
 * tensors. */
static void few_filters_are_summed_in_pieces(void **state)
{
    (void)state;
    static const char *const problems[] = {
        "conv:n8c3h224w224k64r7s7st2pd3",
        "conv:n8c64h56w56k64",
        "conv:n8c64h56w56k64r3s3pd1",
        "conv:n8c64h56w56k256",
        "conv:n8c512h28w28k128",
        "conv:n8c256h56w56k512st2",
        "conv:n8c256h14w14k256r3s3pd1",
        "conv:n8c512h7w7k512r3s3pd1",
        "conv:n8c2048h7w7k512",
        "conv:n8c32h112w112k32r3s3pd1g32",
        "conv:n8c384h14w14k384r3s3pd1g384",
    };
    const tsr_device gpu = invent_h200();
    for (size_t i = 0; i < COUNT(problems); ++i)
        for (int layout = 0; layout < 2; ++layout) {
            const tsr__problem p = weights_problem(problems[i], layout == 0 ? TSR_LAYOUT_NCHW : TSR_LAYOUT_NHWC);
            const int64_t tensors = tsr__tensor_elements(&p.x) + tsr__tensor_elements(&p.y) + p.w_elements;
            assert_in_range(work_groups(&gpu, &p), (int32_t)gpu.compute_units * 9 / 10, INT32_MAX);
            assert_in_range(candidate(&gpu, &p, NULL).workspace_bytes, 0, (uint64_t)tensors * sizeof(float));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_have_kernels_for_all_gradients),
        cmocka_unit_test(refusals_tell_the_reason),
        cmocka_unit_test(few_filters_are_summed_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
