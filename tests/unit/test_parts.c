/* Problems that exceed a limit are offered in parts: what the parts are, and that together they are the whole. */
#include "select.h"
#include "unit/invented.h"

extern const tsr__algorithm tsr__conv_direct_blocked;

/* ---- What holds for every offer in parts ----------------------------------------------------------------------- */

static void assert_same_place(const tsr_tensor *whole, const tsr_tensor *part)
{
    assert_int_equal(part->layout, whole->layout);
    assert_int_equal(part->dtype, whole->dtype);
    assert_int_equal(part->strides.n, whole->strides.n);
    assert_int_equal(part->strides.c, whole->strides.c);
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        assert_int_equal(part->size[axis], whole->size[axis]);
        assert_int_equal(part->strides.size[axis], whole->strides.size[axis]);
    }
}

static void assert_whole_blocks(const tsr_tensor *t)
{
    if (tsr__layout_is_blocked(t->layout)) assert_int_equal(t->c % tsr__layout_block(t->layout), 0);
}

static void assert_parts_of_channels(const tsr__offer *o)
{
    const tsr__problem *whole = &o->whole, *part = &o->problem;
    const bool x_too = whole->groups != 1; /* in pooling there are no groups */
    assert_int_equal(part->x.n, whole->x.n);
    assert_int_equal(part->y.c * o->parts, whole->y.c);
    assert_int_equal(part->w_elements * o->parts, whole->w_elements);
    assert_int_equal(part->x.c * (x_too ? o->parts : 1), whole->x.c);
    assert_int_equal(part->groups * (whole->groups > 1 ? o->parts : 1), whole->groups);
    assert_whole_blocks(&part->y);
    if (x_too) assert_whole_blocks(&part->x);
}

static void assert_sound(const tsr__offer *o, const tsr_plan_options *options)
{
    const tsr__problem *whole = &o->whole, *part = &o->problem;
    assert_null(o->refusal);
    assert_same_place(&whole->x, &part->x);
    assert_same_place(&whole->y, &part->y);
    assert_same_place(&whole->residual, &part->residual);
    assert_true(o->workspace_bytes <= options->workspace_limit_bytes);
    assert_null(tsr__refuse_features(tsr__problem_features(part), o->algorithm->features));
    assert_int_equal(part->residual.n, part->y.n);
    assert_int_equal(part->residual.c, part->y.c);
    if (o->splits_channels) {
        assert_parts_of_channels(o);
        return;
    }
    assert_int_equal(part->x.n * o->parts, whole->x.n);
    assert_int_equal(part->y.n * o->parts, whole->y.n);
    assert_int_equal(part->x.c, whole->x.c);
    assert_int_equal(part->y.c, whole->y.c);
    assert_int_equal(part->w_elements, whole->w_elements);
}

/* ---- Indices --------------------------------------------------------------------------------------------------- */

static void a_batch_beyond_32_bits_is_offered_in_parts(void **state)
{
    (void)state;
    static const char *const texts[] = {"conv:n8c64h4096w4096k4", "conv:n12c3h8192w8192k8r3s3pd1",
                                        "max:n8c64h4096w4096r2s2"};
    static const tsr_device_kind kinds[] = {TSR_DEVICE_GPU, TSR_DEVICE_CPU};
    const tsr_plan_options options = tsr_plan_options_default();
    int in_parts = 0;
    for (size_t i = 0; i < COUNT(texts); ++i)
        for (size_t k = 0; k < COUNT(kinds); ++k) {
            const tsr_device device = invent(kinds[k], 8);
            const tsr__problem problem = problem_of(texts[i], TSR_LAYOUT_NCHW);
            for (const tsr__algorithm *const *a = problem.op->opencl; *a != NULL; ++a) {
                tsr__offer offer;
                tsr__offer_from(*a, &device, &problem, &options, &offer);
                if (offer.refusal != NULL) continue;
                assert_sound(&offer, &options);
                const bool wide = (*a)->features & TSR__WIDE_BIT;
                assert_int_equal(offer.parts == 1, wide);
                in_parts += offer.parts > 1;
                /* No fewer parts would do. */
                const int64_t x = tsr__tensor_elements(&problem.x), y = tsr__tensor_elements(&problem.y);
                for (int64_t fewer = 1; fewer < offer.parts; ++fewer)
                    if (problem.x.n % fewer == 0) assert_true((x > y ? x : y) / fewer > TSR__MAX_INT_INDEX);
            }
        }
    assert_in_range(in_parts, 4, INT32_MAX);
}

static void what_does_not_divide_is_refused_as_too_wide(void **state)
{
    (void)state;
    const tsr_device gpu = invent(TSR_DEVICE_GPU, 8);
    const tsr_plan_options options = tsr_plan_options_default();
    static const char *const texts[] = {
        "conv:c64h8192w8192k1", /* one image with one output channel */
        "conv:c1h8w8k1st2000000",
        "max:c1h65536w65536r2s2",
    };
    for (size_t i = 0; i < COUNT(texts); ++i) {
        const tsr__problem problem = problem_of(texts[i], TSR_LAYOUT_NCHW);
        for (const tsr__algorithm *const *a = problem.op->opencl; *a != NULL; ++a) {
            tsr__offer offer;
            tsr__offer_from(*a, &gpu, &problem, &options, &offer);
            if ((*a)->features & TSR__WIDE_BIT) {
                assert_null(offer.refusal);
                continue;
            }
            if (!((*a)->features & TSR__PLAIN_BIT)) continue; /* refuses that first */
            assert_non_null(offer.refusal);
            assert_contains(offer.refusal, "2^31 - 2^24 elements");
            assert_int_equal(offer.parts, 1);
            assert_int_equal(offer.problem.x.n, problem.x.n);
        }
    }
}

static void flat_indices_keep_the_whole_together(void **state)
{
    (void)state;
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr_device gpu = invent(TSR_DEVICE_GPU, 8);
    const tsr__problem problem = problem_of("max:n8c64h4096w4096r2s2,indices,flat", TSR_LAYOUT_NCHW);
    for (const tsr__algorithm *const *a = problem.op->opencl; *a != NULL; ++a) {
        tsr__offer offer;
        tsr__offer_from(*a, &gpu, &problem, &options, &offer);
        assert_int_equal(offer.parts, 1);
        if (!((*a)->features & TSR__WIDE_BIT)) assert_non_null(offer.refusal);
    }
}

/* ---- Workspace ------------------------------------------------------------------------------------------------- */

/* Offers of every algorithm under limits from nothing to what the whole takes; counts those in parts. */
static int try_limits(const char *text, tsr_layout layout, tsr_device_kind kind, int *of_channels)
{
    const tsr_device device = invent(kind, 8);
    const tsr__problem problem = problem_of(text, layout);
    int in_parts = 0;
    for (const tsr__algorithm *const *a = tsr__algorithms_for(&device, problem.op); *a != NULL; ++a) {
        tsr_plan_options options = tsr_plan_options_default();
        tsr__offer whole;
        tsr__offer_from(*a, &device, &problem, &options, &whole);
        if (whole.refusal != NULL) continue;
        assert_int_equal(whole.parts, 1);
        for (uint64_t eighth = 0; eighth <= 8; ++eighth) {
            tsr__offer offer;
            options.workspace_limit_bytes = whole.workspace_bytes / 8 * eighth;
            tsr__offer_from(*a, &device, &problem, &options, &offer);
            if (offer.refusal != NULL) {
                assert_contains(offer.refusal, "workspace_limit_bytes");
                assert_int_equal(offer.parts, 1);
                continue;
            }
            assert_sound(&offer, &options);
            in_parts += offer.parts > 1;
            *of_channels += offer.splits_channels;
        }
    }
    return in_parts;
}

static void a_workspace_limit_is_met_by_parts_that_make_up_the_whole(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "conv:c64h14w14k64r3s3pd1",  "conv:n6c32h9w9k48r3s3pd1,residual,bias",
        "conv:c32h8w8k64r3s3g4",     "conv:c32h8w8k64r3s3g2,scale",
        "conv:c64h14w14k120r3s3pd1", "conv:n2c9h7w8k10r3s3pd1",
    };
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NHWC,
                                         TSR_LAYOUT_ANY};
    static const tsr_device_kind kinds[] = {TSR_DEVICE_GPU, TSR_DEVICE_CPU, TSR_DEVICE_HOST};
    int in_parts = 0, of_channels = 0;
    for (size_t i = 0; i < COUNT(texts); ++i)
        for (size_t l = 0; l < COUNT(layouts); ++l)
            for (size_t k = 0; k < COUNT(kinds); ++k)
                in_parts += try_limits(texts[i], layouts[l], kinds[k], &of_channels);
    assert_in_range(in_parts, 10, INT32_MAX);
    assert_in_range(of_channels, 10, INT32_MAX);
}

static void no_part_breaks_a_channel_block(void **state)
{
    (void)state;
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 8);
    const tsr__problem problem = problem_of("conv:c64h14w14k24r3s3pd1", TSR_LAYOUT_NCHW8C);
    const tsr__algorithm *blocked = &tsr__conv_direct_blocked;
    tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    tsr__offer_from(blocked, &cpu, &problem, &options, &offer);
    options.workspace_limit_bytes = offer.workspace_bytes - 1;
    tsr__offer_from(blocked, &cpu, &problem, &options, &offer);
    assert_null(offer.refusal);
    assert_true(offer.splits_channels);
    assert_int_equal(offer.parts, 3); /* 2 would give 12 channels */
    options.workspace_limit_bytes = offer.workspace_bytes - 1;
    tsr__offer_from(blocked, &cpu, &problem, &options, &offer);
    assert_non_null(offer.refusal);
}

static void explain_counts_the_workspace_of_a_part(void **state)
{
    (void)state;
    const tsr_device cpu = invent(TSR_DEVICE_CPU, 8);
    const tsr__problem problem = problem_of("conv:c64h14w14k64r3s3pd1", TSR_LAYOUT_NCHW8C);
    tsr_plan_options options = tsr_plan_options_default();
    tsr_candidate whole[16], part[16];
    size_t count = 0;
    assert_ok(tsr__explain(&cpu, &problem, &options, whole, COUNT(whole), &count));
    size_t i = 0;
    while (strcmp(whole[i].algorithm, "direct_blocked") != 0) ++i;
    options.workspace_limit_bytes = whole[i].workspace_bytes / 2;
    assert_ok(tsr__explain(&cpu, &problem, &options, part, COUNT(part), &count));
    assert_null(part[i].refusal);
    assert_true(part[i].workspace_bytes <= options.workspace_limit_bytes);
    assert_true(part[i].workspace_bytes > 0);
}

/* A buffer of the device is a limit too, which the caller need not name. */
static void a_devices_largest_buffer_limits_the_workspace(void **state)
{
    (void)state;
    tsr_device cpu = invent(TSR_DEVICE_CPU, 8);
    const tsr__problem problem = problem_of("conv:c64h14w14k64r3s3pd1", TSR_LAYOUT_NCHW8C);
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
    cpu.max_alloc_bytes = offer.workspace_bytes - 1;
    tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
    assert_sound(&offer, &options);
    assert_true(offer.parts > 1 && offer.workspace_bytes <= cpu.max_alloc_bytes);
    cpu.max_alloc_bytes = 16;
    tsr__offer_from(&tsr__conv_direct_blocked, &cpu, &problem, &options, &offer);
    assert_contains(offer.refusal, "one buffer of the device");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_beyond_32_bits_is_offered_in_parts),
        cmocka_unit_test(what_does_not_divide_is_refused_as_too_wide),
        cmocka_unit_test(flat_indices_keep_the_whole_together),
        cmocka_unit_test(a_workspace_limit_is_met_by_parts_that_make_up_the_whole),
        cmocka_unit_test(no_part_breaks_a_channel_block),
        cmocka_unit_test(explain_counts_the_workspace_of_a_part),
        cmocka_unit_test(a_devices_largest_buffer_limits_the_workspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
