/* Where the elements of a tensor lie, how much memory they take, and arithmetic that notices overflow. */
#include "tensor.h"
#include "support/check.h"

#include <stdlib.h>

static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW16C,
                                     TSR_LAYOUT_NHWC};
static const int64_t blocks[] = {1, 4, 8, 16, 0}; /* 0: all channels, however many */

static tsr_tensor tensor_of(tsr_layout layout, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
    return (tsr_tensor){.layout = layout, .n = n, .c = c, .size = {d, h, w}};
}

/* ---- Layouts --------------------------------------------------------------------------------------------------- */

static void layouts_have_names_and_blocks(void **state)
{
    (void)state;
    static const char *const names[] = {"nchw", "nchw4c", "nchw8c", "nchw16c", "nhwc"};
    for (size_t i = 0; i < COUNT(layouts); ++i) {
        assert_string_equal(tsr_layout_text(layouts[i]), names[i]);
        assert_int_equal(tsr__layout_block(layouts[i]), blocks[i]);
        assert_int_equal(tsr__layout_with_block(blocks[i]), layouts[i]);
    }
    assert_string_equal(tsr_layout_text(TSR_LAYOUT_ANY), "any");
    assert_string_equal(tsr_layout_text((tsr_layout)77), "unknown layout");
    assert_string_equal(tsr_layout_text((tsr_layout)-1), "unknown layout");
    for (int64_t block = -1; block <= 40; ++block)
        if (block != 1 && block != 4 && block != 8 && block != 16)
            assert_int_equal(tsr__layout_with_block(block), TSR_LAYOUT_NHWC);
}

static void the_default_tensor_is_nchw_of_ones_without_channels(void **state)
{
    (void)state;
    const tsr_tensor t = tsr_tensor_default();
    assert_int_equal(t.layout, TSR_LAYOUT_NCHW);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.c, 0);
    for (int axis = 0; axis < TSR_AXES; ++axis) assert_int_equal(t.size[axis], 1);
}

/* ---- Positions ------------------------------------------------------------------------------------------------- */

/* Marks every element's position; each is met once, and what is left over are the spare lanes. */
static void check_positions(const tsr_tensor *t)
{
    const int64_t elements = tsr__tensor_elements(t);
    unsigned char *met = calloc(1, (size_t)elements);
    assert_non_null(met);
    int64_t count = 0;
    for (int64_t n = 0; n < t->n; ++n)
        for (int64_t c = 0; c < t->c; ++c)
            for (int64_t d = 0; d < t->size[TSR_D]; ++d)
                for (int64_t h = 0; h < t->size[TSR_H]; ++h)
                    for (int64_t w = 0; w < t->size[TSR_W]; ++w, ++count) {
                        const int64_t at = tsr__tensor_at(t, n, c, d, h, w);
                        assert_true(at >= 0 && at < elements);
                        assert_int_equal(met[at], 0);
                        met[at] = 1;
                    }
    const int64_t block = tsr__tensor_block(t), spare = (block - t->c % block) % block;
    assert_int_equal(count + t->n * spare * tsr__tensor_plane(t), elements);
    free(met);
}

static void every_element_has_a_place_of_its_own(void **state)
{
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {1, 3, 2}, {2, 1, 5}, {3, 2, 4}};
    for (size_t l = 0; l < COUNT(layouts); ++l)
        for (size_t s = 0; s < COUNT(sizes); ++s)
            for (int64_t n = 1; n <= 3; ++n)
                for (int64_t c = 1; c <= 33; ++c) {
                    tsr_tensor t = tensor_of(layouts[l], n, c, sizes[s][0], sizes[s][1], sizes[s][2]);
                    tsr__tensor_settle(&t);
                    check_positions(&t);
                }
}

static void positions_are_those_of_the_documented_order(void **state)
{
    (void)state;
    /* [N][ceil(C/B)][D][H][W][B], as nested arrays have it. */
    enum { N = 2, C = 11, D = 3, H = 4, W = 5, B = 4, BLOCKS = 3 };
    static const float blocked[N][BLOCKS][D][H][W][B], plain[N][C][D][H][W];
    static const float last[N][D][H][W][C]; /* NHWC */
    tsr_tensor tb = tensor_of(TSR_LAYOUT_NCHW4C, N, C, D, H, W), tp = tensor_of(TSR_LAYOUT_NCHW, N, C, D, H, W);
    tsr_tensor tl = tensor_of(TSR_LAYOUT_NHWC, N, C, D, H, W);
    tsr__tensor_settle(&tb);
    tsr__tensor_settle(&tp);
    tsr__tensor_settle(&tl);
    assert_int_equal(tsr__tensor_elements(&tb), sizeof blocked / sizeof(float));
    assert_int_equal(tsr__tensor_elements(&tp), sizeof plain / sizeof(float));
    assert_int_equal(tsr__tensor_elements(&tl), sizeof last / sizeof(float));
    for (int n = 0; n < N; ++n)
        for (int c = 0; c < C; ++c)
            for (int d = 0; d < D; ++d)
                for (int h = 0; h < H; ++h)
                    for (int w = 0; w < W; ++w) {
                        const ptrdiff_t b = &blocked[n][c / B][d][h][w][c % B] - &blocked[0][0][0][0][0][0];
                        const ptrdiff_t p = &plain[n][c][d][h][w] - &plain[0][0][0][0][0];
                        const ptrdiff_t l = &last[n][d][h][w][c] - &last[0][0][0][0][0];
                        assert_int_equal(tsr__tensor_at(&tl, n, c, d, h, w), l);
                        assert_int_equal(tsr__tensor_at(&tb, n, c, d, h, w), b);
                        assert_int_equal(tsr__tensor_at(&tp, n, c, d, h, w), p);
                    }
}

/* ---- Bytes ----------------------------------------------------------------------------------------------------- */

static void bytes_count_spare_lanes(void **state)
{
    (void)state;
    static const struct {
        int64_t c;
        uint64_t bytes[COUNT(layouts)]; /* of n3 d1 h5 w7, in each layout */
    } cases[] = {
        {1, {420, 1680, 3360, 6720, 420}},      {4, {1680, 1680, 3360, 6720, 1680}},
        {5, {2100, 3360, 3360, 6720, 2100}},    {8, {3360, 3360, 3360, 6720, 3360}},
        {9, {3780, 5040, 6720, 6720, 3780}},    {16, {6720, 6720, 6720, 6720, 6720}},
        {17, {7140, 8400, 10080, 13440, 7140}},
    };
    for (size_t i = 0; i < COUNT(cases); ++i)
        for (size_t l = 0; l < COUNT(layouts); ++l) {
            const tsr_tensor t = tensor_of(layouts[l], 3, cases[i].c, 1, 5, 7);
            uint64_t bytes = 0;
            assert_ok(tsr_tensor_bytes(&t, &bytes));
            assert_int_equal(bytes, cases[i].bytes[l]);
        }
}

static void bytes_are_exact_up_to_63_bits(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    const tsr_tensor fits =
        tensor_of(TSR_LAYOUT_NCHW, INT64_C(1) << 20, INT64_C(1) << 20, 1, 1, (INT64_C(1) << 21) - 1);
    assert_ok(tsr_tensor_bytes(&fits, &bytes));
    assert_int_equal(bytes, ((UINT64_C(1) << 21) - 1) << 42);

    static const tsr_tensor over[] = {
        {.layout = TSR_LAYOUT_NCHW, .n = INT64_C(1) << 20, .c = INT64_C(1) << 20, .size = {1, 1, INT64_C(1) << 21}},
        {.layout = TSR_LAYOUT_NCHW, .n = INT64_C(1) << 48, .c = INT64_C(1) << 48, .size = {1, 1, 1}},
        {.layout = TSR_LAYOUT_NCHW,
         .n = INT64_C(1) << 48,
         .c = INT64_C(1) << 48,
         .size = {INT64_C(1) << 48, INT64_C(1) << 48, INT64_C(1) << 48}},
        /* Only the spare lanes are too many. */
        {.layout = TSR_LAYOUT_NCHW16C, .n = INT64_C(1) << 30, .c = 1, .size = {1, INT64_C(1) << 27, 1}},
    };
    for (size_t i = 0; i < COUNT(over); ++i) {
        bytes = 77;
        assert_fails(tsr_tensor_bytes(&over[i], &bytes), TSR_INVALID_VALUE, "tensor has ", "2^63-1 bytes");
        assert_int_equal(bytes, 77);
    }
}

static void bad_tensors_are_refused_by_field_value_and_limit(void **state)
{
    (void)state;
    static const struct {
        size_t field;
        int64_t value;
        const char *text;
    } cases[] = {
        {offsetof(tsr_tensor, n), 0, "tensor.n is 0; allowed are 1 to 281474976710656"},
        {offsetof(tsr_tensor, n), -3, "tensor.n is -3; allowed are 1 to"},
        {offsetof(tsr_tensor, c), 0, "tensor.c is 0; allowed are 1 to"},
        {offsetof(tsr_tensor, c), (INT64_C(1) << 48) + 1, "tensor.c is 281474976710657; allowed are 1 to"},
        {offsetof(tsr_tensor, size[TSR_D]), 0, "tensor.size[D] is 0; allowed are 1 to"},
        {offsetof(tsr_tensor, size[TSR_H]), -1, "tensor.size[H] is -1; allowed are 1 to"},
        {offsetof(tsr_tensor, size[TSR_W]), INT64_MIN, "tensor.size[W] is -9223372036854775808; allowed are 1 to"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_tensor t = tensor_of(TSR_LAYOUT_NCHW, 1, 2, 3, 4, 5);
        uint64_t bytes = 77;
        memcpy((char *)&t + cases[i].field, &cases[i].value, sizeof cases[i].value);
        assert_fails(tsr_tensor_bytes(&t, &bytes), TSR_INVALID_VALUE, cases[i].text);
        assert_int_equal(bytes, 77);
    }
    tsr_tensor t = tensor_of(TSR_LAYOUT_ANY, 1, 2, 3, 4, 5);
    uint64_t bytes = 0;
    assert_fails(tsr_tensor_bytes(&t, &bytes), TSR_INVALID_VALUE, "tensor.layout is 5 (any)", "nchw to nhwc");
    t.layout = (tsr_layout)9;
    assert_fails(tsr_tensor_bytes(&t, &bytes), TSR_INVALID_VALUE, "tensor.layout is 9", "nchw to nhwc");
    assert_fails(tsr_tensor_bytes(NULL, &bytes), TSR_INVALID_VALUE, "tensor is NULL");
    assert_fails(tsr_tensor_bytes(&t, NULL), TSR_INVALID_VALUE, "bytes is NULL");
}

static void a_tensor_of_any_layout_must_fit_the_widest_block(void **state)
{
    (void)state;
    tsr_tensor t = tensor_of(TSR_LAYOUT_ANY, 1, 1, 1, 1, 1);
    assert_ok(tsr__tensor_check(&t, "x", true, TSR__READ));
    assert_fails(tsr__tensor_check(&t, "x", false, TSR__READ), TSR_INVALID_VALUE, "x.layout is 5 (any)");
    t.n = INT64_C(1) << 30;
    t.size[TSR_H] = INT64_C(1) << 27;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE, "x has ", "2^63-1 bytes");
    t.layout = TSR_LAYOUT_NCHW;
    assert_ok(tsr__tensor_check(&t, "x", true, TSR__READ));
}

/* ---- Arithmetic ------------------------------------------------------------------------------------------------ */

static void multiplying_notices_what_leaves_63_bits(void **state)
{
    (void)state;
    static const struct {
        uint64_t total;
        int64_t factor;
        bool fits;
    } cases[] = {
        {0, 0, true},
        {7, 0, true},
        {0, INT64_MAX, true},
        {1, INT64_MAX, true},
        {2, INT64_MAX, false},
        {INT64_MAX, 1, true},
        {INT64_MAX, 2, false},
        {UINT64_C(1) << 31, INT64_C(1) << 31, true},
        {UINT64_C(1) << 32, INT64_C(1) << 31, false},
        {UINT64_C(3037000499), 3037000499, true},
        {UINT64_C(3037000500), 3037000500, false},
        {5, -1, false},
        {5, INT64_MIN, false},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        uint64_t total = cases[i].total;
        assert_int_equal(tsr__multiply(&total, cases[i].factor), cases[i].fits);
        if (cases[i].fits)
            assert_int_equal(total, cases[i].total * (uint64_t)cases[i].factor);
        else
            assert_int_equal(total, cases[i].total);
    }
}

static void ceil_div_is_the_number_of_parts(void **state)
{
    (void)state;
    for (int64_t a = 1; a <= 60; ++a)
        for (int64_t b = 1; b <= 20; ++b) {
            int64_t parts = 0;
            for (int64_t at = 0; at < a; at += b) ++parts;
            assert_int_equal(tsr__ceil_div(a, b), parts);
        }
}

static void ranges_include_their_ends(void **state)
{
    (void)state;
    assert_ok(tsr__check_range("f", 1, 1, 5));
    assert_ok(tsr__check_range("f", 5, 1, 5));
    assert_fails(tsr__check_range("f", 0, 1, 5), TSR_INVALID_VALUE, "f is 0; allowed are 1 to 5");
    assert_fails(tsr__check_range("f", 6, 1, 5), TSR_INVALID_VALUE, "f is 6; allowed are 1 to 5");
    static const int64_t values[] = {5, 1, 9};
    assert_ok(tsr__check_axes("f", values, 1, 9));
    assert_fails(tsr__check_axes("f", values, 1, 8), TSR_INVALID_VALUE, "f[W] is 9; allowed are 1 to 8");
    assert_fails(tsr__check_axes("f", values, 2, 9), TSR_INVALID_VALUE, "f[H] is 1; allowed are 2 to 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_have_names_and_blocks),
        cmocka_unit_test(the_default_tensor_is_nchw_of_ones_without_channels),
        cmocka_unit_test(every_element_has_a_place_of_its_own),
        cmocka_unit_test(positions_are_those_of_the_documented_order),
        cmocka_unit_test(bytes_count_spare_lanes),
        cmocka_unit_test(bytes_are_exact_up_to_63_bits),
        cmocka_unit_test(bad_tensors_are_refused_by_field_value_and_limit),
        cmocka_unit_test(a_tensor_of_any_layout_must_fit_the_widest_block),
        cmocka_unit_test(multiplying_notices_what_leaves_63_bits),
        cmocka_unit_test(ceil_div_is_the_number_of_parts),
        cmocka_unit_test(ranges_include_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
