/* How the CPU path's contexts, plans and buffers are used: what they take and what they refuse. */
#include "support/check.h"

static tsr_context *open_cpu(void)
{
    tsr_context *context = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &context));
    return context;
}

static void the_cpu_path_takes_no_queue_and_no_events(void **state)
{
    (void)state;
    tsr_context *context = open_cpu();
    tsr_pool problem;
    tsr_plan *plan = NULL;
    tsr_buffer *x = NULL, *y = NULL;
    cl_event event = NULL;
    float memory[4] = {0};
    assert_ok(tsr_pool_parse("max:c1h2w2r2s2", &problem));
    assert_ok(tsr_pool_plan(context, &problem, NULL, &plan));
    assert_ok(tsr_buffer_create(context, 16, &x));
    assert_ok(tsr_buffer_create(context, 4, &y));
    const tsr_args args = {.x = x, .y = y};
    assert_fails(tsr_plan_enqueue(plan, &args, NULL, 0, NULL, &event), TSR_INVALID_VALUE, "CPU path", "no event");
    assert_ok(tsr_plan_enqueue(plan, &args, NULL, 0, NULL, NULL));
    tsr_buffer *refused = NULL;
    assert_fails(tsr_buffer_wrap(context, (cl_mem)(void *)memory, 0, 4, &refused), TSR_INVALID_VALUE, "wrap_host");
    assert_fails(tsr_buffer_wrap_host(context, (char *)memory + 2, 4, &refused), TSR_INVALID_VALUE,
                 "aligned to 4 bytes");
    assert_fails(tsr_buffer_wrap_host(context, memory, 0, &refused), TSR_INVALID_VALUE, "bytes 0");
    assert_fails(tsr_buffer_wrap_host(context, NULL, 4, &refused), TSR_INVALID_VALUE, "memory is NULL");
    assert_null(refused);
    tsr_buffer_destroy(x);
    tsr_buffer_destroy(y);
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
}

static void explain_lists_what_the_cpu_path_has(void **state)
{
    (void)state;
    tsr_context *context = open_cpu();
    tsr_conv problem;
    tsr_candidate candidates[4];
    size_t count = 0;
    assert_ok(tsr_conv_parse("conv:c8h4w4k8", &problem));
    assert_ok(tsr_conv_explain(context, &problem, NULL, candidates, COUNT(candidates), &count));
    assert_int_equal(count, 2);
    assert_string_equal(candidates[0].algorithm, "rows");
    assert_true(candidates[0].chosen && !candidates[1].chosen);
    problem.x_layout = TSR_LAYOUT_NCHW8C;
    assert_ok(tsr_conv_explain(context, &problem, NULL, candidates, COUNT(candidates), &count));
    assert_contains(candidates[0].refusal, "channel-blocked");
    assert_true(candidates[1].chosen);
    assert_ok(tsr_conv_explain(context, &problem, NULL, NULL, 0, &count));
    assert_int_equal(count, 2);
    tsr_context_destroy(context);
}

static void nothing_is_formatted_without_text_or_problem(void **state)
{
    (void)state;
    const tsr_conv conv = tsr_conv_default();
    const tsr_pool pool = tsr_pool_default();
    char text[16] = "old";
    assert_string_equal(tsr_conv_format(NULL, text, sizeof text), "");
    memcpy(text, "old", 4);
    assert_string_equal(tsr_pool_format(NULL, text, sizeof text), "");
    assert_null(tsr_conv_format(&conv, NULL, 5));
    assert_null(tsr_pool_format(&pool, NULL, 5));
    memcpy(text, "old", 4);
    assert_string_equal(tsr_conv_format(&conv, text, 0), "old");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cpu_path_takes_no_queue_and_no_events),
        cmocka_unit_test(explain_lists_what_the_cpu_path_has),
        cmocka_unit_test(nothing_is_formatted_without_text_or_problem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
