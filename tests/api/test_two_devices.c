/* Two devices in one process: each in a context of its own, and both in one cl_context that is wrapped twice. PoCL
 * makes two devices of one CPU where POCL_DEVICES says so, Intel's runtime makes two sub-devices of its one, and where
 * both platforms are there each gives one, which no cl_context can hold together. */
#include <pthread.h>
#include <stdlib.h>

#include "api/runs.h"
#include "support/support.h"
#include "support/check.h"

enum { SKIPPED = 77, DEVICES = 2, RUNS = 10 };

static const char *const problems[] = {
    "conv:c16h9w9k32r3s3pd1,bias,relu",
    "conv:n2c8h7w9k16r3s3pd1g2,scale,residual,leaky-relu:0.25",
};

/* The two devices under test. */
static cl_device_id devices[DEVICES];

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

static tsr_context *wrap(cl_context cl, cl_device_id device)
{
    tsr_context_options options = tsr_context_options_default();
    tsr_context *context = NULL;
    options.cache_folder = getenv("TESSERA_TEST_CACHE");
    assert_ok(tsr_context_wrap(cl, device, &options, &context));
    assert_ptr_equal(tsr_context_cl(context), cl);
    assert_ptr_equal(tsr_context_cl_device(context), device);
    return context;
}

static void open_each(tsr_context *contexts[DEVICES])
{
    for (int i = 0; i < DEVICES; ++i) {
        cl_int code = CL_SUCCESS;
        cl_context own = clCreateContext(NULL, 1, &devices[i], NULL, NULL, &code);
        assert_int_equal(code, CL_SUCCESS);
        contexts[i] = wrap(own, devices[i]);
        clReleaseContext(own); /* the wrapping one retains it */
    }
}

static void close_each(tsr_context *contexts[DEVICES])
{
    for (int i = 0; i < DEVICES; ++i) tsr_context_destroy(contexts[i]);
}

static void each_device_computes_in_a_context_of_its_own(void **state)
{
    (void)state;
    tsr_context *contexts[DEVICES];
    open_each(contexts);
    check_both(contexts);
    close_each(contexts);
}

/* Where they are devices of their own and not parts of one. */
static void each_device_is_opened_by_its_number(void **state)
{
    (void)state;
    size_t count = 0;
    tsr_context *contexts[DEVICES];
    assert_ok(tsr_device_list(NULL, 0, &count));
    if (count != DEVICES) skip();
    assert_ok(tsr_context_create("0", NULL, &contexts[0]));
    assert_ok(tsr_context_create("1", NULL, &contexts[1]));
    for (int i = 0; i < DEVICES; ++i) assert_ptr_equal(tsr_context_cl_device(contexts[i]), devices[i]);
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
    cl_int code = CL_SUCCESS;
    cl_context shared = clCreateContext(NULL, DEVICES, devices, NULL, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    for (int i = 0; i < DEVICES; ++i) contexts[i] = wrap(shared, devices[i]);
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

typedef cl_command_queue_properties queue_order;

static cl_command_queue open_queue(cl_context cl, cl_device_id device, queue_order order)
{
    cl_int code = CL_SUCCESS;
    cl_command_queue queue = clCreateCommandQueue(cl, device, order, &code);
    assert_int_equal(code, CL_SUCCESS);
    return queue;
}

/* A pooling on one device reads what a convolution on the other one wrote, in one cl_mem, ordered by an event. */
static void check_handover(cl_context shared, tsr_context *const contexts[DEVICES], queue_order order)
{
    cl_command_queue queues[DEVICES];
    for (int i = 0; i < DEVICES; ++i) queues[i] = open_queue(shared, devices[i], order);
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
    assert_ok(tsr_plan_enqueue(first.plan, &args, queues[0], 0, NULL, &done));
    clFlush(queues[0]);
    assert_ok(tsr_plan_enqueue(plan, &(tsr_args){.x = read, .y = y}, queues[1], 1, &done, &finished));
    clFlush(queues[1]);
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
    for (int i = 0; i < DEVICES; ++i) clReleaseCommandQueue(queues[i]);
}

static void one_device_continues_what_the_other_began(void **state)
{
    (void)state;
    static const queue_order orders[] = {0, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE};
    tsr_context *contexts[DEVICES];
    cl_context shared = open_shared(contexts);
    for (size_t i = 0; i < COUNT(orders); ++i) check_handover(shared, contexts, orders[i]);
    close_each(contexts);
    clReleaseContext(shared);
}

/* ---- Finding two ----------------------------------------------------------------------------------------------- */

/* A device each of the numbers 0 and 1, where there are no others. */
static bool find_two(void)
{
    size_t count = 0;
    if (tsr_device_list(NULL, 0, &count) != TSR_OK || count != DEVICES) return false;
    for (int i = 0; i < DEVICES; ++i) {
        tsr_context *context = NULL;
        REQUIRE(tsr_context_create(i == 0 ? "0" : "1", NULL, &context));
        devices[i] = tsr_context_cl_device(context); /* outlives the context, being no sub-device */
        tsr_context_destroy(context);
    }
    return true;
}

/* Two sub-devices of one compute unit each, as long as the process lives. */
static bool part_one(void)
{
    const cl_device_partition_property how[] = {CL_DEVICE_PARTITION_EQUALLY, 1, 0};
    cl_device_id parts[1024];
    cl_uint count = 0;
    tsr_context *context = NULL;
    REQUIRE(tsr_context_create(support_selector(), NULL, &context));
    const cl_int code = clCreateSubDevices(tsr_context_cl_device(context), how, COUNT(parts), parts, &count);
    tsr_context_destroy(context);
    for (cl_uint i = 0; code == CL_SUCCESS && i < count; ++i)
        if (i < DEVICES)
            devices[i] = parts[i];
        else
            clReleaseDevice(parts[i]);
    return code == CL_SUCCESS && count >= DEVICES;
}

int main(void)
{
    const bool is_cpu = strcmp(support_selector(), "cpu") == 0, all = strcmp(support_selector(), "opencl") == 0;
    /* Before the first OpenCL call: PoCL reads it when it is loaded. Beside another platform its one device will do. */
    if (!all && setenv("POCL_DEVICES", "pthread pthread", 1) != 0) return 1;
    if (is_cpu || (!find_two() && !part_one())) return SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_device_computes_in_a_context_of_its_own),
        cmocka_unit_test(each_device_is_opened_by_its_number),
        cmocka_unit_test(objects_of_the_other_device_are_refused),
    };
    const struct CMUnitTest shared[] = {
        cmocka_unit_test(both_devices_compute_in_one_cl_context),
        cmocka_unit_test(a_queue_of_the_other_device_is_refused),
        cmocka_unit_test(one_device_continues_what_the_other_began),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (!all) failed += cmocka_run_group_tests(shared, NULL, NULL);
    return failed;
}
