/* Slices of buffers: what ranges they may have, how long the memory lives, and that two convolutions can write the
 * channels of one tensor, which is what a concatenation is. */
#include <stdlib.h>

#include "api/runs.h"
#include "api/wrapped.h"
#include "support/check.h"
#include "api/shared_context.h"

enum { BYTES = 100 };

static tsr_buffer *counting_buffer(void)
{
    unsigned char bytes[BYTES];
    tsr_buffer *buffer = NULL;
    for (int i = 0; i < BYTES; ++i) bytes[i] = (unsigned char)i;
    assert_ok(tsr_buffer_create(context, BYTES, &buffer));
    assert_ok(tsr_buffer_write(buffer, 0, bytes, BYTES));
    return buffer;
}

static int byte_at(const tsr_buffer *buffer, uint64_t offset)
{
    unsigned char byte = 0;
    assert_ok(tsr_buffer_read(buffer, offset, &byte, 1));
    return byte;
}

/* ---- Ranges ---------------------------------------------------------------------------------------------------- */

static void a_slice_shows_its_range_and_no_more(void **state)
{
    (void)state;
    tsr_buffer *whole = counting_buffer(), *slice = NULL, *inner = NULL, *all = NULL, *odd = NULL;
    unsigned char value = 200;
    assert_ok(tsr_buffer_slice(whole, 20, 40, &slice));
    assert_ok(tsr_buffer_slice(slice, 8, 12, &inner)); /* of a slice */
    assert_ok(tsr_buffer_slice(whole, 0, BYTES, &all));
    assert_ok(tsr_buffer_slice(whole, 96, 3, &odd)); /* any number of bytes */
    assert_int_equal(tsr_buffer_bytes(slice), 40);
    assert_int_equal(byte_at(slice, 0), 20);
    assert_int_equal(byte_at(slice, 39), 59);
    assert_int_equal(byte_at(inner, 11), 39);
    assert_int_equal(byte_at(odd, 2), 98);
    assert_ok(tsr_buffer_write(inner, 1, &value, 1));
    assert_int_equal(byte_at(whole, 29), 200);
    assert_int_equal(byte_at(all, 29), 200);
    assert_fails(tsr_buffer_read(slice, 40, &value, 1), TSR_INVALID_VALUE, "the buffer has 40 bytes");
    assert_fails(tsr_buffer_write(inner, 0, &value, 13), TSR_INVALID_VALUE, "the buffer has 12 bytes");
    tsr_buffer *const buffers[] = {whole, slice, inner, all, odd};
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
}

static void ranges_outside_or_misaligned_are_refused(void **state)
{
    (void)state;
    static const struct {
        uint64_t offset, bytes;
        const char *message;
    } cases[] = {
        {1, 4, "offset is 1"},
        {2, 4, "multiple of 4"},
        {6, 4, "offset is 6"},
        {0, 0, "bytes 0"},
        {BYTES, 4, "the buffer has 100"},
        {BYTES + 4, 4, "the buffer has 100"},
        {0, BYTES + 1, "bytes 101"},
        {96, 5, "the buffer has 100"},
        {4, UINT64_MAX, "bytes 18446744073709551615"},
        {UINT64_MAX - 3, 8, "offset is 18446744073709551612"},
    };
    tsr_buffer *whole = counting_buffer(), *slice = NULL;
    for (size_t i = 0; i < COUNT(cases); ++i)
        assert_fails(tsr_buffer_slice(whole, cases[i].offset, cases[i].bytes, &slice), TSR_INVALID_VALUE,
                     cases[i].message);
    assert_fails(tsr_buffer_slice(NULL, 0, 4, &slice), TSR_INVALID_VALUE, "whole is NULL");
    assert_fails(tsr_buffer_slice(whole, 0, 4, NULL), TSR_INVALID_VALUE, "slice is NULL");
    assert_null(slice);
    tsr_buffer_destroy(whole);
}

/* ---- Lifetime -------------------------------------------------------------------------------------------------- */

static void a_slice_outlives_the_whole_and_the_context(void **state)
{
    (void)state;
    const long memory = wrapped.live_memory, objects = wrapped.live_objects;
    tsr_context *own = NULL;
    tsr_buffer *whole = NULL, *slice = NULL, *inner = NULL;
    const uint32_t in = 0xabcdef01;
    uint32_t out = 0;
    assert_ok(tsr_context_create(support_selector(), NULL, &own));
    assert_ok(tsr_buffer_create(own, 64, &whole));
    assert_ok(tsr_buffer_slice(whole, 16, 32, &slice));
    assert_ok(tsr_buffer_slice(slice, 4, 8, &inner));
    tsr_context_destroy(own);
    tsr_buffer_destroy(whole);
    assert_ok(tsr_buffer_write(slice, 4, &in, sizeof in));
    tsr_buffer_destroy(slice);
    assert_ok(tsr_buffer_read(inner, 0, &out, sizeof out));
    assert_int_equal(out, in);
    tsr_buffer_destroy(inner);
    assert_int_equal(wrapped.live_memory, memory);
    assert_int_equal(wrapped.live_objects, objects);
}

static void a_slice_of_lent_memory_lies_in_it(void **state)
{
    (void)state;
    uint32_t memory[16] = {0};
    const uint32_t in = 0x12345678;
    tsr_buffer *whole = NULL, *slice = NULL;
    cl_mem lent = NULL;
    cl_int code = CL_SUCCESS;
    if (tsr_context_cl(context) == NULL) {
        assert_ok(tsr_buffer_wrap_host(context, memory, sizeof memory, &whole));
    } else {
        lent = clCreateBuffer(tsr_context_cl(context), CL_MEM_COPY_HOST_PTR, sizeof memory, memory, &code);
        assert_int_equal(code, CL_SUCCESS);
        assert_ok(tsr_buffer_wrap(context, lent, 8, sizeof memory - 8, &whole));
    }
    assert_ok(tsr_buffer_slice(whole, 12, 8, &slice));
    tsr_buffer_destroy(whole);
    assert_ok(tsr_buffer_write(slice, 4, &in, sizeof in));
    tsr_buffer_destroy(slice);
    if (lent != NULL) {
        assert_int_equal(
            clEnqueueReadBuffer(tsr_context_queue(context), lent, CL_TRUE, 0, sizeof memory, memory, 0, NULL, NULL),
            CL_SUCCESS);
        clReleaseMemObject(lent);
    }
    const int at = lent == NULL ? 4 : 6;
    for (int i = 0; i < 16; ++i) assert_int_equal(memory[i], i == at ? in : 0);
}

/* ---- Alignment of wider elements ------------------------------------------------------------------------------- */

static void wide_elements_must_begin_at_a_multiple_of_8(void **state)
{
    (void)state;
    tsr_pool problem;
    tsr_plan *plan = NULL;
    tsr_buffer *x = counting_buffer(), *whole = counting_buffer(), *y = NULL, *indices = NULL;
    assert_ok(tsr_pool_parse("max:c1h4w4r2s2,indices", &problem));
    assert_ok(tsr_pool_plan(context, &problem, NULL, &plan));
    assert_ok(tsr_buffer_slice(whole, 4, 16, &y));
    assert_ok(tsr_buffer_slice(whole, 36, 32, &indices));
    const tsr_args bad = {.x = x, .y = y, .indices = indices};
    assert_fails(tsr_plan_enqueue(plan, &bad, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "indices begins at byte",
                 "multiple of 8");
    tsr_buffer_destroy(indices);
    assert_ok(tsr_buffer_slice(whole, 40, 32, &indices));
    const tsr_args good = {.x = x, .y = y, .indices = indices};
    assert_ok(tsr_plan_run(plan, &good));
    tsr_buffer *const buffers[] = {x, whole, y, indices};
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(plan);
}

static void packing_wants_its_elements_at_multiples_of_8_too(void **state)
{
    (void)state;
    if (!tsr_context_device(context)->fp64) skip();
    enum { MOST = 4096 };
    tsr_conv problem;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    tsr_buffer *w = NULL, *packed = NULL, *late = NULL;
    unsigned char poison[MOST], after[MOST];
    assert_ok(tsr_conv_parse("conv:c3h4w4k5r3s3,f64", &problem));
    assert_ok(tsr_conv_plan(context, &problem, NULL, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    assert_in_range(info.packed_bytes, 5 * 3 * 9 * sizeof(double), MOST - 8);
    memset(poison, SUPPORT_POISON, MOST);
    assert_ok(tsr_buffer_create(context, MOST, &w));
    assert_ok(tsr_buffer_create(context, MOST, &packed));
    assert_ok(tsr_buffer_write(packed, 0, poison, MOST));
    assert_ok(tsr_buffer_slice(packed, 4, MOST - 4, &late));
    assert_fails(tsr_plan_pack_enqueue(plan, w, late, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "packed begins at byte",
                 "multiple of 8");
    tsr_buffer_destroy(late);
    assert_ok(tsr_buffer_slice(w, 4, MOST - 4, &late));
    assert_fails(tsr_plan_pack_enqueue(plan, late, packed, NULL, 0, NULL, NULL), TSR_INVALID_VALUE, "w begins at byte",
                 "multiple of 8");
    assert_ok(tsr_context_finish(context));
    assert_ok(tsr_buffer_read(packed, 0, after, MOST));
    assert_memory_equal(after, poison, MOST);
    tsr_buffer *const buffers[] = {w, packed, late};
    for (size_t i = 0; i < COUNT(buffers); ++i) tsr_buffer_destroy(buffers[i]);
    tsr_plan_destroy(plan);
}

/* ---- Concatenation --------------------------------------------------------------------------------------------- */

enum { FIRST = 16, SECOND = 8, HEIGHT = 5, WIDTH = 6, IMAGES = 2 };

static tsr_tensor joined_tensor(tsr_layout layout)
{
    return (tsr_tensor){.layout = layout, .n = IMAGES, .c = FIRST + SECOND, .size = {1, HEIGHT, WIDTH}};
}

/* How far apart the joined tensor's elements lie: what a convolution that writes some of its channels is told. */
static tsr_strides joined_strides(tsr_layout layout)
{
    tsr_strides s = {.n = (FIRST + SECOND) * HEIGHT * WIDTH};
    if (layout == TSR_LAYOUT_NHWC) s.size[TSR_W] = FIRST + SECOND;
    return s;
}

/* Bytes from the joined tensor's beginning to a channel's. */
static uint64_t channel_at(tsr_layout layout, int64_t channel)
{
    return sizeof(float) * (uint64_t)(layout == TSR_LAYOUT_NHWC ? channel : channel * HEIGHT * WIDTH);
}

/* Writes one convolution's channels into their place; its result by itself goes to `alone`, which the caller frees. */
static float *write_channels(tsr_buffer *joined, int64_t channel, int64_t k, tsr_layout layout)
{
    tsr_conv problem = conv_run_problem(k == FIRST ? "conv:n2c3h5w6k16r3s3pd1" : "conv:n2c5h5w6k8,relu", layout);
    conv_run alone = conv_run_open(context, &problem, NULL);
    tsr_args args = conv_run_args(&alone);
    assert_ok(tsr_plan_run(alone.plan, &args));
    problem.y_strides = joined_strides(layout);
    conv_run view = conv_run_open(context, &problem, NULL);
    tsr_buffer *slice = NULL;
    assert_ok(tsr_buffer_slice(joined, channel_at(layout, channel), view.info.y_bytes, &slice));
    args = conv_run_args(&view);
    args.y = slice;
    assert_ok(tsr_plan_run(view.plan, &args));
    tsr_buffer_destroy(slice);
    float *result = (float *)(void *)conv_run_result(&alone);
    conv_run_close(&alone);
    conv_run_close(&view);
    return result;
}

/* Every element of the joined tensor is that of the convolution that its channel belongs to. */
static void assert_joined(const float *joined, const float *first, const float *second, tsr_layout layout)
{
    const int64_t block = layout == TSR_LAYOUT_NCHW8C ? 8 : 1, plane = HEIGHT * WIDTH;
    for (int64_t n = 0; n < IMAGES; ++n)
        for (int64_t c = 0; c < FIRST + SECOND; ++c)
            for (int64_t i = 0; i < plane; ++i) {
                const bool in_first = c < FIRST;
                const float *own = in_first ? first : second;
                const int64_t k = in_first ? FIRST : SECOND, kc = in_first ? c : c - FIRST, all = FIRST + SECOND;
                const bool nhwc = layout == TSR_LAYOUT_NHWC;
                const int64_t at =
                    nhwc ? (n * plane + i) * all + c : ((n * all / block + c / block) * plane + i) * block + c % block;
                const int64_t own_at =
                    nhwc ? (n * plane + i) * k + kc : ((n * k / block + kc / block) * plane + i) * block + kc % block;
                assert_true(joined[at] == own[own_at]);
            }
}

static void two_convolutions_write_the_channels_of_one_tensor(void **state)
{
    (void)state;
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NHWC, TSR_LAYOUT_NCHW8C};
    for (size_t l = 0; l < COUNT(layouts); ++l) {
        const tsr_tensor tensor = joined_tensor(layouts[l]);
        uint64_t bytes = 0;
        assert_ok(tsr_tensor_bytes(&tensor, &bytes));
        support_guarded joined = support_guarded_create(context, NULL, bytes, support_guard(sizeof(float), false));
        float *first = write_channels(joined.buffer, 0, FIRST, layouts[l]);
        float *second = write_channels(joined.buffer, FIRST, SECOND, layouts[l]);
        float *result = support_allocate(bytes);
        assert_ok(tsr_buffer_read(joined.buffer, 0, result, bytes));
        assert_joined(result, first, second, layouts[l]);
        assert_true(support_guarded_intact(&joined));
        support_guarded_destroy(&joined);
        free(first);
        free(second);
        free(result);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_shows_its_range_and_no_more),
        cmocka_unit_test(ranges_outside_or_misaligned_are_refused),
        cmocka_unit_test(a_slice_outlives_the_whole_and_the_context),
        cmocka_unit_test(a_slice_of_lent_memory_lies_in_it),
        cmocka_unit_test(wide_elements_must_begin_at_a_multiple_of_8),
        cmocka_unit_test(packing_wants_its_elements_at_multiples_of_8_too),
        cmocka_unit_test(two_convolutions_write_the_channels_of_one_tensor),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
