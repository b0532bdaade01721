/* Options of problems that do not go together, or are out of range, are refused by field, value and limit. */
#include "columns/columns.h"
#include "conv/conv.h"
#include "pool/pool.h"
#include "support/check.h"
#include "unpool/unpool.h"

#include <math.h>

static tsr_conv conv_of(const char *text)
{
    tsr_conv c;
    assert_ok(tsr_conv_parse(text, &c));
    return c;
}

static tsr_pool pool_of(const char *text)
{
    tsr_pool p;
    assert_ok(tsr_pool_parse(text, &p));
    return p;
}

/* The texts of a failing tsr_conv_output() or tsr_pool_output(), which then changes nothing. */
#define CONV_FAILS(problem, ...)                                                       \
    do {                                                                               \
        tsr_tensor y = {.n = 77};                                                      \
        assert_fails(tsr_conv_output(&(problem), &y), TSR_INVALID_VALUE, __VA_ARGS__); \
        assert_int_equal(y.n, 77);                                                     \
    } while (0)
#define POOL_FAILS(problem, ...)                                                       \
    do {                                                                               \
        tsr_tensor y = {.n = 77};                                                      \
        assert_fails(tsr_pool_output(&(problem), &y), TSR_INVALID_VALUE, __VA_ARGS__); \
        assert_int_equal(y.n, 77);                                                     \
    } while (0)

/* ---- Convolution ----------------------------------------------------------------------------------------------- */

static void activations_need_finite_numbers_in_order(void **state)
{
    (void)state;
    tsr_conv c = conv_of("conv:c4h8w8k4r3s3,elu");
    c.alpha = NAN;
    CONV_FAILS(c, "alpha is nan", "must be finite");
    c.alpha = 1;
    c.beta = INFINITY;
    CONV_FAILS(c, "beta inf", "must be finite");
    c = conv_of("conv:c4h8w8k4r3s3,clip");
    c.alpha = 7;
    CONV_FAILS(c, "alpha is 7", "beta, 6");
    c.alpha = 6;
    assert_ok(tsr_conv_output(&c, &(tsr_tensor){0}));
}

static void half_sums_need_halves(void **state)
{
    (void)state;
    tsr_conv c = conv_of("conv:c4h8w8k4r3s3,half-sums");
    CONV_FAILS(c, "half_sums is set while dtype is f32", "must be f16");
    c.dtype = TSR_F64;
    CONV_FAILS(c, "half_sums is set while dtype is f64");
    c.dtype = TSR_F16;
    assert_ok(tsr_conv_output(&c, &(tsr_tensor){0}));
}

static void output_fields_belong_to_transposed_convolution(void **state)
{
    (void)state;
    tsr_conv c = conv_of("conv:c4h8w8k4r3s3st2");
    c.output_padding[TSR_W] = 1;
    CONV_FAILS(c, "without transposed, output_padding[W] is 1; allowed are 0 to 0");
    c = conv_of("conv:c4h8w8k4r3s3st2");
    c.output_size[TSR_H] = 4;
    CONV_FAILS(c, "without transposed or adaptive, output_size[H] is 4; allowed are 0 to 0");
    c = conv_of("convt:c4h8w8k4r3s3st2op2");
    CONV_FAILS(c, "output_padding[H] is 2; allowed are 0 to 1", "stride, 2, or dilation, 1");
    c = conv_of("convt:c4h8w8k4r3s3st2,reflect");
    CONV_FAILS(c, "pad_mode is reflect", "zeros");
    c = conv_of("convt:c4h8w8k4r3s3st2pd1os16");
    CONV_FAILS(c, "pad[H] is 1 and 1", "output_size");
    c = conv_of("convt:c4h8w8k4r3s3pd5");
    CONV_FAILS(c, "pad[H] is 5 and 5", "nothing is left");
}

static void strides_are_checked_by_the_tensors_name(void **state)
{
    (void)state;
    tsr_conv c = conv_of("conv:n2c4h8w8k4r3s3,residual");
    c.x_strides.n = -1;
    CONV_FAILS(c, "x.strides.n is -1");
    c.x_strides.n = 1; /* images that overlap may be read */
    assert_ok(tsr_conv_output(&c, &(tsr_tensor){0}));
    c.y_strides.n = 1;
    CONV_FAILS(c, "y.strides has a stride of 1", "share a place");
    c.y_strides.n = 0;
    c.residual_strides.size[TSR_W] = 3;
    CONV_FAILS(c, "residual.strides.size[W] is 3", "in nchw it must be 1");
    c = conv_of("conv:n2c4h8w8k4r3s3");
    c.y_layout = TSR_LAYOUT_ANY;
    c.y_strides.n = 1000;
    CONV_FAILS(c, "y.strides are given while its layout is any");
    c.y_layout = TSR_LAYOUT_NHWC;
    c.y_strides.n = 0;
    c.y_strides.c = 1;
    CONV_FAILS(c, "y.strides.c is 1", "in nhwc it must be 0");
    c.y_strides.c = 0;
    c.y_strides.size[TSR_W] = 9;
    tsr_tensor y;
    assert_ok(tsr_conv_output(&c, &y));
    assert_int_equal(y.layout, TSR_LAYOUT_NHWC);
    assert_int_equal(y.strides.size[TSR_W], 9);
}

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

static void each_kind_of_pooling_takes_its_own_options(void **state)
{
    (void)state;
    tsr_pool p = pool_of("max:c4h8w8r3s3div2");
    POOL_FAILS(p, "divisor is 2; allowed are 0 to 0");
    p = pool_of("lp:c4h8w8r3s3div2");
    POOL_FAILS(p, "divisor is 2; allowed are 0 to 0");
    p = pool_of("avg:c4h8w8r3s3");
    p.divisor = -1;
    POOL_FAILS(p, "divisor is -1; allowed are 0 to 2147483647");
    p = pool_of("avg:c4h8w8r3s3,indices");
    POOL_FAILS(p, "indices is I64", "maximum pooling alone");
    p = pool_of("lp:c4h8w8r3s3,indices32");
    POOL_FAILS(p, "indices is I32", "maximum pooling alone");
    p = pool_of("avg:c4h8w8r3s3,u8");
    POOL_FAILS(p, "without TSR_POOL_MAX", "dtype is 4 (u8); allowed are f32, f16, f64");
    p = pool_of("lp:c4h8w8r3s3,i8");
    POOL_FAILS(p, "dtype is 3 (i8); allowed are f32, f16, f64");
    p = pool_of("lp:c4h8w8r3s3");
    p.p = 0;
    POOL_FAILS(p, "p is 0; allowed are 1 to 1024");
    p.p = 1025;
    POOL_FAILS(p, "p is 1025; allowed are 1 to 1024");
    p.kind = TSR_POOL_MAX; /* has no p */
    assert_ok(tsr_pool_output(&p, &(tsr_tensor){0}));
}

static void global_and_adaptive_pooling_take_no_window(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"max:c4h8w8r3,global", "global pooling's filter[H] is 3; allowed are 1 to 1"},
        {"max:c4h8w8st2,global", "global pooling's stride[H] is 2; allowed are 0 to 1"},
        {"max:c4h8w8dl2,global", "global pooling's dilation[H] is 2; allowed are 1 to 1"},
        {"max:c4h8w8pd1x0,global", "global pooling's pad_begin[H] is 1; allowed are 0 to 0"},
        {"max:c4h8w8pd0x0x0x1,global", "global pooling's pad_end[W] is 1; allowed are 0 to 0"},
        {"max:c4h8w8,global,ceil", "global pooling's ceil is true"},
        {"max:c4h8w8,global,valid", "global pooling's auto_pad is 3"},
        {"max:c4h8w8,global,adaptive", "global and adaptive are true"},
        {"max:c4h8w8pd1,adaptive", "adaptive pooling's pad_begin[H] is 1; allowed are 0 to 0"},
        {"max:c4h8w8r2,adaptive", "adaptive pooling's filter[H] is 2; allowed are 1 to 1"},
        {"max:c4h8w8st2,adaptive", "adaptive pooling's stride[H] is 2; allowed are 0 to 1"},
        {"max:c4h8w8,ceil,adaptive", "adaptive pooling's ceil is true"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr_pool p = pool_of(cases[i].text);
        POOL_FAILS(p, cases[i].message);
    }
    tsr_pool sized = pool_of("max:c4h8w8r2s2");
    sized.output_size[TSR_W] = 3;
    POOL_FAILS(sized, "output_size[W] is 3; allowed are 0 to 0");
    tsr_tensor y;
    const tsr_pool global = pool_of("avg:n2c4d5h8w9,global"), adaptive = pool_of("avg:n2c4d5h8w9os7x2x1,adaptive");
    assert_ok(tsr_pool_output(&global, &y));
    assert_int_equal(tsr__tensor_plane(&y), 1);
    assert_int_equal(y.c, 4);
    assert_ok(tsr_pool_output(&adaptive, &y));
    assert_int_equal(y.size[TSR_D], 7);
    assert_int_equal(y.size[TSR_H], 2);
    assert_int_equal(y.size[TSR_W], 1);
}

static void indices_of_32_bits_must_reach(void **state)
{
    (void)state;
    tsr_pool p = pool_of("max:c4h46341w46341r2s2,indices32"); /* 2^31 and a few */
    POOL_FAILS(p, "indices is I32", "2147488281", "must be I64");
    p = pool_of("max:c4h46340w46340r2s2,indices32");
    assert_ok(tsr_pool_output(&p, &(tsr_tensor){0}));
    p.indices_flat = true; /* four planes are too many */
    POOL_FAILS(p, "indices is I32");
    p.indices = TSR_INDICES_I64;
    assert_ok(tsr_pool_output(&p, &(tsr_tensor){0}));
}

/* ---- Unpooling, columns ---------------------------------------------------------------------------------------- */

static void bad_unpoolings_are_refused(void **state)
{
    (void)state;
    tsr__problem p;
    tsr_unpool u = tsr_unpool_default();
    assert_fails(tsr__unpool_problem(NULL, &p), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr__unpool_problem(&u, &p), TSR_INVALID_VALUE, "x.c is 0");
    u.c = 3;
    assert_fails(tsr__unpool_problem(&u, &p), TSR_INVALID_VALUE, "x.size[W] is 0");
    u.pooled[TSR_W] = 4;
    assert_fails(tsr__unpool_problem(&u, &p), TSR_INVALID_VALUE, "y.size[W] is 0");
    u.size[TSR_W] = 8;
    assert_ok(tsr__unpool_problem(&u, &p));
    assert_int_equal(p.y.size[TSR_W], 8);
    assert_int_equal(p.x.size[TSR_W], 4);
    u.indices = TSR_INDICES_NONE;
    assert_fails(tsr__unpool_problem(&u, &p), TSR_INVALID_VALUE, "indices is 0; allowed are 1 to 2");
    u.indices = TSR_INDICES_I32;
    u.dtype = (tsr_dtype)9;
    assert_fails(tsr__unpool_problem(&u, &p), TSR_INVALID_VALUE, "x.dtype is 9");
}

static void columns_have_a_row_for_each_element_of_the_window(void **state)
{
    (void)state;
    tsr_tensor columns;
    tsr_unfold u = tsr_unfold_default();
    assert_fails(tsr_unfold_output(NULL, &columns), TSR_INVALID_VALUE, "problem is NULL");
    assert_fails(tsr_unfold_output(&u, NULL), TSR_INVALID_VALUE, "columns is NULL");
    assert_fails(tsr_unfold_output(&u, &columns), TSR_INVALID_VALUE, "size[W] is 0");
    /* torch.nn.Unfold's documentation: kernel (2, 3) on 2 x 5 x 3 x 4 gives 2 x 30 x 4. */
    u.n = 2;
    u.c = 5;
    u.size[TSR_H] = 3;
    u.size[TSR_W] = 4;
    u.filter[TSR_H] = 2;
    u.filter[TSR_W] = 3;
    assert_ok(tsr_unfold_output(&u, &columns));
    assert_int_equal(columns.n, 2);
    assert_int_equal(columns.c, 30);
    assert_int_equal(columns.size[TSR_W], 4);
    assert_int_equal(columns.size[TSR_H] * columns.size[TSR_D], 1);
    u.filter[TSR_W] = 5;
    assert_fails(tsr_unfold_output(&u, &columns), TSR_INVALID_VALUE, "filter[W] is 5", "has only 4");
    u.filter[TSR_W] = 3;
    u.dtype = TSR_I8;
    assert_fails(tsr_unfold_output(&u, &columns), TSR_INVALID_VALUE, "dtype is 3 (i8); allowed are f32, f16, f64");
    u.dtype = TSR_F32;
    u.c = INT64_C(1) << 47;
    assert_fails(tsr_unfold_output(&u, &columns), TSR_INVALID_VALUE, "number of channels", "2^48");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_need_finite_numbers_in_order),
        cmocka_unit_test(half_sums_need_halves),
        cmocka_unit_test(output_fields_belong_to_transposed_convolution),
        cmocka_unit_test(strides_are_checked_by_the_tensors_name),
        cmocka_unit_test(each_kind_of_pooling_takes_its_own_options),
        cmocka_unit_test(global_and_adaptive_pooling_take_no_window),
        cmocka_unit_test(indices_of_32_bits_must_reach),
        cmocka_unit_test(bad_unpoolings_are_refused),
        cmocka_unit_test(columns_have_a_row_for_each_element_of_the_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
