/* Every allocation and every OpenCL call of a whole use of the library is made to fail, one by one: each failure is
 * reported with a message, nothing crashes, and nothing stays behind. */
#include <stdlib.h>

#include "api/wrapped.h"
#include "status.h"
#include "support/support.h"
#include "support/check.h"

static const float image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, ones[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static const float expected[9] = {12, 21, 16, 27, 45, 33, 24, 39, 28};

/* Programs come from the disk where they can be had: there are more than a hundred calls to fail. */
static tsr_context_options options_of(const char *cache_folder)
{
    tsr_context_options options = tsr_context_options_default();
    options.cache_folder = cache_folder;
    return options;
}

/* What one use holds at any time. */
typedef struct use {
    tsr_context *context;
    tsr_plan *plan;
    tsr_buffer *x, *w, *y, *packed;
    cl_event events[2];
    float result[9];
} use;

static void end(use *u)
{
    /* Buffers must live until the work is done; the wait for it may be what failed. */
    if (u->context != NULL) tsr_context_finish(u->context);
    /* The context first: what was made in it keeps it alive. */
    tsr_context_destroy(u->context);
    tsr_plan_destroy(u->plan);
    tsr_buffer_destroy(u->x);
    tsr_buffer_destroy(u->w);
    tsr_buffer_destroy(u->y);
    tsr_buffer_destroy(u->packed);
    for (size_t i = 0; i < COUNT(u->events); ++i)
        if (u->events[i] != NULL) clReleaseEvent(u->events[i]);
}

/* ---- Owning nothing -------------------------------------------------------------------------------------------- */

/* What a problem is given: its result is the same for all. */
typedef struct given {
    const char *problem, *algorithm; /* NULL: the choice */
    tsr_layout layout;
    const float *x, *w;
    uint64_t x_bytes, w_bytes;
} given;

static const given plain = {"conv:c1h3w3k1r3s3pd1", NULL, TSR_LAYOUT_NCHW, image, ones, sizeof image, sizeof ones};

static tsr_status make_buffers(use *u, const given *g)
{
    tsr_plan_info info;
    tsr_status status = tsr_plan_describe(u->plan, &info);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, info.x_bytes, &u->x);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, g->w_bytes, &u->w);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, info.y_bytes, &u->y);
    if (status == TSR_OK) status = tsr_buffer_create(u->context, info.packed_bytes, &u->packed);
    if (status == TSR_OK) status = tsr_buffer_write(u->x, 0, g->x, g->x_bytes);
    return status == TSR_OK ? tsr_buffer_write(u->w, 0, g->w, g->w_bytes) : status;
}

static tsr_status run_with(use *u, const char *cache_folder, const given *g, uint32_t tune_ms)
{
    const tsr_context_options options = options_of(cache_folder);
    tsr_plan_options own = tsr_plan_options_default();
    const tsr_plan_options *plan_options = g->algorithm == NULL && tune_ms == 0 ? NULL : &own;
    tsr_conv problem;
    const bool packs = g->algorithm != NULL;
    own.algorithm = g->algorithm;
    own.tune_ms = tune_ms;
    own.packed_weights = packs;
    tsr_status status = tsr_conv_parse(g->problem, &problem);
    problem.x_layout = problem.y_layout = g->layout;
    if (status == TSR_OK) status = tsr_context_create(support_selector(), &options, &u->context);
    if (status == TSR_OK) status = tsr_conv_plan(u->context, &problem, plan_options, &u->plan);
    if (status == TSR_OK) status = make_buffers(u, g);
    if (status == TSR_OK) status = tsr_plan_pack_enqueue(u->plan, u->w, u->packed, NULL, 0, NULL, NULL);
    /* Plain weights would be packed into a workspace that ends with the call, also where its wait failed. */
    const tsr_args args = {.x = u->x, .w = packs ? u->packed : u->w, .y = u->y};
    if (status == TSR_OK) status = tsr_plan_run(u->plan, &args);
    return status == TSR_OK ? tsr_buffer_read(u->y, 0, u->result, sizeof u->result) : status;
}

static tsr_status run_owning_nothing(use *u, const char *cache_folder)
{
    return run_with(u, cache_folder, &plain, 0);
}

static tsr_status run_tuned(use *u, const char *cache_folder)
{
    return run_with(u, cache_folder, &plain, 60000);
}

/* The image is the first of four channels. */
static tsr_status run_through_images(use *u, const char *cache_folder)
{
    enum { CHANNELS = 4, ELEMENTS = COUNT(image) * CHANNELS };
    float x[ELEMENTS] = {0}, w[ELEMENTS];
    for (size_t i = 0; i < COUNT(image); ++i) x[i * CHANNELS] = image[i];
    for (size_t i = 0; i < ELEMENTS; ++i) w[i] = 1;
    const given g = {"conv:c4h3w3k1r3s3pd1", "direct_images", TSR_LAYOUT_NHWC, x, w, sizeof x, sizeof w};
    return run_with(u, cache_folder, &g, 0);
}

/* ---- Lending --------------------------------------------------------------------------------------------------- */

/* What an application owns and lends to every use. */
static struct {
    tsr_context *owner;
    cl_mem x, w, y;
} lent;

static cl_mem own_memory(const float *data)
{
    cl_int code = CL_SUCCESS;
    union {
        const float *in;
        void *out;
    } host = {.in = data};
    const cl_mem_flags flags = data == NULL ? CL_MEM_READ_WRITE : CL_MEM_COPY_HOST_PTR;
    cl_mem memory = clCreateBuffer(tsr_context_cl(lent.owner), flags, sizeof image, host.out, &code);
    assert_int_equal(code, CL_SUCCESS);
    return memory;
}

static tsr_status wrap_everything(use *u, const tsr_context_options *options)
{
    tsr_status status =
        tsr_context_wrap(tsr_context_cl(lent.owner), tsr_context_cl_device(lent.owner), options, &u->context);
    if (status == TSR_OK) status = tsr_buffer_wrap(u->context, lent.x, 0, sizeof image, &u->x);
    if (status == TSR_OK) status = tsr_buffer_wrap(u->context, lent.w, 0, sizeof ones, &u->w);
    if (status == TSR_OK) status = tsr_buffer_wrap(u->context, lent.y, 0, sizeof image, &u->y);
    return status == TSR_OK ? tsr_buffer_create(u->context, sizeof ones, &u->packed) : status;
}

/* The reference runs on plain weights, so that packing is a copy. */
static tsr_status run_on_lent_objects(use *u, const char *cache_folder)
{
    const tsr_context_options options = options_of(cache_folder);
    tsr_plan_options plan_options = tsr_plan_options_default();
    plan_options.algorithm = "reference";
    plan_options.packed_weights = true;
    tsr_conv problem;
    tsr_status status = tsr_conv_parse("conv:c1h3w3k1r3s3pd1", &problem);
    if (status == TSR_OK) status = wrap_everything(u, &options);
    if (status == TSR_OK) status = tsr_conv_plan(u->context, &problem, &plan_options, &u->plan);
    if (status != TSR_OK) return status;
    cl_command_queue queue = tsr_context_queue(u->context);
    status = tsr_plan_pack_enqueue(u->plan, u->w, u->packed, queue, 0, NULL, &u->events[0]);
    const tsr_args args = {.x = u->x, .w = u->packed, .y = u->y};
    if (status == TSR_OK) status = tsr_plan_enqueue(u->plan, &args, queue, 1, &u->events[0], &u->events[1]);
    if (status == TSR_OK) status = tsr_context_finish(u->context);
    return status == TSR_OK ? tsr_buffer_read(u->y, 0, u->result, sizeof u->result) : status;
}

/* ---- One failure at a time ------------------------------------------------------------------------------------- */

typedef tsr_status scenario(use *u, const char *cache_folder);

/* One use with failures set: right results or a reported failure, and no trace. */
static tsr_status use_once(scenario *run, const char *cache_folder)
{
    static const char unset[] = "no message was left";
    const long memory = wrapped.live_memory, objects = wrapped.live_objects;
    use u = {0};
    tsr__fail(TSR_INVALID_VALUE, "%s", unset);
    const tsr_status status = run(&u, cache_folder);
    if (status == TSR_OK)
        assert_memory_equal(u.result, expected, sizeof expected);
    else
        assert_string_not_equal(tsr_error_message(), unset);
    end(&u);
    assert_int_equal(wrapped.live_memory, memory);
    assert_int_equal(wrapped.live_objects, objects);
    return status;
}

static void fail_each_allocation(scenario *run, int least)
{
    int failed = 0;
    long n = 0;
    do {
        wrapped_reset();
        wrapped.fail_memory_at = ++n;
        failed += use_once(run, NULL) != TSR_OK;
    } while (wrapped.allocations >= n);
    wrapped_reset();
    print_message("%ld allocations, %d failures reported\n", n - 1, failed);
    assert_in_range(failed, least, INT32_MAX);
}

static void fail_each_opencl_call(scenario *run, int least)
{
    const char *cache_folder = getenv("TESSERA_TEST_CACHE");
    int failed = 0;
    long n = 0;
    do {
        wrapped_reset();
        wrapped.fail_cl_at = ++n;
        failed += use_once(run, cache_folder) != TSR_OK;
    } while (wrapped.cl_calls >= n);
    wrapped_reset();
    print_message("%ld OpenCL calls, %d failures reported\n", n - 1, failed);
    assert_in_range(failed, least, INT32_MAX);
}

static bool is_cpu_path(void)
{
    return strcmp(support_selector(), "cpu") == 0;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fail_each_allocation(run_owning_nothing, 6);
}

/* On the CPU path, where there is nothing to compile. */
static void every_allocation_of_tuning_may_fail(void **state)
{
    (void)state;
    if (!is_cpu_path()) skip();
    fail_each_allocation(run_tuned, 10);
}

static void every_opencl_call_may_fail(void **state)
{
    (void)state;
    if (is_cpu_path()) skip();
    fail_each_opencl_call(run_owning_nothing, 41);
}

static void every_call_for_images_may_fail(void **state)
{
    (void)state;
    if (is_cpu_path()) skip();
    fail_each_allocation(run_through_images, 6);
    fail_each_opencl_call(run_through_images, 45);
}

static void with_lent_objects_every_call_may_fail_too(void **state)
{
    (void)state;
    if (is_cpu_path()) skip();
    assert_ok(tsr_context_create(support_selector(), NULL, &lent.owner));
    lent.x = own_memory(image);
    lent.w = own_memory(ones);
    lent.y = own_memory(NULL);
    fail_each_allocation(run_on_lent_objects, 6);
    fail_each_opencl_call(run_on_lent_objects, 41);
    clReleaseMemObject(lent.x);
    clReleaseMemObject(lent.w);
    clReleaseMemObject(lent.y);
    tsr_context_destroy(lent.owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_allocation_of_tuning_may_fail),
        cmocka_unit_test(every_opencl_call_may_fail),
        cmocka_unit_test(every_call_for_images_may_fail),
        cmocka_unit_test(with_lent_objects_every_call_may_fail_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
