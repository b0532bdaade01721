/* Transposed windows against their definition: the output positions that scattering every input element reaches. */
#include "window.h"
#include "support/check.h"

#include "tensor.h"

/* The numbers of one axis. */
typedef struct numbers {
    int64_t size, filter, stride, dilation, begin, end, more;
} numbers;

enum { NUMBERS = 7 };

static bool advance(numbers *n)
{
    static const int64_t lows[NUMBERS] = {1, 1, 1, 1, 0, 0, 0}, highs[NUMBERS] = {5, 4, 4, 3, 2, 2, 4};
    int64_t *const digits[NUMBERS] = {&n->size, &n->filter, &n->stride, &n->dilation, &n->begin, &n->end, &n->more};
    for (int i = 0; i < NUMBERS; ++i) {
        if (++*digits[i] <= highs[i]) return true;
        *digits[i] = lows[i];
    }
    return false;
}

static const numbers first_numbers = {1, 1, 1, 1, 0, 0, 0};

static tsr__window on_axis(int axis, const numbers *n)
{
    tsr__window w = {.size = {1, 1, 1}, .filter = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    w.transposed = true;
    w.size[axis] = n->size;
    w.filter[axis] = n->filter;
    w.stride[axis] = n->stride;
    w.dilation[axis] = n->dilation;
    w.pad_begin[axis] = n->begin;
    w.pad_end[axis] = n->end;
    w.output_padding[axis] = n->more;
    return w;
}

/* One past the last position that an input element reaches, before padding is cut off. */
static int64_t reached(const numbers *n)
{
    int64_t end = 0;
    for (int64_t i = 0; i < n->size; ++i)
        for (int64_t tap = 0; tap < n->filter; ++tap) {
            const int64_t at = i * n->stride + tap * n->dilation;
            if (at >= end) end = at + 1;
        }
    return end;
}

static bool more_is_allowed(const numbers *n)
{
    return n->more < n->stride || n->more < n->dilation;
}

static void the_output_is_what_elements_reach_less_the_padding(void **state)
{
    (void)state;
    numbers n = first_numbers;
    int axis = 0, resolved = 0;
    do {
        tsr__window w = on_axis(axis, &n);
        int64_t out[TSR_AXES];
        const int64_t left = reached(&n) + n.more - n.begin - n.end;
        if (!more_is_allowed(&n)) {
            assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_padding[", "allowed are 0 to ");
        } else if (left < 1) {
            assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "nothing is left");
        } else {
            assert_ok(tsr__window_resolve(&w, out));
            assert_int_equal(out[axis], left);
            assert_int_equal(out[(axis + 1) % TSR_AXES], 1);
            ++resolved;
        }
        axis = (axis + 1) % TSR_AXES;
    } while (advance(&n));
    assert_in_range(resolved, 1000, INT32_MAX);
}

/* The input element that tap `tap` adds to output `o`, by search. */
static int64_t search_source(const numbers *n, int64_t o, int64_t tap)
{
    for (int64_t i = 0; i < n->size; ++i)
        if (i * n->stride + tap * n->dilation - n->begin == o) return i;
    return -1;
}

static void sources_are_the_elements_that_reach_the_output(void **state)
{
    (void)state;
    numbers n = first_numbers;
    do {
        tsr__window w = on_axis(TSR_H, &n);
        int64_t out[TSR_AXES];
        if (tsr__window_resolve(&w, out) != TSR_OK) continue;
        for (int64_t o = 0; o < out[TSR_H]; ++o)
            for (int64_t tap = 0; tap < n.filter; ++tap)
                assert_int_equal(tsr__window_source(&w, TSR_H, o, tap), search_source(&n, o, tap));
    } while (advance(&n));
}

/* ---- The size that is asked for -------------------------------------------------------------------------------- */

/* ONNX ConvTranspose, opset 22:
 *
 *   total_padding[i] = stride[i] * (input_size[i] - 1) + output_padding[i] + ((kernel_shape[i] - 1) * dilations[i] + 1)
 *                      - output_shape[i]
 *   if auto_pad is SAME_UPPER: pads[start] = total_padding / 2, pads[end] = the rest
 *   else:                      pads[start] = total_padding - total_padding / 2, pads[end] = total_padding / 2 */
static void check_asked(const numbers *n, int64_t asked, tsr_auto_pad auto_pad)
{
    tsr__window w = on_axis(TSR_W, n);
    int64_t out[TSR_AXES];
    w.auto_pad = auto_pad;
    w.output_size[TSR_W] = asked;
    const int64_t total = reached(n) + n->more - asked,
                  largest = (n->stride > n->dilation ? n->stride : n->dilation) - 1;
    if (n->more - (total < 0 ? total : 0) > largest) {
        assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_size[W] is ", "at most");
        return;
    }
    assert_ok(tsr__window_resolve(&w, out));
    assert_int_equal(out[TSR_W], asked);
    assert_int_equal(w.auto_pad, TSR_PAD_NOTSET);
    const int64_t half = total > 0 ? total / 2 : 0, rest = total > 0 ? total - half : 0;
    const bool upper = auto_pad == TSR_PAD_SAME_UPPER;
    assert_int_equal(w.pad_begin[TSR_W], upper ? half : rest);
    assert_int_equal(w.pad_end[TSR_W], upper ? rest : half);
}

static void an_output_size_becomes_pads_as_onnx_publishes(void **state)
{
    (void)state;
    numbers n = first_numbers;
    do {
        if (n.begin != 0 || n.end != 0 || !more_is_allowed(&n)) continue;
        for (int64_t asked = 1; asked <= reached(&n) + 5; ++asked)
            for (int kind = TSR_PAD_NOTSET; kind <= TSR_PAD_VALID; ++kind) check_asked(&n, asked, (tsr_auto_pad)kind);
    } while (advance(&n));
}

static void same_gives_size_times_stride(void **state)
{
    (void)state;
    numbers n = first_numbers;
    do {
        if (n.begin != 0 || n.end != 0 || !more_is_allowed(&n)) continue;
        for (int kind = TSR_PAD_SAME_UPPER; kind <= TSR_PAD_SAME_LOWER; ++kind) {
            tsr__window w = on_axis(TSR_D, &n);
            int64_t out[TSR_AXES];
            w.auto_pad = (tsr_auto_pad)kind;
            assert_ok(tsr__window_resolve(&w, out));
            assert_int_equal(out[TSR_D], n.size * n.stride);
            const int64_t odd = w.pad_begin[TSR_D] - w.pad_end[TSR_D];
            assert_true(odd == 0 || odd == (kind == TSR_PAD_SAME_UPPER ? -1 : 1));
        }
        tsr__window valid = on_axis(TSR_D, &n);
        int64_t out[TSR_AXES];
        valid.auto_pad = TSR_PAD_VALID;
        assert_ok(tsr__window_resolve(&valid, out));
        assert_int_equal(out[TSR_D], reached(&n) + n.more);
    } while (advance(&n));
}

static void pads_may_not_be_given_with_a_size_or_a_rule(void **state)
{
    (void)state;
    const numbers n = {5, 3, 2, 1, 1, 0, 0};
    int64_t out[TSR_AXES];
    tsr__window w = on_axis(TSR_H, &n);
    w.output_size[TSR_H] = 10;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "pad[H] is 1 and 0", "output_size", "must be 0");
    for (int kind = TSR_PAD_SAME_UPPER; kind <= TSR_PAD_VALID; ++kind) {
        w = on_axis(TSR_H, &n);
        w.auto_pad = (tsr_auto_pad)kind;
        assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "pad[H] is 1 and 0", "auto_pad", "must be 0");
    }
    for (int mode = TSR_PAD_REFLECT; mode <= TSR_PAD_CIRCULAR; ++mode) {
        w = on_axis(TSR_H, &n);
        w.pad_mode = (tsr_pad_mode)mode;
        assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "pad_mode is ", "zeros");
    }
    w = on_axis(TSR_H, &n);
    w.output_size[TSR_H] = -1;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_size[H] is -1");
    w = on_axis(TSR_H, &n);
    w.output_padding[TSR_H] = -1;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_padding[H] is -1");
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    const numbers n = {TSR__MAX_SIZE, 2, 1, 1, 0, 0, 0};
    int64_t out[TSR_AXES];
    tsr__window w = on_axis(TSR_W, &n);
    assert_ok(tsr__window_resolve(&w, out));
    assert_int_equal(out[TSR_W], TSR__MAX_SIZE + 1);
    const numbers wide = {3, 2, TSR__MAX_WINDOW, TSR__MAX_WINDOW, 0, 0, TSR__MAX_WINDOW - 1};
    w = on_axis(TSR_W, &wide);
    assert_ok(tsr__window_resolve(&w, out));
    assert_int_equal(out[TSR_W], 2 * TSR__MAX_WINDOW + TSR__MAX_WINDOW - 1 + TSR__MAX_WINDOW + 1);
    /* 2^48 elements 2^31 apart cannot be counted in 63 bits. */
    const numbers beyond = {TSR__MAX_SIZE, 1, TSR__MAX_WINDOW, 1, 0, 0, 0};
    w = on_axis(TSR_W, &beyond);
    assert_int_equal(tsr__window_resolve(&w, out), TSR_INVALID_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_output_is_what_elements_reach_less_the_padding),
        cmocka_unit_test(sources_are_the_elements_that_reach_the_output),
        cmocka_unit_test(an_output_size_becomes_pads_as_onnx_publishes),
        cmocka_unit_test(same_gives_size_times_stride),
        cmocka_unit_test(pads_may_not_be_given_with_a_size_or_a_rule),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
