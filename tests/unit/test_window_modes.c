/* Windows beyond the plain ones: ceil, adaptive, transposed, and where padding looks, each against a definition that
 * counts or searches instead of calculating. */
#include "window.h"
#include "support/check.h"

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

enum { DIGITS = 6, SIZE = 0, FILTER, STRIDE, DILATION, BEGIN, END };

/* Counts through all combinations of digits up to the highs; false after the last. */
static bool advance(int64_t *digits, const int64_t *lows, const int64_t *highs)
{
    for (int i = 0; i < DIGITS; ++i) {
        if (++digits[i] <= highs[i]) return true;
        digits[i] = lows[i];
    }
    return false;
}

static const int64_t lows[DIGITS] = {1, 1, 1, 1, 0, 0}, highs[DIGITS] = {8, 4, 4, 3, 3, 3};

static tsr__window of_digits(const int64_t *g, int axis)
{
    return on_axis(axis, g[SIZE], g[FILTER], g[STRIDE], g[DILATION], g[BEGIN], g[END]);
}

/* ---- Ceil ------------------------------------------------------------------------------------------------------ */

/* PyTorch, MaxPool2d: "when ceil_mode is True, sliding windows are allowed to go off-bounds if they start within the
 * left padding or the input. Sliding windows that would start in the right padded region are ignored." A window is
 * there where the one before has not reached the end of the padded input. */
static int64_t count_ceil_places(const int64_t *g)
{
    const int64_t padded = g[BEGIN] + g[SIZE] + g[END], extent = g[DILATION] * (g[FILTER] - 1) + 1;
    int64_t places = 0;
    for (int64_t start = 0; start < g[BEGIN] + g[SIZE]; start += g[STRIDE]) {
        const bool before_reached_the_end = start > 0 && start - g[STRIDE] + extent >= padded;
        if (before_reached_the_end) break;
        ++places;
    }
    return places;
}

static void ceil_admits_a_last_window_that_begins_inside(void **state)
{
    (void)state;
    int resolved = 0, overhanging = 0, left_out = 0;
    int64_t g[DIGITS];
    memcpy(g, lows, sizeof g);
    do {
        tsr__window w = of_digits(g, resolved % TSR_AXES), plain = w;
        const int axis = resolved % TSR_AXES;
        int64_t out[TSR_AXES], plain_out[TSR_AXES];
        const int64_t padded = g[BEGIN] + g[SIZE] + g[END], extent = g[DILATION] * (g[FILTER] - 1) + 1;
        w.ceil = true;
        if (g[BEGIN] >= extent || g[END] >= extent) continue; /* pooling refuses those */
        if (extent > padded + g[STRIDE] - 1) {                /* not even rounding up makes one output */
            assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "the padded input has only");
            continue;
        }
        assert_ok(tsr__window_resolve(&w, out));
        assert_int_equal(out[axis], count_ceil_places(g));
        assert_int_equal(w.out[axis], out[axis]);
        if (tsr__window_resolve(&plain, plain_out) == TSR_OK) {
            overhanging += out[axis] > plain_out[axis];
            left_out += out[axis] == plain_out[axis] && (padded - extent) % g[STRIDE] != 0;
        }
        ++resolved;
    } while (advance(g, lows, highs));
    assert_in_range(overhanging, 100, INT32_MAX);
    assert_in_range(left_out, 100, INT32_MAX);
}

static void ceil_does_not_count_what_overhangs(void **state)
{
    (void)state;
    int64_t g[DIGITS];
    memcpy(g, lows, sizeof g);
    do {
        tsr__window w = of_digits(g, TSR_H);
        int64_t out[TSR_AXES];
        w.ceil = true;
        if (tsr__window_resolve(&w, out) != TSR_OK) continue;
        for (int64_t o = 0; o < out[TSR_H]; ++o) {
            int64_t inside = 0, padded = 0;
            for (int64_t tap = 0; tap < g[FILTER]; ++tap) {
                const int64_t place = o * g[STRIDE] + tap * g[DILATION]; /* in the padded input */
                inside += place >= g[BEGIN] && place < g[BEGIN] + g[SIZE];
                padded += place < g[BEGIN] + g[SIZE] + g[END];
            }
            assert_int_equal(tsr__window_count(&w, TSR_H, o, false), inside);
            assert_int_equal(tsr__window_count(&w, TSR_H, o, true), padded);
        }
    } while (advance(g, lows, highs));
}

/* ---- Adaptive -------------------------------------------------------------------------------------------------- */

/* PyTorch, AdaptivePooling: start = floor(i * size / out), end = ceil((i + 1) * size / out): the elements [j, j + 1)
 * that share more than a point with [i * size / out, (i + 1) * size / out). */
static void adaptive_windows_are_those_that_touch_their_share(void **state)
{
    (void)state;
    for (int64_t size = 1; size <= 20; ++size)
        for (int64_t outputs = 1; outputs <= 25; ++outputs) {
            tsr__window w = on_axis(TSR_W, size, 1, 1, 1, 0, 0);
            int64_t out[TSR_AXES], longest = 0;
            w.adaptive = true;
            w.output_size[TSR_W] = outputs;
            assert_ok(tsr__window_resolve(&w, out));
            assert_int_equal(out[TSR_W], outputs);
            assert_int_equal(out[TSR_D], 1); /* 0 asked for is 1 */
            for (int64_t i = 0; i < outputs; ++i) {
                int64_t first = -1, count = 0;
                for (int64_t j = 0; j < size; ++j) {
                    const bool touched = j * outputs < (i + 1) * size && (j + 1) * outputs > i * size;
                    if (touched && first < 0) first = j;
                    count += touched;
                }
                assert_int_equal(tsr__window_begin(&w, TSR_W, i), first);
                assert_int_equal(tsr__window_taps(&w, TSR_W, i), count);
                assert_int_equal(tsr__window_at(&w, TSR_W, i, count - 1), first + count - 1);
                assert_int_equal(tsr__window_count(&w, TSR_W, i, false), count);
                if (count > longest) longest = count;
            }
            assert_true(w.filter[TSR_W] >= longest);
        }
}

static void adaptive_windows_take_nothing_else(void **state)
{
    (void)state;
    int64_t out[TSR_AXES];
    tsr__window sound = on_axis(TSR_W, 9, 1, 1, 1, 0, 0), w = sound;
    sound.adaptive = true;
    sound.output_size[TSR_W] = 4;
    w = sound;
    w.filter[TSR_W] = 2;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "adaptive pooling's filter[W] is 2");
    w = sound;
    w.dilation[TSR_H] = 2;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "dilation");
    w = sound;
    w.ceil = true;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "ceil");
    w = sound;
    w.auto_pad = TSR_PAD_SAME_UPPER;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "auto_pad");
    w = sound;
    w.pad_end[TSR_W] = 1;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE,
                 "adaptive pooling's pad_end[W] is 1; allowed are 0 to 0");
    w = sound;
    w.output_size[TSR_W] = -1;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_size[W] is -1");
    w = sound;
    w.size[TSR_W] = w.output_size[TSR_W] = INT64_C(1) << 40;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_size[W] is 1099511627776", "2^62");
    w = on_axis(TSR_W, 9, 3, 1, 1, 0, 0);
    w.output_size[TSR_W] = 4; /* neither adaptive nor transposed */
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_size[W] is 4; allowed are 0 to 0");
    w = on_axis(TSR_W, 9, 3, 1, 1, 0, 0);
    w.output_padding[TSR_W] = 1;
    assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "output_padding[W] is 1; allowed are 0 to 0");
}

/* ---- Where padding looks --------------------------------------------------------------------------------------- */

/* The padded row is written out as PyTorch's pad() documents it, and looked up. */
static int64_t padded_row(tsr_pad_mode mode, int64_t size, int64_t at)
{
    enum { MARGIN = 16, ROW = 64 };
    int64_t row[ROW];
    for (int64_t i = 0; i < ROW; ++i) row[i] = -1;
    for (int64_t i = 0; i < size; ++i) row[MARGIN + i] = i;
    for (int64_t i = 1; i <= size; ++i) {
        const int64_t left = MARGIN - i, right = MARGIN + size - 1 + i;
        if (mode == TSR_PAD_REPLICATE) row[left] = 0, row[right] = size - 1;
        if (mode == TSR_PAD_REFLECT && i < size) row[left] = row[MARGIN + i], row[right] = row[MARGIN + size - 1 - i];
        if (mode == TSR_PAD_CIRCULAR) row[left] = row[left + size], row[right] = row[right - size];
    }
    return row[MARGIN + at];
}

static void every_padding_mode_looks_where_pytorch_documents(void **state)
{
    (void)state;
    int64_t g[DIGITS];
    memcpy(g, lows, sizeof g);
    do {
        for (int mode = TSR_PAD_ZEROS; mode <= TSR_PAD_CIRCULAR; ++mode) {
            tsr__window w = of_digits(g, TSR_W);
            int64_t out[TSR_AXES];
            w.pad_mode = (tsr_pad_mode)mode;
            if (mode == TSR_PAD_REPLICATE && (g[BEGIN] > g[SIZE] || g[END] > g[SIZE])) continue; /* row is too short */
            if (tsr__window_resolve(&w, out) != TSR_OK) continue;
            for (int64_t o = 0; o < out[TSR_W]; ++o)
                for (int64_t tap = 0; tap < g[FILTER]; ++tap) {
                    const int64_t at = o * g[STRIDE] + tap * g[DILATION] - g[BEGIN];
                    assert_int_equal(tsr__window_source(&w, TSR_W, o, tap), padded_row(w.pad_mode, g[SIZE], at));
                }
        }
    } while (advance(g, lows, highs));
    tsr__window far = on_axis(TSR_W, 2, 1, 1, 1, 100, 100); /* replicating has no limit */
    int64_t out[TSR_AXES];
    far.pad_mode = TSR_PAD_REPLICATE;
    assert_ok(tsr__window_resolve(&far, out));
    assert_int_equal(tsr__window_source(&far, TSR_W, 0, 0), 0);
    assert_int_equal(tsr__window_source(&far, TSR_W, 201, 0), 1);
}

static void mirrored_and_circular_padding_have_limits(void **state)
{
    (void)state;
    for (int mode = TSR_PAD_ZEROS; mode <= TSR_PAD_CIRCULAR; ++mode)
        for (int64_t size = 1; size <= 5; ++size)
            for (int64_t pad = 0; pad <= 7; ++pad)
                for (int side = 0; side < 2; ++side) {
                    tsr__window w = on_axis(TSR_H, size, 1, 1, 1, side == 0 ? pad : 0, side == 1 ? pad : 0);
                    int64_t out[TSR_AXES];
                    w.pad_mode = (tsr_pad_mode)mode;
                    const bool fits = mode == TSR_PAD_REFLECT    ? pad < size
                                      : mode == TSR_PAD_CIRCULAR ? pad <= size
                                                                 : true;
                    if (fits)
                        assert_ok(tsr__window_resolve(&w, out));
                    else
                        assert_fails(tsr__window_resolve(&w, out), TSR_INVALID_VALUE, "pad[H] is ",
                                     mode == TSR_PAD_REFLECT ? "reflect" : "circular", "at most");
                }
    tsr__window same = on_axis(TSR_W, 2, 5, 1, 1, 0, 0); /* SAME comes to 2 and 2 */
    int64_t out[TSR_AXES];
    same.pad_mode = TSR_PAD_REFLECT;
    same.auto_pad = TSR_PAD_SAME_UPPER;
    assert_fails(tsr__window_resolve(&same, out), TSR_INVALID_VALUE, "pad[W] is 2 and 2", "at most 1");
    same.pad_mode = (tsr_pad_mode)4;
    assert_fails(tsr__window_resolve(&same, out), TSR_INVALID_VALUE, "pad_mode is 4; allowed are 0 to 3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ceil_admits_a_last_window_that_begins_inside),
        cmocka_unit_test(ceil_does_not_count_what_overhangs),
        cmocka_unit_test(adaptive_windows_are_those_that_touch_their_share),
        cmocka_unit_test(adaptive_windows_take_nothing_else),
        cmocka_unit_test(every_padding_mode_looks_where_pytorch_documents),
        cmocka_unit_test(mirrored_and_circular_padding_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
