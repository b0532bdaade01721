/* What enqueue does, and above all what it does not: allocate, compile, wait. */
#include <stdlib.h>

#include "api/wrapped.h"
#include "support/support.h"
#include "support/check.h"

/* A plan with all its buffers. */
typedef struct set {
    tsr_context *context;
    tsr_plan *plan;
    tsr_plan_info info;
    tsr_buffer *x, *w, *packed, *y, *workspace;
} set;

static float numbers[4096];

static tsr_buffer *filled(tsr_context *context, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    assert_true(bytes <= sizeof numbers);
    assert_ok(tsr_buffer_create(context, bytes, &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, numbers, bytes));
    return buffer;
}

static set open_set(bool packed_weights)
{
    set s = {0};
    tsr_conv problem;
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = packed_weights;
    assert_ok(tsr_conv_parse("conv:c4h6w7k5r3s3pd1", &problem));
    assert_ok(tsr_context_create(support_selector(), NULL, &s.context));
    assert_ok(tsr_conv_plan(s.context, &problem, &options, &s.plan));
    assert_ok(tsr_plan_describe(s.plan, &s.info));
    s.x = filled(s.context, s.info.x_bytes);
    s.w = filled(s.context, sizeof(float) * 5 * 4 * 9);
    assert_ok(tsr_buffer_create(s.context, s.info.packed_bytes, &s.packed));
    assert_ok(tsr_buffer_create(s.context, s.info.y_bytes, &s.y));
    if (s.info.workspace_bytes > 0) assert_ok(tsr_buffer_create(s.context, s.info.workspace_bytes, &s.workspace));
    return s;
}

static void close_set(set *s)
{
    tsr_buffer_destroy(s->x);
    tsr_buffer_destroy(s->w);
    tsr_buffer_destroy(s->packed);
    tsr_buffer_destroy(s->y);
    tsr_buffer_destroy(s->workspace);
    tsr_plan_destroy(s->plan);
    tsr_context_destroy(s->context);
}

static void enqueue_neither_allocates_nor_builds_nor_waits(void **state)
{
    (void)state;
    set s = open_set(false);
    const tsr_args args = {.x = s.x, .w = s.w, .y = s.y, .workspace = s.workspace};
    assert_ok(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL));
    wrapped_reset();
    for (int i = 0; i < 10; ++i) {
        assert_ok(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL));
        assert_ok(tsr_plan_pack_enqueue(s.plan, s.w, s.packed, NULL, 0, NULL, NULL));
    }
    assert_int_equal(wrapped.allocations, 0);
    assert_int_equal(wrapped.sources + wrapped.binaries + wrapped.builds, 0);
    assert_int_equal(wrapped.waits, 0);
    if (tsr_context_cl(s.context) != NULL) assert_true(wrapped.launches >= 20);
    assert_ok(tsr_context_finish(s.context));
    close_set(&s);
}

static void packed_weights_give_the_same_bits(void **state)
{
    (void)state;
    set plain = open_set(false), packed = open_set(true);
    assert_string_equal(plain.info.algorithm, packed.info.algorithm);
    assert_true(packed.info.workspace_bytes <= plain.info.workspace_bytes);
    assert_int_equal(packed.info.w_bytes, packed.info.packed_bytes);
    float results[2][5 * 6 * 7];
    assert_int_equal(plain.info.y_bytes, sizeof results[0]);
    assert_ok(tsr_plan_run(plain.plan, &(tsr_args){.x = plain.x, .w = plain.w, .y = plain.y}));
    assert_ok(tsr_buffer_read(plain.y, 0, results[0], sizeof results[0]));
    assert_ok(tsr_plan_pack_enqueue(packed.plan, packed.w, packed.packed, NULL, 0, NULL, NULL));
    assert_ok(tsr_plan_run(packed.plan, &(tsr_args){.x = packed.x, .w = packed.packed, .y = packed.y}));
    assert_ok(tsr_buffer_read(packed.y, 0, results[1], sizeof results[1]));
    assert_memory_equal(results[0], results[1], sizeof results[0]);
    close_set(&plain);
    close_set(&packed);
}

static void bad_arguments_are_refused_and_nothing_is_enqueued(void **state)
{
    (void)state;
    set s = open_set(false);
    tsr_buffer *small = NULL;
    assert_ok(tsr_buffer_create(s.context, 4, &small));
    const tsr_args good = {.x = s.x, .w = s.w, .y = s.y, .workspace = s.workspace};
    wrapped_reset();
    tsr_args args = good;
    args.x = NULL;
    assert_fails(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "x is NULL", "672 bytes");
    args.x = small;
    assert_fails(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "x has 4 bytes", "672");
    args = good;
    args.w = small;
    assert_fails(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "w has 4 bytes", "720");
    args = good;
    args.y = s.x;
    assert_fails(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "y has 672 bytes", "840");
    if (s.info.workspace_bytes > 0) {
        args = good;
        args.workspace = NULL;
        assert_fails(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "workspace is NULL");
        args.workspace = small;
        assert_fails(tsr_plan_enqueue(s.plan, &args, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "workspace has 4 bytes");
    }
    assert_fails(tsr_plan_enqueue(NULL, &good, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "plan is NULL");
    assert_fails(tsr_plan_enqueue(s.plan, NULL, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "args is NULL");
    assert_fails(tsr_plan_enqueue(s.plan, &good, NULL, 1, NULL, NULL), TSR_INVALID_VALUE, "num_events is 1");
    assert_fails(tsr_plan_pack_enqueue(s.plan, s.w, small, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "packed has 4");
    assert_int_equal(wrapped.launches, 0);
    tsr_buffer_destroy(small);
    close_set(&s);
}

static void y_may_not_overlap_what_is_read(void **state)
{
    (void)state;
    set s = open_set(false);
    tsr_pool problem;
    tsr_plan *plan = NULL;
    assert_ok(tsr_pool_parse("max:c4h6w7r1s1", &problem));
    assert_ok(tsr_pool_plan(s.context, &problem, NULL, &plan));
    assert_fails(tsr_plan_enqueue(plan, &(tsr_args){.x = s.x, .y = s.x}, NULL, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "y overlaps x");
    assert_fails(tsr_plan_pack_enqueue(plan, s.w, s.packed, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "no weights");
    tsr_plan_destroy(plan);
    close_set(&s);
}

static void run_finds_its_own_workspace(void **state)
{
    (void)state;
    set s = open_set(false);
    wrapped_reset();
    const long before = wrapped.live_memory;
    assert_ok(tsr_plan_run(s.plan, &(tsr_args){.x = s.x, .w = s.w, .y = s.y}));
    assert_int_equal(wrapped.live_memory, before);
    assert_int_equal(wrapped.allocations > 0, s.info.workspace_bytes > 0);
    close_set(&s);
}

int main(void)
{
    for (size_t i = 0; i < COUNT(numbers); ++i) numbers[i] = (float)(i % 7) - 3.0f;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enqueue_neither_allocates_nor_builds_nor_waits),
        cmocka_unit_test(packed_weights_give_the_same_bits),
        cmocka_unit_test(bad_arguments_are_refused_and_nothing_is_enqueued),
        cmocka_unit_test(y_may_not_overlap_what_is_read),
        cmocka_unit_test(run_finds_its_own_workspace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
