/* Launches as data. */
#include "launch.h"
#include "support/check.h"

static const tsr__source source = {.name = "conv/invented.cl", .text = "", .length = 0};

static tsr__launch begun(void)
{
    tsr__launch launch;
    memset(&launch, 0x7f, sizeof launch);
    tsr__launch_begin(&launch, &source, "conv_invented");
    return launch;
}

/* A launch that lacks nothing. */
static tsr__launch sound(void)
{
    tsr__launch launch = begun();
    tsr__launch_grid(&launch, (const int64_t[]){1, 1, 1}, (const size_t[]){1, 1, 1});
    return launch;
}

static void a_launch_begins_empty(void **state)
{
    (void)state;
    const tsr__launch launch = begun();
    assert_ptr_equal(launch.source, &source);
    assert_string_equal(launch.entry, "conv_invented");
    assert_string_equal(launch.options, "");
    assert_int_equal(launch.arg_count, 0);
    assert_false(launch.broken);
    assert_fails(tsr__launch_check(&launch), TSR_UNSUPPORTED, "conv/invented.cl", "conv_invented", "global size is 0");
}

static void defines_become_options_in_order(void **state)
{
    (void)state;
    tsr__launch launch = sound();
    tsr__launch_define(&launch, "R", 3);
    tsr__launch_define(&launch, "PAD", -2);
    tsr__launch_define(&launch, "BIG", INT64_C(1) << 40);
    assert_string_equal(launch.options, "-DR=3 -DPAD=-2 -DBIG=1099511627776");
    assert_ok(tsr__launch_check(&launch));
}

static void too_many_defines_are_reported_by_the_check(void **state)
{
    (void)state;
    tsr__launch launch = sound();
    for (int i = 0; i < TSR__MAX_OPTIONS; ++i) tsr__launch_define(&launch, "NAME", i);
    assert_in_range(strlen(launch.options), 1, TSR__MAX_OPTIONS - 1);
    assert_fails(tsr__launch_check(&launch), TSR_UNSUPPORTED, "conv_invented", "did not fit");
}

static void arguments_stand_in_the_order_in_which_they_were_added(void **state)
{
    (void)state;
    tsr__launch launch = sound();
    tsr__launch_slot(&launch, TSR__X);
    tsr__launch_int(&launch, INT32_MIN);
    tsr__launch_slot_at(&launch, TSR__WORKSPACE, 77);
    tsr__launch_image(&launch, TSR__PACKED, 78);
    tsr__launch_long(&launch, INT64_MAX);
    tsr__launch_int(&launch, INT32_MAX);
    static const tsr__arg expected[] = {
        {.kind = TSR__ARG_SLOT, .slot = TSR__X, .value = 0},
        {.kind = TSR__ARG_INT, .value = INT32_MIN},
        {.kind = TSR__ARG_SLOT, .slot = TSR__WORKSPACE, .value = 77},
        {.kind = TSR__ARG_IMAGE, .slot = TSR__PACKED, .value = 78},
        {.kind = TSR__ARG_LONG, .value = INT64_MAX},
        {.kind = TSR__ARG_INT, .value = INT32_MAX},
    };
    assert_int_equal(launch.arg_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); ++i) {
        assert_int_equal(launch.args[i].kind, expected[i].kind);
        assert_int_equal(launch.args[i].slot, expected[i].slot);
        assert_int_equal(launch.args[i].value, expected[i].value);
    }
    assert_ok(tsr__launch_check(&launch));
}

static void an_int_beyond_32_bits_is_reported_by_the_check(void **state)
{
    (void)state;
    static const int64_t values[] = {INT64_C(1) << 31, -(INT64_C(1) << 31) - 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < COUNT(values); ++i) {
        tsr__launch launch = sound();
        tsr__launch_int(&launch, values[i]);
        assert_fails(tsr__launch_check(&launch), TSR_UNSUPPORTED, "conv_invented", "did not fit");
    }
}

static void one_argument_too_many_is_reported_by_the_check(void **state)
{
    (void)state;
    tsr__launch launch = sound();
    for (int i = 0; i < TSR__MAX_ARGS; ++i) tsr__launch_int(&launch, i);
    assert_ok(tsr__launch_check(&launch));
    tsr__launch_int(&launch, 0);
    assert_int_equal(launch.arg_count, TSR__MAX_ARGS);
    assert_fails(tsr__launch_check(&launch), TSR_UNSUPPORTED, "conv_invented", "did not fit");
}

static void global_sizes_are_the_next_whole_groups(void **state)
{
    (void)state;
    for (int64_t items = 1; items <= 70; ++items)
        for (size_t group = 0; group <= 33; ++group) {
            tsr__launch launch = begun();
            tsr__launch_grid(&launch, (const int64_t[]){items, 1, items}, (const size_t[]){group, 1, group});
            size_t expected = (size_t)items;
            while (group > 0 && expected % group != 0) ++expected;
            assert_int_equal(launch.global[0], expected);
            assert_int_equal(launch.global[1], 1);
            assert_int_equal(launch.global[2], expected);
            assert_int_equal(launch.local[0], group);
            assert_ok(tsr__launch_check(&launch));
        }
}

static void a_global_size_of_0_is_reported_by_the_check(void **state)
{
    (void)state;
    for (int axis = 0; axis < 3; ++axis) {
        int64_t global[3] = {5, 5, 5};
        global[axis] = 0;
        tsr__launch launch = begun();
        tsr__launch_grid(&launch, global, (const size_t[]){4, 1, 1});
        assert_fails(tsr__launch_check(&launch), TSR_UNSUPPORTED, "conv_invented", "global size is 0");
    }
}

static void one_launch_too_many_is_reported_by_the_check(void **state)
{
    (void)state;
    static tsr__launches launches;
    for (int i = 0; i <= TSR__MAX_LAUNCHES; ++i) {
        tsr__launch *launch = tsr__launches_add(&launches, &source, "conv_invented");
        tsr__launch_grid(launch, (const int64_t[]){1, 1, 1}, (const size_t[]){1, 1, 1});
        if (i == TSR__MAX_LAUNCHES)
            assert_fails(tsr__launch_check(launch), TSR_UNSUPPORTED, "conv_invented", "did not fit");
        else
            assert_ok(tsr__launch_check(launch));
    }
    assert_int_equal(launches.count, TSR__MAX_LAUNCHES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_launch_begins_empty),
        cmocka_unit_test(defines_become_options_in_order),
        cmocka_unit_test(too_many_defines_are_reported_by_the_check),
        cmocka_unit_test(arguments_stand_in_the_order_in_which_they_were_added),
        cmocka_unit_test(an_int_beyond_32_bits_is_reported_by_the_check),
        cmocka_unit_test(one_argument_too_many_is_reported_by_the_check),
        cmocka_unit_test(global_sizes_are_the_next_whole_groups),
        cmocka_unit_test(a_global_size_of_0_is_reported_by_the_check),
        cmocka_unit_test(one_launch_too_many_is_reported_by_the_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
