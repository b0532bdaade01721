/* Elements around element 2^31, without the memory: views whose strides span as many elements as 32-bit indices reach,
 * or more, and dense tensors of which windows visit little. Systems give memory to pages that are touched, so that a
 * buffer of 8 GiB costs what is written to it. What a kernel computes there it computes as well on a small tensor. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "conv/conv.h"
#include "cpu/element.h"
#include "plan_internal.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "support/support.h"
#include "support/check.h"

/* AddressSanitizer notes at every allocation which of its bytes may be touched: with buffers in the process's own
 * memory, as the CPU path's and PoCL's are, that takes minutes. */
#if defined(__SANITIZE_ADDRESS__)
#define SLOW_ALLOCATION true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW_ALLOCATION true
#endif
#endif
#ifndef SLOW_ALLOCATION
#define SLOW_ALLOCATION false
#endif

enum { SKIPPED = 77 };

static tsr_context *context, *cpu;

static int open_contexts(void **state)
{
    (void)state;
    context = support_context();
    return tsr_context_create("cpu", NULL, &cpu);
}

static int close_contexts(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    tsr_context_destroy(cpu);
    return 0;
}

/* ---- Elements one by one --------------------------------------------------------------------------------------- */

/* Elements of a buffer, in a tensor's type. */
typedef struct elements {
    tsr_buffer *buffer;
    tsr_dtype dtype;
    double *values; /* of those that were read, by number */
} elements;

/* Calls `visit` for each element of a settled tensor, with its place in memory and a number that tells it apart. */
static void for_each(const tsr_tensor *t, void (*visit)(elements *e, int64_t place, int64_t number), elements *e)
{
    int64_t number = 0;
    for (int64_t n = 0; n < t->n; ++n)
        for (int64_t c = 0; c < t->c; ++c)
            for (int64_t h = 0; h < t->size[TSR_H]; ++h)
                for (int64_t w = 0; w < t->size[TSR_W]; ++w) visit(e, tsr__tensor_at(t, n, c, 0, h, w), number++);
}

enum { LARGEST = 6 };

static void write_one(elements *e, int64_t place, int64_t number)
{
    unsigned char element[8];
    const uint64_t bytes = tsr_dtype_bytes(e->dtype);
    tsr__store(e->dtype, element, 0, (double)(number % (LARGEST + 1)));
    assert_ok(tsr_buffer_write(e->buffer, (uint64_t)place * bytes, element, bytes));
}

static void read_one(elements *e, int64_t place, int64_t number)
{
    unsigned char element[8];
    const uint64_t bytes = tsr_dtype_bytes(e->dtype);
    assert_ok(tsr_buffer_read(e->buffer, (uint64_t)place * bytes, element, bytes));
    e->values[number] = tsr__load(e->dtype, element, 0);
}

static size_t count(const tsr_tensor *t)
{
    return (size_t)(t->n * t->c * tsr__tensor_plane(t));
}

/* ---- Runs ------------------------------------------------------------------------------------------------------ */

typedef struct memory {
    tsr_buffer *x, *w, *residual, *y;
} memory;

/* false where memory of that size cannot be had. */
static bool allocate(tsr_context *where, const tsr__problem *p, memory *m)
{
    *m = (memory){0};
    const uint64_t weights = tsr_dtype_bytes(p->x.dtype) * (uint64_t)p->w_elements;
    return tsr_buffer_create(where, tsr__tensor_bytes(&p->x), &m->x) == TSR_OK &&
           tsr_buffer_create(where, tsr__tensor_bytes(&p->y), &m->y) == TSR_OK &&
           (weights == 0 || tsr_buffer_create(where, weights, &m->w) == TSR_OK) &&
           (!p->has_residual || tsr_buffer_create(where, tsr__tensor_bytes(&p->residual), &m->residual) == TSR_OK);
}

static void release(memory *m)
{
    tsr_buffer *const all[] = {m->x, m->w, m->residual, m->y};
    for (size_t i = 0; i < COUNT(all); ++i) tsr_buffer_destroy(all[i]);
}

static void fill(const memory *m, const tsr__problem *p)
{
    elements x = {m->x, p->x.dtype, NULL}, w = {m->w, p->x.dtype, NULL}, residual = {m->residual, p->y.dtype, NULL};
    for_each(&p->x, write_one, &x);
    if (p->has_residual) for_each(&p->residual, write_one, &residual);
    for (int64_t i = 0; i < p->w_elements; ++i) write_one(&w, i, i);
}

/* Runs an offer on numbered elements and reads y; NULL where there is not enough memory. The caller frees. */
static double *run(tsr_context *where, const tsr__offer *offer)
{
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr__problem *p = &offer->whole;
    elements y = {.dtype = p->y.dtype};
    memory m;
    if (allocate(where, p, &m)) {
        tsr_plan *plan = NULL;
        fill(&m, p);
        assert_ok(tsr__plan_from_offer(where, offer, &options, &plan));
        const tsr_args args = {.x = m.x, .w = m.w, .residual = m.residual, .y = m.y};
        assert_ok(tsr_plan_run(plan, &args));
        y.buffer = m.y;
        y.values = support_allocate(count(&p->y) * sizeof *y.values);
        for_each(&p->y, read_one, &y);
        tsr_plan_destroy(plan);
    }
    release(&m);
    return y.values;
}

static tsr__offer offer_of(const tsr_context *where, const tsr__algorithm *algorithm, const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    tsr__offer_from(algorithm, tsr_context_device(where), problem, &options, &offer);
    return offer;
}

/* The same problem on dense tensors, by the naive CPU path. */
static double *expected_of(const tsr__problem *problem)
{
    tsr__problem dense = *problem;
    const tsr__algorithm *const *naive = problem->op->host;
    while (naive[1] != NULL) ++naive;
    dense.x.strides = dense.y.strides = dense.residual.strides = (tsr_strides){0};
    const tsr__offer offer = offer_of(cpu, *naive, &dense);
    double *values = run(cpu, &offer);
    assert_non_null(values);
    return values;
}

/* Whether so many values are the expected ones: to the bit, or within the bound of an algorithm that rounds. */
static bool agree(const tsr__algorithm *algorithm, const tsr__problem *p, const double *values, const double *expected)
{
    if (algorithm->error == 0.0) return memcmp(values, expected, count(&p->y) * sizeof *values) == 0;
    const double allowed = algorithm->error * (double)(tsr__group_c(p) * tsr__taps(p)) * LARGEST * LARGEST;
    for (size_t i = 0; i < count(&p->y); ++i)
        if (!(fabs(values[i] - expected[i]) <= allowed)) return false;
    return true;
}

/* Runs every algorithm that takes the problem and compares; answers how many did. */
static int compare(const tsr__problem *problem, const double *expected)
{
    const tsr__algorithm *const *a = tsr__algorithms_for(tsr_context_device(context), problem->op);
    int ran = 0;
    for (; *a != NULL; ++a) {
        const tsr__offer offer = offer_of(context, *a, problem);
        if (offer.refusal != NULL) continue;
        double *values = run(context, &offer);
        if (values == NULL) continue;
        const bool right = agree(*a, problem, values, expected);
        if (!right) print_error("%s/%s in %d parts\n", problem->op->name, (*a)->name, (int)offer.parts);
        assert_true(right);
        free(values);
        ++ran;
    }
    return ran;
}

/* ---- Views ----------------------------------------------------------------------------------------------------- */

enum { FAR_N, FAR_C, FAR_H, FARS };

/* The strides of a dense tensor with a gap on one axis, so that it spans so many elements or a few less. The axis
 * becomes the outermost in memory, which it may. */
static tsr_strides span(const tsr_tensor *tensor, int far, int64_t length)
{
    tsr_tensor t = *tensor;
    t.strides = (tsr_strides){0};
    tsr__tensor_settle(&t);
    int64_t *const strides[FARS] = {&t.strides.n, &t.strides.c, &t.strides.size[TSR_H]};
    const int64_t steps[FARS] = {t.n - 1, tsr__tensor_blocks(&t) - 1, t.size[TSR_H] - 1};
    if (steps[far] > 0) *strides[far] += (length - tsr__tensor_elements(&t)) / steps[far];
    return t.strides;
}

/* As far as 32-bit indices reach, and beyond. */
static const int64_t lengths[] = {TSR__MAX_INT_INDEX, (INT64_C(1) << 31) + 1000};

static void skip_without(uint64_t bytes)
{
    if (tsr_context_device(context)->max_alloc_bytes >= bytes) return;
    printf("no buffer of %" PRIu64 " bytes on this device\n", bytes);
    skip();
}

enum { FLOATS_BYTES = 4 };

static int check_convolution(tsr_layout layout, int far, int64_t length)
{
    tsr_conv c;
    tsr__problem p;
    assert_ok(tsr_conv_parse("conv:n2c16h5w9k16r3s3pd1,residual", &c));
    c.x_layout = c.y_layout = layout;
    assert_ok(tsr__conv_problem(&c, &p));
    double *expected = expected_of(&p);
    c.x_strides = span(&p.x, far, length);
    assert_ok(tsr__conv_problem(&c, &p));
    int ran = compare(&p, expected);
    c.x_strides = (tsr_strides){0};
    c.y_strides = c.residual_strides = span(&p.y, far, length);
    assert_ok(tsr__conv_problem(&c, &p));
    ran += compare(&p, expected);
    free(expected);
    return ran;
}

static void convolutions_reach_far(void **state)
{
    (void)state;
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NHWC};
    int ran = 0;
    skip_without((uint64_t)lengths[1] * FLOATS_BYTES);
    for (size_t l = 0; l < COUNT(layouts); ++l)
        for (int far = FAR_N; far < FARS; ++far)
            for (size_t i = 0; i < COUNT(lengths); ++i)
                if (layouts[l] != TSR_LAYOUT_NHWC || far != FAR_C)
                    ran += check_convolution(layouts[l], far, lengths[i]);
    printf("%d runs\n", ran);
    assert_true(ran > 0);
}

static int check_pooling(const char *text, int far, int64_t length)
{
    tsr_pool c;
    tsr__problem p;
    assert_ok(tsr_pool_parse(text, &c));
    assert_ok(tsr__pool_problem(&c, &p));
    double *expected = expected_of(&p);
    c.x_strides = span(&p.x, far, length);
    assert_ok(tsr__pool_problem(&c, &p));
    int ran = compare(&p, expected);
    c.x_strides = (tsr_strides){0};
    c.y_strides = span(&p.y, far, length);
    assert_ok(tsr__pool_problem(&c, &p));
    ran += compare(&p, expected);
    free(expected);
    return ran;
}

static void poolings_reach_far(void **state)
{
    (void)state;
    int ran = 0;
    for (int far = FAR_N; far < FARS; ++far)
        for (size_t i = 0; i < COUNT(lengths); ++i) {
            ran += check_pooling("max:n2c3h9w9r3s3st2pd1,u8", far, lengths[i]);
            if (tsr_context_device(context)->max_alloc_bytes >= (uint64_t)lengths[i] * FLOATS_BYTES)
                ran += check_pooling("avg:n2c3h9w9r3s3st2pd1", far, lengths[i]);
        }
    printf("%d runs\n", ran);
    assert_true(ran > 0);
}

static int check_reorder(tsr_dtype dtype, int far, int64_t length)
{
    tsr__problem p;
    tsr_tensor x = {.dtype = dtype, .n = 2, .c = 19, .size = {1, 5, 7}}, y = x;
    y.layout = TSR_LAYOUT_NCHW8C;
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    double *expected = expected_of(&p);
    x.strides = span(&x, far, length);
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    int ran = compare(&p, expected);
    x.strides = (tsr_strides){0};
    y.strides = span(&y, far, length);
    assert_ok(tsr__reorder_problem(&x, &y, &p));
    ran += compare(&p, expected);
    free(expected);
    return ran;
}

static void reorders_reach_far(void **state)
{
    (void)state;
    int ran = 0;
    for (int far = FAR_N; far < FARS; ++far)
        for (size_t i = 0; i < COUNT(lengths); ++i) {
            ran += check_reorder(TSR_U8, far, lengths[i]);
            if (tsr_context_device(context)->max_alloc_bytes >= (uint64_t)lengths[i] * FLOATS_BYTES)
                ran += check_reorder(TSR_F32, far, lengths[i]);
        }
    printf("%d runs\n", ran);
    assert_true(ran > 0);
}

/* ---- Dense tensors --------------------------------------------------------------------------------------------- */

/* Windows far apart in a dense tensor: strides of so many rows and columns. */
enum { STEP_H = 13000, STEP_W = 250 };

/* Writes the elements that windows of 2 x 2 visit, and keeps the sum, or the greatest, of each window in `expected`. */
static void write_windows(tsr_buffer *buffer, const tsr__problem *p, bool greatest, double *expected)
{
    elements x = {buffer, p->x.dtype, NULL};
    int64_t number = 0, output = 0;
    for (int64_t c = 0; c < p->y.c; ++c)
        for (int64_t h = 0; h < p->y.size[TSR_H]; ++h)
            for (int64_t w = 0; w < p->y.size[TSR_W]; ++w, ++output) {
                expected[output] = 0.0;
                for (int tap = 0; tap < 4; ++tap, ++number) {
                    const double value = (double)(number % 7);
                    write_one(&x, tsr__tensor_at(&p->x, 0, c, 0, h * STEP_H + tap / 2, w * STEP_W + tap % 2), number);
                    expected[output] = greatest ? fmax(expected[output], value) : expected[output] + value;
                }
            }
}

static bool check_dense(const tsr__offer *offer)
{
    const tsr_plan_options options = tsr_plan_options_default();
    const tsr__problem *p = &offer->whole;
    const size_t bytes = count(&p->y) * sizeof(double);
    double *expected = support_allocate(bytes), *values = support_allocate(bytes);
    tsr_plan *plan = NULL;
    memory m;
    const bool enough = allocate(context, p, &m);
    if (enough) {
        elements y = {m.y, p->y.dtype, values}, w = {m.w, p->x.dtype, NULL};
        write_windows(m.x, p, p->op == &tsr__pool, expected);
        for (int64_t i = 0; i < p->w_elements; ++i) write_one(&w, i, 1);
        assert_ok(tsr__plan_from_offer(context, offer, &options, &plan));
        const tsr_args args = {.x = m.x, .w = m.w, .y = m.y};
        assert_ok(tsr_plan_run(plan, &args));
        for_each(&p->y, read_one, &y);
        if (memcmp(values, expected, bytes) != 0) print_error("%s/%s\n", p->op->name, offer->algorithm->name);
        assert_memory_equal(values, expected, bytes);
        tsr_plan_destroy(plan);
    }
    release(&m);
    free(expected);
    free(values);
    return enough;
}

/* The depthwise convolution adds up what the pooling takes the greatest of. */
static void windows_reach_far_in_dense_tensors(void **state)
{
    (void)state;
    /* 2^31 - 2^24 elements but a few, and a few more than 2^31. */
    static const char *const texts[] = {"max:c3h177000w4000r2s2st13000x250", "max:c3h179500w4000r2s2st13000x250",
                                        "conv:c3h177000w4000k3r2s2st13000x250g3",
                                        "conv:c3h179500w4000k3r2s2st13000x250g3"};
    int ran = 0;
    skip_without((uint64_t)lengths[1] * FLOATS_BYTES);
    for (size_t i = 0; i < COUNT(texts); ++i) {
        tsr_conv conv;
        tsr_pool pool;
        tsr__problem p;
        if (i < 2) {
            assert_ok(tsr_pool_parse(texts[i], &pool));
            assert_ok(tsr__pool_problem(&pool, &p));
        } else {
            assert_ok(tsr_conv_parse(texts[i], &conv));
            assert_ok(tsr__conv_problem(&conv, &p));
        }
        const tsr__algorithm *const *a = tsr__algorithms_for(tsr_context_device(context), p.op);
        for (; *a != NULL; ++a) {
            const tsr__offer offer = offer_of(context, *a, &p);
            if (offer.refusal == NULL) ran += check_dense(&offer);
        }
    }
    printf("%d runs\n", ran);
    assert_true(ran > 0);
}

int main(void)
{
    const bool own_memory = strcmp(support_selector(), "cpu") == 0 || strstr(support_selector(), "Portable") != NULL;
    if (SLOW_ALLOCATION && own_memory) return SKIPPED;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_reach_far),
        cmocka_unit_test(poolings_reach_far),
        cmocka_unit_test(reorders_reach_far),
        cmocka_unit_test(windows_reach_far_in_dense_tensors),
    };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
