/* Every allocation and every OpenCL call of a whole use of the library is made to fail, one by one: each failure is
 * reported with a message, nothing crashes, and nothing stays behind. */
#include <stdlib.h>

#include "api/wrapped.h"
#include "support/support.h"
#include "unit/check.h"

/* What one use holds at any time. */
typedef struct use {
    tsr_context *context;
    tsr_plan *plan;
    tsr_buffer *x, *w, *y, *packed;
    float result[9];
} use;

static tsr_status make_buffers(use *u)
{
    static const float image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
    tsr_plan_info info;
    tsr_status status = tsr_plan_describe(u->plan, &info);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, info.x_bytes, &u->x);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, sizeof ones, &u->w);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, info.y_bytes, &u->y);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, info.packed_bytes, &u->packed);
    if (status == TSR_OK) status = tsr_buffer_write(u->x, 0, image, sizeof image);
    return status == TSR_OK ? tsr_buffer_write(u->w, 0, ones, sizeof ones) : status;
}

static tsr_status run(use *u, const char *cache_folder)
{
    tsr_context_options options = tsr_context_options_default();
    options.cache_folder = cache_folder;
    tsr_conv problem;
    tsr_status status = tsr_conv_parse("conv:c1h3w3k1r3s3pd1", &problem);
    if (status == TSR_OK) status = tsr_context_create(support_selector(), &options, &u->context);
    if (status == TSR_OK) status = tsr_conv_plan(u->context, &problem, NULL, &u->plan);
    if (status == TSR_OK) status = make_buffers(u);
    if (status == TSR_OK) status = tsr_plan_pack_enqueue(u->plan, u->w, u->packed, NULL, 0, NULL, NULL);
    const tsr_args args = {.x = u->x, .w = u->w, .y = u->y};
    if (status == TSR_OK) status = tsr_plan_run(u->plan, &args);
    return status == TSR_OK ? tsr_buffer_read(u->y, 0, u->result, sizeof u->result) : status;
}

static void end(use *u)
{
    /* The context first: what was made in it keeps it alive. */
    tsr_context_destroy(u->context);
    tsr_plan_destroy(u->plan);
    tsr_buffer_destroy(u->x);
    tsr_buffer_destroy(u->w);
    tsr_buffer_destroy(u->y);
    tsr_buffer_destroy(u->packed);
}

/* One use with failures set: right results or a reported failure, and no trace. */
static tsr_status use_once(const char *cache_folder)
{
    static const float expected[9] = {12, 21, 16, 27, 45, 33, 24, 39, 28};
    const long memory = wrapped.live_memory, objects = wrapped.live_objects;
    use u = {0};
    const tsr_status status = run(&u, cache_folder);
    if (status == TSR_OK)
        assert_memory_equal(u.result, expected, sizeof expected);
    else
        assert_int_not_equal(tsr_error_message()[0], '\0');
    end(&u);
    assert_int_equal(wrapped.live_memory, memory);
    assert_int_equal(wrapped.live_objects, objects);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    int failed = 0;
    long n = 0;
    do {
        wrapped_reset();
        wrapped.fail_memory_at = ++n;
        failed += use_once(NULL) != TSR_OK;
    } while (wrapped.allocations >= n);
    print_message("%ld allocations, %d failures reported\n", n - 1, failed);
    assert_true(failed > 5);
}

static void every_opencl_call_may_fail(void **state)
{
    (void)state;
    if (strcmp(support_selector(), "cpu") == 0) skip();
    /* With programs from the disk where they can be had: there are more than a hundred calls. */
    const char *cache_folder = getenv("TESSERA_TEST_CACHE");
    int failed = 0;
    long n = 0;
    do {
        wrapped_reset();
        wrapped.fail_cl_at = ++n;
        failed += use_once(cache_folder) != TSR_OK;
    } while (wrapped.cl_calls >= n);
    print_message("%ld OpenCL calls, %d failures reported\n", n - 1, failed);
    assert_true(failed > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_opencl_call_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
