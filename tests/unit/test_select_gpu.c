/* Which algorithm a GPU gets that has more than others, or less. */
#include "unit/invented.h"

typedef struct selection {
    const char *text;
    tsr_layout layout;
    const char *chosen, *refusal; /* of the algorithm under test: "" where it accepts */
} selection;

/* Checks the choice and what `algorithm` says of a problem; answers whether it accepts. */
static bool check(const selection *s, const tsr_device *gpu, const char *algorithm, tsr__problem *p)
{
    *p = conv_problem(s->text, s->layout);
    const char *said = refusal(gpu, p, algorithm);
    assert_string_equal(candidate(gpu, p, NULL).algorithm, s->chosen);
    if (*s->refusal == '\0') assert_string_equal(said, "");
    assert_contains(said, s->refusal);
    return *said == '\0';
}

/* What has Intel's sub-groups reads channels that lie side by side with them. */
static void sub_groups_serve_where_they_exist(void **state)
{
    (void)state;
    static const selection cases[] = {
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_NHWC, "sub_groups", ""},
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_ANY, "sub_groups", ""},
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_NCHW, "implicit_gemm", "nchw"},
        {"conv:c24h56w56k64r5s5pd2", TSR_LAYOUT_NHWC, "implicit_gemm", "16 does not divide"},
        {"conv:c64h56w56k64r5s5pd2,f16", TSR_LAYOUT_NHWC, "implicit_gemm", "f16"},
        {"conv:c64h3w3k16r3s3pd1", TSR_LAYOUT_NHWC, "implicit_gemm", ""}, /* too few threads */
    };
    const tsr_device without = invent_able(TSR_DEVICE_GPU), gpu = invent_sub_groups();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr__problem p;
        const bool accepts = check(&cases[i], &gpu, "sub_groups", &p);
        assert_contains(refusal(&without, &p, "sub_groups"), accepts ? "lacks the OpenCL extension" : "");
    }
}

/* Where local memory is ordinary memory, channels that come by 4 are read as texels. */
static void images_serve_where_local_memory_is_ordinary(void **state)
{
    (void)state;
    static const selection cases[] = {
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_NHWC, "direct_images", ""},
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_ANY, "direct_images", ""},
        {"conv:c64h56w56k64r5s5pd2,f16", TSR_LAYOUT_NHWC, "direct_images", ""},
        {"conv:c128h28w28k128r3s3pd1", TSR_LAYOUT_NHWC, "direct_images", ""}, /* Winograd's wants local memory */
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_NCHW, "implicit_gemm", "nchw"},
        {"conv:c64h56w56k64r5s5pd2,f64", TSR_LAYOUT_NHWC, "implicit_gemm", "f64"},
        {"conv:c12h56w56k64r5s5pd2g2", TSR_LAYOUT_NHWC, "implicit_gemm", "4 does not divide"},
        {"conv:c64h129w128k64r5s5pd2", TSR_LAYOUT_NHWC, "implicit_gemm", "more texels"},
        {"conv:c2048h7w7k1024", TSR_LAYOUT_NHWC, "implicit_gemm", "more texels"}, /* of the weights */
    };
    tsr_device gpu = invent_images(), without = gpu;
    const tsr_device dedicated = invent_able(TSR_DEVICE_GPU);
    gpu.max_image_texels = 64 / 4 * 128 * 128;
    without.max_image_texels = 0;
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr__problem p;
        if (check(&cases[i], &gpu, "direct_images", &p))
            assert_contains(refusal(&without, &p, "direct_images"), "no images over buffers");
        assert_string_not_equal(candidate(&dedicated, &p, NULL).algorithm, "direct_images");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sub_groups_serve_where_they_exist),
        cmocka_unit_test(images_serve_where_local_memory_is_ordinary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
