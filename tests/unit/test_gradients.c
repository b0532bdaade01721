/* The gradients of the CPU path, which everything else is compared with: against differences of the forward pass in
 * double, and by the identity of an operator and its adjoint, which is exact on integers. */
#include <math.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/support.h"
#include "tessera_training.h"

enum { MAX_ELEMENTS = 4096 };

/* The tensors of a layer and their gradients, dense and of f64. */
enum { X, W, SCALE, BIAS, RESIDUAL, SLOPE, Y, V, DY, DV, DX, DW, DSCALE, DBIAS, DSLOPE, TENSORS };

typedef struct layer {
    tsr_context *context;
    tsr_conv_backward problem;
    tsr_plan *forward, *linear, *passes[3]; /* linear: v, without the activation */
    double *data[TENSORS];
    tsr_buffer *buffer[TENSORS];
    uint64_t count[TENSORS];
} layer;

static void make_tensor(layer *l, int tensor, uint64_t bytes, support_random *random, int range)
{
    if (bytes == 0) return;
    l->count[tensor] = bytes / sizeof(double);
    l->data[tensor] = support_allocate(bytes);
    for (uint64_t i = 0; i < l->count[tensor] && range > 0; ++i)
        l->data[tensor][i] = support_random_int(random, -range, range) / (range > 100 ? range / 2.0 : 1.0);
    assert_ok(tsr_buffer_wrap_host(l->context, l->data[tensor], bytes, &l->buffer[tensor]));
}

static void run(layer *l, const tsr_plan *plan)
{
    tsr_buffer *const *b = l->buffer;
    const bool from_v = plan == l->passes[0] && l->problem.from_v;
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = b[X],
                                             .w = b[W],
                                             .scale = b[SCALE],
                                             .bias = b[BIAS],
                                             .residual = b[RESIDUAL],
                                             .slope = b[SLOPE],
                                             .y = b[plan == l->linear || from_v ? V : Y],
                                             .dy = b[DY],
                                             .dv = b[DV],
                                             .dx = b[DX],
                                             .dw = b[DW],
                                             .dscale = b[DSCALE],
                                             .dbias = b[DBIAS],
                                             .dslope = b[DSLOPE]}));
}

/* Makes everything: numbers of `range` are integers up to it, or above 100 reals up to 2. */
static layer open_layer(const char *text, bool from_v, int range)
{
    layer l = {.problem = tsr_conv_backward_default()};
    support_random random = {.state = (uint64_t)strlen(text) * 77 + 5};
    tsr_plan_info info;
    assert_ok(tsr_conv_parse(text, &l.problem.forward));
    tsr_conv *f = &l.problem.forward;
    f->dtype = TSR_F64;
    l.problem.from_v = from_v;
    l.problem.dscale = f->scale;
    l.problem.dbias = f->bias;
    l.problem.dslope = f->activation == TSR_ACTIVATION_PRELU;
    tsr_conv linear = *f;
    linear.activation = TSR_ACTIVATION_NONE;
    assert_ok(tsr_context_create("cpu", NULL, &l.context));
    const tsr_plan_options *options =
        &(tsr_plan_options){.algorithm = "reference", .workspace_limit_bytes = UINT64_MAX};
    assert_ok(tsr_conv_plan(l.context, f, options, &l.forward));
    assert_ok(tsr_conv_plan(l.context, &linear, options, &l.linear));
    assert_ok(tsr_conv_backward_activation_plan(l.context, &l.problem, options, &l.passes[0]));
    assert_ok(tsr_conv_backward_data_plan(l.context, &l.problem, options, &l.passes[1]));
    assert_ok(tsr_conv_backward_weights_plan(l.context, &l.problem, options, &l.passes[2]));
    assert_ok(tsr_plan_describe(l.forward, &info));
    const uint64_t bytes[TENSORS] = {info.x_bytes,        info.w_bytes,     info.scale_bytes, info.bias_bytes,
                                     info.residual_bytes, info.slope_bytes, info.y_bytes,     info.y_bytes,
                                     info.y_bytes,        info.y_bytes,     info.x_bytes,     info.w_bytes,
                                     info.scale_bytes,    info.bias_bytes,  info.slope_bytes};
    for (int i = 0; i < TENSORS; ++i) make_tensor(&l, i, bytes[i], &random, i < Y || i == DY ? range : 0);
    return l;
}

static void close_layer(layer *l)
{
    tsr_plan_destroy(l->forward);
    tsr_plan_destroy(l->linear);
    for (int i = 0; i < 3; ++i) tsr_plan_destroy(l->passes[i]);
    for (int i = 0; i < TENSORS; ++i) {
        tsr_buffer_destroy(l->buffer[i]);
        free(l->data[i]);
    }
    tsr_context_destroy(l->context);
}

static double product(const layer *l, int a, int b)
{
    double sum = 0.0;
    assert_int_equal(l->count[a], l->count[b]);
    for (uint64_t i = 0; i < l->count[a]; ++i) sum += l->data[a][i] * l->data[b][i];
    return sum;
}

/* ---- Adjoints -------------------------------------------------------------------------------------------------- */

static void an_integer_convolution_and_its_gradients_are_adjoint_to_the_bit(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "conv:n2c4h7w6k6r3s3pd1",
        "conv:c4h9w8k6r3s2st2x3dl2x1pd0x1x2x0g2",
        "conv:n2c3d4h5w4k2t2r3s3st2x1x2pd1",
        "conv:c6h7w5k6r3s3pd1g6,flip",
        "conv:c3w11k4s4st3pd2",
        "conv:c3h5w6k4r3s3pd2,reflect",
        "conv:c3h5w4k4r5s5st2pd4x4x3x3,circular",
        "conv:n2c2h3w4k3r3s5pd5,replicate",
        "conv:c2d3h4w3k3t3r3s3pd1,replicate,flip",
        "conv:c5h8w9k3r3s3st2,same-upper",
        "convt:n2c4h5w6k6r3s3st2pd1op1",
        "convt:c4h5w4k6r3s2st3x2dl2x1pd1g2,flip",
        "convt:c3d3h3w4k4t3r2s3st2pd1x0x1x1x1x0",
        "convt:c3h4w5k4r3s3st2dl4pd1op3x2",
    };
    for (size_t i = 0; i < COUNT(texts); ++i) {
        layer l = open_layer(texts[i], false, 5);
        memcpy(l.data[DV], l.data[DY], l.count[DY] * sizeof(double));
        run(&l, l.forward);
        run(&l, l.passes[1]);
        run(&l, l.passes[2]);
        const double outputs = product(&l, Y, DV);
        assert_true(outputs != 0.0);
        assert_true(outputs == product(&l, X, DX));
        assert_true(outputs == product(&l, W, DW));
        close_layer(&l);
    }
}

/* ---- Differences ----------------------------------------------------------------------------------------------- */

static double loss(layer *l)
{
    run(l, l->forward);
    return product(l, Y, DY);
}

/* The gradient of a few elements of a tensor, against how the loss changes with them. The difference of a step h is
 * off by the third derivative times h^2 and by roundings over h: far below the tolerance. */
static void check_differences(layer *l, int tensor, int gradient)
{
    const double h = 1e-5, tolerance = 1e-6;
    for (uint64_t i = 0; i < l->count[tensor]; i += 1 + l->count[tensor] / 13) {
        double *at = &l->data[tensor][i];
        const double before = *at;
        *at = before + h;
        const double above = loss(l);
        *at = before - h;
        const double below = loss(l);
        *at = before;
        const double expected = (above - below) / (2.0 * h), got = l->data[gradient][i];
        if (!(fabs(got - expected) <= tolerance * (1.0 + fabs(expected))))
            fail_msg("tensor %d[%d]: the gradient is %.9g, the difference %.9g", tensor, (int)i, got, expected);
    }
}

static void gradients_are_the_limits_of_differences(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool from_v;
    } cases[] = {
        {"conv:n2c4h6w5k6r3s3pd1,scale,bias,residual", false},
        {"conv:n2c4h6w5k6r3s3pd1,scale,bias,residual,sigmoid", false},
        {"conv:n2c4h6w5k6r3s3pd1g2,scale,bias,residual,tanh", false},
        {"conv:c4h6w5k3r3s2st2,bias,relu", false},
        {"conv:c4h6w5k3r3s2st2,scale,leaky-relu:0.25", true},
        {"conv:c4h6w5k3r3s3pd1,scale,bias,prelu", true},
        {"conv:c4h6w5k4r3s3pd1,reflect,scale,bias,silu", true},
        {"conv:c4h6w5k4r3s3pd1,bias,gelu", true},
        {"conv:c4h6w5k4r3s3pd1,bias,gelu-tanh", true},
        {"conv:c4h6w5k4r3s3pd1,bias,elu:0.5", false},
        {"conv:c4h6w5k4r3s3pd1,bias,elu:-0.5", true},
        {"conv:c4h6w5k4r3s3pd1,scale,softplus", false},
        {"conv:c4h6w5k4r3s3pd1,circular,residual,mish", true},
        {"conv:c4h6w5k4r3s3pd1,bias,hard-swish", true},
        {"conv:c4h6w5k4r3s3pd1,bias,hard-sigmoid:0.2:0.5", false},
        {"conv:c4h6w5k4r3s3pd1,bias,clip:-3:4", false},
        {"convt:c4h4w5k6r3s3st2pd1g2,scale,bias,residual,tanh", true},
        {"convt:c3h4w5k4r3s3st2dl4pd1op3x2,scale,bias,sigmoid", true},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        layer l = open_layer(cases[i].text, cases[i].from_v, 1000);
        run(&l, l.forward);
        run(&l, l.linear);
        for (int pass = 0; pass < 3; ++pass) run(&l, l.passes[pass]);
        check_differences(&l, X, DX);
        check_differences(&l, W, DW);
        check_differences(&l, SCALE, DSCALE);
        check_differences(&l, BIAS, DBIAS);
        check_differences(&l, RESIDUAL, DV);
        check_differences(&l, SLOPE, DSLOPE);
        close_layer(&l);
    }
}

static void sums_are_added_to_what_is_there_where_asked(void **state)
{
    (void)state;
    layer l = open_layer("conv:n2c4h6w5k6r3s3pd1,scale,bias,prelu", true, 5);
    static const int sums[] = {DW, DSCALE, DBIAS, DSLOPE};
    double once[4][MAX_ELEMENTS];
    run(&l, l.linear);
    run(&l, l.passes[0]);
    run(&l, l.passes[2]);
    for (int i = 0; i < 4; ++i) memcpy(once[i], l.data[sums[i]], l.count[sums[i]] * sizeof(double));
    tsr_conv_backward more = l.problem;
    more.accumulate = true;
    tsr_plan_destroy(l.passes[0]);
    tsr_plan_destroy(l.passes[2]);
    more.dbias = false; /* by the other pass, once */
    assert_ok(tsr_conv_backward_activation_plan(l.context, &more, NULL, &l.passes[0]));
    more.dbias = true;
    assert_ok(tsr_conv_backward_weights_plan(l.context, &more, NULL, &l.passes[2]));
    run(&l, l.passes[0]);
    run(&l, l.passes[2]);
    for (int i = 0; i < 4; ++i)
        for (uint64_t j = 0; j < l.count[sums[i]]; ++j) assert_true(l.data[sums[i]][j] == 2.0 * once[i][j]);
    close_layer(&l);
}

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

typedef struct pooling {
    tsr_context *context;
    tsr_plan *forward, *backward;
    tsr_args args;
    double x[MAX_ELEMENTS], y[MAX_ELEMENTS], dy[MAX_ELEMENTS], dx[MAX_ELEMENTS];
    int64_t indices[MAX_ELEMENTS];
    uint64_t x_count, y_count;
} pooling;

static double pooling_loss(pooling *p)
{
    double sum = 0.0;
    assert_ok(tsr_plan_run(p->forward, &p->args));
    for (uint64_t i = 0; i < p->y_count; ++i) sum += p->y[i] * p->dy[i];
    return sum;
}

static void open_pooling(pooling *p, const char *text)
{
    tsr_pool problem;
    tsr_plan_info info;
    support_random random = {.state = strlen(text)};
    *p = (pooling){.context = NULL};
    assert_ok(tsr_pool_parse(text, &problem));
    problem.dtype = TSR_F64;
    assert_ok(tsr_context_create("cpu", NULL, &p->context));
    assert_ok(tsr_pool_plan(p->context, &problem, NULL, &p->forward));
    assert_ok(tsr_pool_backward_plan(p->context, &problem, NULL, &p->backward));
    assert_ok(tsr_plan_describe(p->forward, &info));
    p->x_count = info.x_bytes / sizeof(double);
    p->y_count = info.y_bytes / sizeof(double);
    assert_true(p->x_count <= MAX_ELEMENTS && p->y_count <= MAX_ELEMENTS);
    /* No two elements of x are so near that a step would change their order. */
    for (uint64_t i = 0; i < p->x_count; ++i) p->x[i] = (double)(i * 1237 % 3571) / 500.0 - 3.5;
    for (uint64_t i = 0; i < p->y_count; ++i) p->dy[i] = support_random_int(&random, -100, 100) / 50.0;
    tsr_buffer *x, *dy;
    assert_ok(tsr_buffer_wrap_host(p->context, p->x, info.x_bytes, &x));
    assert_ok(tsr_buffer_wrap_host(p->context, p->dy, info.y_bytes, &dy));
    p->args.x = x;
    p->args.dy = dy;
    assert_ok(tsr_buffer_wrap_host(p->context, p->y, info.y_bytes, &p->args.y));
    assert_ok(tsr_buffer_wrap_host(p->context, p->dx, info.x_bytes, &p->args.dx));
    assert_ok(tsr_buffer_wrap_host(p->context, p->indices, sizeof p->indices, &p->args.indices));
}

static void close_pooling(pooling *p)
{
    tsr_buffer_destroy((tsr_buffer *)p->args.x);
    tsr_buffer_destroy((tsr_buffer *)p->args.dy);
    tsr_buffer_destroy(p->args.y);
    tsr_buffer_destroy(p->args.dx);
    tsr_buffer_destroy(p->args.indices);
    tsr_plan_destroy(p->forward);
    tsr_plan_destroy(p->backward);
    tsr_context_destroy(p->context);
}

static void gradients_of_poolings_are_the_limits_of_differences(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "max:n2c3h7w6r3s3st2pd1",
        "max:c3h7w6r2s3st1,indices",
        "max:c2h9w8r3s2dl2st1pd1,ceil",
        "avg:c3h7w6r3s3st2pd1,ceil",
        "avgpad:c3h7w6r3s3st2pd1,ceil",
        "avg:c3h7w6r3s3st1pd1div5",
        "avg:c3h7w6os4x4,adaptive",
        "max:c3h7w6os3x5,adaptive",
        "avg:c2d4h3w5t2r2s2st1",
        "lp:c3h7w6r3s2st2pd1",
        "lp:c3h7w6r3s2st1p3",
        "lp:c3h7w6r2s2p1",
        "max:c3h7w6,global,indices,flat",
        "avg:c3h7w6,global",
        "max:c2d3h4w3t2r2s2st1,indices,column-major",
        "avgpad:c2h8w9r3s2dl2x3st1x2pd1",
    };
    static pooling p;
    for (size_t i = 0; i < COUNT(texts); ++i) {
        open_pooling(&p, texts[i]);
        pooling_loss(&p);
        assert_ok(tsr_plan_run(p.backward, &p.args));
        for (uint64_t j = 0; j < p.x_count; j += 3) {
            const double h = 1e-5, before = p.x[j];
            p.x[j] = before + h;
            const double above = pooling_loss(&p);
            p.x[j] = before - h;
            const double expected = (above - pooling_loss(&p)) / (2.0 * h);
            p.x[j] = before;
            if (!(fabs(p.dx[j] - expected) <= 1e-6 * (1.0 + fabs(expected))))
                fail_msg("%s: dx[%d] is %.9g, the difference %.9g", texts[i], (int)j, p.dx[j], expected);
        }
        close_pooling(&p);
    }
}

/* Of equal elements the first, a NaN before all; what lies in no window has no gradient; and a norm of 0 gives 0. */
static void ties_and_corners_are_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double x[6], dx[6]; /* dy is 1, 2, ... */
    } cases[] = {
        {"max:c1w6s3st3", {2, 2, 1, 1, 1, 1}, {1, 0, 0, 2, 0, 0}},
        {"max:c1w6s3st3", {2, NAN, NAN, -INFINITY, -INFINITY, -INFINITY}, {0, 1, 0, 2, 0, 0}},
        {"max:c1w6s3st1", {0, 5, 5, 5, 0, 0}, {0, 1 + 2, 3, 4, 0, 0}},
        {"max:c1w6s2st3", {1, 2, 9, 4, 3, 9}, {0, 1, 0, 2, 0, 0}},
        {"lp:c1w6s2st2", {0, 0, 3, -4, 0, 0}, {0, 0, 2 * 0.6, -2 * 0.8, 0, 0}},
        {"lp:c1w6s2st2p1", {0, 2, 3, -4, 0, 0}, {0, 1, 2, -2, 0, 0}},
    };
    static pooling p;
    for (size_t i = 0; i < COUNT(cases); ++i) {
        open_pooling(&p, cases[i].text);
        for (int j = 0; j < 6; ++j) p.x[j] = cases[i].x[j];
        for (uint64_t j = 0; j < p.y_count; ++j) p.dy[j] = (double)j + 1.0;
        assert_ok(tsr_plan_run(p.forward, &p.args));
        assert_ok(tsr_plan_run(p.backward, &p.args));
        for (int j = 0; j < 6; ++j)
            if (!(fabs(p.dx[j] - cases[i].dx[j]) <= 1e-15))
                fail_msg("%s, case %d: dx[%d] is %g and must be %g", cases[i].text, (int)i, j, p.dx[j], cases[i].dx[j]);
        close_pooling(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_integer_convolution_and_its_gradients_are_adjoint_to_the_bit),
        cmocka_unit_test(gradients_are_the_limits_of_differences),
        cmocka_unit_test(sums_are_added_to_what_is_there_where_asked),
        cmocka_unit_test(gradients_of_poolings_are_the_limits_of_differences),
        cmocka_unit_test(ties_and_corners_are_as_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
