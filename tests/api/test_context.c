/* Contexts: every way to select a device, and what the log tells. */
#include <limits.h>
#include <stdio.h>

#include "api/wrapped.h"
#include "context.h"
#include "launch.h"
#include "support/support.h"
#include "support/check.h"

enum { SKIPPED = 77 };

/* Everything that was logged, and how much of each level. */
typedef struct journal {
    char text[65536];
    size_t length;
    int count[TSR_LOG_DEBUG + 1];
} journal;

static void keep(void *cookie, tsr_log_level level, const char *message)
{
    journal *j = cookie;
    const int written = snprintf(j->text + j->length, sizeof j->text - j->length, "%s\n", message);
    if (written > 0 && j->length + (size_t)written < sizeof j->text) j->length += (size_t)written;
    ++j->count[level];
}

static tsr_context *open_with(journal *j, tsr_log_level level)
{
    tsr_context_options options = tsr_context_options_default();
    tsr_context *context = NULL;
    *j = (journal){.length = 0};
    options.log = keep;
    options.log_cookie = j;
    options.log_level = level;
    assert_ok(tsr_context_create(support_selector(), &options, &context));
    return context;
}

static void the_device_list_and_the_selectors_agree(void **state)
{
    (void)state;
    static tsr_device devices[8];
    size_t count = 0, again = 0;
    assert_ok(tsr_device_list(devices, COUNT(devices), &count));
    assert_true(count > 0);
    assert_ok(tsr_device_list(NULL, 0, &again));
    assert_int_equal(again, count);
    assert_fails(tsr_device_list(NULL, 1, &again), TSR_INVALID_VALUE, "devices is NULL");
    assert_fails(tsr_device_list(devices, 1, NULL), TSR_INVALID_VALUE, "count is NULL");
    for (size_t i = 0; i < count && i < COUNT(devices); ++i) {
        char number[8];
        tsr_context *context = NULL;
        snprintf(number, sizeof number, "%zu", i);
        assert_ok(tsr_context_create(number, NULL, &context));
        assert_string_equal(tsr_context_device(context)->name, devices[i].name);
        assert_true(tsr_context_device(context)->compute_units > 0);
        assert_true(tsr_context_device(context)->max_alloc_bytes > 0);
        assert_non_null(tsr_context_queue(context));
        tsr_context_destroy(context);
    }
}

static void the_best_device_is_an_opencl_one_where_there_is_one(void **state)
{
    (void)state;
    tsr_context *best = NULL, *opencl = NULL, *cpu = NULL;
    assert_ok(tsr_context_create(NULL, NULL, &best));
    assert_ok(tsr_context_create("opencl", NULL, &opencl));
    assert_ok(tsr_context_create("cpu", NULL, &cpu));
    assert_string_equal(tsr_context_device(best)->name, tsr_context_device(opencl)->name);
    assert_int_equal(tsr_context_device(cpu)->kind, TSR_DEVICE_HOST);
    assert_null(tsr_context_cl(cpu));
    tsr_context_destroy(best);
    tsr_context_destroy(opencl);
    tsr_context_destroy(cpu);
}

static void no_match_tells_what_there_is(void **state)
{
    (void)state;
    tsr_context *context = NULL;
    assert_fails(tsr_context_create("opencl:no such device", NULL, &context), TSR_NO_DEVICE, "no such device", "0 \"");
    assert_fails(tsr_context_create("99", NULL, &context), TSR_NO_DEVICE, "\"99\"");
    assert_fails(tsr_context_create("cpu", NULL, NULL), TSR_INVALID_VALUE, "context is NULL");
    assert_null(context);
}

/* A stride beyond 32-bit arithmetic, and nothing to split: the fast ones refuse. */
static const char wide_problem[] = "conv:c1h8w8k1st2000000";

static void debug_tells_every_choice(void **state)
{
    (void)state;
    static journal j;
    tsr_context *context = open_with(&j, TSR_LOG_DEBUG);
    tsr_conv problem;
    tsr_plan *plan = NULL, *again = NULL;
    assert_ok(tsr_conv_parse(wide_problem, &problem));
    assert_ok(tsr_conv_plan(context, &problem, NULL, &plan));
    assert_int_equal(j.count[TSR_LOG_INFO], 1);
    assert_contains(j.text, tsr_context_device(context)->name);
    assert_contains(j.text, "refuses: a tensor has 2^31 - 2^24 elements or more");
    assert_contains(j.text, "conv/reference");
    assert_contains(j.text, "-DACTIVATION=0");
    assert_contains(j.text, "compiled in");
    assert_contains(j.text, "global");
    assert_contains(j.text, "local 64 x 1 x 1");
    assert_contains(j.text, wide_problem);
    assert_ok(tsr_conv_plan(context, &problem, NULL, &again));
    assert_contains(j.text, "in memory");
    tsr_plan_destroy(plan);
    tsr_plan_destroy(again);
    tsr_context_destroy(context);
}

static void levels_above_the_wanted_one_are_silent(void **state)
{
    (void)state;
    static journal j;
    tsr_context *context = open_with(&j, TSR_LOG_WARN);
    tsr_pool problem;
    tsr_plan *plan = NULL;
    assert_ok(tsr_pool_parse("avg:c2h4w4r2s2", &problem));
    assert_ok(tsr_pool_plan(context, &problem, NULL, &plan));
    assert_string_equal(j.text, "");
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
}

static void falling_to_the_reference_is_told(void **state)
{
    (void)state;
    static journal j;
    tsr_context *context = open_with(&j, TSR_LOG_WARN);
    tsr_conv problem;
    tsr_plan *plan = NULL;
    tsr_plan_options options = tsr_plan_options_default();
    assert_ok(tsr_conv_parse(wide_problem, &problem));
    assert_ok(tsr_conv_plan(context, &problem, NULL, &plan));
    assert_int_equal(j.count[TSR_LOG_WARN], 1);
    assert_contains(j.text, "slow reference: a tensor has 2^31 - 2^24 elements or more");
    tsr_plan_destroy(plan);
    options.algorithm = "reference"; /* who names it, knows */
    assert_ok(tsr_conv_plan(context, &problem, &options, &plan));
    assert_int_equal(j.count[TSR_LOG_WARN], 1);
    tsr_plan_destroy(plan);
    options.algorithm = NULL;
    options.strict = true;
    assert_fails(tsr_conv_plan(context, &problem, &options, &plan), TSR_UNSUPPORTED, "reference: strict mode");
    tsr_context_destroy(context);
}

/* On CPUs pointwise_planes is for this problem, and direct_blocked, which knows that, waits behind it. */
static void what_does_not_build_is_passed_over(void **state)
{
    (void)state;
    static journal j;
    tsr_context *context = open_with(&j, TSR_LOG_WARN);
    tsr_conv problem;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    tsr_plan_options options = tsr_plan_options_default();
    assert_ok(tsr_conv_parse("conv:c32h16w16k32", &problem));
    problem.x_layout = problem.y_layout = TSR_LAYOUT_NCHW;
    options.strict = true;
    wrapped.fail_builds = 1;
    assert_fails(tsr_conv_plan(context, &problem, &options, &plan), TSR_BUILD_FAILED, "clBuildProgram failed");
    options.strict = false;
    wrapped.fail_builds = 1;
    assert_ok(tsr_conv_plan(context, &problem, &options, &plan));
    assert_int_equal(wrapped.fail_builds, 0);
    assert_ok(tsr_plan_describe(plan, &info));
    assert_string_equal(info.algorithm, "direct_blocked");
    assert_contains(j.text, "conv/pointwise_planes does not build here and is passed over");
    tsr_plan_destroy(plan);
    wrapped.fail_builds = LONG_MAX;
    problem.bias = true; /* other programs */
    assert_fails(tsr_conv_plan(context, &problem, &options, &plan), TSR_BUILD_FAILED, "conv/reference.cl");
    wrapped.fail_builds = 0;
    tsr_context_destroy(context);
}

static void a_failed_build_shows_its_log(void **state)
{
    (void)state;
    static journal j;
    static const char text[] = "__kernel void broken(__global float *y) { y[0] = no_such_name; }\n";
    const tsr__source source = {.name = "test/broken.cl", .text = text, .length = sizeof text - 1};
    tsr_context *context = open_with(&j, TSR_LOG_ERROR);
    cl_program program = NULL;
    assert_fails(tsr__programs_get(&context->programs, &source, "-DMARK=7", &program), TSR_BUILD_FAILED,
                 "test/broken.cl", "-DMARK=7", "no_such_name");
    assert_null(program);
    assert_int_equal(j.count[TSR_LOG_ERROR], 1);
    assert_contains(j.text, "no_such_name");
    tsr_context_destroy(context);
}

/* A source that builds only where the last of its options arrives; options as long as a launch can have, and one
 * more. */
static void build_options_are_passed_whole_or_refused(void **state)
{
    (void)state;
    static const char text[] = "__kernel void last(__global float *y) { y[0] = LAST; }\n";
    const tsr__source source = {.name = "test/last.cl", .text = text, .length = sizeof text - 1};
    tsr_context *context = support_context();
    cl_program program = NULL;
    char options[TSR__MAX_OPTIONS + 1];
    snprintf(options, sizeof options, "%*s", TSR__MAX_OPTIONS - 1, "-DLAST=7");
    assert_ok(tsr__programs_get(&context->programs, &source, options, &program));
    program = NULL;
    snprintf(options, sizeof options, "%*s", TSR__MAX_OPTIONS, "-DLAST=7");
    assert_fails(tsr__programs_get(&context->programs, &source, options, &program), TSR_UNSUPPORTED, "test/last.cl",
                 "1024 characters; allowed are 1023");
    assert_null(program);
    tsr_context_destroy(context);
}

static void plans_and_buffers_keep_their_context_alive(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    tsr_pool problem;
    tsr_plan *plan = NULL;
    tsr_buffer *x = NULL, *y = NULL;
    const float image[4] = {1, 2, 3, 4};
    float result = 0.0f;
    assert_ok(tsr_pool_parse("max:c1h2w2r2s2", &problem));
    assert_ok(tsr_pool_plan(context, &problem, NULL, &plan));
    assert_ok(tsr_buffer_create(context, sizeof image, &x));
    assert_ok(tsr_buffer_create(context, sizeof result, &y));
    tsr_context_destroy(context);
    assert_ok(tsr_buffer_write(x, 0, image, sizeof image));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = x, .y = y}));
    assert_ok(tsr_buffer_read(y, 0, &result, sizeof result));
    assert_true(result == 4.0f);
    tsr_buffer_destroy(x);
    tsr_plan_destroy(plan);
    tsr_buffer_destroy(y);
}

static void a_buffer_has_limits(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    tsr_buffer *buffer = NULL;
    float four[4] = {0};
    assert_fails(tsr_buffer_create(context, 0, &buffer), TSR_INVALID_VALUE, "bytes is 0");
    assert_fails(tsr_buffer_create(context, UINT64_MAX, &buffer), TSR_INVALID_VALUE, "bytes is 18446744073709551615");
    assert_fails(tsr_buffer_create(context, tsr_context_device(context)->max_alloc_bytes + 1, &buffer),
                 TSR_INVALID_VALUE, "1 to");
    assert_fails(tsr_buffer_create(NULL, 4, &buffer), TSR_INVALID_VALUE, "context is NULL");
    assert_null(buffer);
    assert_ok(tsr_buffer_create(context, 16, &buffer));
    assert_fails(tsr_buffer_write(buffer, 4, four, 16), TSR_INVALID_VALUE, "offset is 4", "16 bytes");
    assert_fails(tsr_buffer_read(buffer, UINT64_MAX, four, 4), TSR_INVALID_VALUE, "16 bytes");
    assert_fails(tsr_buffer_read(buffer, 0, NULL, 4), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_buffer_write(NULL, 0, four, 4), TSR_INVALID_VALUE, "buffer is NULL");
    tsr_buffer_destroy(buffer);
    tsr_buffer_destroy(NULL);
    tsr_plan_destroy(NULL);
    tsr_context_destroy(NULL);
    tsr_context_destroy(context);
}

int main(void)
{
    if (strcmp(support_selector(), "cpu") == 0) return SKIPPED; /* unit tests have the CPU path's contexts */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_device_list_and_the_selectors_agree),
        cmocka_unit_test(the_best_device_is_an_opencl_one_where_there_is_one),
        cmocka_unit_test(no_match_tells_what_there_is),
        cmocka_unit_test(debug_tells_every_choice),
        cmocka_unit_test(levels_above_the_wanted_one_are_silent),
        cmocka_unit_test(falling_to_the_reference_is_told),
        cmocka_unit_test(what_does_not_build_is_passed_over),
        cmocka_unit_test(a_failed_build_shows_its_log),
        cmocka_unit_test(build_options_are_passed_whole_or_refused),
        cmocka_unit_test(plans_and_buffers_keep_their_context_alive),
        cmocka_unit_test(a_buffer_has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
