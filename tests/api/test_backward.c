/* Backward passes on the device: what a run is given is checked before anything is enqueued, a second run gives the
 * same bits, and explain tells of the algorithms. */
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/support.h"
#include "tessera_training.h"

enum { COUNT_MAX = 4096 };

static tsr_context *context;
static float poison[COUNT_MAX];

static int open_context(void **state)
{
    (void)state;
    context = support_context();
    memset(poison, SUPPORT_POISON, sizeof poison);
    return 0;
}

static int close_context(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    return 0;
}

/* A buffer of small numbers with fractions, so that sums round. */
static tsr_buffer *numbers(uint64_t count)
{
    support_random random = {.state = count};
    float data[COUNT_MAX];
    tsr_buffer *buffer = NULL;
    assert_in_range(count, 1, COUNT_MAX);
    for (uint64_t i = 0; i < count; ++i) data[i] = (float)support_random_int(&random, -1000, 1000) / 300.0f;
    assert_ok(tsr_buffer_create(context, count * sizeof(float), &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, data, count * sizeof(float)));
    return buffer;
}

static tsr_buffer *poisoned(uint64_t count)
{
    tsr_buffer *buffer = NULL;
    assert_ok(tsr_buffer_create(context, count * sizeof(float), &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, poison, count * sizeof(float)));
    return buffer;
}

static void assert_untouched(const tsr_buffer *buffer)
{
    float data[COUNT_MAX];
    assert_ok(tsr_buffer_read(buffer, 0, data, tsr_buffer_bytes(buffer)));
    assert_memory_equal(data, poison, tsr_buffer_bytes(buffer));
}

/* The weights pass of a layer with everything, and what a run is given. */
static const char text[] = "conv:n3c6h9w8k5r3s3pd1,scale,bias,relu";
enum { X = 3 * 6 * 9 * 8, Y = 3 * 5 * 9 * 8, W = 5 * 6 * 9, K = 5 };

typedef struct step {
    tsr_plan *plan;
    tsr_args args;
} step;

static step open_step(bool accumulate)
{
    step s = {.plan = NULL};
    tsr_conv_backward b = tsr_conv_backward_default();
    assert_ok(tsr_conv_parse(text, &b.forward));
    b.dbias = b.dscale = true;
    b.accumulate = accumulate;
    assert_ok(tsr_conv_backward_weights_plan(context, &b, NULL, &s.plan));
    s.args = (tsr_args){.x = numbers(X), .w = numbers(W), .scale = numbers(K), .dv = numbers(Y)};
    s.args.dw = accumulate ? numbers(W + 1) : poisoned(W);
    s.args.dbias = poisoned(K);
    s.args.dscale = poisoned(K);
    return s;
}

static void close_step(step *s)
{
    const tsr_buffer *const all[] = {s->args.x,  s->args.w,     s->args.scale, s->args.dv,
                                     s->args.dw, s->args.dbias, s->args.dscale};
    for (size_t i = 0; i < COUNT(all); ++i) tsr_buffer_destroy((tsr_buffer *)all[i]);
    tsr_plan_destroy(s->plan);
}

static void the_plan_tells_what_each_tensor_needs(void **state)
{
    (void)state;
    step s = open_step(false);
    tsr_plan_info info;
    assert_ok(tsr_plan_describe(s.plan, &info));
    assert_int_equal(info.x_bytes, X * sizeof(float));
    assert_int_equal(info.y_bytes, Y * sizeof(float));
    assert_int_equal(info.w_bytes, W * sizeof(float));
    assert_int_equal(info.bias_bytes, K * sizeof(float));
    assert_int_equal(info.scale_bytes, K * sizeof(float));
    assert_int_equal(info.packed_bytes, 0);
    assert_int_equal(info.x.c, 6);
    assert_int_equal(info.y.c, 5);
    assert_fails(tsr_plan_pack_enqueue(s.plan, s.args.w, s.args.dw, NULL, 0, NULL, NULL), TSR_INVALID_VALUE,
                 "no weights to pack");
    close_step(&s);

    tsr_conv_backward b = tsr_conv_backward_default();
    assert_ok(tsr_conv_parse(text, &b.forward));
    tsr_plan *data = NULL;
    assert_ok(tsr_conv_backward_data_plan(context, &b, NULL, &data));
    assert_ok(tsr_plan_describe(data, &info));
    assert_int_equal(info.x_bytes, X * sizeof(float));
    assert_int_equal(info.y_bytes, Y * sizeof(float));
    assert_int_equal(info.x.c, 6);
    assert_int_equal(info.y.c, 5);
    tsr_plan_destroy(data);
}

static void what_a_run_lacks_is_named_and_nothing_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t member;
    } members[] = {{"x", offsetof(tsr_args, x)},          {"w", offsetof(tsr_args, w)},
                   {"scale", offsetof(tsr_args, scale)},  {"dv", offsetof(tsr_args, dv)},
                   {"dw", offsetof(tsr_args, dw)},        {"dbias", offsetof(tsr_args, dbias)},
                   {"dscale", offsetof(tsr_args, dscale)}};
    step s = open_step(false);
    tsr_buffer *small = NULL;
    assert_ok(tsr_buffer_create(context, 4, &small));
    for (size_t i = 0; i < COUNT(members); ++i) {
        char is_null[64], is_small[64];
        tsr_args args = s.args;
        snprintf(is_null, sizeof is_null, "%s is NULL; the plan needs", members[i].name);
        snprintf(is_small, sizeof is_small, "%s has 4 bytes; the plan needs", members[i].name);
        memset((char *)&args + members[i].member, 0, sizeof(tsr_buffer *));
        assert_fails(tsr_plan_run(s.plan, &args), TSR_INVALID_VALUE, is_null);
        memcpy((char *)&args + members[i].member, &small, sizeof small);
        assert_fails(tsr_plan_run(s.plan, &args), TSR_INVALID_VALUE, is_small);
    }
    assert_untouched(s.args.dw);
    assert_untouched(s.args.dbias);
    assert_untouched(s.args.dscale);
    tsr_buffer_destroy(small);
    close_step(&s);
}

static void a_gradient_over_an_input_is_refused(void **state)
{
    (void)state;
    step s = open_step(true);
    tsr_args args = s.args;
    args.dw = (tsr_buffer *)s.args.w;
    assert_fails(tsr_plan_run(s.plan, &args), TSR_INVALID_VALUE, "dw overlaps w");
    args.dw = s.args.dv;
    assert_fails(tsr_plan_run(s.plan, &args), TSR_INVALID_VALUE, "dw overlaps dv");
    args = s.args;
    args.dscale = s.args.dbias;
    assert_fails(tsr_plan_run(s.plan, &args), TSR_INVALID_VALUE, "dscale overlaps dbias");
    close_step(&s);
}

static void a_second_run_gives_the_same_bits(void **state)
{
    (void)state;
    float results[2][W];
    for (int run = 0; run < 2; ++run) {
        step s = open_step(true);
        assert_ok(tsr_plan_run(s.plan, &s.args));
        assert_ok(tsr_buffer_read(s.args.dw, 0, results[run], sizeof results[run]));
        close_step(&s);
    }
    assert_memory_equal(results[0], results[1], sizeof results[0]);
}

static void explain_tells_of_every_pass(void **state)
{
    (void)state;
    tsr_conv_backward b = tsr_conv_backward_default();
    tsr_pool pool;
    tsr_candidate list[32];
    size_t count = 0;
    assert_ok(tsr_conv_parse(text, &b.forward));
    assert_ok(tsr_conv_backward_activation_explain(context, &b, NULL, list, COUNT(list), &count));
    assert_string_equal(list[count - 1].algorithm, "reference");
    assert_ok(tsr_conv_backward_data_explain(context, &b, NULL, list, COUNT(list), &count));
    assert_true(count > 1);
    assert_ok(tsr_conv_backward_weights_explain(context, &b, NULL, list, COUNT(list), &count));
    assert_string_equal(list[count - 1].algorithm, "reference");
    assert_ok(tsr_pool_parse("avg:c3h9w9os4,adaptive", &pool)); /* which only GPUs have a kernel for */
    assert_ok(tsr_pool_backward_explain(context, &pool, NULL, list, COUNT(list), &count));
    assert_string_equal(list[count - 1].algorithm, "reference");
    assert_true(list[count - 1].chosen == (tsr_context_device(context)->kind != TSR_DEVICE_GPU));
}

/* A window of more columns than 16 bits count: the elements of its rows must not be taken for each other. The reference
 * would look through the window once for each of them; of one channel NHWC lies as NCHW does. */
static void a_maximum_far_along_a_row_gets_all_of_its_gradient(void **state)
{
    (void)state;
    enum { WIDTH = 65537, ELEMENTS = 2 * WIDTH, MAXIMUM = WIDTH - 1 }; /* once taken for the second row's first */
    tsr_pool pool;
    tsr_plan *plan = NULL;
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = "window_blocked";
    assert_ok(tsr_pool_parse("max:c1h2w65537r2s65537", &pool));
    pool.x_layout = pool.y_layout = TSR_LAYOUT_NHWC;
    if (tsr_context_device(context)->kind != TSR_DEVICE_CPU) skip();
    assert_ok(tsr_pool_backward_plan(context, &pool, &options, &plan));
    float *data = calloc(ELEMENTS, sizeof *data), gradient = 3.0f;
    assert_non_null(data);
    data[MAXIMUM] = 1.0f;
    tsr_buffer *x = NULL, *dy = NULL, *dx = NULL;
    assert_ok(tsr_buffer_create(context, ELEMENTS * sizeof *data, &x));
    assert_ok(tsr_buffer_write(x, 0, data, ELEMENTS * sizeof *data));
    assert_ok(tsr_buffer_create(context, sizeof gradient, &dy));
    assert_ok(tsr_buffer_write(dy, 0, &gradient, sizeof gradient));
    assert_ok(tsr_buffer_create(context, ELEMENTS * sizeof *data, &dx));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = x, .dy = dy, .dx = dx}));
    assert_ok(tsr_buffer_read(dx, 0, data, ELEMENTS * sizeof *data));
    for (int i = 0; i < ELEMENTS; ++i) assert_true(data[i] == (i == MAXIMUM ? gradient : 0.0f));
    free(data);
    tsr_buffer_destroy(x);
    tsr_buffer_destroy(dy);
    tsr_buffer_destroy(dx);
    tsr_plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_tells_what_each_tensor_needs),
        cmocka_unit_test(what_a_run_lacks_is_named_and_nothing_is_written),
        cmocka_unit_test(a_gradient_over_an_input_is_refused),
        cmocka_unit_test(a_second_run_gives_the_same_bits),
        cmocka_unit_test(explain_tells_of_every_pass),
        cmocka_unit_test(a_maximum_far_along_a_row_gets_all_of_its_gradient),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
