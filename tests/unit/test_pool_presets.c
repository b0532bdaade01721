/* The presets of pooling against values that the frameworks publish, on every algorithm of the CPU path that takes the
 * problem. Sources:
 *
 *   ONNX        onnx/backend/test/case/node/{averagepool,maxpool,lppool,maxunpool}.py: the cases named below
 *   PyTorch     aten/src/ATen/native/cpu/AvgPoolKernel.cpp: the divisor is (end - start) of a window that is clipped to
 *               size + padding, and of one that is clipped to the input where padding does not count
 *   TensorFlow  keras.layers.AveragePooling2D and MaxPooling2D, the documentation's examples
 *   Caffe       src/caffe/test/test_pooling_layer.cpp, and pooling_layer.cpp for the average that is clipped */
#include "support/check.h"

#include <math.h>

#include "support/support.h"

enum { MOST = 64, CANDIDATES = 8 };

static tsr_context *context;

static int open_context(void **state)
{
    (void)state;
    return tsr_context_create("cpu", NULL, &context) == TSR_OK ? 0 : -1;
}

static int close_context(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    return 0;
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static void set_plane(tsr_pool *pool, int64_t height, int64_t width, int64_t filter, int64_t stride)
{
    pool->c = 1;
    pool->size[TSR_H] = height;
    pool->size[TSR_W] = width;
    pool->filter[TSR_H] = pool->filter[TSR_W] = filter;
    pool->stride[TSR_H] = pool->stride[TSR_W] = stride;
}

static void set_pads(tsr_pool *pool, int64_t pad)
{
    for (int axis = TSR_H; axis <= TSR_W; ++axis) pool->pad_begin[axis] = pool->pad_end[axis] = pad;
}

static void run_with(const char *algorithm, const tsr_pool *pool, const float *x, float *y, int64_t *indices)
{
    tsr_plan_options options = tsr_plan_options_default();
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    tsr_buffer *bx = NULL, *by = NULL, *bi = NULL;
    options.algorithm = algorithm;
    assert_ok(tsr_pool_plan(context, pool, &options, &plan));
    assert_ok(tsr_plan_describe(plan, &info));
    assert_ok(tsr_buffer_wrap_host(context, (void *)(uintptr_t)x, info.x_bytes, &bx));
    assert_ok(tsr_buffer_wrap_host(context, y, info.y_bytes, &by));
    if (info.indices_bytes > 0) assert_ok(tsr_buffer_wrap_host(context, indices, info.indices_bytes, &bi));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = bx, .y = by, .indices = bi}));
    tsr_buffer_destroy(bx);
    tsr_buffer_destroy(by);
    tsr_buffer_destroy(bi);
    tsr_plan_destroy(plan);
}

/* Every algorithm that accepts the problem gives the published sizes, values and, where given, indices. */
static void check(const char *name, const tsr_pool *pool, const float *x, int64_t height, int64_t width,
                  const double *expected, const int64_t *expected_indices)
{
    tsr_candidate candidates[CANDIDATES];
    size_t count = 0;
    tsr_tensor shape;
    int ran = 0;
    assert_ok(tsr_pool_output(pool, &shape));
    assert_int_equal(shape.size[TSR_H], height);
    assert_int_equal(shape.size[TSR_W], width);
    assert_ok(tsr_pool_explain(context, pool, NULL, candidates, CANDIDATES, &count));
    for (size_t a = 0; a < count; ++a) {
        if (candidates[a].refusal != NULL) continue;
        float y[MOST] = {0};
        int64_t indices[MOST] = {0};
        run_with(candidates[a].algorithm, pool, x, y, indices);
        for (int64_t i = 0; i < shape.size[TSR_D] * height * width; ++i) {
            const bool same = y[i] == (float)expected[i];
            if (!same) print_error("%s, %s: y[%d] is %.9g\n", name, candidates[a].algorithm, (int)i, (double)y[i]);
            assert_true(same);
            if (expected_indices != NULL) assert_int_equal(indices[i], expected_indices[i]);
        }
        ++ran;
    }
    assert_true(ran > 0);
}

/* 1, 2, 3, ... */
static const float *counting(void)
{
    static float values[MOST];
    for (int i = 0; i < MOST; ++i) values[i] = (float)(i + 1);
    return values;
}

/* ---- ONNX ------------------------------------------------------------------------------------------------------ */

static void onnx_averages(void **state)
{
    (void)state;
    tsr_pool pool = tsr_pool_onnx(TSR_POOL_AVG);
    assert_int_equal(pool.stride[TSR_W], 1);
    set_plane(&pool, 4, 4, 3, 2);
    pool.ceil = true;
    check("averagepool_2d_ceil", &pool, counting(), 2, 2, (const double[]){6, 7.5, 12, 13.5}, NULL);
    pool = tsr_pool_onnx(TSR_POOL_AVG);
    set_plane(&pool, 5, 5, 5, 1);
    set_pads(&pool, 2);
    check("averagepool_2d_precomputed_pads", &pool, counting(), 5, 5,
          (const double[]){7,    7.5, 8,    8.5, 9,    9.5, 10,   10.5, 11,   11.5, 12,   12.5, 13,
                           13.5, 14,  14.5, 15,  15.5, 16,  16.5, 17,   17.5, 18,   18.5, 19},
          NULL);
    pool.kind = TSR_POOL_AVG_INCLUDE_PAD; /* count_include_pad=1 */
    check("averagepool_2d_precomputed_pads_count_include_pad", &pool, counting(), 5, 5,
          (const double[]){2.52, 3.6, 4.8,  4.08, 3.24, 4.56,  6.4,  8.4,  7.04, 5.52, 7.2,  10,  13,
                           10.8, 8.4, 6.96, 9.6,  12.4, 10.24, 7.92, 6.12, 8.4,  10.8, 8.88, 6.84},
          NULL);
    pool = tsr_pool_onnx(TSR_POOL_AVG);
    set_plane(&pool, 5, 5, 3, 2);
    pool.auto_pad = TSR_PAD_SAME_UPPER;
    check("averagepool_2d_precomputed_same_upper", &pool, counting(), 3, 3,
          (const double[]){4, 5.5, 7, 11.5, 13, 14.5, 19, 20.5, 22}, NULL);
    pool = tsr_pool_onnx(TSR_POOL_AVG);
    set_plane(&pool, 5, 5, 2, 2);
    check("averagepool_2d_precomputed_strides", &pool, counting(), 2, 2, (const double[]){4, 6, 14, 16}, NULL);
    pool = tsr_pool_onnx(TSR_POOL_AVG);
    set_plane(&pool, 4, 4, 2, 1);
    pool.dilation[TSR_H] = pool.dilation[TSR_W] = 2;
    check("averagepool_2d_dilations", &pool, counting(), 2, 2, (const double[]){6, 7, 10, 11}, NULL);
}

static void onnx_maxima(void **state)
{
    (void)state;
    tsr_pool pool = tsr_pool_onnx(TSR_POOL_MAX);
    set_plane(&pool, 4, 4, 3, 2);
    pool.ceil = true;
    check("maxpool_2d_ceil", &pool, counting(), 2, 2, (const double[]){11, 12, 15, 16}, NULL);
    set_plane(&pool, 2, 2, 1, 2);
    check("maxpool_2d_ceil_output_size_reduce_by_one", &pool, counting(), 1, 1, (const double[]){1}, NULL);
    pool = tsr_pool_onnx(TSR_POOL_MAX);
    set_plane(&pool, 4, 4, 2, 1);
    pool.dilation[TSR_H] = pool.dilation[TSR_W] = 2;
    check("maxpool_2d_dilations", &pool, counting(), 2, 2, (const double[]){11, 12, 15, 16}, NULL);
    pool = tsr_pool_onnx(TSR_POOL_MAX);
    set_plane(&pool, 5, 5, 3, 2);
    pool.auto_pad = TSR_PAD_SAME_UPPER;
    check("maxpool_2d_precomputed_same_upper", &pool, counting(), 3, 3,
          (const double[]){7, 9, 10, 17, 19, 20, 22, 24, 25}, NULL);
    pool = tsr_pool_onnx(TSR_POOL_MAX);
    set_plane(&pool, 5, 5, 2, 2);
    check("maxpool_2d_precomputed_strides", &pool, counting(), 2, 2, (const double[]){7, 9, 17, 19}, NULL);
}

static void onnx_maxima_with_indices(void **state)
{
    (void)state;
    static const double y[] = {13, 14, 15, 15, 15, 18, 19, 20, 20, 20, 23, 24, 25,
                               25, 25, 23, 24, 25, 25, 25, 23, 24, 25, 25, 25};
    int64_t at[COUNT(y)];
    for (size_t i = 0; i < COUNT(y); ++i) at[i] = (int64_t)y[i] - 1; /* as published: 12, 13, 14, 14, ... */
    tsr_pool pool = tsr_pool_onnx(TSR_POOL_MAX);
    set_plane(&pool, 5, 5, 5, 1);
    set_pads(&pool, 2);
    check("maxpool_2d_precomputed_pads", &pool, counting(), 5, 5, y, NULL);
    pool.indices = TSR_INDICES_I64;
    pool.indices_flat = true;
    check("maxpool_with_argmax_2d_precomputed_pads", &pool, counting(), 5, 5, y, at);
    pool = tsr_pool_onnx(TSR_POOL_MAX);
    set_plane(&pool, 5, 5, 2, 2);
    pool.indices = TSR_INDICES_I64;
    pool.indices_flat = pool.indices_column_major = true; /* storage_order=1 */
    check("maxpool_with_argmax_2d_precomputed_strides", &pool, counting(), 2, 2, (const double[]){7, 9, 17, 19},
          (const int64_t[]){6, 16, 8, 18});
}

static void onnx_norms(void **state)
{
    (void)state;
    tsr_pool pool = tsr_pool_onnx(TSR_POOL_LP);
    assert_int_equal(pool.kind, TSR_POOL_LP);
    assert_int_equal(pool.p, 2);
    set_plane(&pool, 4, 4, 2, 1);
    pool.dilation[TSR_H] = pool.dilation[TSR_W] = 2;
    check("lppool_2d_dilations", &pool, counting(), 2, 2,
          (const double[]){14.560219778561036, 16.24807680927192, 21.633307652783937, 23.49468024894146}, NULL);
}

/* AveragePool, opset 22, in three dimensions: the four planes are alike. */
static void onnx_averages_volumes(void **state)
{
    (void)state;
    float x[64];
    for (int i = 0; i < 64; ++i) x[i] = (float)(i % 16 + 1);
    tsr_pool pool = tsr_pool_onnx(TSR_POOL_AVG);
    set_plane(&pool, 4, 4, 2, 1);
    pool.size[TSR_D] = 4;
    pool.filter[TSR_D] = 2;
    for (int axis = 0; axis < TSR_AXES; ++axis) pool.dilation[axis] = 2;
    pool.ceil = true;
    check("averagepool_3d_dilations_small", &pool, x, 2, 2, (const double[]){6, 7, 10, 11, 6, 7, 10, 11}, NULL);
}

static void onnx_unpools(void **state)
{
    (void)state;
    static const double expected[16] = {0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 4};
    int64_t indices[] = {5, 7, 13, 15};
    float x[] = {1, 2, 3, 4}, y[16];
    tsr_unpool unpool = tsr_unpool_default();
    tsr_plan *plan = NULL;
    tsr_buffer *bx = NULL, *by = NULL, *bi = NULL;
    unpool.c = 1;
    unpool.pooled[TSR_H] = unpool.pooled[TSR_W] = 2;
    unpool.size[TSR_H] = unpool.size[TSR_W] = 4;
    unpool.indices_flat = true;
    memset(y, 0x7f, sizeof y);
    assert_ok(tsr_unpool_plan(context, &unpool, NULL, &plan));
    assert_ok(tsr_buffer_wrap_host(context, x, sizeof x, &bx));
    assert_ok(tsr_buffer_wrap_host(context, y, sizeof y, &by));
    assert_ok(tsr_buffer_wrap_host(context, indices, sizeof indices, &bi));
    assert_ok(tsr_plan_run(plan, &(tsr_args){.x = bx, .y = by, .indices = bi}));
    for (int i = 0; i < 16; ++i) assert_true(y[i] == (float)expected[i]); /* maxunpool_export_without_output_shape */
    tsr_buffer_destroy(bx);
    tsr_buffer_destroy(by);
    tsr_buffer_destroy(bi);
    tsr_plan_destroy(plan);
}

/* ---- The others ------------------------------------------------------------------------------------------------ */

static void pytorch_counts_padding_but_not_the_overhang(void **state)
{
    (void)state;
    tsr_pool pool = tsr_pool_torch(TSR_POOL_AVG);
    assert_int_equal(pool.kind, TSR_POOL_AVG_INCLUDE_PAD);
    set_plane(&pool, 4, 4, 3, 2);
    set_pads(&pool, 1);
    pool.ceil = true;
    /* AvgPool2d(3, stride=2, padding=1, ceil_mode=True) of 1 ... 16: the last windows are clipped to 4 + 1. */
    static const double sums[] = {14, 30, 12, 57, 99, 36, 27, 45, 16};
    static const double all[] = {9, 9, 6, 9, 9, 6, 6, 6, 4}, inside[] = {4, 6, 2, 6, 9, 3, 2, 3, 1};
    double expected[9];
    for (int i = 0; i < 9; ++i) expected[i] = sums[i] / all[i];
    check("AvgPool2d", &pool, counting(), 3, 3, expected, NULL);
    for (int i = 0; i < 9; ++i) expected[i] = sums[i] / inside[i];
    pool.kind = TSR_POOL_AVG; /* count_include_pad=False */
    check("AvgPool2d, count_include_pad=False", &pool, counting(), 3, 3, expected, NULL);
    for (int i = 0; i < 9; ++i) expected[i] = sums[i] / 5;
    pool.divisor = 5;
    check("AvgPool2d, divisor_override=5", &pool, counting(), 3, 3, expected, NULL);
}

static void pytorch_strides_by_the_window(void **state)
{
    (void)state;
    tsr_pool pool = tsr_pool_torch(TSR_POOL_MAX);
    set_plane(&pool, 4, 4, 2, 0);
    assert_int_equal(tsr_pool_torch(TSR_POOL_MAX).stride[TSR_H], 0);
    check("MaxPool2d(2)", &pool, counting(), 2, 2, (const double[]){6, 8, 14, 16}, NULL);
    pool = tsr_pool_torch(TSR_POOL_LP);
    assert_int_equal(pool.kind, TSR_POOL_LP);
}

static void tensorflow_does_not_count_its_padding(void **state)
{
    (void)state;
    tsr_pool pool = tsr_pool_tensorflow(TSR_POOL_AVG_INCLUDE_PAD);
    assert_int_equal(pool.kind, TSR_POOL_AVG);
    assert_int_equal(pool.stride[TSR_W], 1);
    set_plane(&pool, 3, 3, 2, 1);
    pool.auto_pad = TSR_PAD_SAME_UPPER;
    check("AveragePooling2D, same", &pool, counting(), 3, 3, (const double[]){3, 4, 4.5, 6, 7, 7.5, 7.5, 8.5, 9}, NULL);
    pool = tsr_pool_tensorflow(TSR_POOL_MAX);
    set_plane(&pool, 3, 3, 2, 1);
    pool.auto_pad = TSR_PAD_SAME_UPPER;
    check("MaxPooling2D, same", &pool, counting(), 3, 3, (const double[]){5, 6, 6, 8, 9, 9, 8, 9, 9}, NULL);
    pool.auto_pad = TSR_PAD_VALID;
    check("MaxPooling2D, valid", &pool, counting(), 2, 2, (const double[]){5, 6, 8, 9}, NULL);
    pool = tsr_pool_tensorflow(TSR_POOL_AVG);
    set_plane(&pool, 3, 4, 2, 2);
    pool.auto_pad = TSR_PAD_VALID;
    check("AveragePooling2D, strides 2", &pool, counting(), 1, 2, (const double[]){3.5, 5.5}, NULL);
}

static void caffe_rounds_up_and_clips_its_averages(void **state)
{
    (void)state;
    static const float twos[9] = {2, 2, 2, 2, 2, 2, 2, 2, 2}, cross[9] = {1, 2, 4, 2, 3, 2, 4, 2, 1};
    static const float square[15] = {1, 2, 5, 2, 3, 9, 4, 1, 4, 8, 1, 2, 5, 2, 3};
    tsr_pool pool = tsr_pool_caffe(TSR_POOL_AVG);
    assert_int_equal(pool.kind, TSR_POOL_AVG_INCLUDE_PAD);
    assert_int_equal(pool.ceil, true);
    set_plane(&pool, 3, 3, 3, 1);
    set_pads(&pool, 1);
    const double corner = 8.0 / 9.0, edge = 4.0 / 3.0;
    check("TestForwardAve", &pool, twos, 3, 3,
          (const double[]){corner, edge, corner, edge, 2, edge, corner, edge, corner}, NULL);
    pool = tsr_pool_caffe(TSR_POOL_AVG);
    set_plane(&pool, 3, 3, 2, 2); /* the overhang is clipped before dividing */
    check("AVE that hangs over", &pool, counting(), 2, 2, (const double[]){3, 4.5, 7.5, 9}, NULL);
    pool = tsr_pool_caffe(TSR_POOL_MAX);
    set_plane(&pool, 3, 3, 3, 2);
    set_pads(&pool, 2);
    check("TestForwardMaxPadded", &pool, cross, 3, 3, (const double[]){1, 4, 4, 4, 4, 4, 4, 4, 1}, NULL);
    pool = tsr_pool_caffe(TSR_POOL_MAX);
    set_plane(&pool, 3, 5, 2, 1);
    check("TestForwardSquare", &pool, square, 2, 4, (const double[]){9, 5, 5, 8, 9, 5, 5, 8}, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(onnx_averages),
        cmocka_unit_test(onnx_maxima),
        cmocka_unit_test(onnx_maxima_with_indices),
        cmocka_unit_test(onnx_norms),
        cmocka_unit_test(onnx_averages_volumes),
        cmocka_unit_test(onnx_unpools),
        cmocka_unit_test(pytorch_counts_padding_but_not_the_overhang),
        cmocka_unit_test(pytorch_strides_by_the_window),
        cmocka_unit_test(tensorflow_does_not_count_its_padding),
        cmocka_unit_test(caffe_rounds_up_and_clips_its_averages),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
