/* What is refused in a problem, and that the message names the field, its value and the limit. */
#include "conv/conv.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "support/check.h"

enum { MAX_TEXTS = 4 };

/* One field of a sound problem set to a bad value, and what the message must contain. */
typedef struct bad_field {
    size_t field;
    int64_t value;
    const char *texts[MAX_TEXTS];
} bad_field;

#define CONV(name) offsetof(tsr_conv, name)
#define POOL(name) offsetof(tsr_pool, name)

static const int64_t beyond_size = (INT64_C(1) << 48) + 1, beyond_window = INT64_C(1) << 31;

static void check_texts(const char *const texts[MAX_TEXTS])
{
    for (int i = 0; i < MAX_TEXTS && texts[i] != NULL; ++i) assert_contains(tsr_error_message(), texts[i]);
}

/* ---- Convolution ----------------------------------------------------------------------------------------------- */

static tsr_conv sound_conv(void)
{
    tsr_conv c = tsr_conv_default();
    c.n = 2;
    c.c = 4;
    c.k = 6;
    c.groups = 2;
    c.size[TSR_H] = 9;
    c.size[TSR_W] = 8;
    c.filter[TSR_H] = c.filter[TSR_W] = 3;
    c.pad_begin[TSR_H] = c.pad_end[TSR_H] = c.pad_begin[TSR_W] = c.pad_end[TSR_W] = 1;
    return c;
}

/* Every call that takes a problem refuses it in the same words and does nothing. */
static void check_bad_conv(const tsr_conv *c, const char *const texts[MAX_TEXTS])
{
    tsr_tensor y = {.n = 77};
    assert_int_equal(tsr_conv_output(c, &y), TSR_INVALID_VALUE);
    check_texts(texts);
    assert_int_equal(y.n, 77);

    tsr_context *context = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &context));
    tsr_plan *plan = NULL;
    assert_int_equal(tsr_conv_plan(context, c, NULL, &plan), TSR_INVALID_VALUE);
    check_texts(texts);
    assert_null(plan);
    size_t count = 77;
    assert_int_equal(tsr_conv_explain(context, c, NULL, NULL, 0, &count), TSR_INVALID_VALUE);
    check_texts(texts);
    assert_int_equal(count, 77);
    tsr_context_destroy(context);
}

static void a_convolution_with_a_number_out_of_range_is_refused(void **state)
{
    (void)state;
    static const bad_field cases[] = {
        {CONV(n), 0, {"n is 0; allowed are 1 to 281474976710656"}},
        {CONV(n), -1, {"n is -1; allowed are 1 to "}},
        {CONV(n), (INT64_C(1) << 48) + 1, {"n is 281474976710657; allowed are 1 to 281474976710656"}},
        {CONV(n), INT64_MAX, {"n is 9223372036854775807; allowed are 1 to "}},
        {CONV(c), 0, {"c is 0; allowed are 1 to "}},
        {CONV(c), -4, {"c is -4; allowed are 1 to "}},
        {CONV(k), 0, {"k is 0; allowed are 1 to "}},
        {CONV(k), INT64_MIN, {"k is -9223372036854775808; allowed are 1 to "}},
        {CONV(groups), 0, {"groups is 0; allowed are 1 to "}},
        {CONV(groups), -2, {"groups is -2; allowed are 1 to "}},
        {CONV(size[TSR_D]), 0, {"size[D] is 0; allowed are 1 to "}},
        {CONV(size[TSR_H]), -9, {"size[H] is -9; allowed are 1 to "}},
        {CONV(size[TSR_W]), INT64_MAX, {"size[W] is 9223372036854775807; allowed are 1 to "}},
        {CONV(filter[TSR_D]), -1, {"filter[D] is -1; allowed are 1 to 2147483647"}},
        {CONV(filter[TSR_H]), 0, {"filter[H] is 0; allowed are 1 to "}},
        {CONV(filter[TSR_W]), INT64_C(1) << 31, {"filter[W] is 2147483648; allowed are 1 to 2147483647"}},
        {CONV(stride[TSR_D]), 0, {"stride[D] is 0; allowed are 1 to "}},
        {CONV(stride[TSR_H]), -2, {"stride[H] is -2; allowed are 1 to "}},
        {CONV(stride[TSR_W]), INT64_MAX, {"stride[W] is 9223372036854775807; allowed are 1 to 2147483647"}},
        {CONV(dilation[TSR_D]), -1, {"dilation[D] is -1; allowed are 1 to "}},
        {CONV(dilation[TSR_H]), 0, {"dilation[H] is 0; allowed are 1 to "}},
        {CONV(dilation[TSR_W]), INT64_MAX, {"dilation[W] is 9223372036854775807; allowed are 1 to "}},
        {CONV(pad_begin[TSR_H]), -1, {"pad_begin[H] is -1; allowed are 0 to 2147483647"}},
        {CONV(pad_begin[TSR_W]), INT64_C(1) << 31, {"pad_begin[W] is 2147483648; allowed are 0 to "}},
        {CONV(pad_end[TSR_D]), INT64_MIN, {"pad_end[D] is -9223372036854775808; allowed are 0 to "}},
        {CONV(pad_end[TSR_W]), -3, {"pad_end[W] is -3; allowed are 0 to "}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_conv c = sound_conv();
        memcpy((char *)&c + cases[i].field, &cases[i].value, sizeof cases[i].value);
        check_bad_conv(&c, cases[i].texts);
    }
}

static void a_convolution_whose_numbers_do_not_fit_together_is_refused(void **state)
{
    (void)state;
    static const bad_field cases[] = {
        {CONV(groups), 3, {"groups is 3", "divide c, which is 4", "k, which is 6"}},
        {CONV(groups), 4, {"groups is 4", "divide c, which is 4", "k, which is 6"}},
        {CONV(groups), 8, {"groups is 8", "divide c, which is 4"}},
        {CONV(c), 5, {"groups is 2", "divide c, which is 5"}},
        {CONV(k), 7, {"groups is 2", "k, which is 7"}},
        {CONV(filter[TSR_H]), 12, {"filter[H] is 12", "dilation 1", "spanning 12", "has only 11"}},
        {CONV(dilation[TSR_W]), 5, {"filter[W] is 3", "dilation 5", "spanning 11", "has only 10"}},
        {CONV(filter[TSR_D]), 2, {"filter[D] is 2", "spanning 2", "has only 1"}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_conv c = sound_conv();
        memcpy((char *)&c + cases[i].field, &cases[i].value, sizeof cases[i].value);
        check_bad_conv(&c, cases[i].texts);
    }
}

static void a_convolution_with_an_unknown_choice_is_refused(void **state)
{
    (void)state;
    tsr_conv c = sound_conv();
    c.auto_pad = (tsr_auto_pad)4;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"auto_pad is 4; allowed are 0 to 3"});
    c.auto_pad = (tsr_auto_pad)-1;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"auto_pad is ", "allowed are 0 to 3"});
    c = sound_conv();
    c.activation = (tsr_activation)16;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"activation is 16; allowed are 0 to 15"});
    c.activation = (tsr_activation)-1;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"activation is ", "allowed are 0 to 15"});
    c = sound_conv();
    c.pad_mode = (tsr_pad_mode)4;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"pad_mode is 4; allowed are 0 to 3"});
    c = sound_conv();
    c.dtype = TSR_I8;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"dtype is 3 (i8); allowed are f32, f16, f64"});
    c.dtype = (tsr_dtype)-1;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"dtype is ", "(unknown type); allowed are f32, f16, f64"});
    c = sound_conv();
    c.x_layout = (tsr_layout)6;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"x.layout is 6 (unknown layout)", "nchw to any"});
    c = sound_conv();
    c.y_layout = (tsr_layout)-1;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"y.layout is -1 (unknown layout)", "nchw to any"});
}

static void a_convolution_with_automatic_and_explicit_pads_is_refused(void **state)
{
    (void)state;
    tsr_conv c = sound_conv();
    for (int kind = TSR_PAD_SAME_UPPER; kind <= TSR_PAD_VALID; ++kind) {
        c.auto_pad = (tsr_auto_pad)kind;
        check_bad_conv(&c, (const char *const[MAX_TEXTS]){"pad[H] is 1 and 1", "explicit pads must be 0"});
    }
}

static void a_convolution_whose_products_overflow_is_refused(void **state)
{
    (void)state;
    tsr_conv c = sound_conv();
    c.n = INT64_C(1) << 40;
    c.c = INT64_C(1) << 40;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"x has 1099511627776 x 1099511627776 x 1 x 9 x 8", "2^63-1"});
    c = sound_conv();
    c.n = INT64_C(1) << 20;
    c.k = INT64_C(1) << 48;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"y has 1048576 x 281474976710656 x 1 x 9 x 8", "2^63-1"});
    c = sound_conv();
    c.n = 1;
    c.c = c.k = INT64_C(1) << 34;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"w has 17179869184 x 8589934592 x 1 x 3 x 3", "2^60-1"});
    /* It would do as NCHW, but ANY may become blocks of 16. */
    c = sound_conv();
    c.groups = 1;
    c.c = c.k = 1;
    c.n = INT64_C(1) << 48;
    c.size[TSR_H] = 512;
    assert_ok(tsr_conv_output(&c, &(tsr_tensor){0}));
    c.x_layout = TSR_LAYOUT_ANY;
    check_bad_conv(&c, (const char *const[MAX_TEXTS]){"x has 281474976710656 x 1 x 1 x 512 x 8", "2^63-1"});
}

static void a_convolution_at_the_limits_is_accepted(void **state)
{
    (void)state;
    tsr_conv c = tsr_conv_default();
    tsr_tensor y;
    c.n = INT64_C(1) << 48;
    c.c = c.k = c.size[TSR_W] = 1;
    assert_ok(tsr_conv_output(&c, &y));
    assert_int_equal(y.n, INT64_C(1) << 48);
    c = sound_conv();
    c.filter[TSR_H] = 11; /* exactly the padded input */
    assert_ok(tsr_conv_output(&c, &y));
    assert_int_equal(y.size[TSR_H], 1);
    assert_int_equal(y.size[TSR_W], 8);
    assert_int_equal(y.c, 6);
    c.stride[TSR_W] = beyond_window - 1;
    assert_ok(tsr_conv_output(&c, &y));
    assert_int_equal(y.size[TSR_W], 1);
    c.size[TSR_W] = beyond_size;
    assert_int_equal(tsr_conv_output(&c, &y), TSR_INVALID_VALUE);
}

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

static tsr_pool sound_pool(void)
{
    tsr_pool p = tsr_pool_default();
    p.c = 3;
    p.size[TSR_H] = 9;
    p.size[TSR_W] = 8;
    p.filter[TSR_H] = p.filter[TSR_W] = 3;
    p.stride[TSR_H] = p.stride[TSR_W] = 2;
    return p;
}

static void check_bad_pool(const tsr_pool *p, const char *const texts[MAX_TEXTS])
{
    tsr_tensor y = {.n = 77};
    assert_int_equal(tsr_pool_output(p, &y), TSR_INVALID_VALUE);
    check_texts(texts);
    assert_int_equal(y.n, 77);

    tsr_context *context = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &context));
    tsr_plan *plan = NULL;
    assert_int_equal(tsr_pool_plan(context, p, NULL, &plan), TSR_INVALID_VALUE);
    check_texts(texts);
    assert_null(plan);
    size_t count = 77;
    assert_int_equal(tsr_pool_explain(context, p, NULL, NULL, 0, &count), TSR_INVALID_VALUE);
    check_texts(texts);
    assert_int_equal(count, 77);
    tsr_context_destroy(context);
}

static void a_pooling_with_a_bad_number_is_refused(void **state)
{
    (void)state;
    static const bad_field cases[] = {
        {POOL(n), 0, {"n is 0; allowed are 1 to "}},
        {POOL(n), INT64_MAX, {"n is 9223372036854775807; allowed are 1 to "}},
        {POOL(c), 0, {"c is 0; allowed are 1 to "}},
        {POOL(c), -1, {"c is -1; allowed are 1 to "}},
        {POOL(size[TSR_D]), -1, {"size[D] is -1; allowed are 1 to "}},
        {POOL(size[TSR_W]), 0, {"size[W] is 0; allowed are 1 to "}},
        {POOL(filter[TSR_H]), 0, {"filter[H] is 0; allowed are 1 to 2147483647"}},
        {POOL(filter[TSR_W]), -3, {"filter[W] is -3; allowed are 1 to "}},
        {POOL(filter[TSR_H]), 10, {"filter[H] is 10", "has only 9"}},
        {POOL(stride[TSR_W]), -1, {"stride[W] is -1; allowed are 1 to "}},
        {POOL(stride[TSR_H]), INT64_MAX, {"stride[H] is 9223372036854775807; allowed are 1 to "}},
        {POOL(pad_begin[TSR_H]), -1, {"pad_begin[H] is -1; allowed are 0 to "}},
        {POOL(pad_begin[TSR_H]), 3, {"pad[H] is 3 and 0", "below the window, which is 3"}},
        {POOL(pad_end[TSR_W]), 4, {"pad[W] is 0 and 4", "below the window, which is 3"}},
        {POOL(pad_end[TSR_D]), 1, {"pad[D] is 0 and 1", "below the window, which is 1"}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_pool p = sound_pool();
        memcpy((char *)&p + cases[i].field, &cases[i].value, sizeof cases[i].value);
        check_bad_pool(&p, cases[i].texts);
    }
}

static void a_pooling_with_an_unknown_choice_is_refused(void **state)
{
    (void)state;
    tsr_pool p = sound_pool();
    p.kind = (tsr_pool_kind)4;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"kind is 4; allowed are 0 to 3"});
    p = sound_pool();
    p.indices = (tsr_indices)3;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"indices is 3; allowed are 0 to 2"});
    p = sound_pool();
    p.dtype = (tsr_dtype)5;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"dtype is 5 (unknown type); allowed are f32, f16, f64, i8, u8"});
    p = sound_pool();
    p.auto_pad = (tsr_auto_pad)17;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"auto_pad is 17; allowed are 0 to 3"});
    p = sound_pool();
    p.x_layout = (tsr_layout)6;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"x.layout is 6"});
    p = sound_pool();
    p.y_layout = (tsr_layout)6;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"y.layout is 6"});
    p = sound_pool();
    p.pad_end[TSR_W] = 1;
    p.auto_pad = TSR_PAD_VALID;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"pad[W] is 0 and 1", "explicit pads must be 0"});
    p = sound_pool();
    p.n = p.c = INT64_C(1) << 40;
    check_bad_pool(&p, (const char *const[MAX_TEXTS]){"x has 1099511627776 x 1099511627776", "2^63-1"});
}

static void a_pooling_stride_of_0_is_the_window(void **state)
{
    (void)state;
    tsr_pool p = sound_pool();
    tsr_tensor y;
    p.stride[TSR_H] = p.stride[TSR_W] = 0;
    assert_ok(tsr_pool_output(&p, &y));
    assert_int_equal(y.size[TSR_H], 3);
    assert_int_equal(y.size[TSR_W], 2);
    assert_int_equal(y.c, 3);
}

/* ---- NULL, reorders -------------------------------------------------------------------------------------------- */

static void null_pointers_are_refused_by_name(void **state)
{
    (void)state;
    const tsr_conv conv = sound_conv();
    const tsr_pool pool = sound_pool();
    tsr_tensor y;
    tsr_plan *plan = NULL;
    size_t count = 0;
    tsr_context *context = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &context));
    assert_fails(tsr_conv_output(NULL, &y), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_conv_output(&conv, NULL), TSR_INVALID_VALUE, "y is NULL");
    assert_fails(tsr_pool_output(NULL, &y), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_pool_output(&pool, NULL), TSR_INVALID_VALUE, "y is NULL");
    assert_fails(tsr_conv_plan(NULL, &conv, NULL, &plan), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_conv_plan(context, NULL, NULL, &plan), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_conv_plan(context, &conv, NULL, NULL), TSR_INVALID_VALUE, "plan is NULL");
    assert_fails(tsr_pool_plan(NULL, &pool, NULL, &plan), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_pool_plan(context, NULL, NULL, &plan), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_pool_plan(context, &pool, NULL, NULL), TSR_INVALID_VALUE, "plan is NULL");
    assert_fails(tsr_reorder_plan(NULL, &y, &y, NULL, &plan), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_reorder_plan(context, NULL, &y, NULL, &plan), TSR_INVALID_VALUE, "x is NULL");
    assert_fails(tsr_conv_explain(NULL, &conv, NULL, NULL, 0, &count), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_conv_explain(context, NULL, NULL, NULL, 0, &count), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_conv_explain(context, &conv, NULL, NULL, 0, NULL), TSR_INVALID_VALUE, "count is NULL");
    assert_fails(tsr_conv_explain(context, &conv, NULL, NULL, 3, &count), TSR_INVALID_VALUE, "candidates is NULL",
                 "capacity is 3");
    assert_fails(tsr_pool_explain(context, &pool, NULL, NULL, 0, NULL), TSR_INVALID_VALUE, "count is NULL");
    assert_null(plan);
    tsr_context_destroy(context);
}

/* What was chosen among the candidates of an explanation that went well. */
static void assert_one_is_chosen(tsr_status status, const tsr_candidate *candidates, const size_t *count)
{
    int chosen = 0;
    assert_ok(status);
    for (size_t i = 0; i < *count; ++i) {
        assert_true(candidates[i].admitted);
        chosen += candidates[i].chosen;
    }
    assert_int_equal(chosen, 1);
}

static void every_operator_explains_its_choice(void **state)
{
    (void)state;
    enum { MOST = 16 };
    tsr_context *context = NULL;
    tsr_candidate c[MOST];
    size_t n = 0;
    tsr_unpool unpool = tsr_unpool_default();
    tsr_unfold columns = tsr_unfold_default();
    tsr_tensor x = {.n = 1, .c = 3, .size = {1, 1, 8}}, y = x;
    assert_ok(tsr_context_create("cpu", NULL, &context));
    assert_fails(tsr_unpool_explain(context, NULL, NULL, c, MOST, &n), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_unfold_explain(context, NULL, NULL, c, MOST, &n), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_fold_explain(context, NULL, NULL, c, MOST, &n), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_reorder_explain(context, &x, NULL, NULL, c, MOST, &n), TSR_INVALID_VALUE, "y is NULL");
    unpool.c = columns.c = 3;
    unpool.pooled[TSR_W] = 4;
    unpool.size[TSR_W] = columns.size[TSR_W] = 8;
    y.layout = TSR_LAYOUT_NHWC;
    assert_one_is_chosen(tsr_unpool_explain(context, &unpool, NULL, c, MOST, &n), c, &n);
    assert_one_is_chosen(tsr_unfold_explain(context, &columns, NULL, c, MOST, &n), c, &n);
    assert_one_is_chosen(tsr_fold_explain(context, &columns, NULL, c, MOST, &n), c, &n);
    assert_one_is_chosen(tsr_reorder_explain(context, &x, &y, NULL, c, MOST, &n), c, &n);
    tsr_context_destroy(context);
}

static void a_reorder_of_a_bad_tensor_is_refused(void **state)
{
    (void)state;
    tsr__problem p;
    tsr_tensor x = {.n = 1, .c = 3, .size = {1, 4, 5}}, y = x;
    y.layout = TSR_LAYOUT_NCHW8C;
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    assert_int_equal(p.y.layout, TSR_LAYOUT_NCHW8C);
    assert_int_equal(p.y.c, 3);
    y.layout = TSR_LAYOUT_ANY;
    assert_fails(tsr__reorder_problem(&x, &y, &p), TSR_INVALID_VALUE, "y.layout is 5 (any)");
    y.layout = (tsr_layout)8;
    assert_fails(tsr__reorder_problem(&x, &y, &p), TSR_INVALID_VALUE, "y.layout is 8");
    y = x;
    y.size[TSR_W] = 6;
    assert_fails(tsr__reorder_problem(&x, &y, &p), TSR_INVALID_VALUE, "y.size[W] is 6", "5 to 5");
    y = x;
    x.size[TSR_H] = 0;
    assert_fails(tsr__reorder_problem(&x, &y, &p), TSR_INVALID_VALUE, "x.size[H] is 0");
    x.layout = TSR_LAYOUT_ANY;
    x.size[TSR_H] = 4;
    assert_fails(tsr__reorder_problem(&x, &y, &p), TSR_INVALID_VALUE, "x.layout is 5 (any)");
}

/* ---- What algorithms ask --------------------------------------------------------------------------------------- */

static void a_problem_is_wide_just_beyond_the_range_of_32_bit_indices(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool wide;
    } cases[] = {
        {"conv:c9w236745159k1", false},
        {"conv:c127h4096w4096k1", true},
        {"conv:c1w236745159k9", false},
        {"conv:c1h4096w4096k127", true},
        {"conv:c236745159w1k9", false},
        {"conv:c65536w1k32512", true},
        {"conv:c1h1w268435456k1", false},
        {"conv:c1h1w268435457k1", true},
        {"conv:c1h1w268435455k1s3pd0x1x0x0", false},
        {"conv:c1h1w268435455k1s3pd0x1x0x1", true},
        {"conv:c1h1w9k1st1048576", false},
        {"conv:c1h1w9k1st1048577", true},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_conv c;
        tsr__problem p;
        assert_ok(tsr_conv_parse(cases[i].text, &c));
        assert_ok(tsr__conv_problem(&c, &p));
        tsr__problem_settle(&p);
        assert_int_equal((tsr__problem_features(&p) & TSR__WIDE_BIT) != 0, cases[i].wide);
    }
}

static void depth_is_a_feature_wherever_it_shows(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool flat;
    } cases[] = {
        {"conv:c1w9k1", true},         {"conv:c1h9w9k1r3s3pd1", true}, {"conv:c1d1h9w9k1t1r3s3pd0x1x1", true},
        {"conv:c1d2h9w9k1", false},    {"conv:c1d3h9w9k1t3", false},   {"conv:c1h9w9k1r3s3pd1x1x1", false},
        {"conv:c1d1w9k1t3pd1", false},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_conv c;
        tsr__problem p;
        assert_ok(tsr_conv_parse(cases[i].text, &c));
        assert_ok(tsr__conv_problem(&c, &p));
        tsr__problem_settle(&p);
        assert_int_equal((tsr__problem_features(&p) & TSR__DEPTH_BIT) == 0, cases[i].flat);
    }
}

static void a_checked_problem_has_shapes_weights_and_explicit_pads(void **state)
{
    (void)state;
    tsr_conv c;
    tsr__problem p;
    assert_ok(tsr_conv_parse("conv:n2c6h9w8k10r3s2st2g2,same-lower,bias,relu", &c));
    assert_ok(tsr__conv_problem(&c, &p));
    assert_ptr_equal(p.op, &tsr__conv);
    assert_int_equal(p.w_elements, 10 * 3 * 3 * 2);
    assert_int_equal(p.y.n, 2);
    assert_int_equal(p.y.c, 10);
    assert_int_equal(p.y.size[TSR_D], 1);
    assert_int_equal(p.y.size[TSR_H], 5);
    assert_int_equal(p.y.size[TSR_W], 4);
    assert_int_equal(p.window.auto_pad, TSR_PAD_NOTSET);
    assert_int_equal(p.window.pad_begin[TSR_H], 1);
    assert_int_equal(p.window.pad_end[TSR_H], 1);
    assert_int_equal(p.window.pad_begin[TSR_W], 0);
    assert_int_equal(p.window.pad_end[TSR_W], 0);
    assert_int_equal(tsr__group_c(&p), 3);
    assert_int_equal(tsr__group_k(&p), 5);
    assert_true(p.bias);
    assert_int_equal(p.activation, TSR_ACTIVATION_RELU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_with_a_number_out_of_range_is_refused),
        cmocka_unit_test(a_convolution_whose_numbers_do_not_fit_together_is_refused),
        cmocka_unit_test(a_convolution_with_an_unknown_choice_is_refused),
        cmocka_unit_test(a_convolution_with_automatic_and_explicit_pads_is_refused),
        cmocka_unit_test(a_convolution_whose_products_overflow_is_refused),
        cmocka_unit_test(a_convolution_at_the_limits_is_accepted),
        cmocka_unit_test(a_pooling_with_a_bad_number_is_refused),
        cmocka_unit_test(a_pooling_with_an_unknown_choice_is_refused),
        cmocka_unit_test(a_pooling_stride_of_0_is_the_window),
        cmocka_unit_test(null_pointers_are_refused_by_name),
        cmocka_unit_test(every_operator_explains_its_choice),
        cmocka_unit_test(a_reorder_of_a_bad_tensor_is_refused),
        cmocka_unit_test(a_problem_is_wide_just_beyond_the_range_of_32_bit_indices),
        cmocka_unit_test(depth_is_a_feature_wherever_it_shows),
        cmocka_unit_test(a_checked_problem_has_shapes_weights_and_explicit_pads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
