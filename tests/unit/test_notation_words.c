/* The notation beyond sizes and windows: every word and every new token, there and back, and what is refused. */
#include "unit/check.h"

#include <stdio.h>

#include "conv/conv.h"
#include "pool/pool.h"
#include "support/support.h"

enum { TEXT_BYTES = 512, ROUNDS = 3000 };

static void assert_same_axes(const int64_t *a, const int64_t *b)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) assert_int_equal(a[axis], b[axis]);
}

/* Padding between fields makes memcmp unfit, so that problems are compared field by field. */
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
    assert_same_axes(a->output_padding, b->output_padding);
    assert_same_axes(a->output_size, b->output_size);
    assert_int_equal(a->auto_pad, b->auto_pad);
    assert_int_equal(a->pad_mode, b->pad_mode);
    assert_int_equal(a->flip, b->flip);
    assert_int_equal(a->transposed, b->transposed);
    assert_int_equal(a->scale, b->scale);
    assert_int_equal(a->bias, b->bias);
    assert_int_equal(a->residual, b->residual);
    assert_int_equal(a->activation, b->activation);
    assert_true(a->alpha == b->alpha && a->beta == b->beta);
    assert_int_equal(a->dtype, b->dtype);
    assert_int_equal(a->half_sums, b->half_sums);
    assert_int_equal(a->exact, b->exact);
}

static void assert_same_pool(const tsr_pool *a, const tsr_pool *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->c, b->c);
    assert_same_axes(a->size, b->size);
    assert_same_axes(a->filter, b->filter);
    for (int axis = 0; axis < TSR_AXES; ++axis) /* 0 is the window's size */
        assert_int_equal(a->stride[axis] == 0 ? a->filter[axis] : a->stride[axis],
                         b->stride[axis] == 0 ? b->filter[axis] : b->stride[axis]);
    assert_same_axes(a->dilation, b->dilation);
    assert_same_axes(a->pad_begin, b->pad_begin);
    assert_same_axes(a->pad_end, b->pad_end);
    for (int axis = 0; axis < TSR_AXES; ++axis) /* 0 is 1 */
        assert_int_equal(a->output_size[axis] == 0 ? 1 : a->output_size[axis],
                         b->output_size[axis] == 0 ? 1 : b->output_size[axis]);
    assert_int_equal(a->auto_pad, b->auto_pad);
    assert_int_equal(a->ceil, b->ceil);
    assert_int_equal(a->adaptive, b->adaptive);
    assert_int_equal(a->global, b->global);
    assert_int_equal(a->divisor, b->divisor);
    assert_int_equal(a->p, b->p);
    assert_int_equal(a->indices, b->indices);
    assert_int_equal(a->indices_flat, b->indices_flat);
    assert_int_equal(a->indices_column_major, b->indices_column_major);
    assert_int_equal(a->dtype, b->dtype);
}

/* ---- Words ----------------------------------------------------------------------------------------------------- */

static tsr_conv read_conv(const char *text)
{
    tsr_conv c;
    memset(&c, 0x7f, sizeof c);
    assert_ok(tsr_conv_parse(text, &c));
    return c;
}

static tsr_pool read_pool(const char *text)
{
    tsr_pool p;
    memset(&p, 0x7f, sizeof p);
    assert_ok(tsr_pool_parse(text, &p));
    return p;
}

/* A text differs from the plain one in what `change` does, and is what the problem is written as. */
#define CHECK_CONV(text, change)                                                   \
    do {                                                                           \
        tsr_conv c = read_conv("conv:c6h8w8k4r3s3");                               \
        const tsr_conv got = read_conv(text);                                      \
        char written[TEXT_BYTES];                                                  \
        change;                                                                    \
        assert_same_conv(&got, &c);                                                \
        assert_string_equal(tsr_conv_format(&got, written, sizeof written), text); \
    } while (0)

static void every_word_of_convolution_sets_its_field(void **state)
{
    (void)state;
    CHECK_CONV("conv:c6h8w8k4r3s3,scale", c.scale = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,bias", c.bias = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,residual", c.residual = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,flip", c.flip = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,half-sums", c.half_sums = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,exact", c.exact = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,reflect", c.pad_mode = TSR_PAD_REFLECT);
    CHECK_CONV("conv:c6h8w8k4r3s3,replicate", c.pad_mode = TSR_PAD_REPLICATE);
    CHECK_CONV("conv:c6h8w8k4r3s3,circular", c.pad_mode = TSR_PAD_CIRCULAR);
    CHECK_CONV("conv:c6h8w8k4r3s3,same-upper", c.auto_pad = TSR_PAD_SAME_UPPER);
    CHECK_CONV("conv:c6h8w8k4r3s3,same-lower", c.auto_pad = TSR_PAD_SAME_LOWER);
    CHECK_CONV("conv:c6h8w8k4r3s3,valid", c.auto_pad = TSR_PAD_VALID);
    CHECK_CONV("conv:c6h8w8k4r3s3,f16", c.dtype = TSR_F16);
    CHECK_CONV("conv:c6h8w8k4r3s3,f64", c.dtype = TSR_F64);
    CHECK_CONV("convt:c6h8w8k4r3s3", c.transposed = true);
    CHECK_CONV("conv:c6h8w8k4r3s3,relu6", c.activation = TSR_ACTIVATION_RELU6);
    CHECK_CONV("conv:c6h8w8k4r3s3,gelu-tanh", c.activation = TSR_ACTIVATION_GELU_TANH);
    CHECK_CONV("conv:c6h8w8k4r3s3,elu:0.5", (c.activation = TSR_ACTIVATION_ELU, c.alpha = 0.5f));
    CHECK_CONV("conv:c6h8w8k4r3s3,clip:-1.5:2", (c.activation = TSR_ACTIVATION_CLIP, c.alpha = -1.5f, c.beta = 2.0f));
    CHECK_CONV("conv:c6h8w8k4r3s3,same-upper,scale,bias,residual,flip,half-sums,exact,relu,f16",
               (c.auto_pad = TSR_PAD_SAME_UPPER, c.scale = c.bias = c.residual = c.flip = c.half_sums = c.exact = true,
                c.activation = TSR_ACTIVATION_RELU, c.dtype = TSR_F16));
}

static void an_activation_has_its_customary_numbers(void **state)
{
    (void)state;
    const tsr_conv elu = read_conv("conv:c1w8k1,elu"), clip = read_conv("conv:c1w8k1,clip:-1");
    char text[TEXT_BYTES];
    assert_true(elu.alpha == 1.0f && elu.beta == 0.0f);
    assert_true(clip.alpha == -1.0f && clip.beta == 6.0f);
    assert_string_equal(tsr_conv_format(&elu, text, sizeof text), "conv:c1w8k1,elu:1");
    assert_string_equal(tsr_conv_format(&clip, text, sizeof text), "conv:c1w8k1,clip:-1:6");
}

#define CHECK_POOL(text, change)                                                   \
    do {                                                                           \
        tsr_pool p = read_pool("max:c6h8w8r3s3");                                  \
        const tsr_pool got = read_pool(text);                                      \
        char written[TEXT_BYTES];                                                  \
        change;                                                                    \
        assert_same_pool(&got, &p);                                                \
        assert_string_equal(tsr_pool_format(&got, written, sizeof written), text); \
    } while (0)

static void every_word_of_pooling_sets_its_field(void **state)
{
    (void)state;
    static const int64_t ones[TSR_AXES] = {1, 1, 1};
    CHECK_POOL("max:c6h8w8r3s3,ceil", p.ceil = true);
    CHECK_POOL("max:c6h8w8r3s3,indices", p.indices = TSR_INDICES_I64);
    CHECK_POOL("max:c6h8w8r3s3,indices32", p.indices = TSR_INDICES_I32);
    CHECK_POOL("max:c6h8w8r3s3,flat,indices", (p.indices = TSR_INDICES_I64, p.indices_flat = true));
    CHECK_POOL("max:c6h8w8r3s3,column-major,indices", (p.indices = TSR_INDICES_I64, p.indices_column_major = true));
    CHECK_POOL("max:c6h8w8r3s3,same-lower", p.auto_pad = TSR_PAD_SAME_LOWER);
    CHECK_POOL("max:c6h8w8r3s3,i8", p.dtype = TSR_I8);
    CHECK_POOL("max:c6h8w8r3s3,u8", p.dtype = TSR_U8);
    CHECK_POOL("max:c6h8w8r3s3,f16", p.dtype = TSR_F16);
    CHECK_POOL("max:c6h8w8,global", (p.global = true, memcpy(p.filter, ones, sizeof ones)));
    CHECK_POOL("avg:c6h8w8os3x4,adaptive", (p.kind = TSR_POOL_AVG, p.adaptive = true, p.output_size[TSR_H] = 3,
                                            p.output_size[TSR_W] = 4, memcpy(p.filter, ones, sizeof ones)));
    CHECK_POOL("avg:c6h8w8r3s3div5", (p.kind = TSR_POOL_AVG, p.divisor = 5));
    CHECK_POOL("lp:c6h8w8r3s3p3", (p.kind = TSR_POOL_LP, p.p = 3));
    CHECK_POOL("lp:c6h8w8r3s3", p.kind = TSR_POOL_LP);
    CHECK_POOL("max:c6h8w8r3s3dl2", p.dilation[TSR_H] = p.dilation[TSR_W] = 2);
}

static void tokens_of_transposed_convolution_are_spread_as_others(void **state)
{
    (void)state;
    tsr_conv c = read_conv("convt:c2h4w5k3r3s3st2op1");
    assert_same_axes(c.output_padding, (const int64_t[TSR_AXES]){0, 1, 1});
    c = read_conv("convt:c2h4w5k3r3s3st2op0x1");
    assert_same_axes(c.output_padding, (const int64_t[TSR_AXES]){0, 0, 1});
    c = read_conv("convt:c2w5k3s3st2op1os11");
    assert_same_axes(c.output_padding, (const int64_t[TSR_AXES]){0, 0, 1});
    assert_same_axes(c.output_size, (const int64_t[TSR_AXES]){0, 0, 11});
    c = read_conv("convt:os7x8x9c2d3h4w5k3t2r2s2st2");
    assert_same_axes(c.output_size, (const int64_t[TSR_AXES]){7, 8, 9});
}

/* ---- What is refused ------------------------------------------------------------------------------------------- */

static void words_of_the_other_operator_are_refused(void **state)
{
    (void)state;
    static const char *const conv_words[] = {"scale", "bias",    "residual",  "flip",     "half-sums",
                                             "exact", "reflect", "replicate", "circular", "relu",
                                             "none",  "elu:0.5", "gelu"};
    static const char *const pool_words[] = {"ceil",      "adaptive", "global",      "indices",
                                             "indices32", "flat",     "column-major"};
    char text[TEXT_BYTES], message[TEXT_BYTES];
    for (size_t i = 0; i < COUNT(conv_words); ++i) {
        tsr_pool p = {.n = 77};
        snprintf(text, sizeof text, "max:c3w8s2,%s", conv_words[i]);
        snprintf(message, sizeof message, "\"%s\" in the problem is not known for pooling", conv_words[i]);
        assert_fails(tsr_pool_parse(text, &p), TSR_INVALID_VALUE, message);
        assert_int_equal(p.n, 77);
    }
    for (size_t i = 0; i < COUNT(pool_words); ++i) {
        tsr_conv c = {.n = 77};
        snprintf(text, sizeof text, "convt:c3w8k2,%s", pool_words[i]);
        snprintf(message, sizeof message, "\"%s\" in the problem is not known for convt", pool_words[i]);
        assert_fails(tsr_conv_parse(text, &c), TSR_INVALID_VALUE, message);
        assert_int_equal(c.n, 77);
    }
}

static void bad_tokens_and_words_are_refused_and_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } convs[] = {
        {"conv:c3w8k2op1", "\"op\" in the problem is not known for conv"},
        {"conv:c3w8k2os9", "\"os\" in the problem is not known for conv"},
        {"conv:c3w8k2div2", "\"div\" in the problem is not known for conv"},
        {"conv:c3w8k2p2", "\"p\" in the problem is not known for conv"},
        {"convt:c3w8k2div2", "\"div\" in the problem is not known for convt"},
        {"convt:c3w8k2op1x2x3x4", "op has 4 numbers in the problem; 1 to 3"},
        {"convt:c3w8k2os1x2x3x4", "os has 4 numbers in the problem; 1 to 3"},
        {"conv:c3w8k2,relu:1", "\"relu:1\" in the problem is not known for conv"},
        {"conv:c3w8k2,elu:1:2", "\"elu:1:2\" in the problem"},
        {"conv:c3w8k2,clip:6:0", "\"clip:6:0\" in the problem"},
        {"conv:c3w8k2,elu:x", "\"elu:x\" in the problem"},
        {"conv:c3w8k2,elu,0.5", "\"0.5\" in the problem is not known"}, /* a comma ends the word here */
        {"conv:c3w8k2,f32", "\"f32\" in the problem is not known"},
        {"conv:c3w8k2,zeros", "\"zeros\" in the problem is not known"},
        {"conv:c3w8k2,0123456789012345678901234567890123456789012345678901234567890123",
         "\"012345678901234567890123...\""},
        {"convv:c3w8k2", "does not begin with \"conv:\" or \"convt:\""},
    };
    static const struct {
        const char *text, *message;
    } pools[] = {
        {"lpp:c3w8", "does not begin with \"max:\", \"avg:\", \"avgpad:\" or \"lp:\""},
        {"avg:c3w8s2k3", "\"k\" in the problem is not known for pooling"},
        {"max:c3w8os1x2x3x4,adaptive", "os has 4 numbers in the problem; 1 to 3"},
        {"avg:c3w8s2div1x2", "div has 2 numbers in the problem; 1 is possible"},
        {"lp:c3w8s2p1x2", "p has 2 numbers in the problem; 1 is possible"},
        {"max:c3w8s2,indices64", "\"indices64\" in the problem is not known"},
        {"max:c3w8s2,index", "\"index\" in the problem is not known"},
    };
    for (size_t i = 0; i < COUNT(convs); ++i) {
        tsr_conv c = {.n = 77};
        assert_fails(tsr_conv_parse(convs[i].text, &c), TSR_INVALID_VALUE, convs[i].message);
        assert_int_equal(c.n, 77);
    }
    for (size_t i = 0; i < COUNT(pools); ++i) {
        tsr_pool p = {.n = 77};
        assert_fails(tsr_pool_parse(pools[i].text, &p), TSR_INVALID_VALUE, pools[i].message);
        assert_int_equal(p.n, 77);
    }
}

/* ---- There and back -------------------------------------------------------------------------------------------- */

static bool coin(support_random *random)
{
    return support_random_int(random, 0, 3) == 0;
}

static int64_t choose(support_random *random, int64_t usual, int low, int high)
{
    return coin(random) ? support_random_int(random, low, high) : usual;
}

static void fill_axes(support_random *random, int64_t *values, int64_t usual, int low, int high)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) values[axis] = choose(random, usual, low, high);
}

static tsr_conv random_conv(support_random *random)
{
    tsr_conv c = tsr_conv_default();
    char word[64];
    c.c = choose(random, 8, 1, 99);
    c.k = choose(random, 8, 1, 99);
    fill_axes(random, c.size, 7, 1, 30); /* an axis of size 1 has no output padding or size of its own */
    fill_axes(random, c.filter, 3, 2, 5);
    fill_axes(random, c.stride, 1, 1, 4);
    c.transposed = coin(random);
    if (c.transposed) fill_axes(random, c.output_padding, 0, 0, 3);
    if (c.transposed) fill_axes(random, c.output_size, 0, 0, 40);
    c.auto_pad = (tsr_auto_pad)choose(random, TSR_PAD_NOTSET, TSR_PAD_NOTSET, TSR_PAD_VALID);
    c.pad_mode = (tsr_pad_mode)choose(random, TSR_PAD_ZEROS, TSR_PAD_ZEROS, TSR_PAD_CIRCULAR);
    bool *const flags[] = {&c.scale, &c.bias, &c.residual, &c.flip, &c.half_sums, &c.exact};
    for (size_t i = 0; i < COUNT(flags); ++i) *flags[i] = coin(random);
    c.dtype = (tsr_dtype)choose(random, TSR_F32, TSR_F32, TSR_F64);
    static const char *const words[] = {"none",        "relu",    "relu6",     "leaky-relu:%g", "prelu",
                                        "clip:%g:1e9", "sigmoid", "tanh",      "silu",          "hard-sigmoid:%g:%g",
                                        "hard-swish",  "gelu",    "gelu-tanh", "elu:%g",        "softplus",
                                        "mish"};
    const double number = (double)support_random_int(random, -1000, 1000) / 7.0;
    snprintf(word, sizeof word, words[support_random_int(random, 0, (int)COUNT(words) - 1)], number, number / 3.0);
    assert_ok(tsr_activation_parse(word, &c.activation, &c.alpha, &c.beta));
    return c;
}

static void a_convolution_with_every_field_survives_writing_and_reading(void **state)
{
    (void)state;
    support_random random = {.state = 31};
    for (int round = 0; round < ROUNDS; ++round) {
        const tsr_conv c = random_conv(&random);
        char text[TEXT_BYTES], again[TEXT_BYTES];
        tsr_conv back;
        assert_ok(tsr_conv_parse(tsr_conv_format(&c, text, sizeof text), &back));
        assert_same_conv(&c, &back);
        assert_string_equal(tsr_conv_format(&back, again, sizeof again), text);
    }
}

static tsr_pool random_pool(support_random *random)
{
    tsr_pool p = tsr_pool_default();
    p.kind = (tsr_pool_kind)support_random_int(random, TSR_POOL_MAX, TSR_POOL_LP);
    p.n = choose(random, 1, 1, 9);
    p.c = choose(random, 8, 1, 99);
    fill_axes(random, p.size, 7, 1, 30);
    p.adaptive = coin(random);
    p.global = !p.adaptive && coin(random);
    if (p.adaptive) fill_axes(random, p.output_size, 3, 0, 9);
    if (!p.adaptive && !p.global) {
        fill_axes(random, p.filter, 3, 1, 5);
        fill_axes(random, p.stride, 0, 0, 4);
        fill_axes(random, p.dilation, 1, 1, 3);
        fill_axes(random, p.pad_begin, 0, 0, 3);
        fill_axes(random, p.pad_end, 0, 0, 3);
        p.ceil = coin(random);
        p.auto_pad = (tsr_auto_pad)choose(random, TSR_PAD_NOTSET, TSR_PAD_NOTSET, TSR_PAD_VALID);
    }
    if (p.kind == TSR_POOL_LP) p.p = choose(random, 2, 1, 5);
    p.divisor = choose(random, 0, 0, 9);
    p.indices = (tsr_indices)choose(random, TSR_INDICES_NONE, TSR_INDICES_NONE, TSR_INDICES_I64);
    p.indices_flat = coin(random);
    p.indices_column_major = coin(random);
    p.dtype = (tsr_dtype)choose(random, TSR_F32, TSR_F32, TSR_U8);
    return p;
}

static void a_pooling_with_every_field_survives_writing_and_reading(void **state)
{
    (void)state;
    support_random random = {.state = 32};
    for (int round = 0; round < ROUNDS; ++round) {
        const tsr_pool p = random_pool(&random);
        char text[TEXT_BYTES], again[TEXT_BYTES];
        tsr_pool back;
        assert_ok(tsr_pool_parse(tsr_pool_format(&p, text, sizeof text), &back));
        assert_same_pool(&p, &back);
        assert_string_equal(tsr_pool_format(&back, again, sizeof again), text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_of_convolution_sets_its_field),
        cmocka_unit_test(an_activation_has_its_customary_numbers),
        cmocka_unit_test(every_word_of_pooling_sets_its_field),
        cmocka_unit_test(tokens_of_transposed_convolution_are_spread_as_others),
        cmocka_unit_test(words_of_the_other_operator_are_refused),
        cmocka_unit_test(bad_tokens_and_words_are_refused_and_named),
        cmocka_unit_test(a_convolution_with_every_field_survives_writing_and_reading),
        cmocka_unit_test(a_pooling_with_every_field_survives_writing_and_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
