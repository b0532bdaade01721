/* Every operator in every number of parts, on problems that are small: limits that split them would take gigabytes. The
 * offers are made here as selection would make them; what is tested is that a plan runs them as it runs the whole. */
#include <stdlib.h>

#include "columns/columns.h"
#include "context.h"
#include "conv/conv.h"
#include "plan_internal.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "support/check.h"
#include "unpool/unpool.h"
#include "api/shared_context.h"

/* ---- Offers ---------------------------------------------------------------------------------------------------- */

static bool cut_channels(tsr_tensor *t, int64_t parts)
{
    const int64_t block = tsr__layout_is_blocked(t->layout) ? tsr__layout_block(t->layout) : 1;
    if (t->c % (parts * block) != 0) return false;
    t->c /= parts;
    return true;
}

/* Makes the offer's problem one of so many parts; false where they would not be alike. */
static bool cut(tsr__offer *o, int64_t parts, bool channels)
{
    tsr__problem *p = &o->problem;
    const int64_t groups = p->groups;
    o->parts = parts;
    o->splits_channels = channels;
    if (!channels) {
        if (p->x.n % parts != 0) return false;
        p->x.n /= parts;
        p->y.n /= parts;
        p->residual.n /= parts;
        return true;
    }
    if (!p->op->has_window || p->fold || (groups == 1 && p->window.transposed)) return false;
    if (groups > 1 && groups % parts != 0) return false;
    if (!cut_channels(&p->y, parts) || (groups != 1 && !cut_channels(&p->x, parts))) return false;
    p->residual.c = p->y.c;
    p->w_elements /= parts;
    if (groups > 1) p->groups /= parts;
    return true;
}

/* Whether the algorithm takes the part; its params and memory are brought up to date. */
static bool accepts(tsr__offer *o, const tsr_plan_options *options)
{
    const tsr__algorithm *a = o->algorithm;
    if (tsr__problem_features(&o->problem) & ~a->features) return false;
    if (a->refuse != NULL && a->refuse(&context->device, &o->problem) != NULL) return false;
    if (a->params != NULL) a->params(&context->device, &o->problem, &o->params);
    tsr__offer_measure(o, options);
    return true;
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

typedef struct outcome {
    unsigned char *y, *indices; /* NULL: none */
} outcome;

static tsr_buffer *buffer_with(const void *data, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    if (bytes == 0) return NULL;
    assert_ok(tsr_buffer_create(context, bytes, &buffer));
    unsigned char *poison = support_allocate(bytes);
    memset(poison, SUPPORT_POISON, bytes);
    assert_ok(tsr_buffer_write(buffer, 0, data == NULL ? poison : data, bytes));
    free(poison);
    return buffer;
}

static tsr_buffer *buffer_of(void *data, uint64_t bytes)
{
    tsr_buffer *buffer = buffer_with(data, bytes);
    free(data);
    return buffer;
}

static tsr_buffer *random_buffer(uint64_t seed, tsr_dtype dtype, uint64_t bytes)
{
    support_random random = {.state = seed};
    return bytes == 0 ? NULL : buffer_of(support_numbers(&random, dtype, bytes, -3), bytes);
}

static tsr_buffer *tensor_buffer(uint64_t seed, const tsr_tensor *tensor, uint64_t bytes)
{
    support_random random = {.state = seed};
    return bytes == 0 ? NULL : buffer_of(support_tensor(&random, tensor), bytes);
}

/* What an unpooling reads: places in a plane, which may be hit twice. */
static tsr_buffer *index_buffer(const tsr__problem *p, uint64_t bytes)
{
    if (bytes == 0 || p->op->has_window) return buffer_with(NULL, bytes);
    int64_t *indices = support_allocate(bytes);
    for (uint64_t i = 0; i < bytes / sizeof *indices; ++i)
        indices[i] = (int64_t)(i * 7 % 5) * tsr__tensor_plane(&p->y) / 5;
    return buffer_of(indices, bytes);
}

static unsigned char *contents(const tsr_buffer *buffer)
{
    if (buffer == NULL) return NULL;
    unsigned char *bytes = support_allocate(tsr_buffer_bytes(buffer));
    assert_ok(tsr_buffer_read(buffer, 0, bytes, tsr_buffer_bytes(buffer)));
    return bytes;
}

static outcome run_offer(const tsr__offer *o, const tsr_plan_options *options)
{
    const tsr__problem *p = &o->whole;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    assert_ok(tsr__plan_from_offer(context, o, options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    assert_int_equal(info.parts, o->parts);
    tsr_buffer *x = tensor_buffer(1, &p->x, info.x_bytes), *w = random_buffer(2, p->x.dtype, info.w_bytes);
    tsr_buffer *scale = random_buffer(3, p->x.dtype, info.scale_bytes);
    tsr_buffer *bias = random_buffer(4, p->x.dtype, info.bias_bytes);
    tsr_buffer *slope = random_buffer(5, p->x.dtype, info.slope_bytes);
    tsr_buffer *residual = tensor_buffer(6, &p->residual, info.residual_bytes);
    tsr_buffer *indices = index_buffer(p, info.indices_bytes), *y = buffer_with(NULL, info.y_bytes);
    const tsr_args args = {
        .x = x, .w = w, .scale = scale, .bias = bias, .slope = slope, .residual = residual, .indices = indices, .y = y};
    assert_ok(tsr_plan_run(plan, &args));
    const outcome out = {contents(y), contents(indices)};
    tsr_buffer *const buffers[] = {x, w, scale, bias, slope, residual, indices, y};
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(plan);
    return out;
}

static void assert_same(const tsr__offer *o, const outcome *whole, const outcome *parts)
{
    const uint64_t y_bytes = tsr__tensor_bytes(&o->whole.y), each = tsr__index_bytes(&o->whole);
    const uint64_t count = (uint64_t)tsr__tensor_elements(o->whole.op->has_window ? &o->whole.y : &o->whole.x);
    const bool same = memcmp(whole->y, parts->y, y_bytes) == 0 &&
                      (each == 0 || memcmp(whole->indices, parts->indices, each * count) == 0);
    if (same) return;
    char shown[512];
    tsr__text text = tsr__text_over(shown, sizeof shown);
    o->whole.op->format(&o->whole, &text);
    fail_msg("%s/%s %s %s->%s in %d parts of the %s", o->whole.op->name, o->algorithm->name, shown,
             tsr_layout_text(o->whole.x.layout), tsr_layout_text(o->whole.y.layout), (int)o->parts,
             o->splits_channels ? "channels" : "batch");
}

/* The chosen algorithm and the reference, in all the parts that they take; answers in how many ways. */
static int check_algorithm(const tsr__algorithm *a, const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer whole;
    int ways = 0;
    tsr__offer_from(a, &context->device, problem, &options, &whole);
    if (whole.refusal != NULL) return 0;
    const outcome expected = run_offer(&whole, &options);
    for (int64_t parts = 2; parts <= 16; ++parts)
        for (int channels = 0; channels <= 1; ++channels) {
            tsr__offer offer = whole;
            if (!cut(&offer, parts, channels) || !accepts(&offer, &options)) continue;
            const outcome got = run_offer(&offer, &options);
            assert_same(&offer, &expected, &got);
            free(got.y);
            free(got.indices);
            ++ways;
        }
    free(expected.y);
    free(expected.indices);
    return ways;
}

static int check_problem(const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr__algorithm *const *list = tsr__algorithms_for(&context->device, problem->op);
    int ways = 0;
    bool first = true;
    for (size_t i = 0; list[i] != NULL; ++i) {
        if (!tsr__admits(&options, &context->device, list[i])) continue;
        const int more = first || list[i + 1] == NULL ? check_algorithm(list[i], problem) : 0;
        if (more > 0) first = false;
        ways += more;
    }
    return ways;
}

/* ---- Problems -------------------------------------------------------------------------------------------------- */

static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NHWC};

static void convolutions_run_in_every_number_of_parts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "conv:n4c16h5w6k16r3s3pd1g4,scale,bias,residual,prelu",
        "conv:n2c8h5w6k32r3s3,scale,bias,residual,prelu",
        "conv:n2c16h5w6k16r3s3pd1g16,bias",
        "convt:n2c16h4w5k32r3s3st2g4,bias",
        "convt:n3c8h4w5k8r3s3st2,residual",
        "conv:n2c16h5w6k32r3s3pd1g2,bias,f16",
    };
    for (size_t i = 0; i < COUNT(texts); ++i)
        for (size_t l = 0; l < COUNT(layouts); ++l) {
            tsr_conv conv;
            tsr__problem p;
            assert_ok(tsr_conv_parse(texts[i], &conv));
            conv.x_layout = conv.y_layout = layouts[l];
            assert_ok(tsr__conv_problem(&conv, &p));
            if (conv.residual && l == 0) conv.residual_strides.n = 7 + tsr__tensor_elements(&p.y);
            assert_ok(tsr__conv_problem(&conv, &p));
            assert_true(check_problem(&p) > 0);
        }
}

static void poolings_run_in_every_number_of_parts(void **state)
{
    (void)state;
    static const char *const texts[] = {"max:n4c16h7w9r3s3st2pd1,indices", "max:n2c16h7w9r3s3st2pd1,indices32",
                                        "avg:n2c16h7w9r3s3st2pd1,ceil", "max:n2c16h7w9r3s3st2,f16",
                                        "max:n3c16h7w9os2,adaptive,indices,u8"};
    for (size_t i = 0; i < COUNT(texts); ++i)
        for (size_t l = 0; l < COUNT(layouts); ++l) {
            tsr_pool pool;
            tsr__problem p;
            assert_ok(tsr_pool_parse(texts[i], &pool));
            pool.x_layout = pool.y_layout = layouts[l];
            assert_ok(tsr__pool_problem(&pool, &p));
            assert_true(check_problem(&p) > 0);
        }
}

static void the_other_operators_run_in_every_number_of_parts(void **state)
{
    (void)state;
    tsr__problem p;
    for (size_t l = 0; l < COUNT(layouts); ++l) {
        tsr_unpool unpool = tsr_unpool_default();
        unpool.n = 4;
        unpool.c = 16;
        unpool.pooled[TSR_H] = unpool.pooled[TSR_W] = 3;
        unpool.size[TSR_H] = unpool.size[TSR_W] = 5;
        unpool.layout = layouts[l];
        assert_ok(tsr__unpool_problem(&unpool, &p));
        assert_true(check_problem(&p) > 0);
        const tsr_tensor x = {.n = 4, .c = 16, .size = {1, 5, 6}};
        tsr_tensor y = x;
        y.layout = layouts[l];
        y.dtype = TSR_F16;
        assert_ok(tsr__reorder_problem(&x, &y, &p));
        assert_true(check_problem(&p) > 0);
    }
    tsr_unfold unfold = tsr_unfold_default();
    unfold.n = 4;
    unfold.c = 6;
    unfold.size[TSR_H] = unfold.size[TSR_W] = 5;
    unfold.filter[TSR_H] = unfold.filter[TSR_W] = 3;
    unfold.pad_begin[TSR_W] = 1;
    for (int fold = 0; fold <= 1; ++fold) {
        assert_ok(tsr__columns_problem(&unfold, fold, &p));
        assert_true(check_problem(&p) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_run_in_every_number_of_parts),
        cmocka_unit_test(poolings_run_in_every_number_of_parts),
        cmocka_unit_test(the_other_operators_run_in_every_number_of_parts),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
