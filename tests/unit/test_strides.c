/* Strided tensors: how strides are filled in, how much memory a view spans, and which ones may be written. */
#include "tensor.h"
#include "support/check.h"

#include <stdlib.h>

#include "support/support.h"

static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW16C,
                                     TSR_LAYOUT_NHWC};

enum { ROUNDS = 20000, MOST_ELEMENTS = 8192 };

static tsr_tensor tensor_of(tsr_layout layout, int64_t n, int64_t c, int64_t d, int64_t h, int64_t w)
{
    return (tsr_tensor){.layout = layout, .n = n, .c = c, .size = {d, h, w}};
}

/* The axes' strides from the innermost outwards, without the block; c is left out in NHWC. */
static int list_strides(tsr_tensor *t, int64_t *strides[5], int64_t sizes[5])
{
    int count = 0;
    for (int axis = TSR_W; axis >= TSR_D; --axis) {
        sizes[count] = t->size[axis];
        strides[count++] = &t->strides.size[axis];
    }
    if (t->layout != TSR_LAYOUT_NHWC) {
        sizes[count] = tsr__tensor_blocks(t);
        strides[count++] = &t->strides.c;
    }
    sizes[count] = t->n;
    strides[count++] = &t->strides.n;
    return count;
}

/* Calls `visit` with the position of every element, spare lanes included. */
static void visit_all(const tsr_tensor *t, void (*visit)(void *cookie, int64_t at), void *cookie)
{
    for (int64_t n = 0; n < t->n; ++n)
        for (int64_t c = 0; c < tsr__tensor_channels(t); ++c)
            for (int64_t d = 0; d < t->size[TSR_D]; ++d)
                for (int64_t h = 0; h < t->size[TSR_H]; ++h)
                    for (int64_t w = 0; w < t->size[TSR_W]; ++w) visit(cookie, tsr__tensor_at(t, n, c, d, h, w));
}

/* ---- Settling -------------------------------------------------------------------------------------------------- */

static void settling_fills_in_what_a_dense_tensor_has(void **state)
{
    (void)state;
    static const int64_t expected[][5] = {
        /* n, c, D, H, W of n2 c11 d3 h4 w5 */
        {660, 60, 20, 5, 1},     {720, 240, 80, 20, 4}, {960, 480, 160, 40, 8},
        {960, 960, 320, 80, 16}, {660, 0, 220, 55, 11},
    };
    for (size_t i = 0; i < COUNT(layouts); ++i) {
        tsr_tensor t = tensor_of(layouts[i], 2, 11, 3, 4, 5);
        tsr__tensor_settle(&t);
        assert_int_equal(t.strides.n, expected[i][0]);
        assert_int_equal(t.strides.c, expected[i][1]);
        for (int axis = 0; axis < TSR_AXES; ++axis) assert_int_equal(t.strides.size[axis], expected[i][2 + axis]);
        assert_true(tsr__tensor_is_dense(&t));
        assert_true(tsr__tensor_has_dense_planes(&t));
        const tsr_tensor once = t;
        tsr__tensor_settle(&t); /* again changes nothing */
        assert_memory_equal(&t.strides, &once.strides, sizeof t.strides);
    }
}

static void a_given_stride_stays_and_carries_those_outside_it(void **state)
{
    (void)state;
    tsr_tensor t = tensor_of(TSR_LAYOUT_NCHW, 2, 3, 4, 5, 6);
    t.strides.size[TSR_H] = 8;
    tsr__tensor_settle(&t);
    assert_int_equal(t.strides.size[TSR_W], 1);
    assert_int_equal(t.strides.size[TSR_H], 8);
    assert_int_equal(t.strides.size[TSR_D], 40);
    assert_int_equal(t.strides.c, 160);
    assert_int_equal(t.strides.n, 480);
    assert_false(tsr__tensor_is_dense(&t));
    assert_false(tsr__tensor_has_dense_planes(&t));
    t = tensor_of(TSR_LAYOUT_NCHW8C, 2, 20, 1, 5, 6);
    t.strides.c = 1000; /* between blocks */
    tsr__tensor_settle(&t);
    assert_int_equal(t.strides.size[TSR_H], 48);
    assert_int_equal(t.strides.n, 3000);
    assert_true(tsr__tensor_has_dense_planes(&t));
    assert_false(tsr__tensor_is_dense(&t));
    t = tensor_of(TSR_LAYOUT_NHWC, 2, 3, 1, 5, 6);
    t.strides.size[TSR_W] = 10; /* three channels of ten */
    tsr__tensor_settle(&t);
    assert_int_equal(t.strides.size[TSR_H], 60);
    assert_int_equal(t.strides.size[TSR_D], 300);
    assert_int_equal(t.strides.c, 0);
    assert_int_equal(t.strides.n, 300);
    assert_true(tsr__tensor_has_dense_planes(&t)); /* pixel follows pixel */
    assert_false(tsr__tensor_is_dense(&t));
    t = tensor_of(TSR_LAYOUT_NHWC, 2, 3, 1, 5, 6);
    t.strides = (tsr_strides){.n = 90, .size = {90, 3, 15}}; /* no gap, but rows within columns */
    assert_false(tsr__tensor_is_dense(&t));
    t = tensor_of(TSR_LAYOUT_NHWC, 2, 3, 1, 5, 1);
    t.strides = (tsr_strides){.n = 15, .size = {99, 3, 77}}; /* axes of one element do not step */
    assert_true(tsr__tensor_is_dense(&t));
}

/* ---- Memory ---------------------------------------------------------------------------------------------------- */

static void keep_largest(void *cookie, int64_t at)
{
    int64_t *largest = cookie;
    if (at > *largest) *largest = at;
}

/* A tensor with small sizes whose strides are random, or left to be filled in. */
static tsr_tensor random_tensor(support_random *random, int largest_stride)
{
    tsr_tensor t =
        tensor_of(layouts[support_random_int(random, 0, (int)COUNT(layouts) - 1)], support_random_int(random, 1, 3),
                  support_random_int(random, 1, 9), support_random_int(random, 1, 2), support_random_int(random, 1, 3),
                  support_random_int(random, 1, 3));
    int64_t *strides[5], sizes[5];
    const int count = list_strides(&t, strides, sizes);
    for (int i = 0; i < count; ++i)
        *strides[i] = support_random_int(random, 0, 2) == 0 ? 0 : support_random_int(random, 0, largest_stride);
    t.dtype = (tsr_dtype)support_random_int(random, TSR_F32, TSR_U8);
    return t;
}

static void bytes_reach_to_the_end_of_the_last_element(void **state)
{
    (void)state;
    static const uint64_t bytes_of[] = {4, 2, 8, 1, 1};
    support_random random = {.state = 11};
    for (int round = 0; round < ROUNDS; ++round) {
        const tsr_tensor t = random_tensor(&random, 50);
        tsr_tensor settled = t;
        uint64_t bytes = 0;
        int64_t largest = 0;
        tsr__tensor_settle(&settled);
        visit_all(&settled, keep_largest, &largest);
        assert_ok(tsr_tensor_bytes(&t, &bytes));
        assert_int_equal(bytes, (uint64_t)(largest + 1) * bytes_of[t.dtype]);
        assert_int_equal(tsr__tensor_elements(&settled), largest + 1);
        assert_int_equal(tsr__tensor_bytes(&t), bytes);
        if (tsr__tensor_is_dense(&settled))
            assert_int_equal(largest + 1, t.n * tsr__tensor_channels(&t) * tsr__tensor_plane(&t));
    }
}

static void types_have_names_and_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"f32", "f16", "f64", "i8", "u8"};
    static const uint64_t bytes[] = {4, 2, 8, 1, 1};
    for (size_t i = 0; i < COUNT(names); ++i) {
        assert_string_equal(tsr_dtype_text((tsr_dtype)i), names[i]);
        assert_int_equal(tsr_dtype_bytes((tsr_dtype)i), bytes[i]);
    }
    assert_string_equal(tsr_dtype_text((tsr_dtype)5), "unknown type");
    assert_string_equal(tsr_dtype_text((tsr_dtype)-1), "unknown type");
    assert_int_equal(tsr_dtype_bytes((tsr_dtype)5), 0);
    assert_int_equal(tsr_dtype_bytes((tsr_dtype)-1), 0);
}

/* ---- Writing --------------------------------------------------------------------------------------------------- */

typedef struct crowd {
    unsigned char met[MOST_ELEMENTS];
    bool shared;
} crowd;

static void meet(void *cookie, int64_t at)
{
    crowd *c = cookie;
    assert_in_range(at, 0, sizeof c->met - 1);
    if (c->met[at]++ > 0) c->shared = true;
}

static bool elements_share_a_place(const tsr_tensor *t)
{
    tsr_tensor settled = *t;
    crowd c = {.shared = false};
    tsr__tensor_settle(&settled);
    visit_all(&settled, meet, &c);
    return c.shared;
}

static void a_view_whose_elements_share_a_place_is_never_written(void **state)
{
    (void)state;
    support_random random = {.state = 12};
    int shared = 0, admitted = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        const tsr_tensor t = random_tensor(&random, round % 2 == 0 ? 20 : 200);
        if (tsr__tensor_elements(&t) > MOST_ELEMENTS) continue;
        assert_ok(tsr__tensor_check(&t, "y", false, TSR__COPY_FROM));
        if (elements_share_a_place(&t)) {
            assert_fails(tsr__tensor_check(&t, "y", false, TSR__COPY_TO), TSR_INVALID_VALUE,
                         "y.strides has a stride of", "share a place");
            ++shared;
        } else {
            admitted += tsr__tensor_check(&t, "y", false, TSR__COPY_TO) == TSR_OK;
        }
    }
    assert_in_range(shared, 1000, ROUNDS);
    assert_in_range(admitted, 1000, ROUNDS);
}

/* Any order of the axes will do where each steps over all inside it, with gaps or without. */
static void a_view_with_its_axes_in_any_order_may_be_written(void **state)
{
    (void)state;
    support_random random = {.state = 13};
    for (int round = 0; round < ROUNDS; ++round) {
        tsr_tensor t = random_tensor(&random, 0);
        int64_t *strides[5], sizes[5];
        const int count = list_strides(&t, strides, sizes);
        bool done[5] = {false};
        int64_t span = tsr__tensor_block(&t);
        for (int step = 0; step < count; ++step) {
            int which = support_random_int(&random, 0, count - 1);
            while (done[which]) which = (which + 1) % count;
            done[which] = true;
            *strides[which] = span + support_random_int(&random, 0, 2);
            span = *strides[which] * sizes[which];
        }
        if (span <= MOST_ELEMENTS) assert_false(elements_share_a_place(&t));
        assert_ok(tsr__tensor_check(&t, "y", false, TSR__COPY_TO));
    }
}

/* ---- What is refused ------------------------------------------------------------------------------------------- */

static void bad_strides_are_refused_by_field_value_and_reason(void **state)
{
    (void)state;
    const tsr_tensor sound = tensor_of(TSR_LAYOUT_NCHW, 2, 3, 1, 5, 6);
    tsr_tensor t = sound;
    t.strides.n = -1;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE, "x.strides.n is -1; allowed are 0 to");
    t = sound;
    t.strides.c = INT64_MIN;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE, "x.strides.c is -9223372036854775808");
    t = sound;
    t.strides.size[TSR_D] = -7;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__COPY_FROM), TSR_INVALID_VALUE, "x.strides.size[D] is -7");
    t = sound;
    t.strides.size[TSR_W] = 2;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE, "x.strides.size[W] is 2",
                 "in nchw it must be 1");
    assert_fails(tsr__tensor_check(&t, "y", true, TSR__WRITTEN), TSR_INVALID_VALUE, "y.strides.size[W] is 2");
    assert_ok(tsr__tensor_check(&t, "x", true, TSR__COPY_FROM));
    assert_ok(tsr__tensor_check(&t, "y", true, TSR__COPY_TO));
    t.strides.size[TSR_W] = 1;
    assert_ok(tsr__tensor_check(&t, "x", true, TSR__READ));
    t = sound;
    t.layout = TSR_LAYOUT_NHWC;
    t.strides.c = 1;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE, "x.strides.c is 1",
                 "in nhwc it must be 0");
    t = sound;
    t.layout = TSR_LAYOUT_ANY;
    t.strides.n = 100;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE, "x.strides are given",
                 "layout is any");
    t = sound;
    t.dtype = (tsr_dtype)5;
    assert_fails(tsr__tensor_check(&t, "x", true, TSR__READ), TSR_INVALID_VALUE,
                 "x.dtype is 5 (unknown type); allowed are f32");
}

/* A view that is only read may show an element several times. */
static void a_view_that_is_read_may_overlap(void **state)
{
    (void)state;
    tsr_tensor t = tensor_of(TSR_LAYOUT_NCHW, 1, 3, 1, 5, 6);
    t.strides.size[TSR_H] = 1; /* windows of six that slide by one */
    assert_ok(tsr__tensor_check(&t, "x", true, TSR__READ));
    assert_fails(tsr__tensor_check(&t, "y", true, TSR__WRITTEN), TSR_INVALID_VALUE, "y.strides has a stride of 1",
                 "it must be 6 or more");
}

static void strides_that_leave_63_bits_are_refused(void **state)
{
    (void)state;
    tsr_tensor t = tensor_of(TSR_LAYOUT_NCHW, 2, 1, 1, 1, 1);
    uint64_t bytes = 77;
    t.strides.n = INT64_MAX;
    assert_fails(tsr_tensor_bytes(&t, &bytes), TSR_INVALID_VALUE, "2^63-1 bytes");
    t.strides.n = INT64_MAX / 4;
    assert_fails(tsr_tensor_bytes(&t, &bytes), TSR_INVALID_VALUE, "2^63-1 bytes");
    assert_int_equal(bytes, 77);
    t.dtype = TSR_U8;
    t.strides.n = INT64_MAX / 2 - 1;
    assert_ok(tsr_tensor_bytes(&t, &bytes));
    assert_int_equal(bytes, INT64_MAX / 2);
    t = tensor_of(TSR_LAYOUT_NCHW, 1, 4, 1, 1, 1);
    t.strides.c = INT64_MAX / 3;
    assert_fails(tsr_tensor_bytes(&t, &bytes), TSR_INVALID_VALUE, "2^63-1 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settling_fills_in_what_a_dense_tensor_has),
        cmocka_unit_test(a_given_stride_stays_and_carries_those_outside_it),
        cmocka_unit_test(bytes_reach_to_the_end_of_the_last_element),
        cmocka_unit_test(types_have_names_and_bytes),
        cmocka_unit_test(a_view_whose_elements_share_a_place_is_never_written),
        cmocka_unit_test(a_view_with_its_axes_in_any_order_may_be_written),
        cmocka_unit_test(bad_strides_are_refused_by_field_value_and_reason),
        cmocka_unit_test(a_view_that_is_read_may_overlap),
        cmocka_unit_test(strides_that_leave_63_bits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
