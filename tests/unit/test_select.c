/* Which algorithm is chosen, on invented devices: no OpenCL is needed. */
#include <stdio.h>

#include "unit/invented.h"

extern const tsr__algorithm tsr__conv_direct_blocked, tsr__conv_implicit_gemm, tsr__conv_reference, tsr__pool_tiled,
    tsr__conv_winograd_2x2, tsr__conv_winograd_4x4;

enum { MANY = 16 };

/* The name of the algorithm that would run, or NULL. */
static const char *chosen(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options)
{
    tsr_candidate candidates[MANY];
    size_t count = 0;
    const char *name = NULL;
    assert_ok(tsr__explain(device, problem, options, candidates, MANY, &count));
    for (size_t i = 0; i < count; ++i) {
        if (!candidates[i].chosen) continue;
        assert_true(candidates[i].admitted);
        assert_null(name); /* one at the most */
        assert_null(candidates[i].refusal);
        name = candidates[i].algorithm;
    }
    return name;
}

/* Why the named algorithm refuses; "" where it does not. */
static const char *refusal_within(const tsr_device *device, const tsr__problem *problem, const char *algorithm,
                                  const tsr_plan_options *options)
{
    tsr_candidate candidates[MANY];
    size_t count = 0;
    assert_ok(tsr__explain(device, problem, options, candidates, MANY, &count));
    for (size_t i = 0; i < count; ++i)
        if (strcmp(candidates[i].algorithm, algorithm) == 0)
            return candidates[i].refusal == NULL ? "" : candidates[i].refusal;
    fail_msg("there is no %s", algorithm);
    return NULL;
}

static void each_family_gets_its_own_algorithms(void **state)
{
    (void)state;
    static const struct {
        tsr_device_kind kind;
        const char *conv, *pool_blocked, *pool_nchw, *pool_plane;
    } cases[] = {
        {TSR_DEVICE_GPU, "implicit_gemm", "tiled", "tiled", "shared"},
        {TSR_DEVICE_ACCELERATOR, "implicit_gemm", "tiled", "tiled", "shared"},
        {TSR_DEVICE_CPU, "winograd_4x4", "window_blocked", "window_blocked", "planes"},
        {TSR_DEVICE_HOST, "rows", "rows", "rows", "rows"},
    };
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr__problem conv = conv_problem("conv:c64h56w56k64r3s3pd1", TSR_LAYOUT_ANY);
    const tsr__problem any = pool_problem("max:c64h56w56r2s2", TSR_LAYOUT_ANY);
    const tsr__problem nchw = pool_problem("max:c64h56w56r2s2", TSR_LAYOUT_NCHW);
    const tsr__problem plane = pool_problem("max:c64h56w56,global", TSR_LAYOUT_NCHW);
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr_device device = invent(cases[i].kind, 8);
        assert_string_equal(chosen(&device, &conv, &options), cases[i].conv);
        assert_string_equal(chosen(&device, &any, &options), cases[i].pool_blocked);
        assert_string_equal(chosen(&device, &nchw, &options), cases[i].pool_nchw);
        assert_string_equal(chosen(&device, &plane, &options), cases[i].pool_plane);
    }
}

static void depthwise_planes_with_short_rows_share_vectors(void **state)
{
    (void)state;
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr_device narrow = invent(TSR_DEVICE_CPU, 8), wide = invent(TSR_DEVICE_CPU, 16);
    tsr__problem p = conv_problem("conv:c64h7w7k64r3s3pd1g64", TSR_LAYOUT_NCHW);
    assert_string_equal(chosen(&wide, &p, &options), "depthwise_planes");
    assert_string_equal(chosen(&narrow, &p, &options), "depthwise_planes");
    p = conv_problem("conv:c64h14w14k64r3s3pd1g64", TSR_LAYOUT_NCHW);
    assert_string_equal(chosen(&wide, &p, &options), "depthwise_planes");
    assert_string_equal(chosen(&narrow, &p, &options), "depthwise_rows");
    p = conv_problem("conv:c64h28w28k64r3s3pd1g64", TSR_LAYOUT_NCHW);
    assert_string_equal(chosen(&wide, &p, &options), "depthwise_rows");
}

static void gpus_pool_everything_with_their_own(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *chosen;
    } cases[] = {
        {"max:c64h56w56r3s3st2pd1,indices", "tiled"}, {"max:c64h56w56r3s3,f16", "tiled"},
        {"max:c64h56w56r3s3st2,u8,ceil", "tiled"},    {"avg:c64h56w56r3s3st1pd1div5", "tiled"},
        {"avgpad:c64w56s5st2pd0x1x0x2", "tiled"},     {"lp:c64h56w56r3s3dl2st1", "tiled"},
        {"avg:c8d6h7w9t3r3s3st2pd1", "tiled"},        {"max:c64h99w99r70s66st3", "tiled"}, /* large, but they overlap */
        {"max:c64h9w9r3s3st2000", "tiled"},           {"avg:c64h9w9os5,adaptive", "tiled"}, /* a few elements */
        {"avg:c64h57w55os7x5,adaptive", "shared"},    {"avg:c64h48w48r24s24", "shared"},
        {"avg:c2048h7w7,global", "shared"},           {"max:c9d3h5w6,global,f16", "shared"},
    };
    const tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
    tsr_plan_options options = tsr_plan_options_default();
    options.strict = true;
    for (size_t i = 0; i < COUNT(cases); ++i)
        for (int layout = TSR_LAYOUT_NCHW; layout <= TSR_LAYOUT_ANY; ++layout) {
            tsr__problem p = pool_problem(cases[i].problem, (tsr_layout)layout);
            assert_string_equal(chosen(&gpu, &p, &options), cases[i].chosen);
            p.y.layout = TSR_LAYOUT_NHWC; /* x and y unlike */
            assert_string_equal(chosen(&gpu, &p, &options), cases[i].chosen);
        }
}

/* Outputs of a work-item: as many as keep its loads few, one where windows are passed. */
static void tiles_of_a_gpus_pooling_follow_the_window(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *params;
    } cases[] = {
        {"max:c64h112w112r3s3st2pd1", "p4"}, {"max:c64h112w112r2s2", "p4"},      {"max:c64h14w14r7s7", "p1"},
        {"max:c64h56w56r7s7st2", "p2"},      {"max:c64h4w9r3s3st2", "p1"},       {"max:c64h5w9r3s3st2", "p2"},
        {"max:c64h99w99r1s1st50", "p1"},     {"max:c64h99w99r3s3st1dl20", "p1"}, {"avg:c64h57w55os7x5,adaptive", "p1"},
        {"avg:c64h7w7,global", "p1"},
    };
    const tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
    const tsr_plan_options options = tsr_plan_options_default();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem problem = pool_problem(cases[i].problem, TSR_LAYOUT_NCHW);
        char shown[128];
        tsr__text text = tsr__text_over(shown, sizeof shown);
        tsr__offer offer;
        tsr__offer_from(&tsr__pool_tiled, &gpu, &problem, &options, &offer);
        tsr__params_format(offer.algorithm, &offer.params, &text);
        assert_string_equal(shown, cases[i].params);
    }
}

static void exact_keeps_off_what_rounds(void **state)
{
    (void)state;
    static const char *const rounding[] = {"winograd_4x4", "winograd_2x2"};
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 16);
    tsr__problem p = conv_problem("conv:c64h56w56k64r3s3pd1", TSR_LAYOUT_ANY);
    tsr_plan_options options = tsr_plan_options_default();
    for (size_t i = 0; i < COUNT(rounding); ++i) assert_string_equal(refusal(&cpu, &p, rounding[i]), "");
    p.exact = true;
    assert_string_equal(chosen(&cpu, &p, &options), "direct_blocked");
    for (size_t i = 0; i < COUNT(rounding); ++i) {
        assert_contains(refusal(&cpu, &p, rounding[i]), "exact");
        options.algorithm = rounding[i];
        assert_null(chosen(&cpu, &p, &options));
        assert_fails(tsr__nothing_chosen(&cpu, &p, &options), TSR_UNSUPPORTED, ",exact", rounding[i], "exact");
    }
}

static void what_does_not_pay_runs_where_it_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *chosen;
    } cases[] = {
        {"conv:c64h14w14k64r3s3pd1", "winograd_4x4"},
        {"conv:c512h7w7k512r3s3pd1", "winograd_2x2"}, /* 4 and 16 tiles */
        {"conv:n8c512h7w7k512r3s3pd1", "winograd_4x4"},
        {"conv:c15h56w56k64r3s3pd1", "direct_blocked"},
        {"conv:c64h56w56k15r3s3pd1", "direct_blocked"},
        {"conv:c16h14w14k16r3s3pd1", "direct_blocked"},
        {"conv:c512h4w4k512r3s3pd1", "direct_blocked"},
    };
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 16);
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = conv_problem(cases[i].problem, TSR_LAYOUT_ANY);
        tsr_plan_options options = tsr_plan_options_default();
        assert_string_equal(chosen(&cpu, &p, &options), cases[i].chosen);
        options.algorithm = "winograd_4x4";
        assert_string_equal(chosen(&cpu, &p, &options), "winograd_4x4");
    }
}

/* With weights packed beforehand; a strip of small tensors may be larger than they are. */
static void winograd_needs_no_more_workspace_than_the_tensors(void **state)
{
    (void)state;
    static const char *const problems[] = {
        "conv:c64h56w56k64r3s3pd1",   "conv:c128h28w28k128r3s3pd1",   "conv:c256h14w14k256r3s3pd1",
        "conv:n8c512h7w7k512r3s3pd1", "conv:c64h224w224k64r3s3pd1",   "conv:c256h56w56k256r3s3pd1",
        "conv:c512h28w28k512r3s3pd1", "conv:n4c512h14w14k512r3s3pd1", "conv:n8c256h14w14k256r3s3pd1",
        "conv:c512h7w7k512r3s3pd1", /* the copy of a plain x would leave no room: direct sums */
    };
    enum { SMALL_BYTES = 1 << 19, FREE_ONLY = COUNT(problems) - 1 };
    tsr_device cpu = invent(TSR_DEVICE_CPU, 16);
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = true;
    for (size_t i = 0; i < 4 * COUNT(problems); ++i) {
        if (i / 4 == FREE_ONLY && i % 2 != 0) continue;
        const tsr__problem p = conv_problem(problems[i / 4], i % 2 == 0 ? TSR_LAYOUT_ANY : TSR_LAYOUT_NCHW);
        cpu.local_bytes = i / 2 % 2 == 0 ? 32768 : 1 << 20;
        tsr_candidate candidates[MANY];
        size_t count = 0;
        assert_ok(tsr__explain(&cpu, &p, &options, candidates, MANY, &count));
        for (size_t j = 0; j < count; ++j) {
            if (!candidates[j].chosen) continue;
            assert_contains(candidates[j].algorithm, "winograd");
            const uint64_t tensors =
                (uint64_t)(p.x.n * (p.x.c * tsr__tensor_plane(&p.x) + p.y.c * tsr__tensor_plane(&p.y)));
            const uint64_t most = tensors * sizeof(float) < SMALL_BYTES ? SMALL_BYTES : tensors * sizeof(float);
            assert_in_range(candidates[j].workspace_bytes, 0, most);
        }
    }
}

/* Short strips and one launch where all weights or inputs stay near; the workspace where weights come from far. */
static void winograd_s_strips_follow_the_caches(void **state)
{
    (void)state;
    static const struct {
        const char *problem;
        const tsr__algorithm *algorithm;
        const char *params;
    } cases[] = {
        {"conv:c128h28w28k128r3s3pd1", &tsr__conv_winograd_4x4, "out4 vec16 tiles13 k2 rounds1 local131072"},
        {"conv:c256h13w13k256r3s3pd1", &tsr__conv_winograd_4x4, "out4 vec16 tiles10 k2 rounds1 local131072"},
        {"conv:c512h7w7k512r3s3pd1", &tsr__conv_winograd_2x2, "out2 vec16 tiles8 k3 rounds2 local0"},
        {"conv:n8c256h56w56k256r3s3pd1", &tsr__conv_winograd_4x4, "out4 vec16 tiles14 k2 rounds1 local131072"},
    };
    tsr_device cpu = invent(TSR_DEVICE_CPU, 16);
    cpu.local_bytes = 512 << 10;
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = conv_problem(cases[i].problem, TSR_LAYOUT_ANY);
        const tsr_plan_options options = tsr_plan_options_default();
        char shown[128];
        tsr__text text = tsr__text_over(shown, sizeof shown);
        tsr__offer offer;
        assert_string_equal(candidate(&cpu, &p, NULL).algorithm, cases[i].algorithm->name);
        tsr__offer_from(cases[i].algorithm, &cpu, &p, &options, &offer);
        tsr__params_format(offer.algorithm, &offer.params, &text);
        assert_string_equal(shown, cases[i].params);
    }
}

static void the_other_family_runs_where_it_is_named(void **state)
{
    (void)state;
    const tsr__problem conv = conv_problem("conv:c64h56w56k64r3s3pd1", TSR_LAYOUT_NCHW);
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 8), gpu = invent(TSR_DEVICE_GPU, 1);
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = "implicit_gemm";
    assert_string_equal(chosen(&cpu, &conv, &options), "implicit_gemm");
    options.algorithm = "direct_blocked";
    assert_string_equal(chosen(&gpu, &conv, &options), "direct_blocked");
    options.algorithm = "reference";
    assert_string_equal(chosen(&gpu, &conv, &options), "reference");
}

static void an_unknown_name_is_refused_with_what_there_is(void **state)
{
    (void)state;
    const tsr__problem conv = conv_problem("conv:c4h4w4k4", TSR_LAYOUT_NCHW);
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 8);
    tsr_plan_options options = tsr_plan_options_default();
    tsr_candidate candidates[MANY];
    size_t count = 77;
    options.algorithm = "winograd";
    assert_fails(tsr__explain(&cpu, &conv, &options, candidates, MANY, &count), TSR_INVALID_VALUE, "winograd",
                 "direct_blocked", "reference");
    assert_int_equal(count, 77);
}

static void any_layout_follows_the_device_and_the_channels(void **state)
{
    (void)state;
    static const struct {
        const char *problem;
        uint32_t float_width;
        tsr_layout x, y;
    } cases[] = {
        {"conv:c64h8w8k64", 4, TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW4C},
        {"conv:c64h8w8k64", 8, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C},
        {"conv:c64h8w8k64", 16, TSR_LAYOUT_NCHW16C, TSR_LAYOUT_NCHW16C},
        {"conv:c64h8w8k64", 1, TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW4C},
        {"conv:c64h8w8k64", 32, TSR_LAYOUT_NCHW16C, TSR_LAYOUT_NCHW16C},
        {"conv:c3h8w8k64", 8, TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C},      /* a first layer */
        {"conv:c64h8w8k2", 8, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW},      /* few outputs */
        {"conv:c32h8w8k64g4", 8, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C}, /* whole blocks in a group */
        {"conv:c12h8w8k64g2", 8, TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C},   /* a block would straddle groups */
    };
    const tsr_plan_options options = tsr_plan_options_default();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr_device cpu = invent(TSR_DEVICE_CPU, cases[i].float_width);
        const tsr__problem problem = conv_problem(cases[i].problem, TSR_LAYOUT_ANY);
        tsr__offer offer;
        tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
        assert_null(offer.refusal);
        assert_int_equal(offer.problem.x.layout, cases[i].x);
        assert_int_equal(offer.problem.y.layout, cases[i].y);
    }
}

/* Output pixels and vectors of output channels in a tile, and input channels in a slab. */
static void tiles_follow_the_vectors_and_the_channels(void **state)
{
    (void)state;
    static const struct {
        const char *problem;
        uint32_t float_width;
        int32_t tile_q, tile_k, slab;
    } cases[] = {
        {"conv:c64h56w56k64r3s3pd1", 16, 6, 4, 64},    {"conv:c64h56w56k64r3s3pd1", 8, 6, 2, 64},
        {"conv:c64h56w56k16r3s3pd1", 16, 8, 1, 64}, /* one vector of channels */
        {"conv:c64h56w56k48r3s3pd1", 16, 7, 3, 64}, /* a fourth of four would be idle */
        {"conv:c64h7w7k160", 16, 5, 5, 512},        /* 49 pixels, and twice five vectors */
        {"conv:c64h56w56k128g2", 16, 6, 4, 512},       {"conv:c64h56w56k128g4", 16, 7, 2, 512},
        {"conv:c64h56w56k64r1s3pd0x1", 16, 6, 4, 160},
    };
    const tsr_plan_options options = tsr_plan_options_default();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr_device cpu = invent(TSR_DEVICE_CPU, cases[i].float_width);
        const tsr__problem problem = conv_problem(cases[i].problem, TSR_LAYOUT_ANY);
        char shown[128], expected[128];
        tsr__text text = tsr__text_over(shown, sizeof shown), wanted = tsr__text_over(expected, sizeof expected);
        tsr__offer offer;
        tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
        tsr__params_format(offer.algorithm, &offer.params, &text);
        tsr__text_add(&wanted, " q%d k%d rounds", (int)cases[i].tile_q, (int)cases[i].tile_k);
        assert_contains(shown, expected);
        wanted = tsr__text_over(expected, sizeof expected);
        tsr__text_add(&wanted, " slab%d", (int)cases[i].slab);
        assert_contains(shown, expected);
    }
}

static void refusals_tell_the_reason(void **state)
{
    (void)state;
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 8);
    tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
    tsr__problem p = conv_problem("conv:c64h8w8k64", TSR_LAYOUT_NCHW8C);
    assert_contains(refusal(&gpu, &p, "implicit_gemm"), "channel-blocked");
    p = conv_problem("conv:c64h65536w65536k1", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "direct_blocked"), "2^31");
    assert_contains(refusal(&gpu, &p, "implicit_gemm"), "2^31");
    assert_string_equal(refusal(&cpu, &p, "reference"), "");
    p = conv_problem("conv:c1h8w8k1st2000000", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "direct_blocked"), "beyond its 32-bit indices");
    assert_string_equal(refusal(&cpu, &p, "reference"), "");
    p = conv_problem("conv:c64h8w8k64", TSR_LAYOUT_NCHW);
    gpu.local_bytes = 1024;
    assert_contains(refusal(&gpu, &p, "implicit_gemm"), "local memory");
    p = pool_problem("max:c4h64w64r64s64,f64", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&gpu, &p, "tiled"), "f64");
    p = pool_problem("max:c4h64w64r3s5", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&gpu, &p, "shared"), "at least 16 elements");
    p = pool_problem("max:c4h64w64,global", TSR_LAYOUT_NCHW);
    tsr_device small = gpu;
    small.max_work_group = 32;
    assert_contains(refusal(&small, &p, "shared"), "work-groups of 64");
    assert_string_equal(refusal(&small, &p, "tiled"), "");
    p = conv_problem("conv:c64h3w1000k64r3s3pd1g64", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "depthwise_planes"), "2048 vectors");
    p = conv_problem("conv:c64h8w8k128", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "depthwise_planes"), "each channel by itself");
    p = pool_problem("avg:c4h9w9999r2s5000", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "window_rows"), "4096");
    assert_contains(refusal(&cpu, &p, "window_blocked"), "16 x 16");
    p = pool_problem("avg:c4h9w9999r2s3dl1x4000", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "window_blocked"), "4096");
    p = pool_problem("avg:c4h9w9999r2s3dl1x500", TSR_LAYOUT_NCHW);
    assert_string_equal(refusal(&cpu, &p, "window_rows"), "");
    p = pool_problem("max:c4h9w9999r2s3,indices", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "window_blocked"), "indices");
    p = pool_problem("avg:c4h9w9999r2s5000", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "planes"), "whole planes");
    p = pool_backward_problem("avg:c4h9w9999r2s5000", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "window_blocked"), "16 x 16");
    p = pool_backward_problem("avg:c4h9w9999r2s3dl1x4000", TSR_LAYOUT_NCHW);
    assert_contains(refusal(&cpu, &p, "window_blocked"), "4096");
    p = pool_problem("avg:c1w70000os69999,adaptive", TSR_LAYOUT_NHWC);
    assert_contains(refusal(&cpu, &p, "window_blocked"), "2^32");
    assert_contains(refusal(&gpu, &p, "tiled"), "2^32");
    p = pool_problem("max:c4h9w9,global", TSR_LAYOUT_NCHW);
    p.x.strides.size[TSR_H] = 11;
    assert_contains(refusal(&cpu, &p, "planes"), "dense tensors");
}

static void a_small_device_gets_a_smaller_tile(void **state)
{
    (void)state;
    const tsr__problem problem = conv_problem("conv:c64h56w56k64r3s3pd1,exact", TSR_LAYOUT_NCHW);
    tsr_plan_options options = tsr_plan_options_default();
    tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
    for (uint64_t group = 64; group <= 256; group *= 2) {
        gpu.max_work_group = gpu.max_work_items[0] = group;
        assert_string_equal(chosen(&gpu, &problem, &options), "implicit_gemm");
    }
    gpu.max_work_group = 32;
    assert_string_equal(chosen(&gpu, &problem, &options), "reference");
}

/* Params are channels and pixels of a tile and of a work-item, input channels of a step, and work-groups that share a
 * sum. The device has as many compute units as the one that the choice was fitted to. */
static void a_gpu_s_tile_follows_the_problem(void **state)
{
    (void)state;
    static const struct {
        const char *problem, *vendor;
        int32_t params[6];
    } cases[] = {
        {"conv:n32c256h56w56k256r3s3pd1", "NVIDIA Corporation", {128, 128, 8, 8, 8, 1}},
        {"conv:n32c256h56w56k256r3s3pd1", "Intel(R) Corporation", {128, 64, 8, 4, 8, 1}}, /* 64 sums would spill */
        {"conv:n8c64h56w56k64r3s3pd1", "", {64, 64, 8, 4, 8, 1}},
        {"conv:n8c32h112w112k32r3s3pd1", "", {32, 32, 4, 4, 8, 1}},
        {"conv:n8c3h224w224k64r7s7st2pd3", "", {64, 128, 8, 8, 4, 1}},
        {"conv:n8c512h7w7k512r3s3pd1", "", {128, 64, 8, 4, 8, 9}}, /* 28 work-groups would leave most units idle */
        {"conv:n8c64h56w56k64r3s3pd1,f64", "", {64, 64, 4, 4, 8, 1}},
        {"convt:n8c64h56w56k256r4s4st2pd1", "", {64, 64, 4, 4, 8, 1}},
    };
    const tsr_plan_options options = tsr_plan_options_default();
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = conv_problem(cases[i].problem, TSR_LAYOUT_NCHW);
        tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
        gpu.compute_units = 132;
        gpu.fp64 = true;
        snprintf(gpu.vendor, sizeof gpu.vendor, "%s", cases[i].vendor);
        tsr__offer offer;
        tsr__offer_from(&tsr__conv_implicit_gemm, &gpu, &p, &options, &offer);
        assert_null(offer.refusal);
        assert_memory_equal(offer.params.value, cases[i].params, sizeof cases[i].params);
    }
}

static void gpus_have_kernels_for_every_feature_but_blocks(void **state)
{
    (void)state;
    static const struct {
        const char *problem;
        tsr_layout layout;
        const char *chosen;
    } cases[] = {
        {"conv:c64h56w56k64r3s3pd1", TSR_LAYOUT_NHWC, "implicit_gemm"},
        {"conv:c16d9h9w9k16t3r3s3,reflect,scale,residual,gelu", TSR_LAYOUT_NCHW, "implicit_gemm"},
        {"convt:c16h9w9k16r4s4st2pd1g16,f16", TSR_LAYOUT_NCHW, "implicit_gemm"},
        {"conv:c64h9w9k64r3s3g4", TSR_LAYOUT_NHWC, "implicit_gemm"},
        {"conv:c64h56w56k64r3s3pd1g64", TSR_LAYOUT_NHWC, "depthwise_tiled"},
        {"conv:c64h56w56k64r40s3g64", TSR_LAYOUT_NCHW, "implicit_gemm"}, /* more rows than are unrolled */
        {"conv:c64h56w56k64r3s3pd1", TSR_LAYOUT_NCHW8C, "reference"},
        {"conv:c64h56w56k64r3s3pd1,f16,half-sums", TSR_LAYOUT_NCHW, "reference"},
    };
    const tsr_plan_options options = tsr_plan_options_default();
    tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
    gpu.fp16 = true;
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr__problem p = conv_problem(cases[i].problem, cases[i].layout);
        assert_string_equal(chosen(&gpu, &p, &options), cases[i].chosen);
    }
}

static void strict_keeps_off_the_reference(void **state)
{
    (void)state;
    tsr_device gpu = invent(TSR_DEVICE_GPU, 1);
    gpu.max_work_group = 32; /* too few for any tile */
    const tsr__problem problem = conv_problem("conv:c2h4w4k2r3s3", TSR_LAYOUT_NCHW);
    tsr_plan_options options = tsr_plan_options_default();
    assert_string_equal(chosen(&gpu, &problem, &options), "reference");
    options.strict = true;
    assert_null(chosen(&gpu, &problem, &options));
    assert_fails(tsr__nothing_chosen(&gpu, &problem, &options), TSR_UNSUPPORTED, "conv:c2h4w4",
                 "implicit_gemm: ", "no tile fits", "reference: strict");
    options.algorithm = "reference"; /* who names it, wants it */
    assert_string_equal(chosen(&gpu, &problem, &options), "reference");
}

static void the_workspace_limit_holds(void **state)
{
    (void)state;
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 8);
    const tsr__problem problem = conv_problem("conv:c64h8w8k64r3s3,exact", TSR_LAYOUT_ANY);
    tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
    assert_true(offer.workspace_bytes >= sizeof(float) * 64 * 64 * 9); /* plain weights are packed there */
    options.workspace_limit_bytes = offer.workspace_bytes;
    assert_string_equal(chosen(&cpu, &problem, &options), "direct_blocked");
    assert_int_equal(offer.parts, 1);
    const uint64_t whole = offer.workspace_bytes;
    --options.workspace_limit_bytes; /* the whole no longer fits, but its parts do */
    assert_string_equal(chosen(&cpu, &problem, &options), "direct_blocked");
    tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
    assert_true(offer.parts > 1 && offer.workspace_bytes < whole);
    options.workspace_limit_bytes = 0;
    assert_string_equal(chosen(&cpu, &problem, &options), "reference");
    assert_contains(refusal_within(&cpu, &problem, "direct_blocked", &options), "workspace_limit_bytes");
    options.packed_weights = true; /* then none is needed */
    assert_string_equal(chosen(&cpu, &problem, &options), "direct_blocked");
}

static void candidates_are_legal_and_begin_with_the_default(void **state)
{
    (void)state;
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr_device devices[] = {invent(TSR_DEVICE_GPU, 1), invent(TSR_DEVICE_CPU, 8), invent(TSR_DEVICE_CPU, 16),
                                  invent_sub_groups(), invent_images()};
    /* The second has rows that fit one tile of depthwise_planes and not the other. */
    const tsr__problem problems[] = {conv_problem("conv:c19h23w21k37r3s3pd1", TSR_LAYOUT_NCHW),
                                     conv_problem("conv:c16h9w682k16r3s4g16", TSR_LAYOUT_NCHW),
                                     conv_problem("conv:c32h23w21k37r3s3pd1", TSR_LAYOUT_NHWC)};
    for (size_t d = 0; d < COUNT(devices) * COUNT(problems); ++d)
        for (const tsr__algorithm *const *a = tsr__conv.opencl; *a != NULL; ++a) {
            const tsr__problem problem = problems[d % COUNT(problems)];
            const tsr_device device = devices[d / COUNT(problems)];
            tsr__offer offer;
            tsr__params tried[64];
            tsr__offer_from(*a, &device, &problem, &options, &offer);
            if (offer.refusal != NULL || (*a)->candidates == NULL) continue;
            const size_t count = (*a)->candidates(&device, &offer.problem, tried, COUNT(tried));
            assert_true(count >= 1);
            assert_memory_equal(&tried[0], &offer.params, sizeof tried[0]);
            assert_int_equal((*a)->candidates(&device, &offer.problem, tried, 1), 1);
            for (size_t i = 0; i < count; ++i) {
                tsr__launches launches = {.count = 0};
                (*a)->launches(&device, &offer.problem, &tried[i], &launches);
                assert_in_range(launches.count, 1, TSR__MAX_LAUNCHES);
                for (int l = 0; l < launches.count; ++l) assert_ok(tsr__launch_check(&launches.items[l]));
            }
        }
}

/* direct_blocked leaves 1 x 1 filters on planes to another; where there is no other, it is taken nevertheless. */
static void what_does_not_pay_comes_before_the_reference(void **state)
{
    (void)state;
    static const tsr__algorithm *const without_planes[] = {&tsr__conv_direct_blocked, &tsr__conv_reference, NULL};
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 16);
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__problem p = conv_problem("conv:c64h56w56k64r1s1", TSR_LAYOUT_NCHW);
    assert_false(candidate(&cpu, &p, "direct_blocked").admitted);
    assert_string_equal(chosen(&cpu, &p, &options), "pointwise_planes");
    tsr__operator op = *p.op;
    op.opencl = without_planes;
    p.op = &op;
    assert_string_equal(chosen(&cpu, &p, &options), "direct_blocked");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_family_gets_its_own_algorithms),
        cmocka_unit_test(depthwise_planes_with_short_rows_share_vectors),
        cmocka_unit_test(gpus_pool_everything_with_their_own),
        cmocka_unit_test(tiles_of_a_gpus_pooling_follow_the_window),
        cmocka_unit_test(exact_keeps_off_what_rounds),
        cmocka_unit_test(what_does_not_pay_runs_where_it_is_named),
        cmocka_unit_test(winograd_needs_no_more_workspace_than_the_tensors),
        cmocka_unit_test(winograd_s_strips_follow_the_caches),
        cmocka_unit_test(the_other_family_runs_where_it_is_named),
        cmocka_unit_test(an_unknown_name_is_refused_with_what_there_is),
        cmocka_unit_test(any_layout_follows_the_device_and_the_channels),
        cmocka_unit_test(tiles_follow_the_vectors_and_the_channels),
        cmocka_unit_test(refusals_tell_the_reason),
        cmocka_unit_test(a_small_device_gets_a_smaller_tile),
        cmocka_unit_test(a_gpu_s_tile_follows_the_problem),
        cmocka_unit_test(gpus_have_kernels_for_every_feature_but_blocks),
        cmocka_unit_test(strict_keeps_off_the_reference),
        cmocka_unit_test(the_workspace_limit_holds),
        cmocka_unit_test(candidates_are_legal_and_begin_with_the_default),
        cmocka_unit_test(what_does_not_pay_comes_before_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
