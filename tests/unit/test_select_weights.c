/* Which algorithm makes the gradient by weights, on invented devices. */
#include "unit/invented.h"

static tsr_candidate on_cpu(const tsr__problem *problem, const char *algorithm)
{
    const tsr_device cpu = invent_able(TSR_DEVICE_CPU);
    return candidate(&cpu, problem, algorithm);
}

static void winograd_is_chosen_where_it_pays(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *chosen;
    } cases[] = {
        {"conv:c64h56w56k64r3s3pd1", "winograd_4x4"},           {"conv:c512h7w7k512r3s3pd1", "winograd_4x4"},
        {"conv:n8c12h28w28k64r3s3pd1,reflect", "winograd_4x4"}, {"convt:c64h14w14k64r3s3pd1,f16", "winograd_4x4"},
        {"conv:c64h56w56k64r3s3pd1,exact", "direct_blocked"},   {"conv:c8h56w56k64r3s3pd1", "direct_blocked"},
        {"conv:c64h56w56k8r3s3pd1", "direct_blocked"},          {"conv:c16h14w14k16r3s3pd1", "direct_blocked"},
        {"conv:c64h56w56k64r3s3pd1,f64", "direct_blocked"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = weights_problem(cases[i].problem, TSR_LAYOUT_ANY);
        assert_string_equal(on_cpu(&p, NULL).algorithm, cases[i].chosen);
    }
}

static void winograd_tells_why_it_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *reason;
    } cases[] = {
        {"conv:c64h56w56k64r3s5pd1", "not 3 x 3"},
        {"conv:c64h56w56k64r1s3pd1", "not 3 x 3"},
        {"conv:c64h56w56k64r3s3st1x2pd1", "stride is not 1"},
        {"conv:c64h56w56k64r3s3pd1,exact", "exact"},
        {"conv:n2c512h1024w1030k512r3s3pd1", "32-bit indices"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = weights_problem(cases[i].problem, TSR_LAYOUT_NCHW);
        assert_non_null(on_cpu(&p, "winograd_4x4").refusal);
        assert_contains(on_cpu(&p, "winograd_4x4").refusal, cases[i].reason);
    }
}

/* Layers of VGG-16: those of few pixels and many filters need pieces of all filters. */
static void winograd_needs_no_more_workspace_than_the_tensors(void **state)
{
    (void)state;
    static const char *const problems[] = {
        "conv:n8c64h224w224k64r3s3pd1", "conv:n8c128h112w112k128r3s3pd1", "conv:n8c256h56w56k256r3s3pd1",
        "conv:n8c512h28w28k512r3s3pd1", "conv:n8c512h14w14k512r3s3pd1",   "conv:n8c64h56w56k64r3s3pd1",
    };
    for (size_t i = 0; i < COUNT(problems); ++i) {
        const tsr__problem p = weights_problem(problems[i], TSR_LAYOUT_ANY);
        const tsr_candidate chosen = on_cpu(&p, NULL);
        const int64_t tensors =
            p.x.n * (p.x.c * tsr__tensor_plane(&p.x) + p.y.c * tsr__tensor_plane(&p.y)) + p.w_elements;
        assert_string_equal(chosen.algorithm, "winograd_4x4");
        assert_in_range(chosen.workspace_bytes, 0, (uint64_t)tensors * sizeof(float));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(winograd_is_chosen_where_it_pays),
        cmocka_unit_test(winograd_tells_why_it_refuses),
        cmocka_unit_test(winograd_needs_no_more_workspace_than_the_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
