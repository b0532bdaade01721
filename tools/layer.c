#include "layer.h"
#include "clock.h"
#include "tensor.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* ---- Problems -------------------------------------------------------------------------------------------------- */

static uint64_t count_elements(const tsr_tensor *tensor)
{
    uint64_t bytes = 0;
    return tsr_tensor_bytes(tensor, &bytes) == TSR_OK ? bytes / sizeof(float) : 0;
}

static void describe_conv(layer_problem *problem)
{
    const tsr_conv *p = &problem->conv;
    const int64_t taps = p->c / p->groups * p->filter[TSR_D] * p->filter[TSR_H] * p->filter[TSR_W];
    problem->w_count = (uint64_t)(p->k * taps);
    problem->bias_count = p->bias ? (uint64_t)p->k : 0;
    problem->operations = 2.0 * (double)count_elements(&problem->y) * (double)taps;
}

static bool has_operator(const char *text)
{
    static const char *const prefixes[] = {"conv:", "max:", "avg:", "avgpad:"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; ++i)
        if (strncmp(text, prefixes[i], strlen(prefixes[i])) == 0) return true;
    return false;
}

int layer_parse(const char *text, tsr_layout layout, layer_problem *problem)
{
    if (!has_operator(text))
        return report(EXIT_INPUT, "problem \"%s\" does not begin with conv:, max:, avg: or avgpad:", text);
    *problem = (layer_problem){.is_conv = strncmp(text, "conv:", 5) == 0, .x = tsr_tensor_default()};
    tsr_status status = problem->is_conv ? tsr_conv_parse(text, &problem->conv) : tsr_pool_parse(text, &problem->pool);
    if (status == TSR_OK) {
        status = problem->is_conv ? tsr_conv_output(&problem->conv, &problem->y)
                                  : tsr_pool_output(&problem->pool, &problem->y);
    }
    if (status != TSR_OK) return report_status(status, text);

    if (problem->is_conv) {
        problem->conv.x_layout = problem->conv.y_layout = layout;
        describe_conv(problem);
    } else {
        problem->pool.x_layout = problem->pool.y_layout = layout;
    }
    problem->x.n = problem->is_conv ? problem->conv.n : problem->pool.n;
    problem->x.c = problem->is_conv ? problem->conv.c : problem->pool.c;
    memcpy(problem->x.size, problem->is_conv ? problem->conv.size : problem->pool.size, sizeof problem->x.size);
    problem->bytes =
        (double)(count_elements(&problem->x) + count_elements(&problem->y) + problem->w_count) * (double)sizeof(float);
    return EXIT_DONE;
}

int layer_plan(tsr_context *context, const layer_problem *problem, const char *algorithm, tsr_plan **plan,
               double *plan_ms)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = algorithm;
    options.packed_weights = true;
    const double start = tsr__clock_ms();
    const tsr_status status = problem->is_conv ? tsr_conv_plan(context, &problem->conv, &options, plan)
                                               : tsr_pool_plan(context, &problem->pool, &options, plan);
    *plan_ms = tsr__clock_ms() - start;
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot plan");
}

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

/* Integers from -4 to 3 that follow no pattern which a layer's sizes could share. */
static float small_integer(uint64_t index)
{
    uint64_t mixed = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed ^= mixed >> 29;
    mixed *= UINT64_C(0xbf58476d1ce4e5b9);
    return (float)(int)(mixed >> 61) - 4.0f;
}

/* The tensor with its space along one axis: tsr__tensor_at() then takes a pixel's number. */
static tsr_tensor in_one_row(const tsr_tensor *tensor)
{
    tsr_tensor flat = *tensor;
    flat.size[TSR_D] = flat.size[TSR_H] = 1;
    flat.size[TSR_W] = tsr__tensor_plane(tensor);
    return flat;
}

static int out_of_memory(void)
{
    return report(EXIT_DEVICE, "out of memory for a layer's tensors");
}

static int upload(tsr_context *context, const float *data, uint64_t bytes, tsr_buffer **buffer)
{
    tsr_status status = tsr_buffer_create(context, bytes, buffer);
    if (status == TSR_OK) status = tsr_buffer_write(*buffer, 0, data, bytes);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot fill a buffer");
}

/* The value of an element depends on its NCHW position alone, so every device and layout sees the same input. Spare
 * lanes of the last block are zero, as the library expects. */
static int fill_x(const layer *opened, tsr_buffer **x)
{
    const tsr_tensor flat = in_one_row(&opened->info.x);
    float *data = calloc(1, opened->info.x_bytes);
    if (data == NULL) return out_of_memory();
    uint64_t index = 0;
    for (int64_t n = 0; n < flat.n; ++n)
        for (int64_t c = 0; c < flat.c; ++c)
            for (int64_t pixel = 0; pixel < flat.size[TSR_W]; ++pixel)
                data[tsr__tensor_at(&flat, n, c, 0, 0, pixel)] = small_integer(index++);
    const int failed = upload(opened->context, data, opened->info.x_bytes, x);
    free(data);
    return failed;
}

static int fill_plain(tsr_context *context, uint64_t count, uint64_t seed, tsr_buffer **buffer)
{
    float *data = malloc(count * sizeof *data);
    if (data == NULL) return out_of_memory();
    for (uint64_t i = 0; i < count; ++i) data[i] = small_integer(seed + i);
    const int failed = upload(context, data, count * sizeof *data, buffer);
    free(data);
    return failed;
}

/* Packs the weights once, outside of any timing. */
static int fill_weights(const layer *opened, uint64_t count, tsr_buffer **w)
{
    tsr_buffer *plain = NULL, *packed = NULL;
    int failed = fill_plain(opened->context, count, UINT64_C(1) << 40, &plain);
    if (!failed) {
        tsr_status status = tsr_buffer_create(opened->context, opened->info.packed_bytes, &packed);
        if (status == TSR_OK) status = tsr_plan_pack_enqueue(opened->plan, plain, packed, NULL, 0, NULL, NULL);
        if (status == TSR_OK) status = tsr_context_finish(opened->context);
        if (status != TSR_OK) failed = report_status(status, "cannot pack the weights");
    }
    tsr_buffer_destroy(plain);
    *w = packed;
    return failed;
}

static int fill_buffers(layer *opened, const layer_problem *problem)
{
    tsr_buffer *x = NULL, *w = NULL, *bias = NULL;
    int failed = fill_x(opened, &x);
    if (!failed && problem->w_count > 0) failed = fill_weights(opened, problem->w_count, &w);
    if (!failed && problem->bias_count > 0) {
        failed = fill_plain(opened->context, problem->bias_count, UINT64_C(1) << 41, &bias);
    }
    opened->args = (tsr_args){.x = x, .w = w, .bias = bias};
    if (failed) return failed;

    tsr_status status = tsr_buffer_create(opened->context, opened->info.y_bytes, &opened->args.y);
    if (status == TSR_OK && opened->info.workspace_bytes > 0) {
        status = tsr_buffer_create(opened->context, opened->info.workspace_bytes, &opened->args.workspace);
    }
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot create a buffer");
}

/* ---- Layers ---------------------------------------------------------------------------------------------------- */

int layer_open(tsr_context *context, const layer_problem *problem, const char *algorithm, layer *opened)
{
    *opened = (layer){.context = context};
    int failed = layer_plan(context, problem, algorithm, &opened->plan, &opened->plan_ms);
    if (!failed) {
        const tsr_status status = tsr_plan_describe(opened->plan, &opened->info);
        failed = status == TSR_OK ? fill_buffers(opened, problem) : report_status(status, "cannot describe the plan");
    }
    if (failed) layer_close(opened);
    return failed;
}

void layer_close(layer *opened)
{
    /* The inputs are constant for a run, and ours to destroy. */
    tsr_buffer_destroy((tsr_buffer *)opened->args.x);
    tsr_buffer_destroy((tsr_buffer *)opened->args.w);
    tsr_buffer_destroy((tsr_buffer *)opened->args.bias);
    tsr_buffer_destroy(opened->args.y);
    tsr_buffer_destroy(opened->args.workspace);
    tsr_plan_destroy(opened->plan);
    *opened = (layer){0};
}

float *layer_read_y(const layer *opened)
{
    const tsr_tensor flat = in_one_row(&opened->info.y);
    float *data = malloc(opened->info.y_bytes);
    float *dense = malloc((size_t)(flat.n * flat.c * flat.size[TSR_W]) * sizeof *dense);
    tsr_status status = TSR_OK;
    if (data != NULL && dense != NULL) {
        status = tsr_buffer_read(opened->args.y, 0, data, opened->info.y_bytes);
        float *out = dense;
        for (int64_t n = 0; n < flat.n && status == TSR_OK; ++n)
            for (int64_t c = 0; c < flat.c; ++c)
                for (int64_t pixel = 0; pixel < flat.size[TSR_W]; ++pixel)
                    *out++ = data[tsr__tensor_at(&flat, n, c, 0, 0, pixel)];
    }
    const bool good = data != NULL && dense != NULL && status == TSR_OK;
    free(data);
    if (good) return dense;
    free(dense);
    if (status != TSR_OK) {
        report_status(status, "cannot read y");
    } else {
        out_of_memory();
    }
    return NULL;
}
