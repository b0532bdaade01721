/* Problems of random and extreme numbers: whatever they are, checking them, choosing for them and describing their
 * launches ends well, and what is accepted is within the documented ranges. Sanitizers watch for overflow. */
#include "columns/columns.h"
#include "conv/conv.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "select.h"
#include "support/features.h"
#include "support/support.h"
#include "support/check.h"
#include "unpool/unpool.h"

enum { ROUNDS = 6000 };

/* How often, in percent, a number is an extreme one. */
static int wildness;

static int64_t wild(support_random *random, int low, int high)
{
    static const int64_t extremes[] = {
        0,
        -1,
        1,
        2,
        INT32_MAX - 1,
        INT32_MAX,
        (INT64_C(1) << 31),
        (INT64_C(1) << 20) + 1,
        (INT64_C(1) << 28),
        (INT64_C(1) << 28) + 1,
        (INT64_C(1) << 40),
        TSR__MAX_SIZE - 1,
        TSR__MAX_SIZE,
        TSR__MAX_SIZE + 1,
        (INT64_C(1) << 61),
        INT64_MAX,
        INT64_MIN,
        65536,
        4096,
        1 << 24,
    };
    if (support_random_int(random, 0, 99) >= wildness) return support_random_int(random, low, high);
    return extremes[support_random_int(random, 0, (int)COUNT(extremes) - 1)];
}

static void wild_axes(support_random *random, int64_t *values, int low, int high)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) values[axis] = wild(random, low, high);
}

static bool coin(support_random *random)
{
    return support_random_int(random, 0, 3) == 0;
}

static tsr_strides wild_strides(support_random *random)
{
    tsr_strides s = {.n = 0};
    if (!coin(random)) return s;
    s.n = coin(random) ? wild(random, 0, 5000) : 0;
    s.c = coin(random) ? wild(random, 0, 500) : 0;
    s.size[TSR_H] = coin(random) ? wild(random, 0, 100) : 0;
    s.size[TSR_D] = coin(random) ? wild(random, 0, 300) : 0;
    return s;
}

static tsr_layout wild_layout(support_random *random)
{
    return (tsr_layout)support_random_int(random, TSR_LAYOUT_NCHW, TSR_LAYOUT_ANY);
}

/* ---- Selection ------------------------------------------------------------------------------------------------- */

static tsr_device invent(tsr_device_kind kind, bool small)
{
    return (tsr_device){.name = "invented",
                        .kind = kind,
                        .compute_units = 2,
                        .float_width = small ? 1 : 16,
                        .max_work_group = small ? 1 : 1024,
                        .max_work_items = {small ? 1 : 1024, small ? 1 : 1024, small ? 1 : 64},
                        .local_bytes = small ? 0 : 65536,
                        .max_alloc_bytes = small ? 4096 : UINT64_C(1) << 40,
                        .fp16 = !small,
                        .fp64 = !small};
}

static void assert_in_ranges(const tsr_tensor *t)
{
    uint64_t bytes = 0;
    tsr_tensor dense = *t;
    if (dense.layout == TSR_LAYOUT_ANY) dense.layout = TSR_LAYOUT_NCHW16C;
    assert_ok(tsr_tensor_bytes(&dense, &bytes));
    assert_true(bytes > 0 && bytes <= INT64_MAX);
}

static void assert_launch(const tsr__launch *launch, const tsr__offer *o)
{
    if (tsr__launch_check(launch) == TSR_OK) return;
    const tsr_tensor *const tensors[] = {&o->problem.x, &o->problem.y};
    char shown[512];
    tsr__text text = tsr__text_over(shown, sizeof shown);
    o->problem.op->format(&o->problem, &text);
    print_error("%s/%s, %s: %s\n", o->problem.op->name, o->algorithm->name, shown, tsr_error_message());
    for (size_t i = 0; i < COUNT(tensors); ++i) {
        const tsr_strides *s = &tensors[i]->strides;
        print_error("  %s %s, strides %lld %lld %lld %lld %lld\n", tsr_layout_text(tensors[i]->layout),
                    tsr_dtype_text(tensors[i]->dtype), (long long)s->n, (long long)s->c, (long long)s->size[TSR_D],
                    (long long)s->size[TSR_H], (long long)s->size[TSR_W]);
    }
    fail();
}

/* The launches of an accepted offer are always sound: tsr__launch_check() finds mistakes of algorithms, not of
 * problems. */
static void check_launches(const tsr_device *device, const tsr__offer *o)
{
    if (o->algorithm->launches == NULL) return;
    tsr__launches launches = {.count = 0};
    o->algorithm->launches(device, &o->problem, &o->params, &launches);
    assert_in_range(launches.count, 1, TSR__MAX_LAUNCHES);
    for (int i = 0; i < launches.count; ++i) assert_launch(&launches.items[i], o);
    if (o->algorithm->pack == NULL) return;
    tsr__launch pack;
    o->algorithm->pack(device, &o->problem, &o->params, &pack);
    assert_launch(&pack, o);
}

static int check_selection(support_random *random, const tsr__problem *problem)
{
    tsr_plan_options options = tsr_plan_options_default();
    const tsr_device device =
        invent((tsr_device_kind)support_random_int(random, TSR_DEVICE_GPU, TSR_DEVICE_HOST), coin(random));
    int accepted = 0;
    char shown[512];
    tsr__text text = tsr__text_over(shown, sizeof shown);
    assert_in_ranges(&problem->x);
    assert_in_ranges(&problem->y);
    problem->op->format(problem, &text);
    assert_true(text.length > 0);
    if (coin(random)) options.workspace_limit_bytes = (uint64_t)support_random_int(random, 0, 1 << 20);
    options.packed_weights = coin(random);
    for (const tsr__algorithm *const *a = tsr__algorithms_for(&device, problem->op); *a != NULL; ++a) {
        tsr__offer offer;
        tsr__offer_from(*a, &device, problem, &options, &offer);
        /* docs/algorithms.md shows these features alone. */
        assert_int_equal(tsr__problem_features(&offer.whole) & ~features_askable(problem->op), 0);
        if (offer.refusal != NULL) continue;
        assert_true(offer.workspace_bytes <= options.workspace_limit_bytes);
        assert_true(offer.workspace_bytes <= device.max_alloc_bytes);
        check_launches(&device, &offer);
        ++accepted;
    }
    return accepted;
}

/* ---- Problems -------------------------------------------------------------------------------------------------- */

static bool wild_conv(support_random *random, tsr__problem *p)
{
    tsr_conv c = tsr_conv_default();
    c.n = wild(random, 1, 4);
    c.groups = coin(random) ? wild(random, 1, 4) : 1;
    const bool few = c.groups > 1 && c.groups < 5;
    c.c = few ? c.groups * support_random_int(random, 1, 9) : wild(random, 1, 20);
    c.k = few ? c.groups * support_random_int(random, 1, 9) : wild(random, 1, 20);
    wild_axes(random, c.size, 1, 20);
    wild_axes(random, c.filter, 1, 3);
    wild_axes(random, c.stride, 1, 3);
    wild_axes(random, c.dilation, 1, 2);
    if (coin(random)) wild_axes(random, c.pad_begin, 0, 2);
    if (coin(random)) wild_axes(random, c.pad_end, 0, 2);
    c.auto_pad = (tsr_auto_pad)(coin(random) ? support_random_int(random, -1, 4) : 0);
    c.pad_mode = (tsr_pad_mode)(coin(random) ? support_random_int(random, -1, 4) : 0);
    c.transposed = coin(random);
    if (coin(random)) wild_axes(random, c.output_padding, 0, 1);
    if (coin(random)) wild_axes(random, c.output_size, 0, 40);
    c.flip = coin(random);
    c.scale = coin(random);
    c.bias = coin(random);
    c.residual = coin(random);
    c.activation = (tsr_activation)support_random_int(random, -1, 16);
    c.dtype = (tsr_dtype)(coin(random) ? support_random_int(random, -1, 5) : 0);
    c.half_sums = coin(random);
    c.exact = coin(random);
    c.x_layout = wild_layout(random);
    c.y_layout = wild_layout(random);
    c.x_strides = wild_strides(random);
    c.y_strides = wild_strides(random);
    c.residual_strides = wild_strides(random);
    char text[512];
    tsr_conv_format(&c, text, sizeof text);
    return tsr__conv_problem(&c, p) == TSR_OK;
}

static bool wild_pool(support_random *random, tsr__problem *p)
{
    tsr_pool c = tsr_pool_default();
    c.kind = (tsr_pool_kind)support_random_int(random, -1, 4);
    c.n = wild(random, 1, 4);
    c.c = wild(random, 1, 20);
    wild_axes(random, c.size, 1, 20);
    c.adaptive = coin(random);
    c.global = !c.adaptive && coin(random);
    if (!c.adaptive && !c.global) {
        wild_axes(random, c.filter, 1, 3);
        wild_axes(random, c.dilation, 1, 2);
        if (coin(random)) wild_axes(random, c.pad_begin, 0, 1);
        if (coin(random)) wild_axes(random, c.pad_end, 0, 1);
        c.ceil = coin(random);
    }
    wild_axes(random, c.stride, 0, 3);
    if (c.adaptive) wild_axes(random, c.output_size, 0, 9);
    c.divisor = coin(random) ? wild(random, 0, 9) : 0;
    c.p = coin(random) ? wild(random, 1, 5) : 2;
    c.indices = (tsr_indices)(coin(random) ? support_random_int(random, -1, 3) : 0);
    c.indices_flat = coin(random);
    c.indices_column_major = coin(random);
    c.dtype = (tsr_dtype)(coin(random) ? support_random_int(random, -1, 5) : 0);
    c.x_layout = wild_layout(random);
    c.y_layout = coin(random) ? wild_layout(random) : c.x_layout;
    c.x_strides = wild_strides(random);
    c.y_strides = wild_strides(random);
    char text[512];
    tsr_pool_format(&c, text, sizeof text);
    return tsr__pool_problem(&c, p) == TSR_OK;
}

static bool wild_unpool(support_random *random, tsr__problem *p)
{
    tsr_unpool u = tsr_unpool_default();
    u.n = wild(random, 1, 4);
    u.c = wild(random, 1, 20);
    wild_axes(random, u.pooled, 1, 9);
    wild_axes(random, u.size, 1, 20);
    u.indices = (tsr_indices)support_random_int(random, 0, 3);
    u.indices_flat = coin(random);
    u.dtype = (tsr_dtype)support_random_int(random, -1, 5);
    u.layout = wild_layout(random);
    return tsr__unpool_problem(&u, p) == TSR_OK;
}

static bool wild_columns(support_random *random, tsr__problem *p)
{
    tsr_unfold u = tsr_unfold_default();
    u.n = wild(random, 1, 4);
    u.c = wild(random, 1, 20);
    wild_axes(random, u.size, 1, 20);
    wild_axes(random, u.filter, 1, 3);
    wild_axes(random, u.stride, 1, 3);
    wild_axes(random, u.dilation, 1, 2);
    wild_axes(random, u.pad_begin, 0, 2);
    wild_axes(random, u.pad_end, 0, 2);
    u.dtype = (tsr_dtype)support_random_int(random, -1, 3);
    return tsr__columns_problem(&u, coin(random), p) == TSR_OK;
}

static bool wild_reorder(support_random *random, tsr__problem *p)
{
    tsr_tensor x = {.n = wild(random, 1, 4), .c = wild(random, 1, 20)}, y;
    wild_axes(random, x.size, 1, 20);
    y = x;
    x.layout = wild_layout(random);
    y.layout = wild_layout(random);
    x.dtype = (tsr_dtype)support_random_int(random, -1, 5);
    y.dtype = (tsr_dtype)support_random_int(random, -1, 5);
    x.strides = wild_strides(random);
    y.strides = wild_strides(random);
    return tsr__reorder_problem(&x, &y, p) == TSR_OK;
}

static void check_all(bool (*make)(support_random *random, tsr__problem *p), uint64_t seed)
{
    static const int wildnesses[] = {0, 3, 10, 40};
    support_random random = {.state = seed};
    int accepted = 0, checked = 0;
    for (int round = 0; round < ROUNDS; ++round) {
        tsr__problem p;
        wildness = wildnesses[round % (int)COUNT(wildnesses)];
        if (!make(&random, &p)) continue;
        ++checked;
        accepted += check_selection(&random, &p);
    }
    assert_in_range(checked, 100, ROUNDS);
    assert_in_range(accepted, 100, INT32_MAX);
}

static void any_convolution_ends_well(void **state)
{
    (void)state;
    check_all(wild_conv, 61);
}

static void any_pooling_ends_well(void **state)
{
    (void)state;
    check_all(wild_pool, 62);
}

static void any_unpooling_ends_well(void **state)
{
    (void)state;
    check_all(wild_unpool, 63);
}

static void any_columns_end_well(void **state)
{
    (void)state;
    check_all(wild_columns, 64);
}

static void any_reorder_ends_well(void **state)
{
    (void)state;
    check_all(wild_reorder, 65);
}

/* ---- Near the limits of 32 bits -------------------------------------------------------------------------------- */

static void check_on_all_devices(const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    for (int kind = TSR_DEVICE_GPU; kind <= TSR_DEVICE_CPU; ++kind) {
        const tsr_device device = invent((tsr_device_kind)kind, false);
        for (const tsr__algorithm *const *a = problem->op->opencl; *a != NULL; ++a) {
            tsr__offer offer;
            tsr__offer_from(*a, &device, problem, &options, &offer);
            if (offer.refusal == NULL) check_launches(&device, &offer);
        }
    }
}

static void launches_of_huge_planes_fit(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "conv:c3h16384w16384k3r3s3pd1", "conv:c1h32768w32768k1r3s3pd1", "conv:c7h16384w16384k7r3s3pd1g7",
        "conv:c5w268435456k5",          "conv:c3h11586w11586k16,f16",   "convt:c3h8192w8192k3r2s2st2",
        "conv:c3d64h2048w2048k3t3r3s3", "max:c7h16384w16384r2s2",       "avg:c3h16384w16384r3s3st1pd1",
        "max:c5d64h2048w2048t2r2s2",    "conv:n500c3h1024w1024k3r3s3",
    };
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NHWC, TSR_LAYOUT_ANY};
    for (size_t i = 0; i < COUNT(texts); ++i)
        for (size_t l = 0; l < COUNT(layouts); ++l) {
            tsr__problem p;
            tsr_conv conv;
            tsr_pool pool;
            if (strncmp(texts[i], "conv", 4) == 0) {
                assert_ok(tsr_conv_parse(texts[i], &conv));
                conv.x_layout = conv.y_layout = layouts[l];
                assert_ok(tsr__conv_problem(&conv, &p));
            } else {
                assert_ok(tsr_pool_parse(texts[i], &pool));
                pool.x_layout = pool.y_layout = layouts[l];
                assert_ok(tsr__pool_problem(&pool, &p));
            }
            check_on_all_devices(&p);
        }
}

/* The stride of an axis with one element, or of a residual that is not there, means nothing. */
static void strides_that_span_nothing_do_no_harm(void **state)
{
    (void)state;
    tsr__problem p;
    tsr_conv conv;
    tsr_tensor x = {.n = 1, .c = 7, .size = {1, 13, 4}, .strides = {.n = INT64_C(1) << 40}}, y = x;
    y.layout = TSR_LAYOUT_NCHW8C;
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    check_on_all_devices(&p);
    x.c = y.c = 1;
    x.strides.c = INT64_C(1) << 35;
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    check_on_all_devices(&p);
    assert_ok(tsr_conv_parse("conv:c8h5w6k8r3s3", &conv));
    conv.residual_strides.n = INT64_C(1) << 40;
    assert_ok(tsr__conv_problem(&conv, &p));
    check_on_all_devices(&p);
    conv.x_strides.n = conv.y_strides.n = INT64_C(1) << 40;
    assert_ok(tsr__conv_problem(&conv, &p));
    check_on_all_devices(&p);
}

/* The same of one image of one channel or block, for every algorithm that filters or pools. */
static void strides_of_one_block_do_no_harm(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tsr_layout layout;
    } cases[] = {
        {"conv:c8h5w6k8r3s3g8", TSR_LAYOUT_NCHW8C}, {"conv:c1h5w6k1r3s3g1", TSR_LAYOUT_NCHW},
        {"conv:c8h5w6k8r3s3", TSR_LAYOUT_NCHW8C},   {"max:c8h5w6r3s3", TSR_LAYOUT_NCHW8C},
        {"max:c1h5w6r3s3", TSR_LAYOUT_NCHW},        {"max:c1h5w6,global", TSR_LAYOUT_NCHW},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        const tsr_strides far = {.n = INT64_C(1) << 40, .c = INT64_C(1) << 35};
        tsr__problem p;
        tsr_conv conv;
        tsr_pool pool;
        if (strncmp(cases[i].text, "conv", 4) == 0) {
            assert_ok(tsr_conv_parse(cases[i].text, &conv));
            conv.x_layout = conv.y_layout = cases[i].layout;
            conv.x_strides = conv.y_strides = far;
            assert_ok(tsr__conv_problem(&conv, &p));
        } else {
            assert_ok(tsr_pool_parse(cases[i].text, &pool));
            pool.x_layout = pool.y_layout = cases[i].layout;
            pool.x_strides = pool.y_strides = far;
            assert_ok(tsr__pool_problem(&pool, &p));
        }
        check_on_all_devices(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_convolution_ends_well),
        cmocka_unit_test(any_pooling_ends_well),
        cmocka_unit_test(any_unpooling_ends_well),
        cmocka_unit_test(any_columns_end_well),
        cmocka_unit_test(any_reorder_ends_well),
        cmocka_unit_test(launches_of_huge_planes_fit),
        cmocka_unit_test(strides_that_span_nothing_do_no_harm),
        cmocka_unit_test(strides_of_one_block_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
