/* Where GPUs convolve by Winograd's method, and in how much memory, on invented devices. */
#include "unit/invented.h"

extern const tsr__algorithm tsr__conv_winograd_tiled_4x4;

/* Whether the algorithm is chosen before those that follow. */
static bool is_chosen(const tsr_device *device, const tsr__offer *offer)
{
    return offer->refusal == NULL && tsr__prefers(device, offer);
}

static tsr__offer offer_of(const tsr_device *device, const char *text, tsr_layout layout)
{
    const tsr__problem problem = conv_problem(text, layout);
    tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    options.packed_weights = true;
    tsr__offer_from(&tsr__conv_winograd_tiled_4x4, device, &problem, &options, &offer);
    return offer;
}

static void it_is_chosen_where_it_pays(void **state)
{
    (void)state;
    static const struct {
        const char *problem;
        bool chosen;
    } cases[] = {
        {"conv:n8c128h28w28k128r3s3pd1", true},
        {"conv:n8c256h14w14k256r3s3pd1", true},
        {"conv:n8c256h56w56k256r3s3pd1,reflect", true},
        {"conv:c512h28w28k512r3s3pd1", true},
        {"convt:n8c256h28w28k256r3s3pd1", true},
        {"conv:n8c512h28w28k512r3s3pd1,f16", true},
        {"conv:c512h7w7k512r3s3pd1", false}, /* 4 tiles, and four times the weights */
        {"conv:n8c3h224w224k64r3s3pd1", false},
        {"conv:n8c16h112w112k16r3s3pd1", false},
        {"conv:c64h14w14k64r3s3pd1", false},    /* launches take longer */
        {"conv:n64c128h5w5k128r3s3pd1", false}, /* tiles hang far over: too many passes */
        {"conv:n8c256h28w28k256r3s3pd1,exact", false},
    };
    const tsr_device gpu = invent_h200();
    for (size_t i = 0; i < COUNT(cases); ++i)
        for (int layout = TSR_LAYOUT_NCHW; layout <= TSR_LAYOUT_ANY; ++layout) {
            if (tsr__layout_is_blocked((tsr_layout)layout)) continue;
            const tsr__offer offer = offer_of(&gpu, cases[i].problem, (tsr_layout)layout);
            if (is_chosen(&gpu, &offer) != cases[i].chosen) fail_msg("%s", cases[i].problem);
        }
}

static void it_tells_why_it_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *reason;
    } cases[] = {
        {"conv:c64h56w56k64r3s5pd1", "not 3 x 3"},
        {"conv:c64h56w56k64r1s3pd1", "not 3 x 3"},
        {"conv:c64h56w56k64r3s3st1x2pd1", "stride is not 1"},
        {"conv:c64h56w56k64r3s3dl2", "dilate"},
        {"conv:c64h56w56k64r3s3pd1,exact", "exact"},
        {"conv:c64h56w56k64r3s3pd1,f64", "f64"},
        {"conv:c64h56w56k64r3s3pd1g2", "groups"},
    };
    tsr_device gpu = invent_h200();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__offer offer = offer_of(&gpu, cases[i].problem, TSR_LAYOUT_NHWC);
        assert_non_null(offer.refusal);
        assert_contains(offer.refusal, cases[i].reason);
    }
    gpu.local_bytes = 1024;
    assert_contains(offer_of(&gpu, "conv:c64h56w56k64r3s3pd1", TSR_LAYOUT_NCHW).refusal, "no tile fits");
}

/* Params are the product's, and the tiles of a pass: all, or even parts of whole tiles of the product that keep the
 * workspace within x and y. */
static void passes_follow_the_memory(void **state)
{
    (void)state;
    static const struct {
        const char *problem;
        int32_t params[7];
    } cases[] = {
        {"conv:n8c512h14w14k512r3s3pd1", {64, 64, 8, 4, 8, 1, 128}},  /* the weights are larger */
        {"conv:n8c512h28w28k512r3s3pd1", {64, 64, 8, 4, 8, 1, 256}},  /* 392 in all */
        {"conv:n8c256h56w56k256r3s3pd1", {64, 64, 8, 4, 8, 1, 576}},  /* three passes for 1568: 9 tiles each */
        {"conv:n32c256h14w14k256r3s3pd1", {64, 64, 8, 4, 8, 1, 128}}, /* four: tiles hang over */
        {"conv:n8c128h28w28k128r3s3pd1", {64, 64, 8, 4, 8, 1, 136}},  /* no room for 192 */
    };
    const tsr_device gpu = invent_h200();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__offer offer = offer_of(&gpu, cases[i].problem, TSR_LAYOUT_NCHW);
        assert_null(offer.refusal);
        assert_memory_equal(offer.params.value, cases[i].params, sizeof cases[i].params);
    }
}

/* With weights packed beforehand; or what those take, where that is more. */
static void it_needs_no_more_workspace_than_the_tensors(void **state)
{
    (void)state;
    static const char *const problems[] = {
        "conv:n8c64h224w224k64r3s3pd1",  "conv:n8c128h112w112k128r3s3pd1", "conv:n8c256h56w56k256r3s3pd1",
        "conv:n8c512h28w28k512r3s3pd1",  "conv:n8c512h14w14k512r3s3pd1",   "conv:n8c128h28w28k128r3s3pd1",
        "conv:n32c256h14w14k256r3s3pd1", "conv:n64c512h7w7k512r3s3pd1",    "conv:n8c128h35w35k128r3s3pd1",
    };
    const tsr_device gpu = invent_h200();
    for (size_t i = 0; i < COUNT(problems); ++i) {
        const tsr__offer offer = offer_of(&gpu, problems[i], TSR_LAYOUT_NCHW);
        const tsr__problem *p = &offer.problem;
        const uint64_t tensors = tsr__tensor_bytes(&p->x) + tsr__tensor_bytes(&p->y);
        const uint64_t most = tensors > offer.packed_bytes ? tensors : offer.packed_bytes;
        assert_true(is_chosen(&gpu, &offer));
        assert_in_range(offer.workspace_bytes, 1, most);
    }
}

static void the_workspace_limit_holds(void **state)
{
    (void)state;
    const tsr_device gpu = invent_h200();
    const tsr__problem problem = conv_problem("conv:n8c256h28w28k256r3s3pd1", TSR_LAYOUT_NCHW);
    tsr__offer offer = offer_of(&gpu, "conv:n8c256h28w28k256r3s3pd1", TSR_LAYOUT_NCHW);
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = true;
    options.workspace_limit_bytes = offer.workspace_bytes - 1;
    tsr__offer_from(&tsr__conv_winograd_tiled_4x4, &gpu, &problem, &options, &offer);
    assert_null(offer.refusal);
    assert_true(offer.parts > 1 && offer.workspace_bytes <= options.workspace_limit_bytes);
    options.workspace_limit_bytes = 0;
    tsr__offer_from(&tsr__conv_winograd_tiled_4x4, &gpu, &problem, &options, &offer);
    assert_contains(offer.refusal, "workspace_limit_bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_chosen_where_it_pays), cmocka_unit_test(it_tells_why_it_refuses),
        cmocka_unit_test(passes_follow_the_memory),   cmocka_unit_test(it_needs_no_more_workspace_than_the_tensors),
        cmocka_unit_test(the_workspace_limit_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
