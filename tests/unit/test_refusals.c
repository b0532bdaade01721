/* Every algorithm with every feature, on invented devices: what it does not have it refuses, in the feature's words. */
#include "columns/columns.h"
#include "conv/conv.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "select.h"
#include "unit/invented.h"
#include "unpool/unpool.h"

#include <stdio.h>

static const struct {
    const char *name, *title, *refusal;
} features[] = {
#define ROW(name, title, refusal) {#name, title, refusal},
    TSR__FEATURE_LIST(ROW)
#undef ROW
};

static const tsr_device_kind kinds[] = {TSR_DEVICE_GPU, TSR_DEVICE_CPU, TSR_DEVICE_HOST};

/* ---- Problems that need one feature each ----------------------------------------------------------------------- */

typedef struct probe {
    uint32_t feature;
    const char *text; /* ends like the notation; "reorder" and "unpool" stand for themselves */
    tsr_layout x, y;
    bool view;
} probe;

static const probe probes[] = {
    {TSR__PLAIN_BIT, "conv:c16h8w8k16r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__BLOCKED_BIT, "conv:c16h8w8k16r3s3", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__NHWC_BIT, "conv:c16h8w8k16r3s3", TSR_LAYOUT_NHWC, TSR_LAYOUT_NHWC, false},
    {TSR__MIXED_BIT, "conv:c16h8w8k16r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, false},
    {TSR__VIEW_BIT, "conv:n2c16h8w8k16r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, true},
    {TSR__VIEW_BIT, "conv:n2c16h8w8k16r3s3", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, true},
    {TSR__WIDE_BIT, "conv:c1h8w8k1st2000000", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__DEPTH_BIT, "conv:c16d5h8w8k16t3r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__DEPTH_BIT, "conv:c16d5h8w8k16t3r3s3", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__DILATION_BIT, "conv:c16h8w8k16r3s3dl2", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__F16_BIT, "conv:c16h8w8k16r3s3,f16", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__F64_BIT, "conv:c16h8w8k16r3s3,f64", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__GROUPS_BIT, "conv:c16h8w8k16r3s3g2", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__GROUPS_BIT, "conv:c16h8w8k16r3s3g16", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__DENSE_BIT, "conv:c16h8w8k16r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__TRANSPOSED_BIT, "convt:c16h8w8k16r3s3st2", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__TRANSPOSED_BIT, "convt:c16h8w8k16r3s3st2", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__PAD_MODE_BIT, "conv:c16h8w8k16r3s3pd1,reflect", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__PAD_MODE_BIT, "conv:c16h8w8k16r3s3pd1,replicate", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__PAD_MODE_BIT, "conv:c16h8w8k16r3s3pd1,circular", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__FLIP_BIT, "conv:c16h8w8k16r3s3,flip", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__SCALE_BIT, "conv:c16h8w8k16r3s3,scale", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__RESIDUAL_BIT, "conv:c16h8w8k16r3s3,residual", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__ACTIVATION_BIT, "conv:c16h8w8k16r3s3,gelu", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__ACTIVATION_BIT, "conv:c16h8w8k16r3s3,relu6", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__HALF_SUMS_BIT, "conv:c16h8w8k16r3s3,half-sums,f16", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__EXACT_BIT, "conv:c16h8w8k16r3s3,exact", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__EXACT_BIT, "conv:c16h8w8k16r3s3,exact", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__PLAIN_BIT, "max:c16h8w8r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__BLOCKED_BIT, "max:c16h8w8r3s3", TSR_LAYOUT_NCHW16C, TSR_LAYOUT_NCHW16C, false},
    {TSR__NHWC_BIT, "max:c16h8w8r3s3", TSR_LAYOUT_NHWC, TSR_LAYOUT_NHWC, false},
    {TSR__MIXED_BIT, "max:c16h8w8r3s3", TSR_LAYOUT_NCHW16C, TSR_LAYOUT_NCHW, false},
    {TSR__VIEW_BIT, "max:n2c16h8w8r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, true},
    {TSR__WIDE_BIT, "max:c1h8w8r3s3st2000000", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__DEPTH_BIT, "avg:c16d5h8w8t3r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__DILATION_BIT, "max:c16h8w8r3s3dl2", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__F16_BIT, "max:c16h8w8r3s3,f16", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__F64_BIT, "max:c16h8w8r3s3,f64", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__INT8_BIT, "max:c16h8w8r3s3,i8", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__INT8_BIT, "max:c16h8w8r3s3,u8", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__LP_BIT, "lp:c16h8w8r3s3", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__INDICES_BIT, "max:c16h8w8r3s3,indices", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__INDICES_BIT, "max:c16h8w8r3s3,indices32", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, false},
    {TSR__ADAPTIVE_BIT, "avg:c16h8w8os3,adaptive", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__DIVISOR_BIT, "avg:c16h8w8r3s3div4", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__CEIL_BIT, "max:c16h8w8r3s3st2,ceil", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__CONVERT_BIT, "reorder", TSR_LAYOUT_NCHW, TSR_LAYOUT_NHWC, false},
    {TSR__MIXED_BIT, "reorder", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, false},
    {TSR__NHWC_BIT, "reorder", TSR_LAYOUT_NHWC, TSR_LAYOUT_NCHW8C, false},
    {TSR__VIEW_BIT, "reorder", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, true},
    {TSR__INDICES_BIT, "unpool", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false},
    {TSR__INDICES_BIT, "unpool", TSR_LAYOUT_NHWC, TSR_LAYOUT_NHWC, false},
};

/* Rows that end later than they must. */
static tsr_strides gap(tsr_layout layout)
{
    tsr_strides s = {.n = 0};
    s.size[TSR_H] = layout == TSR_LAYOUT_NCHW ? 10 : 10 * 16;
    return s;
}

static tsr__problem reorder_problem(const probe *q)
{
    tsr__problem p;
    tsr_tensor x = {.n = 2, .c = 16, .layout = q->x, .size = {1, 8, 8}}, y = x;
    y.layout = q->y;
    if (q->feature == TSR__CONVERT_BIT) y.dtype = TSR_F16;
    if (q->view) x.strides = gap(q->x);
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    return p;
}

static tsr__problem unpool_problem(const probe *q)
{
    tsr__problem p;
    tsr_unpool u = tsr_unpool_default();
    u.c = 16;
    u.pooled[TSR_H] = u.pooled[TSR_W] = 4;
    u.size[TSR_H] = u.size[TSR_W] = 8;
    u.layout = q->x;
    assert_ok(tsr__unpool_problem(&u, &p));
    return p;
}

static tsr__problem problem_for(const probe *q)
{
    tsr__problem p;
    tsr_conv conv;
    tsr_pool pool;
    if (strcmp(q->text, "reorder") == 0) return reorder_problem(q);
    if (strcmp(q->text, "unpool") == 0) return unpool_problem(q);
    if (strncmp(q->text, "conv", 4) == 0) {
        assert_ok(tsr_conv_parse(q->text, &conv));
        conv.x_layout = q->x;
        conv.y_layout = q->y;
        if (q->view) conv.x_strides = gap(q->x);
        assert_ok(tsr__conv_problem(&conv, &p));
        return p;
    }
    assert_ok(tsr_pool_parse(q->text, &pool));
    pool.x_layout = q->x;
    pool.y_layout = q->y;
    if (q->view) pool.x_strides = gap(q->x);
    assert_ok(tsr__pool_problem(&pool, &p));
    return p;
}

static uint32_t needed_by(const tsr__problem *problem)
{
    tsr__problem settled = *problem;
    tsr__problem_settle(&settled);
    return tsr__problem_features(&settled);
}

/* ---- Refusals -------------------------------------------------------------------------------------------------- */

static bool is_a_features_text(const char *text)
{
    for (size_t i = 0; i < COUNT(features); ++i)
        if (text != NULL && strcmp(text, features[i].refusal) == 0) return true;
    return false;
}

/* The algorithm refuses in the words of the first feature that it lacks, and in no such words where it lacks none. */
static void check_refusal(const tsr__algorithm *a, const tsr_device *device, const probe *q)
{
    const tsr__problem problem = problem_for(q);
    const tsr_plan_options options = tsr_plan_options_default();
    const uint32_t missing = needed_by(&problem) & ~a->features;
    tsr__offer offer;
    tsr__offer_from(a, device, &problem, &options, &offer);
    size_t first = 0;
    while (first < COUNT(features) && !(missing >> first & 1)) ++first;
    const char *expected = missing == 0 ? NULL : features[first].refusal;
    const bool right = missing == 0 ? !is_a_features_text(offer.refusal)
                                    : offer.refusal != NULL && strcmp(offer.refusal, expected) == 0;
    if (!right)
        print_error("%s on %s: \"%s\" and not \"%s\"\n", a->name, q->text, offer.refusal == NULL ? "" : offer.refusal,
                    expected == NULL ? "" : expected);
    assert_true(right);
    assert_int_equal(offer.parts, 1);
}

static void every_lacking_feature_is_refused_in_its_own_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(probes); ++i)
        for (size_t k = 0; k < COUNT(kinds); ++k) {
            const tsr_device device = invent_able(kinds[k]);
            const tsr__problem problem = problem_for(&probes[i]);
            const tsr__algorithm *const *a = tsr__algorithms_for(&device, problem.op);
            for (; *a != NULL; ++a) check_refusal(*a, &device, &probes[i]);
        }
}

static void every_feature_has_a_problem_that_needs_it(void **state)
{
    (void)state;
    uint32_t met = 0;
    for (size_t i = 0; i < COUNT(probes); ++i) {
        const tsr__problem problem = problem_for(&probes[i]);
        const uint32_t needed = needed_by(&problem);
        if (!(needed & probes[i].feature)) print_error("%s\n", probes[i].text);
        assert_true(needed & probes[i].feature);
        met |= probes[i].feature;
    }
    assert_int_equal(met, TSR__ALL_FEATURES);
}

static void the_plain_case_needs_nothing_but_its_layout(void **state)
{
    (void)state;
    const probe conv = {.text = "conv:n2c16h8w8k24r3s3st2pd1,bias,relu"};
    const probe pool = {.text = "avgpad:n2c16h8w8r3s3st2pd1"};
    const tsr__problem c = problem_for(&conv), p = problem_for(&pool);
    assert_int_equal(needed_by(&c), TSR__PLAIN_BIT | TSR__DENSE_BIT);
    assert_int_equal(needed_by(&p), TSR__PLAIN_BIT);
}

static void features_have_titles_and_texts_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(COUNT(features), TSR__FEATURES);
    for (size_t i = 0; i < COUNT(features); ++i) {
        assert_string_equal(tsr__feature_title((int)i), features[i].title);
        assert_string_equal(tsr__refuse_features(UINT32_C(1) << i, 0), features[i].refusal);
        assert_string_equal(tsr__refuse_features(TSR__ALL_FEATURES, TSR__ALL_FEATURES & ~(UINT32_C(1) << i)),
                            features[i].refusal);
        for (size_t j = 0; j < i; ++j) assert_string_not_equal(features[i].refusal, features[j].refusal);
    }
    assert_null(tsr__refuse_features(TSR__ALL_FEATURES, TSR__ALL_FEATURES));
    assert_null(tsr__refuse_features(0, 0));
}

/* ---- What the device lacks ------------------------------------------------------------------------------------- */

/* Every OpenCL algorithm that could do the problem refuses it on a device that cannot, and says so. */
static void check_device_refusal(const tsr_device *device, const probe *q, const char *type)
{
    const tsr__problem problem = problem_for(q);
    const tsr_plan_options options = tsr_plan_options_default();
    const uint32_t needed = needed_by(&problem);
    int asked = 0;
    for (const tsr__algorithm *const *a = problem.op->opencl; *a != NULL; ++a) {
        tsr__offer offer;
        tsr__offer_from(*a, device, &problem, &options, &offer);
        assert_non_null(offer.refusal);
        if (needed & ~(*a)->features) continue;
        assert_contains(offer.refusal, "the device does not compute with");
        assert_contains(offer.refusal, type);
        ++asked;
    }
    assert_true(asked > 0);
    tsr_plan_options any = options;
    assert_fails(tsr__nothing_chosen(device, &problem, &any), TSR_UNSUPPORTED, "no algorithm for ",
                 "reference: the device does not compute with", type);
}

static void types_that_the_device_lacks_are_refused_by_name(void **state)
{
    (void)state;
    static const probe doubles[] = {{.text = "conv:c16h8w8k16r3s3,f64"}, {.text = "max:c16h8w8r3s3,f64"}};
    static const probe halves = {.text = "conv:c16h8w8k16r3s3,half-sums,f16"};
    for (int kind = TSR_DEVICE_GPU; kind <= TSR_DEVICE_CPU; ++kind) {
        tsr_device device = invent_able((tsr_device_kind)kind);
        device.fp64 = false;
        for (size_t i = 0; i < COUNT(doubles); ++i) check_device_refusal(&device, &doubles[i], "f64");
        device = invent_able((tsr_device_kind)kind);
        device.fp16 = false;
        check_device_refusal(&device, &halves, "f16");
    }
}

/* Halves in memory need nothing of the device: sums are in float. */
static void half_tensors_run_where_the_device_has_no_halves(void **state)
{
    (void)state;
    const probe halves = {.text = "conv:c16h8w8k16r3s3,f16"};
    const tsr__problem problem = problem_for(&halves);
    const tsr_plan_options options = tsr_plan_options_default();
    tsr_device device = invent_able(TSR_DEVICE_GPU);
    device.fp16 = device.fp64 = false;
    tsr_candidate candidates[64];
    size_t count = 0;
    assert_ok(tsr__explain(&device, &problem, &options, candidates, COUNT(candidates), &count));
    assert_null(candidates[count - 1].refusal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lacking_feature_is_refused_in_its_own_words),
        cmocka_unit_test(every_feature_has_a_problem_that_needs_it),
        cmocka_unit_test(the_plain_case_needs_nothing_but_its_layout),
        cmocka_unit_test(features_have_titles_and_texts_of_their_own),
        cmocka_unit_test(types_that_the_device_lacks_are_refused_by_name),
        cmocka_unit_test(half_tensors_run_where_the_device_has_no_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
