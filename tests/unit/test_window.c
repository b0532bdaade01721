/* Sliding windows against definitions that count instead of calculating. */
#include "window.h"
#include "support/check.h"

#include <math.h>

#include "tensor.h"

/* A window on one axis; the others are of size 1. */
static tsr__window on_axis(int axis, int64_t size, int64_t filter, int64_t stride, int64_t dilation, int64_t begin,
                           int64_t end)
{
    tsr__window w = {.size = {1, 1, 1}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    w.size[axis] = size;
    w.filter[axis] = filter;
    w.stride[axis] = stride;
    w.dilation[axis] = dilation;
    w.pad_begin[axis] = begin;
    w.pad_end[axis] = end;
    return w;
}

/* The next combination of small numbers; false after the last. */
typedef struct combination {
    int64_t size, filter, stride, dilation, begin, end;
} combination;

static bool advance(combination *c)
{
    static const combination low = {1, 1, 1, 1, 0, 0}, high = {9, 5, 4, 3, 3, 3};
    int64_t *const digits[] = {&c->size, &c->filter, &c->stride, &c->dilation, &c->begin, &c->end};
    const int64_t lows[] = {low.size, low.filter, low.stride, low.dilation, low.begin, low.end};
    const int64_t highs[] = {high.size, high.filter, high.stride, high.dilation, high.begin, high.end};
    for (size_t i = 0; i < COUNT(digits); ++i) {
        if (++*digits[i] <= highs[i]) return true;
        *digits[i] = lows[i];
    }
    return false;
}

static const combination first_combination = {1, 1, 1, 1, 0, 0};

/* How many places there are at which all elements of the window lie inside the padded input. */
static int64_t count_places(const combination *c)
{
    const int64_t padded = c->begin + c->size + c->end;
    int64_t places = 0;
    for (int64_t start = 0; start < padded; start += c->stride) {
        bool fits = true;
        for (int64_t tap = 0; tap < c->filter; ++tap) fits &= start + tap * c->dilation < padded;
        places += fits;
    }
    return places;
}

static void output_size_is_the_number_of_places_where_the_window_fits(void **state)
{
    (void)state;
    int resolved = 0;
    combination c = first_combination;
    do {
        const int axis = resolved % TSR_AXES;
        tsr__window w = on_axis(axis, c.size, c.filter, c.stride, c.dilation, c.begin, c.end);
        int64_t out[TSR_AXES];
        const int64_t places = count_places(&c);
        if (places == 0) {
            assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "filter[", "the padded input has only");
            continue;
        }
        assert_ok(tsr__window_resolve(&w, out));
        for (int other = 0; other < TSR_AXES; ++other) assert_int_equal(out[other], other == axis ? places : 1);
        ++resolved;
    } while (advance(&c));
    assert_in_range(resolved, 1000, INT32_MAX);
}

/* ---- Automatic padding ----------------------------------------------------------------------------------------- */

/* ONNX, Conv and MaxPool, opset 22, in its own words:
 *
 *   SAME   output_shape[i] = ceil(input_shape[i] / strides[i])
 *          pad_shape[i] = (output_shape[i] - 1) * strides[i] + ((kernel[i] - 1) * dilations[i] + 1) - input_shape[i]
 *          split between the two sides equally or almost equally; the extra padding is added at the end for
 *          SAME_UPPER and at the beginning for SAME_LOWER
 *   VALID  output_shape[i] = ceil((input_shape[i] - ((kernel[i] - 1) * dilations[i] + 1) + 1) / strides[i]) */
static double onnx_extent(const combination *c)
{
    return (double)((c->filter - 1) * c->dilation + 1);
}

static void check_same(const combination *c, tsr_auto_pad auto_pad)
{
    tsr__window w = on_axis(TSR_H, c->size, c->filter, c->stride, c->dilation, 0, 0);
    int64_t out[TSR_AXES];
    w.auto_pad = auto_pad;
    assert_ok(tsr__window_resolve(&w, out));
    const double expected = ceil((double)c->size / (double)c->stride);
    const double pads = fmax(0.0, (expected - 1.0) * (double)c->stride + onnx_extent(c) - (double)c->size);
    const double smaller = floor(pads / 2.0), larger = ceil(pads / 2.0);
    const bool upper = auto_pad == TSR_PAD_SAME_UPPER;
    assert_int_equal(out[TSR_H], (int64_t)expected);
    assert_int_equal(w.pad_begin[TSR_H], (int64_t)(upper ? smaller : larger));
    assert_int_equal(w.pad_end[TSR_H], (int64_t)(upper ? larger : smaller));
    assert_int_equal(w.pad_begin[TSR_W] + w.pad_end[TSR_W] + w.pad_begin[TSR_D] + w.pad_end[TSR_D], 0);
    assert_int_equal(w.auto_pad, TSR_PAD_NOTSET);
}

static void same_padding_is_the_one_that_onnx_publishes(void **state)
{
    (void)state;
    combination c = first_combination;
    do {
        if (c.begin != 0 || c.end != 0) continue;
        check_same(&c, TSR_PAD_SAME_UPPER);
        check_same(&c, TSR_PAD_SAME_LOWER);
    } while (advance(&c));
}

static void valid_padding_is_none_as_onnx_publishes(void **state)
{
    (void)state;
    int resolved = 0;
    combination c = first_combination;
    do {
        if (c.begin != 0 || c.end != 0) continue;
        tsr__window w = on_axis(TSR_W, c.size, c.filter, c.stride, c.dilation, 0, 0);
        int64_t out[TSR_AXES];
        w.auto_pad = TSR_PAD_VALID;
        if (onnx_extent(&c) > (double)c.size) {
            assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "filter[W] is");
            continue;
        }
        assert_ok(tsr__window_resolve(&w, out));
        assert_int_equal(out[TSR_W], (int64_t)ceil(((double)c.size - onnx_extent(&c) + 1.0) / (double)c.stride));
        assert_int_equal(w.pad_begin[TSR_W] + w.pad_end[TSR_W], 0);
        ++resolved;
    } while (advance(&c));
    assert_in_range(resolved, 100, INT32_MAX);
}

static void automatic_padding_refuses_explicit_pads(void **state)
{
    (void)state;
    static const tsr_auto_pad kinds[] = {TSR_PAD_SAME_UPPER, TSR_PAD_SAME_LOWER, TSR_PAD_VALID};
    for (size_t i = 0; i < COUNT(kinds); ++i)
        for (int side = 0; side < 2; ++side) {
            tsr__window w = on_axis(TSR_H, 5, 3, 1, 1, side == 0, side == 1);
            int64_t out[TSR_AXES];
            w.auto_pad = kinds[i];
            assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE,
                         side == 0 ? "pad[H] is 1 and 0" : "pad[H] is 0 and 1", "must be 0");
        }
}

/* ---- Ranges and counts ----------------------------------------------------------------------------------------- */

static void check_outputs(const tsr__window *w, int64_t tap, int64_t low, int64_t high)
{
    const tsr__range range = tsr__window_outputs(w, TSR_W, tap, low, high);
    assert_true(range.first <= range.end);
    for (int64_t o = low; o < high; ++o) {
        const int64_t at = o * w->stride[TSR_W] - w->pad_begin[TSR_W] + tap * w->dilation[TSR_W];
        const bool inside = at >= 0 && at < w->size[TSR_W];
        assert_int_equal(o >= range.first && o < range.end, inside);
    }
    if (range.first < range.end) assert_true(range.first >= low && range.end <= high);
}

static void window_outputs_are_those_whose_tap_lies_inside(void **state)
{
    (void)state;
    combination c = first_combination;
    do {
        tsr__window w = on_axis(TSR_W, c.size, c.filter, c.stride, c.dilation, c.begin, c.end);
        int64_t out[TSR_AXES];
        if (tsr__window_resolve(&w, out) != TSR_OK) continue;
        const int64_t ranges[][2] = {{0, out[TSR_W]}, {out[TSR_W] / 2, out[TSR_W]}, {0, out[TSR_W] / 2}, {1, 2}};
        for (int64_t tap = 0; tap < c.filter; ++tap)
            for (size_t i = 0; i < COUNT(ranges); ++i) check_outputs(&w, tap, ranges[i][0], ranges[i][1]);
    } while (advance(&c));
}

static void window_count_counts_elements_inside(void **state)
{
    (void)state;
    combination c = first_combination;
    do {
        tsr__window w = on_axis(TSR_D, c.size, c.filter, c.stride, c.dilation, c.begin, c.end);
        int64_t out[TSR_AXES];
        if (tsr__window_resolve(&w, out) != TSR_OK) continue;
        for (int64_t o = 0; o < out[TSR_D]; ++o) {
            int64_t inside = 0;
            for (int64_t tap = 0; tap < c.filter; ++tap) {
                const int64_t at = o * c.stride + tap * c.dilation - c.begin;
                inside += at >= 0 && at < c.size;
            }
            assert_int_equal(tsr__window_count(&w, TSR_D, o, false), inside);
            /* Without ceil_mode no window leaves the padded input. */
            assert_int_equal(tsr__window_count(&w, TSR_D, o, true), c.filter);
        }
    } while (advance(&c));
}

static void window_count_leaves_out_what_is_beyond_the_padding(void **state)
{
    (void)state;
    const tsr__window w = on_axis(TSR_W, 5, 3, 2, 1, 1, 1);
    /* One output further than the last: columns 5, 6 and 7, of which only 5 is padding. */
    assert_int_equal(tsr__window_count(&w, TSR_W, 3, true), 1);
    assert_int_equal(tsr__window_count(&w, TSR_W, 3, false), 0);
}

static void inside_is_inside_on_every_axis(void **state)
{
    (void)state;
    const tsr__window w = {.size = {2, 3, 4}};
    int inside = 0;
    for (int64_t d = -2; d <= 5; ++d)
        for (int64_t h = -2; h <= 5; ++h)
            for (int64_t column = -2; column <= 5; ++column) inside += tsr__window_inside(&w, d, h, column);
    assert_int_equal(inside, 2 * 3 * 4);
    assert_true(tsr__window_inside(&w, 1, 2, 3));
    assert_false(tsr__window_inside(&w, 2, 2, 3));
    assert_false(tsr__window_inside(&w, 1, 3, 3));
    assert_false(tsr__window_inside(&w, 1, 2, 4));
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    tsr__window w = on_axis(TSR_W, TSR__MAX_SIZE, TSR__MAX_WINDOW, 1, 1, TSR__MAX_WINDOW, TSR__MAX_WINDOW);
    int64_t out[TSR_AXES];
    assert_ok(tsr__window_resolve(&w, out));
    assert_int_equal(out[TSR_W], TSR__MAX_SIZE + TSR__MAX_WINDOW + 1);
    w.dilation[TSR_W] = TSR__MAX_WINDOW;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "filter[W] is 2147483647",
                 "spanning 4611686011984936963");
    w = on_axis(TSR_W, TSR__MAX_SIZE, TSR__MAX_WINDOW, TSR__MAX_WINDOW, TSR__MAX_WINDOW, 0, 0);
    w.auto_pad = TSR_PAD_SAME_LOWER;
    assert_ok(tsr__window_resolve(&w, out));
    assert_int_equal(out[TSR_W], 131073);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_size_is_the_number_of_places_where_the_window_fits),
        cmocka_unit_test(same_padding_is_the_one_that_onnx_publishes),
        cmocka_unit_test(valid_padding_is_none_as_onnx_publishes),
        cmocka_unit_test(automatic_padding_refuses_explicit_pads),
        cmocka_unit_test(window_outputs_are_those_whose_tap_lies_inside),
        cmocka_unit_test(window_count_counts_elements_inside),
        cmocka_unit_test(window_count_leaves_out_what_is_beyond_the_padding),
        cmocka_unit_test(inside_is_inside_on_every_axis),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
