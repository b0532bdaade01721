/* Two devices in one process: each in a context of its own, and both in one cl_context that is wrapped twice. PoCL
 * makes two devices of one CPU where POCL_DEVICES says so. */
#include <pthread.h>
#include <stdlib.h>

#include "api/runs.h"
#include "support/support.h"
#include "unit/check.h"

enum { SKIPPED = 77, DEVICES = 2, RUNS = 10 };

static const char *const problems[] = {
    "conv:c16h9w9k32r3s3pd1,bias,relu",
    "conv:n2c8h7w9k16r3s3pd1g2,scale,residual,leaky-relu:0.25",
};

/* One device's side of a test. */
typedef struct side {
    tsr_context *context;
    const char *problem;
    unsigned char *result;
    uint64_t bytes;
} side;

/* The result of running the problem again and again. */
static void *work(void *cookie)
{
    side *s = cookie;
    const tsr_conv problem = conv_run_problem(s->problem, TSR_LAYOUT_NCHW);
    conv_run r = conv_run_open(s->context, &problem, NULL);
    const tsr_args args = conv_run_args(&r);
    for (int i = 0; i < RUNS; ++i) REQUIRE(tsr_plan_run(r.plan, &args));
    s->result = conv_run_result(&r);
    s->bytes = r.info.y_bytes;
    conv_run_close(&r);
    return NULL;
}

/* Both devices work at once; both results are those of the CPU path. */
static void check_both(tsr_context *const contexts[DEVICES])
{
    tsr_context *cpu = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &cpu));
    for (size_t p = 0; p < COUNT(problems); ++p) {
        side sides[DEVICES + 1] = {
            {contexts[0], problems[p], NULL, 0}, {contexts[1], problems[p], NULL, 0}, {cpu, problems[p], NULL, 0}};
        pthread_t threads[DEVICES];
        for (int i = 0; i < DEVICES; ++i) assert_int_equal(pthread_create(&threads[i], NULL, work, &sides[i]), 0);
        for (int i = 0; i < DEVICES; ++i) assert_int_equal(pthread_join(threads[i], NULL), 0);
        work(&sides[DEVICES]);
        for (int i = 0; i < DEVICES; ++i) {
            assert_int_equal(sides[i].bytes, sides[DEVICES].bytes);
            assert_memory_equal(sides[i].result, sides[DEVICES].result, sides[DEVICES].bytes);
        }
        for (int i = 0; i <= DEVICES; ++i) free(sides[i].result);
    }
    tsr_context_destroy(cpu);
}

/* ---- A context each -------------------------------------------------------------------------------------------- */

static void open_each(tsr_context *contexts[DEVICES])
{
    tsr_context_options options = tsr_context_options_default();
    options.cache_folder = getenv("TESSERA_TEST_CACHE");
    assert_ok(tsr_context_create("0", &options, &contexts[0]));
    assert_ok(tsr_context_create("1", &options, &contexts[1]));
    assert_ptr_not_equal(tsr_context_cl_device(contexts[0]), tsr_context_cl_device(contexts[1]));
}

static void close_each(tsr_context *contexts[DEVICES])
{
    for (int i = 0; i < DEVICES; ++i) tsr_context_destroy(contexts[i]);
}

static void each_device_computes_in_a_context_of_its_own(void **state)
{
    (void)state;
    size_t count = 0;
    tsr_context *contexts[DEVICES];
    assert_ok(tsr_device_list(NULL, 0, &count));
    assert_int_equal(count, DEVICES);
    open_each(contexts);
    check_both(contexts);
    close_each(contexts);
}

static void objects_of_the_other_device_are_refused(void **state)
{
    (void)state;
    tsr_context *contexts[DEVICES];
    open_each(contexts);
    const tsr_conv problem = conv_run_problem(problems[0], TSR_LAYOUT_NCHW);
    conv_run first = conv_run_open(contexts[0], &problem, NULL), second = conv_run_open(contexts[1], &problem, NULL);
    tsr_args args = conv_run_args(&first);
    assert_fails(tsr_plan_enqueue(second.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "x belongs to another");
    assert_fails(tsr_plan_enqueue(first.plan, &args, tsr_context_queue(contexts[1]), 0, NULL, NULL), TSR_INVALID_VALUE,
                 "queue belongs to another context");
    args.bias = second.bias;
    assert_fails(tsr_plan_enqueue(first.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "bias belongs to another");
    conv_run_close(&first);
    conv_run_close(&second);
    close_each(contexts);
}

/* ---- One cl_context with both ---------------------------------------------------------------------------------- */

/* A cl_context with both devices, and each of them wrapped. */
static cl_context open_shared(tsr_context *contexts[DEVICES])
{
    tsr_context *each[DEVICES];
    cl_device_id devices[DEVICES];
    cl_int code = CL_SUCCESS;
    open_each(each);
    for (int i = 0; i < DEVICES; ++i) devices[i] = tsr_context_cl_device(each[i]);
    cl_context shared = clCreateContext(NULL, DEVICES, devices, NULL, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    for (int i = 0; i < DEVICES; ++i) {
        assert_ok(tsr_context_wrap(shared, devices[i], NULL, &contexts[i]));
        assert_ptr_equal(tsr_context_cl(contexts[i]), shared);
        assert_ptr_equal(tsr_context_cl_device(contexts[i]), devices[i]);
    }
    close_each(each);
    return shared;
}

static void both_devices_compute_in_one_cl_context(void **state)
{
    (void)state;
    tsr_context *contexts[DEVICES];
    cl_context shared = open_shared(contexts);
    check_both(contexts);
    close_each(contexts);
    clReleaseContext(shared);
}

static void a_queue_of_the_other_device_is_refused(void **state)
{
    (void)state;
    tsr_context *contexts[DEVICES];
    cl_context shared = open_shared(contexts);
    const tsr_conv problem = conv_run_problem(problems[0], TSR_LAYOUT_NCHW);
    conv_run r = conv_run_open(contexts[0], &problem, NULL);
    const tsr_args args = conv_run_args(&r);
    assert_fails(tsr_plan_enqueue(r.plan, &args, tsr_context_queue(contexts[1]), 0, NULL, NULL), TSR_INVALID_VALUE,
                 "queue belongs to another device");
    conv_run_close(&r);
    close_each(contexts);
    clReleaseContext(shared);
}

/* A pooling on one device reads what a convolution on the other one wrote, in one cl_mem, ordered by an event. */
static void one_device_continues_what_the_other_began(void **state)
{
    (void)state;
    tsr_context *contexts[DEVICES];
    cl_context shared = open_shared(contexts);
    const tsr_conv problem = conv_run_problem(problems[0], TSR_LAYOUT_NCHW);
    conv_run first = conv_run_open(contexts[0], &problem, NULL);
    tsr_args args = conv_run_args(&first);
    tsr_pool pool;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    tsr_buffer *written = NULL, *read = NULL, *y = NULL;
    cl_event done = NULL, finished = NULL;
    cl_int code = CL_SUCCESS;
    assert_ok(tsr_pool_parse("max:c32h9w9r9s9", &pool));
    assert_ok(tsr_pool_plan(contexts[1], &pool, NULL, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    cl_mem middle = clCreateBuffer(shared, CL_MEM_READ_WRITE, first.info.y_bytes, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    assert_ok(tsr_buffer_wrap(contexts[0], middle, 0, first.info.y_bytes, &written));
    assert_ok(tsr_buffer_wrap(contexts[1], middle, 0, info.x_bytes, &read));
    assert_ok(tsr_buffer_create(contexts[1], info.y_bytes, &y));
    args.y = written;
    assert_ok(tsr_plan_enqueue(first.plan, &args, NULL, 0, NULL, &done));
    clFlush(tsr_context_queue(contexts[0]));
    assert_ok(tsr_plan_enqueue(plan, &(tsr_args){.x = read, .y = y}, NULL, 1, &done, &finished));
    clFlush(tsr_context_queue(contexts[1]));
    assert_int_equal(clWaitForEvents(1, &finished), CL_SUCCESS);
    float all[32 * 81], maxima[32];
    assert_int_equal(first.info.y_bytes, sizeof all);
    assert_ok(tsr_buffer_read(written, 0, all, sizeof all));
    assert_ok(tsr_buffer_read(y, 0, maxima, sizeof maxima));
    for (int c = 0; c < 32; ++c) {
        float largest = all[c * 81];
        for (int i = 1; i < 81; ++i) largest = all[c * 81 + i] > largest ? all[c * 81 + i] : largest;
        assert_true(maxima[c] == largest);
    }
    clReleaseEvent(done);
    clReleaseEvent(finished);
    tsr_buffer *const buffers[] = {written, read, y};
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    clReleaseMemObject(middle);
    tsr_plan_destroy(plan);
    conv_run_close(&first);
    close_each(contexts);
    clReleaseContext(shared);
}

int main(void)
{
    if (strcmp(support_selector(), "opencl:Portable") != 0) return SKIPPED;
    /* Before the first OpenCL call: PoCL reads it when it is loaded. */
    if (setenv("POCL_DEVICES", "pthread pthread", 1) != 0) return 1;
    size_t count = 0;
    if (tsr_device_list(NULL, 0, &count) != TSR_OK || count != DEVICES)
        return SKIPPED; /* a PoCL that names it otherwise */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_device_computes_in_a_context_of_its_own),
        cmocka_unit_test(objects_of_the_other_device_are_refused),
        cmocka_unit_test(both_devices_compute_in_one_cl_context),
        cmocka_unit_test(a_queue_of_the_other_device_is_refused),
        cmocka_unit_test(one_device_continues_what_the_other_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
