/* Backward passes that are refused: each message names what was wrong, its value and what is allowed. */
#include "support/check.h"
#include "support/support.h"
#include "tessera_training.h"

static tsr_context *context;

static int open_context(void **state)
{
    (void)state;
    return tsr_context_create("cpu", NULL, &context);
}

static int close_context(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    return 0;
}

static tsr_conv_backward problem_of(const char *text)
{
    tsr_conv_backward b = tsr_conv_backward_default();
    assert_ok(tsr_conv_parse(text, &b.forward));
    return b;
}

typedef tsr_status plan_fn(tsr_context *, const tsr_conv_backward *, const tsr_plan_options *, tsr_plan **);
static plan_fn *const plans[] = {tsr_conv_backward_activation_plan, tsr_conv_backward_data_plan,
                                 tsr_conv_backward_weights_plan};

static void arguments_that_are_null_are_named(void **state)
{
    (void)state;
    const tsr_conv_backward b = problem_of("conv:c2w5k3s3");
    tsr_plan *plan = NULL;
    for (size_t i = 0; i < COUNT(plans); ++i) {
        assert_fails(plans[i](NULL, &b, NULL, &plan), TSR_INVALID_VALUE, "context is NULL");
        assert_fails(plans[i](context, NULL, NULL, &plan), TSR_INVALID_VALUE, "problem is NULL");
        assert_fails(plans[i](context, &b, NULL, NULL), TSR_INVALID_VALUE, "plan is NULL");
    }
    assert_fails(tsr_pool_backward_plan(context, NULL, NULL, &plan), TSR_INVALID_VALUE, "problem is NULL");
    assert_null(plan);
}

static void a_forward_problem_that_is_wrong_is_refused_as_forward(void **state)
{
    (void)state;
    tsr_conv_backward b = problem_of("conv:c2w5k3s3");
    tsr_plan *plan = NULL;
    b.forward.filter[TSR_W] = 6;
    for (size_t i = 0; i < COUNT(plans); ++i)
        assert_fails(plans[i](context, &b, NULL, &plan), TSR_INVALID_VALUE, "filter[W] is 6");
}

static void gradients_of_what_is_not_there_are_refused(void **state)
{
    (void)state;
    const char *const names[] = {"dbias is true", "dscale is true", "dslope is true"};
    const char *const wants[] = {"forward.bias", "forward.scale", "prelu"};
    for (size_t flag = 0; flag < COUNT(names); ++flag)
        for (size_t i = 0; i < COUNT(plans); ++i) {
            tsr_conv_backward b = problem_of("conv:c2w5k3s3,relu");
            tsr_plan *plan = NULL;
            b.dbias = flag == 0;
            b.dscale = flag == 1;
            b.dslope = flag == 2;
            assert_fails(plans[i](context, &b, NULL, &plan), TSR_INVALID_VALUE, names[flag], wants[flag]);
        }
}

static void activations_whose_derivative_is_no_function_of_y_want_v(void **state)
{
    (void)state;
    static const char *const of_v[] = {"prelu",     "silu", "hard-swish", "gelu",
                                       "gelu-tanh", "mish", "elu:-1",     "leaky-relu:-0.5"};
    static const char *const of_y[] = {"none", "relu",         "relu6", "leaky-relu", "clip:-1:2", "sigmoid",
                                       "tanh", "hard-sigmoid", "elu",   "softplus",   "elu:0"};
    for (size_t i = 0; i < COUNT(of_v) + COUNT(of_y); ++i) {
        tsr_conv_backward b = problem_of("conv:c2w5k3s3");
        const bool needs_v = i < COUNT(of_v);
        const char *text = needs_v ? of_v[i] : of_y[i - COUNT(of_v)];
        tsr_plan *plan = NULL;
        assert_ok(tsr_activation_parse(text, &b.forward.activation, &b.forward.alpha, &b.forward.beta));
        if (needs_v) {
            char name[32] = "";
            strncpy(name, text, strcspn(text, ":"));
            assert_fails(tsr_conv_backward_activation_plan(context, &b, NULL, &plan), TSR_INVALID_VALUE,
                         "from_v is false", name);
        } else {
            assert_ok(tsr_conv_backward_activation_plan(context, &b, NULL, &plan));
            tsr_plan_destroy(plan);
        }
        b.from_v = true;
        assert_ok(tsr_conv_backward_activation_plan(context, &b, NULL, &plan));
        tsr_plan_destroy(plan);
    }
}

static void packed_weights_are_refused_where_they_make_no_sense(void **state)
{
    (void)state;
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = true;
    tsr_conv_backward b = problem_of("conv:c2w5k3s3,scale,relu");
    tsr_plan *plan = NULL;
    for (size_t i = 0; i < COUNT(plans); ++i)
        assert_fails(plans[i](context, &b, &options, &plan), TSR_INVALID_VALUE, "packed_weights is true",
                     "allowed is false");
    b.forward.scale = false;
    assert_ok(tsr_conv_backward_data_plan(context, &b, &options, &plan));
    tsr_plan_destroy(plan);
}

static void a_dx_whose_elements_share_a_place_is_refused(void **state)
{
    (void)state;
    tsr_conv_backward b = problem_of("conv:c2h4w5k3r1s3");
    tsr_pool pool;
    tsr_plan *plan = NULL;
    b.forward.x_strides.size[TSR_H] = 2; /* rows overlap: fine to read, not to write */
    assert_ok(tsr_conv_backward_weights_plan(context, &b, NULL, &plan));
    tsr_plan_destroy(plan);
    assert_fails(tsr_conv_backward_data_plan(context, &b, NULL, &plan), TSR_INVALID_VALUE, "dx.strides",
                 "share a place");
    assert_ok(tsr_pool_parse("max:c2h4w5s3", &pool));
    pool.x_strides.size[TSR_H] = 2;
    assert_fails(tsr_pool_backward_plan(context, &pool, NULL, &plan), TSR_INVALID_VALUE, "dx.strides");
}

static void poolings_of_integers_have_no_gradient(void **state)
{
    (void)state;
    tsr_pool pool;
    tsr_plan *plan = NULL;
    assert_ok(tsr_pool_parse("max:c2h4w5s3,i8", &pool));
    assert_fails(tsr_pool_backward_plan(context, &pool, NULL, &plan), TSR_INVALID_VALUE, "dtype is 3 (i8)", "f64");
}

static void workspace_limits_hold(void **state)
{
    (void)state;
    tsr_plan_options options = tsr_plan_options_default();
    options.workspace_limit_bytes = 3 * 2 * 3 * sizeof(float) - 1;
    tsr_conv_backward b = problem_of("conv:n2c2w5k3s3,scale");
    tsr_plan *plan = NULL;
    assert_fails(tsr_conv_backward_data_plan(context, &b, &options, &plan), TSR_UNSUPPORTED, "workspace_limit_bytes");
    ++options.workspace_limit_bytes;
    tsr_plan_info info;
    assert_ok(tsr_conv_backward_data_plan(context, &b, &options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    assert_int_equal(info.workspace_bytes, options.workspace_limit_bytes);
    tsr_plan_destroy(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_that_are_null_are_named),
        cmocka_unit_test(a_forward_problem_that_is_wrong_is_refused_as_forward),
        cmocka_unit_test(gradients_of_what_is_not_there_are_refused),
        cmocka_unit_test(activations_whose_derivative_is_no_function_of_y_want_v),
        cmocka_unit_test(packed_weights_are_refused_where_they_make_no_sense),
        cmocka_unit_test(a_dx_whose_elements_share_a_place_is_refused),
        cmocka_unit_test(poolings_of_integers_have_no_gradient),
        cmocka_unit_test(workspace_limits_hold),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
