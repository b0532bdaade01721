/* Windows seen from the input: which outputs read an element, against a search through all of them. */
#include "window.h"
#include "support/check.h"

#include "tensor.h"

/* Settings of one axis; the others are of size 1. */
typedef struct setting {
    int64_t size, filter, stride, dilation, begin, end;
} setting;

static tsr__window window_of(const setting *s, tsr_pad_mode mode)
{
    tsr__window w = {.size = {1, 1, s->size},
                     .filter = {1, 1, s->filter},
                     .stride = {1, 1, s->stride},
                     .dilation = {1, 1, s->dilation},
                     .pad_begin = {0, 0, s->begin},
                     .pad_end = {0, 0, s->end},
                     .pad_mode = mode};
    return w;
}

/* Goes through all settings with small numbers; false after the last. */
static bool next_setting(size_t i, setting *s)
{
    static const size_t counts[] = {6, 4, 3, 2, 4, 4};
    int64_t digit[6];
    for (size_t d = 0; d < COUNT(counts); i /= counts[d++]) digit[d] = (int64_t)(i % counts[d]);
    *s = (setting){digit[0] + 1, digit[1] + 1, digit[2] + 1, digit[3] + 1, digit[4], digit[5]};
    return i == 0;
}

/* Counts how often each output meets an element under a tap. */
static void check_readers(const tsr__window *w, int64_t at, int64_t tap)
{
    enum { MAX_OUT = 64 };
    int expected[MAX_OUT] = {0}, found[MAX_OUT] = {0};
    assert_in_range(w->out[TSR_W], 1, MAX_OUT);
    for (int64_t out = 0; out < w->out[TSR_W]; ++out)
        if (tsr__window_source(w, TSR_W, out, tap) == at) ++expected[out];
    for (int64_t image = 0; image < tsr__window_images(w, TSR_W); ++image) {
        const int64_t out = tsr__window_reader(w, TSR_W, at, image, tap);
        assert_true(out >= -1 && out < w->out[TSR_W]);
        if (out >= 0) ++found[out];
    }
    assert_memory_equal(expected, found, sizeof found);
}

static void readers_are_the_outputs_whose_source_is_the_element(void **state)
{
    (void)state;
    setting s;
    for (int mode = TSR_PAD_ZEROS; mode <= TSR_PAD_CIRCULAR; ++mode) {
        int checked = 0;
        for (size_t i = 0; next_setting(i, &s); ++i) {
            tsr__window w = window_of(&s, (tsr_pad_mode)mode);
            int64_t out[TSR_AXES];
            if (tsr__window_resolve(&w, out) != TSR_OK) continue;
            for (int64_t at = 0; at < s.size; ++at)
                for (int64_t tap = 0; tap < s.filter; ++tap) check_readers(&w, at, tap);
            ++checked;
        }
        assert_in_range(checked, 500, INT32_MAX);
    }
}

/* The windows over an element, of a resolved window, against all windows and all their taps. */
static void check_over(const tsr__window *w)
{
    for (int64_t at = 0; at < w->size[TSR_W]; ++at) {
        const tsr__range over = tsr__window_over(w, TSR_W, at);
        assert_true(over.first >= 0 && over.first <= over.end && over.end <= w->out[TSR_W]);
        for (int64_t out = 0; out < w->out[TSR_W]; ++out) {
            bool has = false;
            for (int64_t tap = 0; tap < tsr__window_taps(w, TSR_W, out); ++tap)
                has = has || tsr__window_at(w, TSR_W, out, tap) == at;
            assert_int_equal(tsr__window_has(w, TSR_W, out, at), has);
            if (has) assert_true(out >= over.first && out < over.end);
        }
    }
}

static void windows_over_an_element_are_those_that_have_it(void **state)
{
    (void)state;
    setting s;
    int checked = 0;
    for (size_t i = 0; next_setting(i, &s); ++i) {
        tsr__window w = window_of(&s, TSR_PAD_ZEROS);
        int64_t out[TSR_AXES];
        w.ceil = i % 2 == 0;
        if (tsr__window_resolve(&w, out) != TSR_OK) continue;
        check_over(&w);
        ++checked;
    }
    assert_in_range(checked, 500, INT32_MAX);
}

static void adaptive_windows_over_an_element_are_those_that_have_it(void **state)
{
    (void)state;
    for (int64_t size = 1; size <= 12; ++size)
        for (int64_t outs = 1; outs <= 15; ++outs) {
            const setting s = {size, 1, 1, 1, 0, 0};
            tsr__window w = window_of(&s, TSR_PAD_ZEROS);
            int64_t out[TSR_AXES];
            w.adaptive = true;
            w.output_size[TSR_W] = outs;
            assert_ok(tsr__window_resolve(&w, out));
            check_over(&w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_are_the_outputs_whose_source_is_the_element),
        cmocka_unit_test(windows_over_an_element_are_those_that_have_it),
        cmocka_unit_test(adaptive_windows_over_an_element_are_those_that_have_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
