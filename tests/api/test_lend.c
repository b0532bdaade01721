/* Lent OpenCL objects: nothing is copied, offsets need no more than 4 bytes of alignment, queues may be of any order,
 * wait lists are obeyed and events given back. */
#include <stdlib.h>

#include "support/support.h"
#include "support/check.h"

enum { SKIPPED = 77, MARGIN = 20 };

/* What an application owns. */
typedef struct fixture {
    tsr_context *owner; /* finds the device; its handles are lent to `context` */
    tsr_context *context;
    cl_command_queue queue;
    tsr_plan *plan;
    tsr_plan_info info;
} fixture;

static const float image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
static const float ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static const float expected[9] = {12, 21, 16, 27, 45, 33, 24, 39, 28};

static int open_fixture(void **state, cl_command_queue_properties properties)
{
    fixture *f = test_calloc(1, sizeof *f);
    *state = f;
    assert_ok(tsr_context_create(support_selector(), NULL, &f->owner));
    cl_context cl = tsr_context_cl(f->owner);
    cl_device_id device = tsr_context_cl_device(f->owner);
    assert_ok(tsr_context_wrap(cl, device, NULL, &f->context));
    cl_int code = CL_SUCCESS;
    f->queue = clCreateCommandQueue(cl, device, properties, &code);
    assert_int_equal(code, CL_SUCCESS);
    tsr_conv problem;
    assert_ok(tsr_conv_parse("conv:c1h3w3k1r3s3pd1", &problem));
    assert_ok(tsr_conv_plan(f->context, &problem, NULL, &f->plan));
    assert_ok(tsr_plan_describe(f->plan, &f->info));
    return 0;
}

static int open_in_order(void **state)
{
    return open_fixture(state, 0);
}

static int open_out_of_order(void **state)
{
    return open_fixture(state, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE);
}

static int close_fixture(void **state)
{
    fixture *f = *state;
    tsr_plan_destroy(f->plan);
    clReleaseCommandQueue(f->queue);
    tsr_context_destroy(f->context);
    tsr_context_destroy(f->owner);
    test_free(f);
    return 0;
}

/* One cl_mem: margin, x, margin, w, margin, y, margin, workspace, margin; margins hold 0x55. */
typedef struct lot {
    cl_mem memory;
    size_t bytes, x_at, w_at, y_at, workspace_at;
    tsr_buffer *x, *w, *y, *workspace;
} lot;

static void fill_lot(const lot *l, unsigned char *bytes)
{
    memset(bytes, 0x55, l->bytes);
    memcpy(bytes + l->x_at, image, sizeof image);
    memcpy(bytes + l->w_at, ones, sizeof ones);
}

static lot open_lot(const fixture *f)
{
    lot l = {.x_at = MARGIN};
    l.w_at = l.x_at + f->info.x_bytes + MARGIN;
    l.y_at = l.w_at + f->info.w_bytes + MARGIN;
    l.workspace_at = l.y_at + f->info.y_bytes + MARGIN;
    l.bytes = l.workspace_at + f->info.workspace_bytes + MARGIN;
    unsigned char *bytes = malloc(l.bytes);
    assert_non_null(bytes);
    fill_lot(&l, bytes);
    cl_int code = CL_SUCCESS;
    l.memory = clCreateBuffer(tsr_context_cl(f->context), CL_MEM_COPY_HOST_PTR, l.bytes, bytes, &code);
    free(bytes);
    assert_int_equal(code, CL_SUCCESS);
    assert_ok(tsr_buffer_wrap(f->context, l.memory, l.x_at, f->info.x_bytes, &l.x));
    assert_ok(tsr_buffer_wrap(f->context, l.memory, l.w_at, f->info.w_bytes, &l.w));
    assert_ok(tsr_buffer_wrap(f->context, l.memory, l.y_at, f->info.y_bytes, &l.y));
    if (f->info.workspace_bytes > 0)
        assert_ok(tsr_buffer_wrap(f->context, l.memory, l.workspace_at, f->info.workspace_bytes, &l.workspace));
    return l;
}

static void close_lot(lot *l)
{
    tsr_buffer_destroy(l->x);
    tsr_buffer_destroy(l->w);
    tsr_buffer_destroy(l->y);
    tsr_buffer_destroy(l->workspace);
    clReleaseMemObject(l->memory);
}

static tsr_args args_of(const lot *l)
{
    return (tsr_args){.x = l->x, .w = l->w, .y = l->y, .workspace = l->workspace};
}

/* The whole cl_mem, read through the application's queue; the caller frees. */
static unsigned char *read_lot(const fixture *f, const lot *l)
{
    unsigned char *bytes = malloc(l->bytes);
    assert_non_null(bytes);
    assert_int_equal(clEnqueueReadBuffer(f->queue, l->memory, CL_TRUE, 0, l->bytes, bytes, 0, NULL, NULL), CL_SUCCESS);
    return bytes;
}

/* y is right where it lies in the application's own memory, and nothing else has changed. */
static void assert_lot(const fixture *f, const lot *l)
{
    unsigned char *got = read_lot(f, l), *wanted = malloc(l->bytes);
    assert_non_null(wanted);
    fill_lot(l, wanted);
    memcpy(wanted + l->y_at, expected, sizeof expected);
    memcpy(wanted + l->workspace_at, got + l->workspace_at, f->info.workspace_bytes);
    assert_memory_equal(got, wanted, l->bytes);
    free(got);
    free(wanted);
}

static void results_lie_in_the_lent_memory_and_nothing_else_changes(void **state)
{
    const fixture *f = *state;
    lot l = open_lot(f);
    const tsr_args args = args_of(&l);
    cl_event done = NULL;
    assert_ok(tsr_plan_enqueue(f->plan, &args, f->queue, 0, NULL, &done));
    assert_non_null(done);
    assert_int_equal(clWaitForEvents(1, &done), CL_SUCCESS);
    clReleaseEvent(done);
    assert_lot(f, &l);
    close_lot(&l);
}

static void a_run_waits_for_its_wait_list(void **state)
{
    const fixture *f = *state;
    lot l = open_lot(f);
    const tsr_args args = args_of(&l);
    cl_int code = CL_SUCCESS, status = CL_COMPLETE;
    cl_event gate = clCreateUserEvent(tsr_context_cl(f->context), &code), done = NULL;
    assert_int_equal(code, CL_SUCCESS);
    assert_ok(tsr_plan_enqueue(f->plan, &args, f->queue, 1, &gate, &done));
    assert_int_equal(clFlush(f->queue), CL_SUCCESS);
    assert_int_equal(clGetEventInfo(done, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof status, &status, NULL), CL_SUCCESS);
    assert_int_not_equal(status, CL_COMPLETE); /* whatever time has passed, the gate is shut */
    assert_int_equal(clSetUserEventStatus(gate, CL_COMPLETE), CL_SUCCESS);
    assert_int_equal(clWaitForEvents(1, &done), CL_SUCCESS);
    clReleaseEvent(gate);
    clReleaseEvent(done);
    assert_lot(f, &l);
    close_lot(&l);
}

static void runs_chain_by_events(void **state)
{
    const fixture *f = *state;
    lot l = open_lot(f);
    const tsr_args args = args_of(&l);
    cl_event events[8];
    for (cl_uint i = 0; i < COUNT(events); ++i)
        assert_ok(
            tsr_plan_enqueue(f->plan, &args, f->queue, i == 0 ? 0 : 1, i == 0 ? NULL : &events[i - 1], &events[i]));
    assert_int_equal(clWaitForEvents(1, &events[COUNT(events) - 1]), CL_SUCCESS);
    for (cl_uint i = 0; i < COUNT(events); ++i) clReleaseEvent(events[i]);
    assert_lot(f, &l);
    close_lot(&l);
}

static void what_is_lent_survives_the_library(void **state)
{
    const fixture *f = *state;
    lot l = open_lot(f);
    cl_mem memory = l.memory;
    clRetainMemObject(memory);
    close_lot(&l);
    size_t size = 0;
    assert_int_equal(clGetMemObjectInfo(memory, CL_MEM_SIZE, sizeof size, &size, NULL), CL_SUCCESS);
    assert_int_equal(size, l.bytes);
    cl_uint references = 0;
    assert_int_equal(clGetMemObjectInfo(memory, CL_MEM_REFERENCE_COUNT, sizeof references, &references, NULL),
                     CL_SUCCESS);
    assert_int_equal(references, 1); /* ours alone: the buffers gave theirs back */
    clReleaseMemObject(memory);
}

static void bad_ranges_are_refused(void **state)
{
    const fixture *f = *state;
    cl_int code = CL_SUCCESS;
    cl_mem memory = clCreateBuffer(tsr_context_cl(f->context), CL_MEM_READ_WRITE, 100, NULL, &code);
    assert_int_equal(code, CL_SUCCESS);
    tsr_buffer *buffer = NULL;
    assert_fails(tsr_buffer_wrap(f->context, memory, 2, 8, &buffer), TSR_INVALID_VALUE, "offset is 2",
                 "a multiple of 4");
    assert_fails(tsr_buffer_wrap(f->context, memory, 0, 0, &buffer), TSR_INVALID_VALUE, "bytes 0");
    assert_fails(tsr_buffer_wrap(f->context, memory, 96, 8, &buffer), TSR_INVALID_VALUE, "offset is 96", "100 bytes");
    assert_fails(tsr_buffer_wrap(f->context, memory, 0, 104, &buffer), TSR_INVALID_VALUE, "bytes 104", "100 bytes");
    assert_fails(tsr_buffer_wrap(f->context, memory, UINT64_MAX - 3, 8, &buffer), TSR_INVALID_VALUE, "offset");
    assert_fails(tsr_buffer_wrap(f->context, memory, 8, UINT64_MAX - 3, &buffer), TSR_INVALID_VALUE, "100 bytes");
    assert_fails(tsr_buffer_wrap(f->context, NULL, 0, 8, &buffer), TSR_INVALID_VALUE, "memory is NULL");
    assert_fails(tsr_buffer_wrap(NULL, memory, 0, 8, &buffer), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_buffer_wrap(f->context, memory, 0, 8, NULL), TSR_INVALID_VALUE, "buffer is NULL");
    float host[4];
    assert_fails(tsr_buffer_wrap_host(f->context, host, sizeof host, &buffer), TSR_INVALID_VALUE, "tsr_buffer_wrap()");
    assert_null(buffer);
    clReleaseMemObject(memory);
}

static void objects_of_another_context_are_refused(void **state)
{
    const fixture *f = *state;
    lot l = open_lot(f);
    tsr_context *other = NULL;
    assert_ok(tsr_context_create(support_selector(), NULL, &other));
    tsr_buffer *buffer = NULL;
    assert_fails(tsr_buffer_wrap(other, l.memory, 0, 8, &buffer), TSR_INVALID_VALUE, "another cl_context");
    assert_ok(tsr_buffer_create(other, f->info.x_bytes, &buffer));
    tsr_args args = args_of(&l);
    args.x = buffer;
    assert_fails(tsr_plan_enqueue(f->plan, &args, f->queue, 0, NULL, NULL), TSR_INVALID_VALUE, "x belongs to another");
    args.x = l.x;
    assert_fails(tsr_plan_enqueue(f->plan, &args, tsr_context_queue(other), 0, NULL, NULL), TSR_INVALID_VALUE,
                 "queue belongs to another context");
    assert_fails(tsr_context_wrap(tsr_context_cl(f->context), NULL, NULL, &other), TSR_INVALID_VALUE, "device is NULL");
    assert_fails(tsr_context_wrap(NULL, tsr_context_cl_device(f->context), NULL, &other), TSR_INVALID_VALUE,
                 "cl is NULL");
    tsr_buffer_destroy(buffer);
    tsr_context_destroy(other);
    close_lot(&l);
}

int main(void)
{
    if (strcmp(support_selector(), "cpu") == 0) return SKIPPED; /* the CPU path is lent host memory: unit tests */
    const struct CMUnitTest in_order[] = {
        cmocka_unit_test(results_lie_in_the_lent_memory_and_nothing_else_changes),
        cmocka_unit_test(a_run_waits_for_its_wait_list),
        cmocka_unit_test(runs_chain_by_events),
        cmocka_unit_test(what_is_lent_survives_the_library),
        cmocka_unit_test(bad_ranges_are_refused),
        cmocka_unit_test(objects_of_another_context_are_refused),
    };
    const struct CMUnitTest out_of_order[] = {
        cmocka_unit_test(results_lie_in_the_lent_memory_and_nothing_else_changes),
        cmocka_unit_test(a_run_waits_for_its_wait_list),
        cmocka_unit_test(runs_chain_by_events),
    };
    const int failed = cmocka_run_group_tests_name("in-order queue", in_order, open_in_order, close_fixture);
    return failed + cmocka_run_group_tests_name("out-of-order queue", out_of_order, open_out_of_order, close_fixture);
}
