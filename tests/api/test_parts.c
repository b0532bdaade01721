/* Plans that run a problem in parts: the same bits as the whole, whatever the limit, the queue and the weights'
 * form. */
#include <stdlib.h>

#include "api/runs.h"
#include "support/check.h"
#include "api/shared_context.h"

/* Problems whose parts differ in kind: output channels, whole groups, single groups, images. */
static const char *const problems[] = {
    "conv:c16h9w9k48r3s3pd1,bias,relu",    "conv:c16h8w8k16r3s3pd1g2",
    "conv:c32h8w8k32r3s3pd1g4,scale,bias", "conv:c16h7w8k64r3s3,scale,residual,prelu",
    "conv:n3c16h7w8k24r3s3,bias,residual", "conv:c48h6w6k48r3s3pd1g3,residual,leaky-relu:0.25",
};

static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NHWC, TSR_LAYOUT_ANY};

/* ---- Limits ---------------------------------------------------------------------------------------------------- */

static void assert_same_result(const conv_run *whole, const conv_run *parts)
{
    unsigned char *expected = conv_run_result(whole), *got = conv_run_result(parts);
    assert_int_equal(whole->info.y_bytes, parts->info.y_bytes);
    if (memcmp(expected, got, whole->info.y_bytes) != 0) print_error("%s\n", parts->info.description);
    assert_memory_equal(expected, got, whole->info.y_bytes);
    free(expected);
    free(got);
}

/* Runs the problem within ever smaller limits; answers how many runs were in parts. */
static int run_within_limits(const tsr_conv *problem)
{
    conv_run whole = conv_run_open(context, problem, NULL);
    const tsr_args args = conv_run_args(&whole);
    int in_parts = 0;
    assert_int_equal(whole.info.parts, 1);
    assert_ok(tsr_plan_run(whole.plan, &args));
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = whole.info.algorithm;
    for (uint64_t third = 3; third-- > 0;) {
        options.workspace_limit_bytes = whole.info.workspace_bytes * third / 3;
        tsr_plan *plan = NULL;
        if (tsr_conv_plan(context, problem, &options, &plan) != TSR_OK) break;
        tsr_plan_destroy(plan);
        conv_run parts = conv_run_open(context, problem, &options);
        const tsr_args smaller = conv_run_args(&parts);
        assert_ok(tsr_plan_run(parts.plan, &smaller));
        assert_true(parts.info.workspace_bytes <= options.workspace_limit_bytes);
        assert_same_result(&whole, &parts);
        if (parts.info.parts > 1) {
            assert_contains(parts.info.description, " parts of the ");
            ++in_parts;
        }
        conv_run_close(&parts);
    }
    conv_run_close(&whole);
    return in_parts;
}

static void a_problem_in_parts_has_the_bits_of_the_whole(void **state)
{
    (void)state;
    int in_parts = 0;
    for (size_t i = 0; i < COUNT(problems); ++i)
        for (size_t l = 0; l < COUNT(layouts); ++l) {
            const tsr_conv problem = conv_run_problem(problems[i], layouts[l]);
            in_parts += run_within_limits(&problem);
        }
    /* The CPU path needs no workspace and so no parts. */
    if (tsr_context_cl(context) != NULL) assert_in_range(in_parts, 5, INT32_MAX);
}

/* The options that split a problem into parts; false where the device's algorithm cannot. */
static bool split(const tsr_conv *problem, tsr_plan_options *options)
{
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    *options = tsr_plan_options_default();
    assert_ok(tsr_conv_plan(context, problem, options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    tsr_plan_destroy(plan);
    if (info.workspace_bytes == 0) return false;
    options->algorithm = info.algorithm;
    options->workspace_limit_bytes = info.workspace_bytes - 1;
    if (tsr_conv_plan(context, problem, options, &plan) != TSR_OK) return false;
    tsr_plan_destroy(plan);
    return true;
}

/* ---- Queues ---------------------------------------------------------------------------------------------------- */

static cl_command_queue open_queue(cl_command_queue_properties properties)
{
    cl_int code = CL_SUCCESS;
    cl_command_queue queue =
        clCreateCommandQueue(tsr_context_cl(context), tsr_context_cl_device(context), properties, &code);
    assert_int_equal(code, CL_SUCCESS);
    return queue;
}

static bool is_poison(const conv_run *r)
{
    unsigned char *bytes = conv_run_result(r);
    bool poison = true;
    for (uint64_t i = 0; i < r->info.y_bytes; ++i) poison = poison && bytes[i] == SUPPORT_POISON;
    free(bytes);
    return poison;
}

/* The run is enqueued behind an event that has not come yet; nothing happens before it, everything after. */
static void check_waiting(const conv_run *r, const conv_run *expected, cl_command_queue queue)
{
    const tsr_args args = conv_run_args(r);
    cl_int code = CL_SUCCESS;
    cl_event gate = clCreateUserEvent(tsr_context_cl(context), &code), done = NULL, finished = NULL;
    assert_int_equal(code, CL_SUCCESS);
    conv_run_poison(r);
    assert_ok(tsr_plan_enqueue(r->plan, &args, queue, 1, &gate, &done));
    assert_int_equal(clFlush(queue), CL_SUCCESS);
    assert_true(is_poison(r));
    assert_int_equal(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    /* A second run waits for the first by its event. */
    assert_ok(tsr_plan_enqueue(r->plan, &args, queue, 1, &done, &finished));
    assert_int_equal(clWaitForEvents(1, &finished), CL_SUCCESS);
    assert_same_result(expected, r);
    cl_event const events[] = {gate, done, finished};
    for (size_t i = 0; i < COUNT(events); ++i) clReleaseEvent(events[i]);
}

static void parts_wait_for_the_wait_list_in_any_queue(void **state)
{
    (void)state;
    if (tsr_context_cl(context) == NULL) skip();
    static const cl_command_queue_properties orders[] = {0, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE};
    int checked = 0;
    for (size_t i = 0; i < COUNT(problems); ++i)
        for (size_t o = 0; o < COUNT(orders); ++o) {
            const tsr_conv problem = conv_run_problem(problems[i], TSR_LAYOUT_ANY);
            conv_run whole = conv_run_open(context, &problem, NULL);
            const tsr_args args = conv_run_args(&whole);
            assert_ok(tsr_plan_run(whole.plan, &args));
            tsr_plan_options options = tsr_plan_options_default();
            if (!split(&problem, &options)) options = tsr_plan_options_default();
            conv_run parts = conv_run_open(context, &problem, &options);
            cl_command_queue queue = open_queue(orders[o]);
            check_waiting(&parts, &whole, queue);
            checked += parts.info.parts > 1;
            clReleaseCommandQueue(queue);
            conv_run_close(&parts);
            conv_run_close(&whole);
        }
    assert_true(checked > 0);
}

/* ---- Packed weights -------------------------------------------------------------------------------------------- */

/* Packs and runs, each behind the event of the one before. */
static void check_packed(const tsr_conv *problem, const conv_run *whole, cl_command_queue queue)
{
    tsr_plan_options options = tsr_plan_options_default();
    tsr_buffer *packed = NULL;
    cl_event ready = NULL, done = NULL;
    cl_event *const at_ready = queue == NULL ? NULL : &ready, *const at_done = queue == NULL ? NULL : &done;
    options.algorithm = whole->info.algorithm;
    options.packed_weights = true;
    conv_run r = conv_run_open(context, problem, &options);
    assert_ok(tsr_buffer_create(context, r.info.packed_bytes, &packed));
    assert_ok(tsr_plan_pack_enqueue(r.plan, whole->w, packed, queue, 0, NULL, at_ready));
    tsr_args args = conv_run_args(&r);
    args.w = packed;
    assert_ok(tsr_plan_enqueue(r.plan, &args, queue, queue == NULL ? 0 : 1, at_ready, at_done));
    if (queue != NULL) {
        assert_int_equal(clWaitForEvents(1, &done), CL_SUCCESS);
        clReleaseEvent(ready);
        clReleaseEvent(done);
    }
    assert_same_result(whole, &r);
    tsr_buffer_destroy(packed);
    conv_run_close(&r);
}

static void packed_weights_give_the_bits_of_plain_ones(void **state)
{
    (void)state;
    cl_command_queue queue = NULL;
    if (tsr_context_cl(context) != NULL) queue = open_queue(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
    for (size_t i = 0; i < COUNT(problems); ++i) {
        const tsr_conv problem = conv_run_problem(problems[i], TSR_LAYOUT_ANY);
        conv_run whole = conv_run_open(context, &problem, NULL);
        const tsr_args args = conv_run_args(&whole);
        assert_ok(tsr_plan_run(whole.plan, &args));
        check_packed(&problem, &whole, queue);
        conv_run_close(&whole);
    }
    if (queue != NULL) clReleaseCommandQueue(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_problem_in_parts_has_the_bits_of_the_whole),
        cmocka_unit_test(parts_wait_for_the_wait_list_in_any_queue),
        cmocka_unit_test(packed_weights_give_the_bits_of_plain_ones),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
