/* The notation of problems: reading, writing, and what is refused. */
#include "support/check.h"

#include <stdio.h>

#include "conv/conv.h"
#include "pool/pool.h"
#include "support/support.h"

enum { TEXT_BYTES = 512, ROUNDS = 1000 };

/* Padding between fields makes memcmp unfit, so that problems are compared field by field. */
static void assert_same_axes(const int64_t *a, const int64_t *b)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) assert_int_equal(a[axis], b[axis]);
}

static void assert_same_conv(const tsr_conv *a, const tsr_conv *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->c, b->c);
    assert_int_equal(a->k, b->k);
    assert_int_equal(a->groups, b->groups);
    assert_same_axes(a->size, b->size);
    assert_same_axes(a->filter, b->filter);
    assert_same_axes(a->stride, b->stride);
    assert_same_axes(a->dilation, b->dilation);
    assert_same_axes(a->pad_begin, b->pad_begin);
    assert_same_axes(a->pad_end, b->pad_end);
    assert_int_equal(a->auto_pad, b->auto_pad);
    assert_int_equal(a->bias, b->bias);
    assert_int_equal(a->activation, b->activation);
}

/* A stride of 0 is the window's size: the two spellings are one problem. */
static void assert_same_pool(const tsr_pool *a, const tsr_pool *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->c, b->c);
    assert_same_axes(a->size, b->size);
    assert_same_axes(a->filter, b->filter);
    for (int axis = 0; axis < TSR_AXES; ++axis)
        assert_int_equal(a->stride[axis] == 0 ? a->filter[axis] : a->stride[axis],
                         b->stride[axis] == 0 ? b->filter[axis] : b->stride[axis]);
    assert_same_axes(a->pad_begin, b->pad_begin);
    assert_same_axes(a->pad_end, b->pad_end);
    assert_int_equal(a->auto_pad, b->auto_pad);
}

/* ---- Reading --------------------------------------------------------------------------------------------------- */

#define DEFAULTS .n = 1, .groups = 1
static const struct {
    const char *text;
    tsr_conv conv;
} conv_readings[] = {
    {"conv:c3w8k2",
     {DEFAULTS, .c = 3, .k = 2, .size = {1, 1, 8}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}}},
    {"conv:n8c64h56w56k64r3s3pd1",
     {.n = 8,
      .groups = 1,
      .c = 64,
      .k = 64,
      .size = {1, 56, 56},
      .filter = {1, 3, 3},
      .stride = {1, 1, 1},
      .dilation = {1, 1, 1},
      .pad_begin = {0, 1, 1},
      .pad_end = {0, 1, 1}}},
    {"conv:pd1s3r3k64w56h56c64n8", /* any order */
     {.n = 8,
      .groups = 1,
      .c = 64,
      .k = 64,
      .size = {1, 56, 56},
      .filter = {1, 3, 3},
      .stride = {1, 1, 1},
      .dilation = {1, 1, 1},
      .pad_begin = {0, 1, 1},
      .pad_end = {0, 1, 1}}},
    {"conv:c4w9k6s3st2dl2pd1g2", /* one axis: H and D are not mentioned */
     {.n = 1,
      .groups = 2,
      .c = 4,
      .k = 6,
      .size = {1, 1, 9},
      .filter = {1, 1, 3},
      .stride = {1, 1, 2},
      .dilation = {1, 1, 2},
      .pad_begin = {0, 0, 1},
      .pad_end = {0, 0, 1}}},
    {"conv:c1d4h5w6k1t2st3", /* D, H by a size, and W always */
     {DEFAULTS, .c = 1, .k = 1, .size = {4, 5, 6}, .filter = {2, 1, 1}, .stride = {3, 3, 3}, .dilation = {1, 1, 1}}},
    {"conv:c1w6k1t2st3pd1", /* D by its filter alone */
     {DEFAULTS, .c = 1, .k = 1, .size = {1, 1, 6}, .filter = {2, 1, 1}, .stride = {3, 1, 3}, .dilation = {1, 1, 1},
      .pad_begin = {1, 0, 1}, .pad_end = {1, 0, 1}}},
    {"conv:c1h7w7k1st2x1dl3x2pd4x5",
     {DEFAULTS, .c = 1, .k = 1, .size = {1, 7, 7}, .filter = {1, 1, 1}, .stride = {1, 2, 1}, .dilation = {1, 3, 2},
      .pad_begin = {0, 4, 5}, .pad_end = {0, 4, 5}}},
    {"conv:c1h7w7k1pd0x1x2x3",
     {DEFAULTS, .c = 1, .k = 1, .size = {1, 7, 7}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1},
      .pad_begin = {0, 0, 1}, .pad_end = {0, 2, 3}}},
    {"conv:c1d7h7w7k1st1x2x3pd1x2x3x4x5x6",
     {DEFAULTS, .c = 1, .k = 1, .size = {7, 7, 7}, .filter = {1, 1, 1}, .stride = {1, 2, 3}, .dilation = {1, 1, 1},
      .pad_begin = {1, 2, 3}, .pad_end = {4, 5, 6}}},
    {"conv:c1d7h7w7k1pd1x2x3",
     {DEFAULTS, .c = 1, .k = 1, .size = {7, 7, 7}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1},
      .pad_begin = {1, 2, 3}, .pad_end = {1, 2, 3}}},
    {"conv:c3h8w8k4r3s3,bias,relu,same-upper",
     {DEFAULTS, .c = 3, .k = 4, .size = {1, 8, 8}, .filter = {1, 3, 3}, .stride = {1, 1, 1}, .dilation = {1, 1, 1},
      .bias = true, .activation = TSR_ACTIVATION_RELU, .auto_pad = TSR_PAD_SAME_UPPER}},
    {"conv:c3w8k4,valid,bias",
     {DEFAULTS, .c = 3, .k = 4, .size = {1, 1, 8}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1},
      .bias = true, .auto_pad = TSR_PAD_VALID}},
    {"conv:n281474976710656c1w1k1",
     {.n = INT64_C(1) << 48,
      .groups = 1,
      .c = 1,
      .k = 1,
      .size = {1, 1, 1},
      .filter = {1, 1, 1},
      .stride = {1, 1, 1},
      .dilation = {1, 1, 1}}},
};
#undef DEFAULTS

static void a_convolution_is_read_as_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(conv_readings); ++i) {
        tsr_conv c;
        memset(&c, 0x7f, sizeof c);
        assert_ok(tsr_conv_parse(conv_readings[i].text, &c));
        assert_same_conv(&c, &conv_readings[i].conv);
        assert_int_equal(c.x_layout, TSR_LAYOUT_NCHW);
        assert_int_equal(c.y_layout, TSR_LAYOUT_NCHW);
    }
}

static void a_pooling_is_read_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tsr_pool pool;
    } cases[] = {
        {"max:c64h112w112r3s3st2pd1",
         {.kind = TSR_POOL_MAX,
          .n = 1,
          .c = 64,
          .size = {1, 112, 112},
          .filter = {1, 3, 3},
          .stride = {0, 2, 2},
          .pad_begin = {0, 1, 1},
          .pad_end = {0, 1, 1}}},
        {"avg:n2c5w9s4", {.kind = TSR_POOL_AVG, .n = 2, .c = 5, .size = {1, 1, 9}, .filter = {1, 1, 4}}},
        {"avgpad:c1h4w4r2s2,same-lower",
         {.kind = TSR_POOL_AVG_INCLUDE_PAD,
          .n = 1,
          .c = 1,
          .size = {1, 4, 4},
          .filter = {1, 2, 2},
          .auto_pad = TSR_PAD_SAME_LOWER}},
        {"max:c1d5h5w5t3st1x2x3,valid",
         {.kind = TSR_POOL_MAX,
          .n = 1,
          .c = 1,
          .size = {5, 5, 5},
          .filter = {3, 1, 1},
          .stride = {1, 2, 3},
          .auto_pad = TSR_PAD_VALID}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_pool p;
        memset(&p, 0x7f, sizeof p);
        assert_ok(tsr_pool_parse(cases[i].text, &p));
        assert_same_pool(&p, &cases[i].pool);
    }
    tsr_pool p;
    assert_ok(tsr_pool_parse("avg:n2c5w9s4", &p));
    assert_int_equal(p.stride[TSR_W], 0);
}

/* ---- What is refused ------------------------------------------------------------------------------------------- */

typedef struct bad_text {
    const char *text;
    const char *message;
} bad_text;

static void a_bad_convolution_is_refused_and_named(void **state)
{
    (void)state;
    static const bad_text cases[] = {
        {"", "\"\" does not begin with \"conv:\""},
        {"conv", "\"conv\" does not begin with \"conv:\""},
        {"max:c3w8", "\"max:c3w8\" does not begin with \"conv:\""},
        {" conv:c3w8k2", "does not begin with"},
        {"conv:C3w8k2", "\"C3w8k2\""},
        {"conv:c3w8k2!", "\"!\""},
        {"conv:c3 w8", "\" w8\""},
        {"conv:3", "\"3\""},
        {"conv:c", "\"c\" in the problem: 1 to 6 numbers"},
        {"conv:cw8", "\"cw\" in the problem is not known for conv"},
        {"conv:c-3", "\"c-3\""},
        {"conv:c3w8k2stride2", "\"stride2\""},
        {"conv:c3w8k2q5", "\"q\" in the problem is not known for conv"},
        {"conv:c3w8k2zz5", "\"zz\" in the problem is not known for conv"},
        {"conv:c3x4w8k2", "c has 2 numbers"},
        {"conv:k3x4x5", "k has 3 numbers"},
        {"conv:c3w8k2st", "\"st\""},
        {"conv:c3w8k2st1x", "\"st1x\""},
        {"conv:c3w8k2st1xx2", "\"st1xx2\""},
        {"conv:c3w8k2st1x2x3x4", "st has 4 numbers in the problem; 1 to 3"},
        {"conv:c3w8k2dl1x2x3x4", "dl has 4 numbers in the problem; 1 to 3"},
        {"conv:c3w8k2pd1x2x3x4x5", "pd has 5 numbers in the problem; 1, 2, 3, 4 or 6"},
        {"conv:c3w8k2pd1x2x3x4x5x6x7", "1 to 6 numbers"},
        {"conv:c281474976710657w1k1", "at most 2^48"},
        {"conv:c99999999999999999999999999w1k1", "at most 2^48"},
        {"conv:c3w8k2,", "\"\" in the problem is not known for conv"},
        {"conv:c3w8k2,gelo", "\"gelo\" in the problem is not known for conv"},
        {"conv:c3w8k2,bia", "\"bia\" in the problem is not known"},
        {"conv:c3w8k2,biass", "\"biass\" in the problem is not known"},
        {"conv:c3w8k2,bias,,relu", "\"\" in the problem is not known"},
        {"conv:c3w8k2,same", "\"same\" in the problem is not known"},
        {"conv:c3w8k2,bias n2", "\"bias n2\" in the problem is not known"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_conv c = {.n = 77};
        assert_fails(tsr_conv_parse(cases[i].text, &c), TSR_INVALID_VALUE, cases[i].message);
        assert_int_equal(c.n, 77);
    }
    tsr_conv c;
    assert_fails(tsr_conv_parse(NULL, &c), TSR_INVALID_VALUE, "text is NULL");
    assert_fails(tsr_conv_parse("conv:c1", NULL), TSR_INVALID_VALUE, "problem is NULL");
}

static void a_bad_pooling_is_refused_and_named(void **state)
{
    (void)state;
    static const bad_text cases[] = {
        {"conv:c3w8", "does not begin with \"max:\", \"avg:\", \"avgpad:\" or \"lp:\""},
        {"min:c3w8", "does not begin with"},
        {"maxc3w8", "does not begin with"},
        {"max:c3w8k2", "\"k\" in the problem is not known for pooling"},
        {"max:c3w8g2", "\"g\" in the problem is not known for pooling"},
        {"max:c3w8s2op2", "\"op\" in the problem is not known for pooling"},
        {"avg:c3w8s2,bias", "\"bias\" in the problem is not known for pooling"},
        {"avg:c3w8s2,relu", "\"relu\" in the problem is not known for pooling"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_pool p = {.n = 77};
        assert_fails(tsr_pool_parse(cases[i].text, &p), TSR_INVALID_VALUE, cases[i].message);
        assert_int_equal(p.n, 77);
    }
    tsr_pool p;
    assert_fails(tsr_pool_parse(NULL, &p), TSR_INVALID_VALUE, "text is NULL");
    assert_fails(tsr_pool_parse("max:c1", NULL), TSR_INVALID_VALUE, "problem is NULL");
}

/* ---- Writing --------------------------------------------------------------------------------------------------- */

static void what_has_its_default_is_not_written(void **state)
{
    (void)state;
    static const char *const convs[] = {
        "conv:c3w8k2",
        "conv:n8c64h56w56k64r3s3pd1",
        "conv:c3h224w224k64r7s7st2pd3",
        "conv:c4h9w9k4r3s3st2x1dl1x2pd0x1g4",
        "conv:c4h9w9k4r3s3pd0x0x1x1,bias,relu",
        "conv:c4d5h6w7k4t3r3s3st2pd1",
        "conv:c4d5h6w7k4t2pd1x0x0x0x0x0",
        "conv:c1w9k1s3pd0x1x0x0",
        "conv:c3h8w8k4r3s3,same-upper,bias",
    };
    static const char *const pools[] = {"max:c64h112w112r3s3st2pd1", "avg:n2c5w9s4", "avgpad:c1h4w4r2s2,valid"};
    char text[TEXT_BYTES];
    for (size_t i = 0; i < COUNT(convs); ++i) {
        tsr_conv c;
        assert_ok(tsr_conv_parse(convs[i], &c));
        assert_string_equal(tsr_conv_format(&c, text, sizeof text), convs[i]);
    }
    for (size_t i = 0; i < COUNT(pools); ++i) {
        tsr_pool p;
        assert_ok(tsr_pool_parse(pools[i], &p));
        assert_string_equal(tsr_pool_format(&p, text, sizeof text), pools[i]);
    }
}

static void a_cut_text_is_terminated_at_every_length(void **state)
{
    (void)state;
    static const char whole[] = "conv:n8c64h56w56k64r3s3pd1,bias";
    tsr_conv c;
    assert_ok(tsr_conv_parse(whole, &c));
    for (size_t capacity = 1; capacity <= sizeof whole; ++capacity) {
        char text[sizeof whole + 8];
        memset(text, 0x7f, sizeof text);
        assert_ptr_equal(tsr_conv_format(&c, text, capacity), text);
        assert_int_equal(strlen(text), capacity - 1);
        assert_memory_equal(text, whole, capacity - 1);
        assert_int_equal(text[capacity], 0x7f);
    }
}

static void an_unchecked_problem_can_be_written_too(void **state)
{
    (void)state;
    char text[TEXT_BYTES];
    tsr_conv c = tsr_conv_default();
    c.n = -5;
    c.auto_pad = (tsr_auto_pad)99;
    c.groups = 0;
    assert_contains(tsr_conv_format(&c, text, sizeof text), "conv:n-5");
    tsr_pool p = tsr_pool_default();
    p.kind = (tsr_pool_kind)99;
    assert_contains(tsr_pool_format(&p, text, sizeof text), "pool:");
}

/* ---- There and back -------------------------------------------------------------------------------------------- */

/* One of the numbers, mostly the first, which is the default. */
static int64_t choose(support_random *random, int64_t usual, int64_t low, int64_t high)
{
    return support_random_int(random, 0, 2) > 0 ? usual : support_random_int(random, (int)low, (int)high);
}

static void fill_axes(support_random *random, int64_t *values, int64_t usual, int64_t low, int64_t high)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) values[axis] = choose(random, usual, low, high);
}

static tsr_conv random_conv(support_random *random)
{
    tsr_conv c = tsr_conv_default();
    c.n = choose(random, 1, 1, 9);
    c.c = choose(random, 8, 1, 4000);
    c.k = choose(random, 8, 1, 4000);
    c.groups = choose(random, 1, 1, 8);
    fill_axes(random, c.size, 1, 1, 300);
    fill_axes(random, c.filter, 1, 1, 11);
    fill_axes(random, c.stride, 1, 1, 4);
    fill_axes(random, c.dilation, 1, 1, 4);
    fill_axes(random, c.pad_begin, 0, 0, 5);
    if (support_random_int(random, 0, 1) == 0)
        fill_axes(random, c.pad_end, 0, 0, 5);
    else
        memcpy(c.pad_end, c.pad_begin, sizeof c.pad_end);
    c.auto_pad = (tsr_auto_pad)choose(random, TSR_PAD_NOTSET, TSR_PAD_NOTSET, TSR_PAD_VALID);
    c.bias = support_random_int(random, 0, 1) != 0;
    c.activation = (tsr_activation)support_random_int(random, 0, 1);
    return c;
}

static void a_convolution_survives_writing_and_reading(void **state)
{
    (void)state;
    support_random random = {.state = 1};
    for (int round = 0; round < ROUNDS; ++round) {
        const tsr_conv c = random_conv(&random);
        char text[TEXT_BYTES], again[TEXT_BYTES];
        tsr_conv back;
        assert_ok(tsr_conv_parse(tsr_conv_format(&c, text, sizeof text), &back));
        assert_same_conv(&c, &back);
        assert_string_equal(tsr_conv_format(&back, again, sizeof again), text);
    }
}

static void a_pooling_survives_writing_and_reading(void **state)
{
    (void)state;
    support_random random = {.state = 2};
    for (int round = 0; round < ROUNDS; ++round) {
        const tsr_conv c = random_conv(&random);
        tsr_pool p = tsr_pool_default(), back;
        p.kind = (tsr_pool_kind)support_random_int(&random, 0, 2);
        p.n = c.n;
        p.c = c.c;
        p.auto_pad = c.auto_pad;
        memcpy(p.size, c.size, sizeof p.size);
        memcpy(p.filter, c.filter, sizeof p.filter);
        memcpy(p.pad_begin, c.pad_begin, sizeof p.pad_begin);
        memcpy(p.pad_end, c.pad_end, sizeof p.pad_end);
        fill_axes(&random, p.stride, 0, 0, 4);
        char text[TEXT_BYTES], again[TEXT_BYTES];
        assert_ok(tsr_pool_parse(tsr_pool_format(&p, text, sizeof text), &back));
        assert_same_pool(&p, &back);
        assert_string_equal(tsr_pool_format(&back, again, sizeof again), text);
    }
}

/* Cuts a text at random and changes random bytes: whatever it is, reading it ends well. */
static void reading_survives_damaged_texts(void **state)
{
    (void)state;
    support_random random = {.state = 3};
    int accepted = 0;
    for (int round = 0; round < 20 * ROUNDS; ++round) {
        char text[TEXT_BYTES];
        tsr_conv c = random_conv(&random);
        tsr_conv_format(&c, text, sizeof text);
        const int length = (int)strlen(text);
        for (int changes = support_random_int(&random, 1, 3); changes > 0; --changes)
            text[support_random_int(&random, 0, length - 1)] = (char)support_random_int(&random, 1, 255);
        text[support_random_int(&random, 0, length)] = '\0';
        accepted += tsr_conv_parse(text, &c) == TSR_OK;
    }
    assert_in_range(accepted, 1, 20 * ROUNDS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution_is_read_as_documented),
        cmocka_unit_test(a_pooling_is_read_as_documented),
        cmocka_unit_test(a_bad_convolution_is_refused_and_named),
        cmocka_unit_test(a_bad_pooling_is_refused_and_named),
        cmocka_unit_test(what_has_its_default_is_not_written),
        cmocka_unit_test(a_cut_text_is_terminated_at_every_length),
        cmocka_unit_test(an_unchecked_problem_can_be_written_too),
        cmocka_unit_test(a_convolution_survives_writing_and_reading),
        cmocka_unit_test(a_pooling_survives_writing_and_reading),
        cmocka_unit_test(reading_survives_damaged_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
