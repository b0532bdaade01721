/* Plans and contexts from many threads at once: every result is the same as from one. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "support/support.h"
#include "support/check.h"

enum { THREADS = 8, RUNS = 20, ELEMENTS = 16 * 12 * 12 };

/* What one thread works with. `context` and `plan` are shared where they are set beforehand. */
typedef struct worker {
    tsr_context *context;
    const tsr_plan *shared;
    const char *problem;    /* of the plan */
    cl_command_queue queue; /* out of order, with runs that wait for each other by events; NULL: the context's own */
    float factor;           /* of the input: each thread has results of its own */
    tsr_status status;
    float result[ELEMENTS];
} worker;

/* Both commute with a positive factor, so that a worker's result is its factor times another's, exactly. */
static const char plain_problem[] = "conv:c3h12w12k16r3s3pd1,relu";
static const char full_problem[] = "conv:c3h12w12k16r3s3pd1,scale,bias,residual,leaky-relu:0.25";

static tsr_status make_plan(tsr_context *context, const char *text, const tsr_plan_options *options, tsr_plan **plan)
{
    tsr_conv problem;
    const tsr_status status = tsr_conv_parse(text, &problem);
    return status == TSR_OK ? tsr_conv_plan(context, &problem, options, plan) : status;
}

static tsr_status fill(tsr_context *context, size_t count, float factor, tsr_buffer **buffer)
{
    float *numbers = support_allocate(count * sizeof *numbers);
    for (size_t i = 0; i < count; ++i) numbers[i] = factor * (float)((int)(i % 5) - 2);
    tsr_status status = tsr_buffer_create(context, count * sizeof *numbers, buffer);
    if (status == TSR_OK) status = tsr_buffer_write(*buffer, 0, numbers, count * sizeof *numbers);
    free(numbers);
    return status;
}

/* Asks again and again, and waits when nothing is left to wait for. Intel's runtime (2026.22) sleeps for ever now and
 * then when several threads are in clFinish() or clWaitForEvents() for queues that are out of order: it misses what
 * would wake it. */
static tsr_status wait_for(cl_event event)
{
    cl_int code = CL_SUCCESS, state = CL_QUEUED;
    while (code == CL_SUCCESS && state > CL_COMPLETE) {
        code = clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof state, &state, NULL);
        sched_yield();
    }
    if (code == CL_SUCCESS) code = clWaitForEvents(1, &event);
    return code == CL_SUCCESS && state == CL_COMPLETE ? TSR_OK : TSR_OPENCL;
}

/* Runs the plan again and again in the worker's queue: each run waits for the one before by its event, and the first
 * for a gate that opens when all are enqueued. */
static tsr_status run_in_own_queue(const worker *w, const tsr_plan *plan, const tsr_args *args)
{
    cl_int code = CL_SUCCESS;
    cl_event gate = clCreateUserEvent(tsr_context_cl(w->context), &code), events[RUNS] = {NULL};
    tsr_status status = code == CL_SUCCESS ? TSR_OK : TSR_OPENCL;
    for (int i = 0; i < RUNS && status == TSR_OK; ++i)
        status = tsr_plan_enqueue(plan, args, w->queue, 1, i == 0 ? &gate : &events[i - 1], &events[i]);
    if (gate != NULL) clSetUserEventStatus(gate, CL_COMPLETE);
    if (clFlush(w->queue) != CL_SUCCESS) status = TSR_OPENCL;
    for (int i = RUNS - 1; i >= 0; --i) {
        if (events[i] == NULL) continue;
        if (wait_for(events[i]) != TSR_OK) status = TSR_OPENCL;
        break;
    }
    for (int i = 0; i < RUNS; ++i)
        if (events[i] != NULL) clReleaseEvent(events[i]);
    if (gate != NULL) clReleaseEvent(gate);
    return status;
}

static tsr_status run_again_and_again(const worker *w, const tsr_plan *plan, const tsr_args *args)
{
    tsr_status status = TSR_OK;
    if (w->queue != NULL) return run_in_own_queue(w, plan, args);
    for (int i = 0; i < RUNS && status == TSR_OK; ++i) status = tsr_plan_run(plan, args);
    return status;
}

/* Runs the plan again and again; the last result stays. */
static tsr_status work_with(worker *w, const tsr_plan *plan)
{
    tsr_buffer *x = NULL, *weights = NULL, *scale = NULL, *bias = NULL, *residual = NULL, *y = NULL;
    tsr_buffer *workspace = NULL;
    tsr_plan_info info;
    tsr_status status = tsr_plan_describe(plan, &info);
    if (status == TSR_OK) status = fill(w->context, 3 * 12 * 12, w->factor, &x);
    if (status == TSR_OK) status = fill(w->context, 16 * 3 * 9, 1.0f, &weights);
    if (status == TSR_OK && info.scale_bytes > 0) status = fill(w->context, 16, 2.0f, &scale);
    if (status == TSR_OK && info.bias_bytes > 0) status = fill(w->context, 16, 3.0f * w->factor, &bias);
    if (status == TSR_OK && info.residual_bytes > 0) status = fill(w->context, ELEMENTS, 5.0f * w->factor, &residual);
    if (status == TSR_OK) status = tsr_buffer_create(w->context, sizeof w->result, &y);
    if (status == TSR_OK && info.workspace_bytes > 0)
        status = tsr_buffer_create(w->context, info.workspace_bytes, &workspace);
    const tsr_args args = {
        .x = x, .w = weights, .scale = scale, .bias = bias, .residual = residual, .y = y, .workspace = workspace};
    if (status == TSR_OK) status = run_again_and_again(w, plan, &args);
    if (status == TSR_OK) status = tsr_buffer_read(y, 0, w->result, sizeof w->result);
    tsr_buffer *const buffers[] = {x, weights, scale, bias, residual, y, workspace};
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    return status;
}

static void *work(void *cookie)
{
    worker *w = cookie;
    tsr_plan *own = NULL;
    w->status = w->shared == NULL ? make_plan(w->context, w->problem, NULL, &own) : TSR_OK;
    if (w->status == TSR_OK) w->status = work_with(w, w->shared == NULL ? own : w->shared);
    tsr_plan_destroy(own);
    return NULL;
}

static void run_workers(worker *workers)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; ++i) assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    for (int i = 0; i < THREADS; ++i) assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* The first worker's result is what the CPU path computes in one thread; each other's is its factor times that. */
static void assert_results(const worker *workers)
{
    worker *alone = support_allocate(sizeof *alone);
    *alone = (worker){.problem = workers[0].problem, .factor = workers[0].factor};
    assert_ok(tsr_context_create("cpu", NULL, &alone->context));
    work(alone);
    assert_int_equal(alone->status, TSR_OK);
    assert_memory_equal(alone->result, workers[0].result, sizeof alone->result);
    tsr_context_destroy(alone->context);
    free(alone);
    for (int i = 0; i < THREADS; ++i) {
        assert_int_equal(workers[i].status, TSR_OK);
        for (int j = 0; j < ELEMENTS; ++j)
            assert_true(workers[i].result[j] == workers[i].factor * workers[0].result[j]);
    }
    float largest = 0.0f;
    for (int j = 0; j < ELEMENTS; ++j) largest = workers[0].result[j] > largest ? workers[0].result[j] : largest;
    assert_true(largest > 0.0f);
}

static worker *make_workers(void)
{
    worker *workers = support_allocate(THREADS * sizeof *workers);
    for (int i = 0; i < THREADS; ++i) {
        workers[i].factor = (float)(i + 1);
        workers[i].problem = plain_problem;
    }
    return workers;
}

/* All threads run one plan; each in its queue, where there are `queues`. */
static void share_plan(tsr_context *context, const char *problem, const tsr_plan_options *options,
                       const cl_command_queue *queues)
{
    worker *workers = make_workers();
    tsr_plan *plan = NULL;
    assert_ok(make_plan(context, problem, options, &plan));
    for (int i = 0; i < THREADS; ++i) {
        workers[i].context = context;
        workers[i].shared = plan;
        workers[i].problem = problem;
        workers[i].queue = queues == NULL ? NULL : queues[i];
    }
    run_workers(workers);
    assert_results(workers);
    tsr_plan_destroy(plan);
    free(workers);
}

static void one_plan_serves_many_threads(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    share_plan(context, plain_problem, NULL, NULL);
    tsr_context_destroy(context);
}

static void a_plan_with_scale_residual_and_activation_serves_many_threads(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    share_plan(context, full_problem, NULL, NULL);
    tsr_context_destroy(context);
}

/* A workspace that is too small makes the plan run in parts, with several launches each. */
static void share_parts(tsr_context *context, const cl_command_queue *queues)
{
    tsr_plan *whole = NULL;
    tsr_plan_info info;
    tsr_plan_options options = tsr_plan_options_default();
    assert_ok(make_plan(context, full_problem, NULL, &whole));
    assert_ok(tsr_plan_describe(whole, &info));
    if (info.workspace_bytes > 0) options.workspace_limit_bytes = info.workspace_bytes - 1;
    share_plan(context, full_problem, &options, queues);
    tsr_plan_destroy(whole);
}

static void a_plan_in_parts_serves_many_threads(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    share_parts(context, NULL);
    tsr_context_destroy(context);
}

/* The queues are released when all has long been done: where that happens at once, a thread of Intel's runtime
 * (2026.22) has the last reference now and then, and waits for itself. */
static void one_plan_serves_out_of_order_queues_of_many_threads(void **state)
{
    (void)state;
    tsr_context *context = support_context();
    cl_context cl = tsr_context_cl(context);
    cl_command_queue queues[THREADS] = {NULL};
    for (int i = 0; i < THREADS && cl != NULL; ++i) {
        queues[i] =
            clCreateCommandQueue(cl, tsr_context_cl_device(context), CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, NULL);
        assert_non_null(queues[i]);
    }
    if (cl != NULL) {
        share_plan(context, plain_problem, NULL, queues);
        share_plan(context, full_problem, NULL, queues);
        share_parts(context, queues);
        share_plan(context, plain_problem, NULL, NULL); /* passes time */
    }
    for (int i = 0; i < THREADS; ++i)
        if (queues[i] != NULL) clReleaseCommandQueue(queues[i]);
    tsr_context_destroy(context);
}

static void one_context_makes_plans_for_many_threads(void **state)
{
    (void)state;
    worker *workers = make_workers();
    tsr_context *context = support_context();
    for (int i = 0; i < THREADS; ++i) workers[i].context = context;
    run_workers(workers);
    assert_results(workers);
    tsr_context_destroy(context);
    free(workers);
}

/* Half of the threads want one program, the others another, and a fresh context has neither. */
static void threads_build_different_programs_at_once(void **state)
{
    (void)state;
    static const char other_problem[] = "conv:c3h12w12k16r3s3pd1,leaky-relu:0.25";
    worker *workers = make_workers();
    tsr_context *context = NULL;
    assert_ok(tsr_context_create(support_selector(), NULL, &context));
    for (int i = 0; i < THREADS; ++i) {
        workers[i].context = context;
        workers[i].problem = i % 2 == 0 ? plain_problem : other_problem;
    }
    run_workers(workers);
    for (int i = 2; i < THREADS; ++i) {
        assert_int_equal(workers[i].status, TSR_OK);
        for (int j = 0; j < ELEMENTS; ++j)
            assert_true(workers[i].result[j] * workers[i % 2].factor == workers[i].factor * workers[i % 2].result[j]);
    }
    tsr_context_destroy(context);
    free(workers);
}

static void each_thread_may_have_its_own_context(void **state)
{
    (void)state;
    worker *workers = make_workers();
    for (int i = 0; i < THREADS; ++i) workers[i].context = support_context();
    run_workers(workers);
    assert_results(workers);
    for (int i = 0; i < THREADS; ++i) tsr_context_destroy(workers[i].context);
    free(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_plan_serves_many_threads),
        cmocka_unit_test(a_plan_with_scale_residual_and_activation_serves_many_threads),
        cmocka_unit_test(a_plan_in_parts_serves_many_threads),
        cmocka_unit_test(one_plan_serves_out_of_order_queues_of_many_threads),
        cmocka_unit_test(one_context_makes_plans_for_many_threads),
        cmocka_unit_test(threads_build_different_programs_at_once),
        cmocka_unit_test(each_thread_may_have_its_own_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
