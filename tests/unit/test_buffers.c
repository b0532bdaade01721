/* Buffers of the CPU path, and what running refuses: too small, overlapping, foreign, missing or misaligned memory. */
#include "support/check.h"

#include <stdio.h>

/* A convolution with everything: 40 floats of y from 60 of x. */
typedef struct fixture {
    tsr_context *context;
    tsr_plan *plan;
    tsr_buffer *x, *w, *bias, *y;
} fixture;

enum { X_BYTES = 240, W_BYTES = 216, BIAS_BYTES = 8, Y_BYTES = 160 };

static int open_fixture(void **state)
{
    static fixture f;
    f = (fixture){0};
    tsr_conv problem;
    assert_ok(tsr_conv_parse("conv:c3h4w5k2r3s3pd1,bias", &problem));
    assert_ok(tsr_context_create("cpu", NULL, &f.context));
    assert_ok(tsr_conv_plan(f.context, &problem, NULL, &f.plan));
    assert_ok(tsr_buffer_create(f.context, X_BYTES, &f.x));
    assert_ok(tsr_buffer_create(f.context, W_BYTES, &f.w));
    assert_ok(tsr_buffer_create(f.context, BIAS_BYTES, &f.bias));
    assert_ok(tsr_buffer_create(f.context, Y_BYTES, &f.y));
    *state = &f;
    return 0;
}

static int close_fixture(void **state)
{
    const fixture *f = *state;
    tsr_buffer_destroy(f->x);
    tsr_buffer_destroy(f->w);
    tsr_buffer_destroy(f->bias);
    tsr_buffer_destroy(f->y);
    tsr_plan_destroy(f->plan);
    tsr_context_destroy(f->context);
    return 0;
}

static tsr_args args_of(const fixture *f)
{
    return (tsr_args){.x = f->x, .w = f->w, .bias = f->bias, .y = f->y};
}

/* ---- Making, filling, lending ---------------------------------------------------------------------------------- */

static void a_buffer_holds_what_was_written(void **state)
{
    const fixture *f = *state;
    unsigned char in[X_BYTES], out[X_BYTES] = {0};
    for (size_t i = 0; i < sizeof in; ++i) in[i] = (unsigned char)(i * 3 + 1);
    assert_int_equal(tsr_buffer_bytes(f->x), X_BYTES);
    assert_ok(tsr_buffer_write(f->x, 0, in, sizeof in));
    assert_ok(tsr_buffer_write(f->x, 100, in, 7));
    assert_ok(tsr_buffer_write(f->x, X_BYTES, in, 0));
    memcpy(in + 100, in, 7);
    assert_ok(tsr_buffer_read(f->x, 0, out, sizeof out));
    assert_memory_equal(in, out, sizeof in);
    assert_ok(tsr_buffer_read(f->x, 100, out, 1));
    assert_int_equal(out[0], in[100]);
}

static void copies_beyond_a_buffer_are_refused(void **state)
{
    const fixture *f = *state;
    static const struct {
        uint64_t offset, bytes;
    } cases[] = {{0, X_BYTES + 1}, {X_BYTES, 1},    {X_BYTES + 1, 0}, {1, X_BYTES},
                 {UINT64_MAX, 1},  {UINT64_MAX, 2}, {4, UINT64_MAX},  {4, UINT64_MAX - 3}};
    unsigned char data[2 * X_BYTES] = {0};
    for (size_t i = 0; i < COUNT(cases); ++i) {
        assert_fails(tsr_buffer_write(f->x, cases[i].offset, data, cases[i].bytes), TSR_INVALID_VALUE, "offset is ",
                     "240 bytes");
        assert_fails(tsr_buffer_read(f->x, cases[i].offset, data, cases[i].bytes), TSR_INVALID_VALUE, "offset is ",
                     "240 bytes");
    }
    assert_fails(tsr_buffer_write(NULL, 0, data, 1), TSR_INVALID_VALUE, "buffer is NULL");
    assert_fails(tsr_buffer_read(f->x, 0, NULL, 1), TSR_INVALID_VALUE, "NULL");
}

static void a_buffer_has_a_size(void **state)
{
    const fixture *f = *state;
    tsr_buffer *buffer = NULL;
    assert_fails(tsr_buffer_create(f->context, 0, &buffer), TSR_INVALID_VALUE, "bytes is 0", "1 to ");
    assert_fails(tsr_buffer_create(f->context, UINT64_MAX, &buffer), TSR_INVALID_VALUE, "bytes is 18446744073709551615",
                 "1 to 9223372036854775807");
    assert_fails(tsr_buffer_create(NULL, 4, &buffer), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_buffer_create(f->context, 4, NULL), TSR_INVALID_VALUE, "buffer is NULL");
    assert_null(buffer);
    assert_ok(tsr_buffer_create(f->context, 1, &buffer));
    tsr_buffer_destroy(buffer);
    tsr_buffer_destroy(NULL);
}

static void lent_memory_is_aligned_and_used_in_place(void **state)
{
    const fixture *f = *state;
    tsr_buffer *buffer = NULL;
    float memory[8] = {0};
    char *bytes = (char *)memory;
    assert_fails(tsr_buffer_wrap_host(f->context, bytes + 1, 16, &buffer), TSR_INVALID_VALUE, "memory is 0x",
                 "aligned to 4 bytes");
    assert_fails(tsr_buffer_wrap_host(f->context, bytes + 2, 16, &buffer), TSR_INVALID_VALUE, "aligned to 4 bytes");
    assert_fails(tsr_buffer_wrap_host(f->context, bytes, 0, &buffer), TSR_INVALID_VALUE, "bytes 0", "above 0");
    assert_fails(tsr_buffer_wrap_host(f->context, NULL, 4, &buffer), TSR_INVALID_VALUE, "memory is NULL");
    assert_fails(tsr_buffer_wrap_host(NULL, bytes, 4, &buffer), TSR_INVALID_VALUE, "context is NULL");
    assert_fails(tsr_buffer_wrap_host(f->context, bytes, 4, NULL), TSR_INVALID_VALUE, "buffer is NULL");
    assert_null(buffer);

    /* Any number of bytes will do: a tensor of halves or of bytes may end anywhere. */
    assert_ok(tsr_buffer_wrap_host(f->context, bytes, 15, &buffer));
    assert_int_equal(tsr_buffer_bytes(buffer), 15);
    tsr_buffer_destroy(buffer);
    assert_ok(tsr_buffer_wrap_host(f->context, bytes + 4, 8, &buffer));
    const float value = 7;
    assert_ok(tsr_buffer_write(buffer, 4, &value, sizeof value));
    tsr_buffer_destroy(buffer);
    assert_true(memory[2] == 7);
}

static void opencl_memory_is_refused_by_the_cpu_path(void **state)
{
    const fixture *f = *state;
    tsr_buffer *buffer = NULL;
    int something = 0;
    assert_fails(tsr_buffer_wrap(f->context, (cl_mem)&something, 0, 4, &buffer), TSR_INVALID_VALUE, "CPU path",
                 "tsr_buffer_wrap_host");
    assert_fails(tsr_buffer_wrap(f->context, NULL, 0, 4, &buffer), TSR_INVALID_VALUE, "memory is NULL");
    assert_null(buffer);
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

/* Which member of tsr_args a case replaces. */
#define MEMBER(name) offsetof(tsr_args, name), #name

static void every_missing_or_small_buffer_is_named(void **state)
{
    const fixture *f = *state;
    static const struct {
        size_t member;
        const char *name, *needed;
        uint64_t bytes;
    } cases[] = {
        {MEMBER(x), "240", X_BYTES},
        {MEMBER(w), "216", W_BYTES},
        {MEMBER(bias), "8", BIAS_BYTES},
        {MEMBER(y), "160", Y_BYTES},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_buffer *small = NULL;
        char missing[64], short_of[64];
        snprintf(missing, sizeof missing, "%s is NULL", cases[i].name);
        snprintf(short_of, sizeof short_of, "%s has %u bytes", cases[i].name, (unsigned)cases[i].bytes - 4);
        tsr_args args = args_of(f);
        memset((char *)&args + cases[i].member, 0, sizeof args.x);
        assert_fails(tsr_plan_run(f->plan, &args), TSR_INVALID_VALUE, missing, cases[i].needed);
        assert_ok(tsr_buffer_create(f->context, cases[i].bytes - 4, &small));
        memcpy((char *)&args + cases[i].member, &small, sizeof small);
        assert_fails(tsr_plan_run(f->plan, &args), TSR_INVALID_VALUE, short_of, cases[i].needed);
        tsr_buffer_destroy(small);
    }
    assert_ok(tsr_plan_run(f->plan, &(tsr_args){.x = f->x, .w = f->w, .bias = f->bias, .y = f->y}));
}

static void another_contexts_buffer_is_refused_by_name(void **state)
{
    const fixture *f = *state;
    static const size_t members[] = {offsetof(tsr_args, x), offsetof(tsr_args, w), offsetof(tsr_args, bias),
                                     offsetof(tsr_args, y)};
    static const char *const names[] = {"x belongs to another context", "w belongs", "bias belongs", "y belongs"};
    tsr_context *other = NULL;
    tsr_buffer *foreign = NULL;
    assert_ok(tsr_context_create("cpu", NULL, &other));
    assert_ok(tsr_buffer_create(other, X_BYTES, &foreign));
    for (size_t i = 0; i < COUNT(members); ++i) {
        tsr_args args = args_of(f);
        memcpy((char *)&args + members[i], &foreign, sizeof foreign);
        assert_fails(tsr_plan_run(f->plan, &args), TSR_INVALID_VALUE, names[i]);
    }
    tsr_buffer_destroy(foreign);
    tsr_context_destroy(other);
}

static tsr_buffer *lend(const fixture *f, float *memory, size_t bytes)
{
    tsr_buffer *buffer = NULL;
    assert_ok(tsr_buffer_wrap_host(f->context, memory, bytes, &buffer));
    return buffer;
}

static void y_may_not_share_a_byte_with_what_is_read(void **state)
{
    const fixture *f = *state;
    static float memory[(X_BYTES + Y_BYTES + W_BYTES) / sizeof(float)];
    float *behind = memory + X_BYTES / sizeof(float);
    tsr_args args = args_of(f);
    tsr_buffer *x = lend(f, memory, X_BYTES), *y = lend(f, behind, Y_BYTES);
    args.x = x;
    args.y = y;
    assert_ok(tsr_plan_run(f->plan, &args)); /* side by side */
    tsr_buffer_destroy(y);
    args.y = y = lend(f, behind - 1, Y_BYTES);
    assert_fails(tsr_plan_run(f->plan, &args), TSR_INVALID_VALUE, "y overlaps x");
    args = args_of(f);
    args.w = x;
    args.y = y;
    assert_fails(tsr_plan_run(f->plan, &args), TSR_INVALID_VALUE, "y overlaps w");
    args = args_of(f);
    args.bias = x;
    args.y = y;
    assert_fails(tsr_plan_run(f->plan, &args), TSR_INVALID_VALUE, "y overlaps bias");
    args = (tsr_args){.x = x, .w = x, .bias = x, .y = f->y}; /* inputs may share */
    assert_ok(tsr_plan_run(f->plan, &args));
    tsr_buffer_destroy(x);
    tsr_buffer_destroy(y);
}

static void the_cpu_path_takes_no_queue_and_no_events(void **state)
{
    const fixture *f = *state;
    const tsr_args args = args_of(f);
    int something = 0;
    cl_event event = NULL;
    const cl_event list = (cl_event)&something;
    assert_fails(tsr_plan_enqueue(f->plan, &args, (cl_command_queue)&something, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "no queue");
    assert_fails(tsr_plan_enqueue(f->plan, &args, NULL, 1, &list, NULL), TSR_INVALID_VALUE, "no wait list");
    assert_fails(tsr_plan_enqueue(f->plan, &args, NULL, 0, NULL, &event), TSR_INVALID_VALUE, "no event");
    assert_fails(tsr_plan_enqueue(f->plan, &args, NULL, 1, NULL, NULL), TSR_INVALID_VALUE, "num_events is 1");
    assert_fails(tsr_plan_enqueue(f->plan, &args, NULL, 0, &list, NULL), TSR_INVALID_VALUE, "num_events is 0");
    assert_null(event);
    assert_fails(tsr_plan_run(NULL, &args), TSR_INVALID_VALUE, "plan is NULL");
    assert_fails(tsr_plan_run(f->plan, NULL), TSR_INVALID_VALUE, "args is NULL");
    assert_ok(tsr_plan_enqueue(f->plan, &args, NULL, 0, NULL, NULL));
}

static void weights_can_be_packed_on_the_cpu_path_too(void **state)
{
    const fixture *f = *state;
    float w[W_BYTES / sizeof(float)], back[W_BYTES / sizeof(float)];
    for (size_t i = 0; i < COUNT(w); ++i) w[i] = (float)i;
    tsr_plan_info info;
    tsr_buffer *packed = NULL;
    assert_ok(tsr_plan_describe(f->plan, &info));
    assert_ok(tsr_buffer_create(f->context, info.packed_bytes, &packed));
    assert_ok(tsr_buffer_write(f->w, 0, w, sizeof w));
    assert_ok(tsr_plan_pack_enqueue(f->plan, f->w, packed, NULL, 0, NULL, NULL));
    assert_ok(tsr_buffer_read(packed, 0, back, sizeof back));
    assert_memory_equal(w, back, sizeof w);
    assert_fails(tsr_plan_pack_enqueue(f->plan, f->bias, packed, NULL, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "w has 8 bytes", "216");
    assert_fails(tsr_plan_pack_enqueue(f->plan, f->w, f->bias, NULL, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "packed has 8 bytes");
    assert_fails(tsr_plan_pack_enqueue(f->plan, f->w, f->w, NULL, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "packed overlaps w");
    assert_fails(tsr_plan_pack_enqueue(NULL, f->w, packed, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "plan is NULL");
    tsr_buffer_destroy(packed);
}

static void objects_may_be_destroyed_in_any_order(void **state)
{
    (void)state;
    for (int order = 0; order < 6; ++order) {
        tsr_conv problem;
        tsr_context *context = NULL;
        tsr_plan *plan = NULL;
        tsr_buffer *buffer = NULL;
        assert_ok(tsr_conv_parse("conv:c3w5k2", &problem));
        assert_ok(tsr_context_create("cpu", NULL, &context));
        assert_ok(tsr_conv_plan(context, &problem, NULL, &plan));
        assert_ok(tsr_buffer_create(context, 16, &buffer));
        for (int step = 0; step < 3; ++step) {
            /* All permutations of three. */
            const int which = step == 0 ? order / 2 : (order / 2 + (order % 2 == 0 ? step : 3 - step)) % 3;
            if (which == 0) tsr_context_destroy(context);
            if (which == 1) tsr_plan_destroy(plan);
            if (which == 2) tsr_buffer_destroy(buffer);
        }
    }
    tsr_plan_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_buffer_holds_what_was_written),
        TEST(copies_beyond_a_buffer_are_refused),
        TEST(a_buffer_has_a_size),
        TEST(lent_memory_is_aligned_and_used_in_place),
        TEST(opencl_memory_is_refused_by_the_cpu_path),
        TEST(every_missing_or_small_buffer_is_named),
        TEST(another_contexts_buffer_is_refused_by_name),
        TEST(y_may_not_share_a_byte_with_what_is_read),
        TEST(the_cpu_path_takes_no_queue_and_no_events),
        TEST(weights_can_be_packed_on_the_cpu_path_too),
        TEST(objects_may_be_destroyed_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
