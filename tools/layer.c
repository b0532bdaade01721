#include "layer.h"
#include "clock.h"
#include "report.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

/* ---- Problems -------------------------------------------------------------------------------------------------- */

static double elements(const tsr_tensor *t)
{
    return (double)t->n * (double)t->c * (double)tsr__tensor_plane(t);
}

/* Strides of a view with space after each row, plane and image. */
static tsr_strides view_of(const tsr_tensor *t)
{
    enum { MARGIN = 2 };
    const int64_t pixel = t->layout == TSR_LAYOUT_NHWC ? t->c + MARGIN : 1;
    tsr_strides strides = {.size = {[TSR_W] = pixel}};
    strides.size[TSR_H] = pixel * (t->size[TSR_W] + MARGIN);
    strides.size[TSR_D] = strides.size[TSR_H] * (t->size[TSR_H] + MARGIN);
    const int64_t planes = strides.size[TSR_D] * (t->size[TSR_D] + MARGIN);
    strides.c = t->layout == TSR_LAYOUT_NHWC ? 0 : planes;
    strides.n = t->layout == TSR_LAYOUT_NHWC ? planes : planes * t->c;
    return strides;
}

static void describe_conv(layer_problem *problem, const tsr_tensor *x)
{
    const tsr_conv *p = &problem->conv;
    const double taps = (double)p->filter[TSR_D] * (double)p->filter[TSR_H] * (double)p->filter[TSR_W];
    /* A transposed convolution multiplies each input with every filter of its group, the other kind meets each output
     * with every channel of its group. */
    problem->operations =
        2.0 * taps *
        (p->transposed ? elements(x) * (double)(p->k / p->groups) : elements(&problem->y) * (double)(p->c / p->groups));
    const double weights = taps * (double)p->k * (double)(p->c / p->groups);
    const double moved = elements(x) + elements(&problem->y) * (p->residual ? 2.0 : 1.0) + weights;
    problem->bytes = moved * (double)tsr_dtype_bytes(p->dtype);
}

static tsr_status parse_conv(const char *text, layer_form form, layer_problem *problem)
{
    tsr_conv *p = &problem->conv;
    const tsr_status status = tsr_conv_parse(text, p);
    if (status != TSR_OK) return status;
    if (form.dtype != LAYER_DTYPE_AS_SAID) p->dtype = (tsr_dtype)form.dtype;
    if (form.batch > 0) p->n = form.batch;
    if (tsr_conv_output(p, &problem->y) != TSR_OK) return TSR_INVALID_VALUE;
    tsr_tensor x = {.layout = form.layout, .n = p->n, .c = p->c}, y = problem->y;
    memcpy(x.size, p->size, sizeof x.size);
    p->x_layout = p->y_layout = y.layout = form.layout;
    if (form.views) {
        p->x_strides = view_of(&x);
        p->y_strides = p->residual_strides = view_of(&y);
    }
    describe_conv(problem, &x);
    return tsr_conv_output(p, &y);
}

static tsr_status parse_pool(const char *text, layer_form form, layer_problem *problem)
{
    static const double index_bytes[] = {[TSR_INDICES_NONE] = 0, [TSR_INDICES_I32] = 4, [TSR_INDICES_I64] = 8};
    tsr_pool *p = &problem->pool;
    const tsr_status status = tsr_pool_parse(text, p);
    if (status != TSR_OK) return status;
    if (form.dtype != LAYER_DTYPE_AS_SAID) p->dtype = (tsr_dtype)form.dtype;
    if (form.batch > 0) p->n = form.batch;
    if (tsr_pool_output(p, &problem->y) != TSR_OK) return TSR_INVALID_VALUE;
    tsr_tensor x = {.layout = form.layout, .n = p->n, .c = p->c}, y = problem->y;
    memcpy(x.size, p->size, sizeof x.size);
    p->x_layout = p->y_layout = y.layout = form.layout;
    if (form.views) {
        p->x_strides = view_of(&x);
        p->y_strides = view_of(&y);
    }
    problem->bytes =
        (elements(&x) + elements(&y)) * (double)tsr_dtype_bytes(p->dtype) + elements(&y) * index_bytes[p->indices];
    return tsr_pool_output(p, &y);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The weights of one output channel. */
static int64_t filter_elements(const tsr_conv *p)
{
    return p->c / p->groups * p->filter[TSR_D] * p->filter[TSR_H] * p->filter[TSR_W];
}

int layer_part(const layer_problem *whole, double operations, layer_problem *part)
{
    *part = *whole;
    const int64_t images = whole->y.n, plane = tsr__tensor_plane(&whole->y);
    int64_t first_k = 0;
    tsr_status status = TSR_OK;
    if (whole->is_conv) {
        tsr_conv *p = &part->conv;
        const bool more = p->scale || p->bias || p->residual || p->activation != TSR_ACTIVATION_NONE;
        if (p->groups == 1 && !p->transposed && !more) {
            const double image = whole->operations / (double)images;
            p->k = least(p->k, (int64_t)((double)p->k * operations / image) + 1);
        }
        first_k = whole->conv.k - p->k;
        p->n = 1;
        p->x_layout = p->y_layout = TSR_LAYOUT_NCHW;
        p->x_strides = p->y_strides = p->residual_strides = (tsr_strides){0};
        part->first_x = (uint64_t)((images - 1) * p->c * p->size[TSR_D] * p->size[TSR_H] * p->size[TSR_W]);
        part->first_w = (uint64_t)(first_k * filter_elements(p));
        status = tsr_conv_output(p, &part->y);
    } else {
        tsr_pool *p = &part->pool;
        p->n = 1;
        p->x_layout = p->y_layout = TSR_LAYOUT_NCHW;
        p->x_strides = p->y_strides = (tsr_strides){0};
        part->first_x = (uint64_t)((images - 1) * p->c * p->size[TSR_D] * p->size[TSR_H] * p->size[TSR_W]);
        status = tsr_pool_output(p, &part->y);
    }
    part->first_y = (uint64_t)(((images - 1) * whole->y.c + first_k) * plane);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "a part of the problem");
}

static bool begins_with_one_of(const char *text, const char *const *prefixes)
{
    for (; *prefixes != NULL; ++prefixes)
        if (strncmp(text, *prefixes, strlen(*prefixes)) == 0) return true;
    return false;
}

int layer_parse(const char *text, layer_form form, layer_problem *problem)
{
    static const char *const convs[] = {"conv:", "convt:", NULL};
    static const char *const pools[] = {"max:", "avg:", "avgpad:", "lp:", NULL};
    const bool is_conv = begins_with_one_of(text, convs);
    if (!is_conv && !begins_with_one_of(text, pools))
        return report(EXIT_INPUT, "problem \"%s\" does not begin with conv:, convt:, max:, avg:, avgpad: or lp:", text);
    *problem = (layer_problem){.is_conv = is_conv};
    const tsr_status status = (is_conv ? parse_conv : parse_pool)(text, form, problem);
    if (status != TSR_OK) return report_status(status, text);
    problem->y.dtype = TSR_F32;
    return EXIT_DONE;
}

int layer_plan_with(tsr_context *context, const layer_problem *problem, const tsr_plan_options *options,
                    tsr_plan **plan)
{
    const tsr_status status = problem->is_conv ? tsr_conv_plan(context, &problem->conv, options, plan)
                                               : tsr_pool_plan(context, &problem->pool, options, plan);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot plan");
}

int layer_plan(tsr_context *context, const layer_problem *problem, const char *algorithm, tsr_plan **plan,
               double *plan_ms)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = algorithm;
    options.packed_weights = true;
    const double start = tsr__clock_ms();
    const int failed = layer_plan_with(context, problem, &options, plan);
    *plan_ms = tsr__clock_ms() - start;
    return failed;
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

/* The tensor as it lies densely in host memory. */
static tsr_tensor on_host(const tsr_tensor *t)
{
    tsr_tensor dense = *t;
    dense.dtype = TSR_F32;
    dense.layout = TSR_LAYOUT_NCHW;
    dense.strides = (tsr_strides){0};
    return dense;
}

/* Copies between two buffers whose tensors differ in type, layout or strides. */
static tsr_status convert(tsr_context *context, const tsr_tensor *from, const tsr_buffer *x, const tsr_tensor *to,
                          tsr_buffer *y)
{
    tsr_plan *plan = NULL;
    tsr_status status = tsr_reorder_plan(context, from, to, NULL, &plan);
    if (status == TSR_OK) status = tsr_plan_run(plan, &(tsr_args){.x = x, .y = y});
    tsr_plan_destroy(plan);
    return status;
}

static int out_of_memory(void)
{
    return report(EXIT_DEVICE, "out of memory for a layer's tensors");
}

static tsr_status upload(tsr_context *context, const float *data, const tsr_tensor *as, tsr_buffer **buffer)
{
    const tsr_tensor dense = on_host(as);
    tsr_buffer *staged = NULL;
    uint64_t bytes = 0, dense_bytes = 0;
    tsr_status status = tsr_tensor_bytes(as, &bytes);
    if (status == TSR_OK) status = tsr_tensor_bytes(&dense, &dense_bytes);
    if (status == TSR_OK) status = tsr_buffer_create(context, bytes, buffer);
    if (status == TSR_OK) status = tsr_buffer_create(context, dense_bytes, &staged);
    if (status == TSR_OK) status = tsr_buffer_write(staged, 0, data, dense_bytes);
    if (status == TSR_OK) status = convert(context, &dense, staged, as, *buffer);
    tsr_buffer_destroy(staged);
    return status;
}

/* Where the numbers of each tensor begin, far from each other. */
static const uint64_t x_seed = 0, w_seed = UINT64_C(1) << 40, bias_seed = UINT64_C(1) << 41,
                      scale_seed = UINT64_C(1) << 42, slope_seed = UINT64_C(1) << 43, residual_seed = UINT64_C(1) << 44;

static float *numbers(int64_t count, uint64_t seed)
{
    float *data = malloc((size_t)count * sizeof *data);
    if (data == NULL) {
        out_of_memory();
        return NULL;
    }
    for (int64_t i = 0; i < count; ++i) data[i] = small_integer(seed + (uint64_t)i);
    return data;
}

float *layer_x(const layer_problem *problem)
{
    const int64_t *size = problem->is_conv ? problem->conv.size : problem->pool.size;
    const int64_t channels = problem->is_conv ? problem->conv.n * problem->conv.c : problem->pool.n * problem->pool.c;
    return numbers(channels * size[TSR_D] * size[TSR_H] * size[TSR_W], x_seed);
}

float *layer_w(const layer_problem *problem)
{
    return numbers(problem->conv.k * filter_elements(&problem->conv), w_seed);
}

/* The value of an element depends on its position in dense NCHW alone, so every device and layout sees the same. */
static int fill(tsr_context *context, const tsr_tensor *as, uint64_t seed, const tsr_buffer **buffer)
{
    float *data = numbers(as->n * as->c * tsr__tensor_plane(as), seed);
    if (data == NULL) return EXIT_DEVICE;
    tsr_buffer *made = NULL;
    const tsr_status status = upload(context, data, as, &made);
    free(data);
    *buffer = made;
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot fill a buffer");
}

/* The same for so many bytes of plain numbers; 0: the layer has none of them. */
static int fill_numbers(const layer *opened, uint64_t bytes, uint64_t seed, const tsr_buffer **buffer)
{
    if (bytes == 0) return EXIT_DONE;
    tsr_tensor numbers = tsr_tensor_default();
    numbers.dtype = opened->info.x.dtype;
    numbers.c = 1;
    numbers.size[TSR_W] = (int64_t)(bytes / tsr_dtype_bytes(numbers.dtype));
    return fill(opened->context, &numbers, seed, buffer);
}

/* Packs the weights once, outside of any timing. */
static int fill_weights(const layer *opened, const layer_problem *problem, const tsr_buffer **w)
{
    const tsr_conv *p = &problem->conv;
    const int64_t count = p->k * filter_elements(p);
    const tsr_buffer *plain = NULL;
    tsr_buffer *packed = NULL;
    int failed = fill_numbers(opened, (uint64_t)count * tsr_dtype_bytes(p->dtype), w_seed + problem->first_w, &plain);
    if (!failed) {
        tsr_status status = tsr_buffer_create(opened->context, opened->info.packed_bytes, &packed);
        if (status == TSR_OK) status = tsr_plan_pack_enqueue(opened->plan, plain, packed, NULL, 0, NULL, NULL);
        if (status == TSR_OK) status = tsr_context_finish(opened->context);
        if (status != TSR_OK) failed = report_status(status, "cannot pack the weights");
    }
    tsr_buffer_destroy((tsr_buffer *)plain);
    *w = packed;
    return failed;
}

static int fill_buffers(layer *opened, const layer_problem *problem)
{
    const tsr_plan_info *info = &opened->info;
    tsr_args *args = &opened->args;
    int failed = fill(opened->context, &info->x, x_seed + problem->first_x, &args->x);
    if (!failed && problem->is_conv) failed = fill_weights(opened, problem, &args->w);
    if (!failed) failed = fill_numbers(opened, info->bias_bytes, bias_seed, &args->bias);
    if (!failed) failed = fill_numbers(opened, info->scale_bytes, scale_seed, &args->scale);
    if (!failed) failed = fill_numbers(opened, info->slope_bytes, slope_seed, &args->slope);
    if (!failed && info->residual_bytes > 0)
        failed = fill(opened->context, &info->y, residual_seed + problem->first_y, &args->residual);
    if (failed) return failed;

    tsr_status status = tsr_buffer_create(opened->context, info->y_bytes, &args->y);
    if (status == TSR_OK && info->indices_bytes > 0)
        status = tsr_buffer_create(opened->context, info->indices_bytes, &args->indices);
    if (status == TSR_OK && info->workspace_bytes > 0)
        status = tsr_buffer_create(opened->context, info->workspace_bytes, &args->workspace);
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
    const tsr_buffer *const inputs[] = {opened->args.x,    opened->args.w,        opened->args.scale,
                                        opened->args.bias, opened->args.residual, opened->args.slope,
                                        opened->args.y,    opened->args.indices,  opened->args.workspace};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; ++i) tsr_buffer_destroy((tsr_buffer *)inputs[i]);
    tsr_plan_destroy(opened->plan);
    *opened = (layer){0};
}

float *layer_read_y(const layer *opened)
{
    const tsr_tensor dense = on_host(&opened->info.y);
    tsr_buffer *staged = NULL;
    uint64_t bytes = 0;
    tsr_status status = tsr_tensor_bytes(&dense, &bytes);
    if (status == TSR_OK) status = tsr_buffer_create(opened->context, bytes, &staged);
    if (status == TSR_OK) status = convert(opened->context, &opened->info.y, opened->args.y, &dense, staged);
    float *data = status == TSR_OK ? malloc(bytes) : NULL;
    if (status == TSR_OK && data == NULL) out_of_memory();
    if (data != NULL) status = tsr_buffer_read(staged, 0, data, bytes);
    tsr_buffer_destroy(staged);
    if (status == TSR_OK) return data;
    report_status(status, "cannot read y");
    free(data);
    return NULL;
}
