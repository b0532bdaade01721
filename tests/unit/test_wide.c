/* Where 32-bit indices end, on invented devices: an algorithm that has no others takes a problem that just fits them,
 * takes one that just does not in parts, or refuses it in words. */
#include "columns/columns.h"
#include "reorder/reorder.h"
#include "select.h"
#include "unit/invented.h"
#include "unpool/unpool.h"

static const tsr_device_kind kinds[] = {TSR_DEVICE_GPU, TSR_DEVICE_CPU, TSR_DEVICE_HOST};

/* What becomes of a problem that 32-bit indices do not reach. */
typedef enum fate { FITS, IN_PARTS, REFUSED } fate;

static void check_launches(const tsr_device *device, const tsr__offer *o)
{
    tsr__launches launches = {.count = 0};
    if (o->algorithm->launches == NULL) return;
    o->algorithm->launches(device, &o->problem, &o->params, &launches);
    for (int i = 0; i < launches.count; ++i) assert_ok(tsr__launch_check(&launches.items[i]));
}

static bool is_fate(const tsr__offer *o, fate expected)
{
    if (o->algorithm->features & TSR__WIDE_BIT) return o->refusal == NULL && o->parts == 1;
    if (expected == REFUSED) return o->refusal != NULL && strstr(o->refusal, "2^31 - 2^24 elements") != NULL;
    return o->refusal == NULL && (o->parts > 1) == (expected == IN_PARTS) && !tsr__problem_is_wide(&o->problem);
}

/* Asks every algorithm that has the features beside the width; answers how many of them have 32-bit indices. */
static int check(const tsr__problem *problem, fate expected)
{
    const tsr_plan_options options = tsr_plan_options_default();
    int asked = 0;
    for (size_t k = 0; k < COUNT(kinds); ++k) {
        const tsr_device device = kinds[k] == TSR_DEVICE_GPU ? invent_sub_groups() : invent_able(kinds[k]);
        for (const tsr__algorithm *const *a = tsr__algorithms_for(&device, problem->op); *a != NULL; ++a) {
            tsr__offer o;
            tsr__offer_from(*a, &device, problem, &options, &o);
            const uint32_t needed = tsr__problem_features(&o.whole) & ~(uint32_t)TSR__WIDE_BIT;
            if (tsr__refuse_features(needed, (*a)->features) != NULL) continue;
            if (strcmp((*a)->name, "planes") == 0 && !problem->global) continue;
            if (strcmp((*a)->name, "shared") == 0 && tsr__taps(problem) < 16) continue;
            /* Its rows are far too short to reach the limit by themselves. */
            if (strcmp((*a)->name, "depthwise_planes") == 0) continue;
            /* They refuse most problems of one group for other reasons. */
            if (strncmp((*a)->name, "depthwise", 9) == 0 && problem->groups == 1) continue;
            if (strcmp((*a)->name, "depthwise_transposed") == 0 && !problem->window.transposed) continue;
            if (strcmp((*a)->name, "pointwise_planes") == 0 && tsr__tensor_plane(&problem->y) < 16) continue;
            if (strcmp((*a)->name, "pointwise_planes") == 0 && !tsr__window_is_pointwise(&problem->window)) continue;
            if (strcmp((*a)->name, "sub_groups") == 0 && tsr__group_c(problem) % 16 != 0) continue;
            if (strcmp((*a)->name, "direct_images") == 0 && tsr__group_c(problem) % 4 != 0) continue;
            if (strncmp((*a)->name, "winograd", 8) == 0 && problem->window.filter[TSR_H] != 3) continue;
            if (!is_fate(&o, expected)) {
                char shown[512];
                tsr__text text = tsr__text_over(shown, sizeof shown);
                problem->op->format(problem, &text);
                print_error("%s on %s: %d parts, %s\n", (*a)->name, shown, (int)o.parts,
                            o.refusal == NULL ? "accepted" : o.refusal);
            }
            assert_true(is_fate(&o, expected));
            if (o.refusal == NULL) check_launches(&device, &o);
            asked += !((*a)->features & TSR__WIDE_BIT);
        }
    }
    return asked;
}

/* ---- Sizes ----------------------------------------------------------------------------------------------------- */

/* 2^31 - 2^24, the first size that is too large, is 127 * 2^24. */
static const struct {
    const char *text;
    tsr_layout layout;
    fate expected;
} sizes[] = {
    /* x and y */
    {"conv:c1h127w16777215k1", TSR_LAYOUT_NCHW, FITS},
    {"conv:c1h127w16777216k1", TSR_LAYOUT_NCHW, REFUSED},
    {"conv:n2c1h127w8388607k1", TSR_LAYOUT_NCHW, FITS},
    {"conv:n2c1h127w8388608k1", TSR_LAYOUT_NCHW, IN_PARTS},
    {"conv:c8h127w2097151k8", TSR_LAYOUT_NCHW8C, FITS},
    {"conv:c8h127w2097152k8", TSR_LAYOUT_NCHW8C, REFUSED},
    {"conv:n2c8h127w1048575k8", TSR_LAYOUT_NHWC, FITS},
    {"conv:n2c8h127w1048576k8", TSR_LAYOUT_NHWC, IN_PARTS},
    /* a block's spare lanes are elements */
    {"conv:c5h127w2097152k5", TSR_LAYOUT_NCHW8C, REFUSED},
    {"conv:c5h127w2097152k5", TSR_LAYOUT_NCHW, FITS},
    /* y alone, cut into channels; transposed, weights cannot be */
    {"conv:c1h127w131071k128", TSR_LAYOUT_NCHW, FITS},
    {"conv:c1h127w131072k128", TSR_LAYOUT_NCHW, IN_PARTS},
    {"conv:c1h127w131072k131", TSR_LAYOUT_NCHW, IN_PARTS},
    {"convt:c1h127w131072k131", TSR_LAYOUT_NCHW, REFUSED},
    {"conv:c8h127w131072k144", TSR_LAYOUT_NCHW16C, IN_PARTS},
    /* groups take their input with them */
    {"conv:c128h127w131071k128g128", TSR_LAYOUT_NCHW, FITS},
    {"conv:c128h127w131072k128g128", TSR_LAYOUT_NCHW, IN_PARTS},
    {"convt:c128h127w131071k128g128", TSR_LAYOUT_NCHW, FITS},
    {"convt:c128h127w131072k128g128", TSR_LAYOUT_NCHW, IN_PARTS},
    /* weights */
    {"conv:c519168h1w1k4096", TSR_LAYOUT_NCHW, FITS},
    {"conv:c520192h1w1k4096", TSR_LAYOUT_NCHW, IN_PARTS},
    {"conv:c2130706432h1w1k1", TSR_LAYOUT_NCHW, REFUSED},
    /* an axis, with its padding and of y, and a stride */
    {"conv:c1w268435456k1", TSR_LAYOUT_NCHW, FITS},
    {"conv:c1w268435457k1", TSR_LAYOUT_NCHW, REFUSED},
    {"conv:c1w268435456k1s3pd1", TSR_LAYOUT_NCHW, REFUSED},
    {"convt:c1w134217729k1s2st2", TSR_LAYOUT_NCHW, REFUSED},
    {"conv:c1h8w8k1st1048576", TSR_LAYOUT_NCHW, FITS},
    {"conv:c1h8w8k1st1048577", TSR_LAYOUT_NCHW, REFUSED},
    {"max:c1h127w16777215", TSR_LAYOUT_NCHW, FITS},
    {"max:c1h127w16777216", TSR_LAYOUT_NCHW, REFUSED},
    {"avg:c126h4096w4096r2s2", TSR_LAYOUT_NCHW, FITS},
    {"avg:c128h4096w4096r2s2", TSR_LAYOUT_NCHW, IN_PARTS},
    {"avg:n128c1h4096w4096r2s2", TSR_LAYOUT_NCHW, IN_PARTS},
    {"lp:c8h127w2097151r2s2", TSR_LAYOUT_NCHW8C, FITS},
    {"lp:c8h127w2097152r2s2", TSR_LAYOUT_NCHW8C, REFUSED},
    {"lp:c16h127w2097151r2s2", TSR_LAYOUT_NCHW8C, IN_PARTS},
    {"max:c1w268435456", TSR_LAYOUT_NCHW, FITS},
    {"max:c1w268435457", TSR_LAYOUT_NCHW, REFUSED},
};

static void the_limit_is_where_32_bit_indices_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); ++i) {
        const tsr__problem p = problem_of(sizes[i].text, sizes[i].layout);
        assert_true(check(&p, sizes[i].expected) > 0);
    }
}

/* What becomes of a problem on a CPU with one algorithm. */
static void check_one(const char *algorithm, const char *problem, fate expected)
{
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr_device cpu = invent_able(TSR_DEVICE_CPU);
    const tsr__problem p = problem_of(problem, TSR_LAYOUT_NCHW);
    const tsr__algorithm *const *a = tsr__algorithms_for(&cpu, p.op);
    while (strcmp((*a)->name, algorithm) != 0) ++a;
    tsr__offer o;
    tsr__offer_from(*a, &cpu, &p, &options, &o);
    assert_true(is_fate(&o, expected));
    if (o.refusal == NULL) check_launches(&cpu, &o);
}

/* Whole planes have an algorithm of their own; others refuse such windows for other reasons. */
static void global_pooling_has_the_same_limit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        fate expected;
    } cases[] = {{"avg:c126h4096w4096,global", FITS},
                 {"avg:c128h4096w4096,global", IN_PARTS},
                 {"max:c1h127w16777216,global", REFUSED}};
    for (size_t i = 0; i < COUNT(cases); ++i) check_one("planes", cases[i].text, cases[i].expected);
}

/* The copy of a half input is blocked by 8 channels, so that 9 of them become 16. */
static void a_staged_copy_has_the_same_limit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        fate expected;
    } cases[] = {{"conv:c9h127w1048575k8,f16", FITS},
                 {"conv:c9h127w1048576k8,f16", REFUSED},
                 {"conv:n2c9h127w524287k8,f16", FITS},
                 {"conv:n2c9h127w524288k8,f16", IN_PARTS},
                 {"conv:n3c9h8880w8880k8r3s3,f16", IN_PARTS}};
    for (size_t i = 0; i < COUNT(cases); ++i) check_one("direct_blocked", cases[i].text, cases[i].expected);
}

static void reorders_have_the_same_limit(void **state)
{
    (void)state;
    static const struct {
        int64_t n, c, w;
        fate expected;
    } cases[] = {{1, 127, (1 << 24) - 1, FITS},
                 {1, 127, 1 << 24, REFUSED},
                 {2, 127, (1 << 23) - 1, FITS},
                 {2, 127, 1 << 23, IN_PARTS},
                 {127, 1, 1 << 24, IN_PARTS}};
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr__problem p;
        tsr_tensor x = tsr_tensor_default(), y;
        x.n = cases[i].n;
        x.c = cases[i].c;
        x.size[TSR_W] = cases[i].w;
        y = x;
        y.layout = TSR_LAYOUT_NHWC;
        assert_ok(tsr__reorder_problem(&x, &y, &p));
        assert_true(check(&p, cases[i].expected) > 0);
    }
}

/* Unpooling and columns have 64-bit algorithms alone, whatever the sizes. */
static void unpooling_and_columns_have_no_limit(void **state)
{
    (void)state;
    tsr__problem p;
    tsr_unpool u = tsr_unpool_default();
    u.c = 3;
    u.pooled[TSR_H] = u.pooled[TSR_W] = INT64_C(1) << 16;
    u.size[TSR_H] = u.size[TSR_W] = INT64_C(1) << 17;
    assert_ok(tsr__unpool_problem(&u, &p));
    assert_int_equal(check(&p, REFUSED), 0);
    tsr_unfold f = tsr_unfold_default();
    f.c = 3;
    f.size[TSR_H] = f.size[TSR_W] = INT64_C(1) << 16;
    f.filter[TSR_H] = f.filter[TSR_W] = 3;
    for (int fold = 0; fold <= 1; ++fold) {
        assert_ok(tsr__columns_problem(&f, fold, &p));
        assert_int_equal(check(&p, REFUSED), 0);
    }
}

/* ---- Strides --------------------------------------------------------------------------------------------------- */

enum { TENSOR_X, TENSOR_Y, TENSOR_RESIDUAL, STRIDED };
enum { STRIDE_N, STRIDE_C, STRIDE_H, STRIDES };

/* Strides that make a dense tensor of two images, channels and rows span so many elements, by a gap on one axis. */
static tsr_strides span(const tsr_tensor *tensor, int axis, int64_t elements)
{
    tsr_tensor t = *tensor;
    t.strides = (tsr_strides){0};
    tsr__tensor_settle(&t);
    const int64_t gap = elements - tsr__tensor_elements(&t);
    tsr_strides s = t.strides;
    int64_t *const strides[STRIDES] = {&s.n, &s.c, &s.size[TSR_H]};
    const int64_t steps[STRIDES] = {t.n - 1, tsr__tensor_blocks(&t) - 1, t.size[TSR_H] - 1};
    if (t.layout == TSR_LAYOUT_NHWC && axis == STRIDE_C) axis = STRIDE_N;
    assert_int_equal(steps[axis], 1);
    *strides[axis] += gap;
    return s;
}

/* Few elements whose strides span as many as an allocation of that size: what counts is where the last one lies. */
static void check_strided(int which, int axis, tsr_layout layout, int64_t elements, fate expected)
{
    const int64_t channels = 2 * (tsr__layout_block(layout) > 1 ? tsr__layout_block(layout) : 1);
    tsr_conv c = tsr_conv_default();
    tsr__problem p;
    c.n = 2;
    c.c = c.k = channels;
    c.size[TSR_H] = 2;
    c.size[TSR_W] = 5;
    c.residual = true;
    c.x_layout = c.y_layout = layout;
    assert_ok(tsr__conv_problem(&c, &p));
    const tsr_tensor *const tensors[STRIDED] = {&p.x, &p.y, &p.residual};
    tsr_strides *const strides[STRIDED] = {&c.x_strides, &c.y_strides, &c.residual_strides};
    *strides[which] = span(tensors[which], axis, elements);
    assert_ok(tsr__conv_problem(&c, &p));
    assert_true(check(&p, expected) > 0);
}

static void strides_count_and_not_elements(void **state)
{
    (void)state;
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NHWC};
    for (size_t l = 0; l < COUNT(layouts); ++l)
        for (int which = 0; which < STRIDED; ++which)
            for (int axis = 0; axis < STRIDES; ++axis) {
                check_strided(which, axis, layouts[l], TSR__MAX_INT_INDEX, FITS);
                /* Half of two images whose last element lies too far is one image, which does not. */
                check_strided(which, STRIDE_N, layouts[l], TSR__MAX_INT_INDEX + 1, IN_PARTS);
            }
}

/* One image has no stride to the next; rows have, in every part. */
static void a_stride_that_no_part_shortens_is_refused(void **state)
{
    (void)state;
    for (int which = 0; which < STRIDED; ++which) {
        check_strided(which, STRIDE_N, TSR_LAYOUT_NCHW, INT64_C(1) << 40, IN_PARTS);
        check_strided(which, STRIDE_H, TSR_LAYOUT_NCHW, INT64_C(1) << 40, REFUSED);
    }
}

static void views_of_reorders_are_judged_alike(void **state)
{
    (void)state;
    tsr__problem p;
    tsr_tensor x = {.n = 2, .c = 2, .size = {1, 2, 5}, .layout = TSR_LAYOUT_NCHW}, y = x;
    y.layout = TSR_LAYOUT_NHWC;
    for (int which = TENSOR_X; which <= TENSOR_Y; ++which) {
        tsr_tensor *t = which == TENSOR_X ? &x : &y;
        for (int axis = 0; axis < STRIDES; ++axis) {
            t->strides = span(t, axis, TSR__MAX_INT_INDEX);
            assert_ok(tsr__reorder_problem(&x, &y, &p));
            assert_true(check(&p, FITS) > 0);
        }
        t->strides = span(t, STRIDE_N, TSR__MAX_INT_INDEX + 1);
        assert_ok(tsr__reorder_problem(&x, &y, &p));
        assert_true(check(&p, IN_PARTS) > 0);
        t->strides = span(t, STRIDE_H, INT64_C(1) << 40);
        assert_ok(tsr__reorder_problem(&x, &y, &p));
        assert_true(check(&p, REFUSED) > 0);
        t->strides = (tsr_strides){0};
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_limit_is_where_32_bit_indices_end),
        cmocka_unit_test(global_pooling_has_the_same_limit),
        cmocka_unit_test(a_staged_copy_has_the_same_limit),
        cmocka_unit_test(reorders_have_the_same_limit),
        cmocka_unit_test(unpooling_and_columns_have_no_limit),
        cmocka_unit_test(strides_count_and_not_elements),
        cmocka_unit_test(a_stride_that_no_part_shortens_is_refused),
        cmocka_unit_test(views_of_reorders_are_judged_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
