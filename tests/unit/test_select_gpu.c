/* Which algorithm a GPU gets that has more than others, or less. */
#include "unit/invented.h"

/* What has Intel's sub-groups reads channels that lie side by side with them. */
static void sub_groups_serve_where_they_exist(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tsr_layout layout;
        const char *chosen, *refusal;
    } cases[] = {
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_NHWC, "sub_groups", ""},
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_ANY, "sub_groups", ""},
        {"conv:c64h56w56k64r5s5pd2", TSR_LAYOUT_NCHW, "implicit_gemm", "nchw"},
        {"conv:c24h56w56k64r5s5pd2", TSR_LAYOUT_NHWC, "implicit_gemm", "16 does not divide"},
        {"conv:c64h56w56k64r5s5pd2,f16", TSR_LAYOUT_NHWC, "implicit_gemm", "f16"},
        {"conv:c64h3w3k16r3s3pd1", TSR_LAYOUT_NHWC, "implicit_gemm", ""}, /* too few threads */
    };
    const tsr_device without = invent_able(TSR_DEVICE_GPU), gpu = invent_sub_groups();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = conv_problem(cases[i].text, cases[i].layout);
        const char *said = refusal(&gpu, &p, "sub_groups");
        assert_string_equal(candidate(&gpu, &p, NULL).algorithm, cases[i].chosen);
        if (*cases[i].refusal == '\0') assert_string_equal(said, "");
        assert_contains(said, cases[i].refusal);
        assert_contains(refusal(&without, &p, "sub_groups"), *said == '\0' ? "lacks the OpenCL extension" : "");
    }
}

/* Where local memory is ordinary memory, channels that come by 4 are read as texels. */
static void images_serve_where_local_memory_is_ordinary(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tsr_layout layout;
        const char *chosen, *refusal;
    } cases[] = {
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
        const tsr__problem p = conv_problem(cases[i].text, cases[i].layout);
        const char *said = refusal(&gpu, &p, "direct_images");
        assert_string_equal(candidate(&gpu, &p, NULL).algorithm, cases[i].chosen);
        if (*cases[i].refusal == '\0') assert_string_equal(said, "");
        assert_contains(said, cases[i].refusal);
        if (*said == '\0') assert_contains(refusal(&without, &p, "direct_images"), "no images over buffers");
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
