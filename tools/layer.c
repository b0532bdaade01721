#include "layer.h"
#include "clock.h"
#include "report.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

const char *const layer_passes[] = {"forward", "backward-data", "backward-weights", NULL};

/* ---- Problems -------------------------------------------------------------------------------------------------- */

size_t layer_elements(const tsr_tensor *shape)
{
    return (size_t)(shape->n * shape->c * tsr__tensor_plane(shape));
}

static double elements(const tsr_tensor *t)
{
    return (double)t->n * (double)t->c * (double)tsr__tensor_plane(t);
}

/* A row of numbers, as weights are. */
static tsr_tensor row_of(int64_t count, tsr_dtype dtype)
{
    tsr_tensor row = tsr_tensor_default();
    row.dtype = dtype;
    row.c = 1;
    row.size[TSR_W] = count;
    return row;
}

static tsr_tensor x_shape(const layer_problem *problem)
{
    const tsr_conv *conv = &problem->conv;
    const tsr_pool *pool = &problem->pool;
    tsr_tensor x = tsr_tensor_default();
    x.n = problem->is_conv ? conv->n : pool->n;
    x.c = problem->is_conv ? conv->c : pool->c;
    memcpy(x.size, problem->is_conv ? conv->size : pool->size, sizeof x.size);
    return x;
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
    tsr_tensor x = x_shape(problem), y = problem->y;
    p->x_layout = p->y_layout = x.layout = y.layout = form.layout;
    if (form.views) {
        p->x_strides = view_of(&x);
        p->y_strides = p->residual_strides = view_of(&y);
    }
    describe_conv(problem, &x);
    return tsr_conv_output(p, &y);
}

/* Whether a pooling's gradient looks for the maxima in x. */
static bool looks_for_maxima(const layer_problem *problem)
{
    return !problem->is_conv && problem->pass != LAYER_FORWARD && problem->pool.kind == TSR_POOL_MAX;
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
    tsr_tensor x = x_shape(problem), y = problem->y;
    p->x_layout = p->y_layout = x.layout = y.layout = form.layout;
    if (form.views) {
        p->x_strides = view_of(&x);
        p->y_strides = view_of(&y);
    }
    const double moved = elements(&x) * (looks_for_maxima(problem) ? 2.0 : 1.0) + elements(&y);
    problem->bytes = moved * (double)tsr_dtype_bytes(p->dtype) + elements(&y) * index_bytes[p->indices];
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

static void settle_result(layer_problem *problem)
{
    problem->result = problem->pass == LAYER_FORWARD ? problem->y
                      : problem->pass == LAYER_BACKWARD_DATA
                          ? x_shape(problem)
                          : row_of(problem->conv.k * filter_elements(&problem->conv), TSR_F32);
    problem->y.dtype = problem->result.dtype = TSR_F32;
    problem->y.layout = problem->result.layout = TSR_LAYOUT_NCHW;
}

/* Channels of the part: as many as these operations allow, of so many that take `all`. */
static int64_t part_of(int64_t channels, double operations, double all)
{
    return least(channels, (int64_t)((double)channels * operations / all) + 1);
}

static tsr_status part_of_conv(const layer_problem *whole, double operations, layer_problem *part)
{
    const int64_t images = whole->conv.n, plane = tsr__tensor_plane(&whole->y);
    const tsr_tensor x = x_shape(whole);
    tsr_conv *p = &part->conv;
    const bool more = p->scale || p->bias || p->residual || p->activation != TSR_ACTIVATION_NONE;
    const bool can_cut = p->groups == 1 && !p->transposed && !more;
    if (part->pass != LAYER_BACKWARD_WEIGHTS) p->n = 1;
    const double all = whole->operations * (double)p->n / (double)images;
    if (can_cut && part->pass == LAYER_BACKWARD_DATA)
        p->c = part_of(p->c, operations, all);
    else if (can_cut)
        p->k = part_of(p->k, operations, all);
    const int64_t image = images - p->n, first_k = whole->conv.k - p->k, first_c = whole->conv.c - p->c;
    p->x_layout = p->y_layout = TSR_LAYOUT_NCHW;
    p->x_strides = p->y_strides = p->residual_strides = (tsr_strides){0};
    part->first_x = (uint64_t)((image * x.c + first_c) * tsr__tensor_plane(&x));
    part->first_w = (uint64_t)(first_k * filter_elements(&whole->conv) + first_c * (filter_elements(p) / p->c));
    part->first_y = (uint64_t)((image * whole->conv.k + first_k) * plane);
    part->first_result = part->pass == LAYER_FORWARD         ? part->first_y
                         : part->pass == LAYER_BACKWARD_DATA ? part->first_x
                                                             : part->first_w;
    return tsr_conv_output(p, &part->y);
}

static tsr_status part_of_pool(const layer_problem *whole, layer_problem *part)
{
    const tsr_tensor x = x_shape(whole);
    const int64_t image = whole->pool.n - 1;
    tsr_pool *p = &part->pool;
    p->n = 1;
    p->x_layout = p->y_layout = TSR_LAYOUT_NCHW;
    p->x_strides = p->y_strides = (tsr_strides){0};
    part->first_x = (uint64_t)(image * x.c * tsr__tensor_plane(&x));
    part->first_y = (uint64_t)(image * x.c * tsr__tensor_plane(&whole->y));
    part->first_result = part->pass == LAYER_FORWARD ? part->first_y : part->first_x;
    return tsr_pool_output(p, &part->y);
}

int layer_part(const layer_problem *whole, double operations, layer_problem *part)
{
    *part = *whole;
    const tsr_status status = whole->is_conv ? part_of_conv(whole, operations, part) : part_of_pool(whole, part);
    if (status != TSR_OK) return report_status(status, "a part of the problem");
    settle_result(part);
    return EXIT_DONE;
}

/* Why the benchmark does not run the pass of it, or NULL. */
static const char *refuse_pass(const layer_problem *problem)
{
    const tsr_conv *conv = &problem->conv;
    const tsr_pool *pool = &problem->pool;
    if (problem->pass == LAYER_FORWARD) return NULL;
    if (!problem->is_conv && problem->pass == LAYER_BACKWARD_WEIGHTS) return "poolings have no weights";
    if (!problem->is_conv && (pool->indices != TSR_INDICES_NONE || pool->kind == TSR_POOL_LP))
        return "of poolings, maxima without indices and averages are measured";
    if (problem->is_conv && (conv->scale || conv->bias || conv->residual || conv->activation != TSR_ACTIVATION_NONE))
        return "it is measured without scale, bias, residual and activation";
    return (problem->is_conv ? conv->dtype : pool->dtype) == TSR_F32 ? NULL : "it is measured in f32";
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
    *problem = (layer_problem){.is_conv = is_conv, .pass = form.pass};
    const tsr_status status = (is_conv ? parse_conv : parse_pool)(text, form, problem);
    if (status != TSR_OK) return report_status(status, text);
    const char *refused = refuse_pass(problem);
    if (refused != NULL) return report(EXIT_INPUT, "problem \"%s\" backward: %s", text, refused);
    problem->whole_c = is_conv ? problem->conv.c / problem->conv.groups : problem->pool.c;
    problem->whole_k = problem->y.c;
    settle_result(problem);
    return EXIT_DONE;
}

static tsr_status plan_conv(tsr_context *context, const layer_problem *problem, const tsr_plan_options *options,
                            tsr_plan **plan)
{
    tsr_conv_backward backward = tsr_conv_backward_default();
    tsr_plan_options plain = *options;
    plain.packed_weights = false;
    backward.forward = problem->conv;
    if (problem->pass == LAYER_BACKWARD_DATA) return tsr_conv_backward_data_plan(context, &backward, options, plan);
    if (problem->pass == LAYER_BACKWARD_WEIGHTS)
        return tsr_conv_backward_weights_plan(context, &backward, &plain, plan);
    return tsr_conv_plan(context, &problem->conv, options, plan);
}

static tsr_status plan_pool(tsr_context *context, const layer_problem *problem, const tsr_plan_options *options,
                            tsr_plan **plan)
{
    if (problem->pass == LAYER_FORWARD) return tsr_pool_plan(context, &problem->pool, options, plan);
    return tsr_pool_backward_plan(context, &problem->pool, options, plan);
}

int layer_plan_with(tsr_context *context, const layer_problem *problem, const tsr_plan_options *options,
                    tsr_plan **plan)
{
    const tsr_status status = (problem->is_conv ? plan_conv : plan_pool)(context, problem, options, plan);
    if (status == TSR_OK) return EXIT_DONE;
    const int failed = report_status(status, "cannot plan");
    return status == TSR_UNSUPPORTED && options->algorithm != NULL ? LAYER_REFUSED : failed;
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
                      scale_seed = UINT64_C(1) << 42, slope_seed = UINT64_C(1) << 43, residual_seed = UINT64_C(1) << 44,
                      dy_seed = UINT64_C(1) << 45;

/* Numbers of a part of some rows: so many of each, from the first on, where the whole's rows are `step` apart. */
typedef struct span {
    int64_t rows, row, step;
    uint64_t first;
} span;

static span span_of(int64_t count, uint64_t first)
{
    return (span){1, count, count, first};
}

static float *numbers(span of, uint64_t seed)
{
    float *data = malloc((size_t)(of.rows * of.row) * sizeof *data), *next = data;
    if (data == NULL) {
        out_of_memory();
        return NULL;
    }
    for (int64_t row = 0; row < of.rows; ++row)
        for (int64_t i = 0; i < of.row; ++i) *next++ = small_integer(seed + of.first + (uint64_t)(row * of.step + i));
    return data;
}

float *layer_x(const layer_problem *problem)
{
    const tsr_tensor x = x_shape(problem);
    return numbers(span_of((int64_t)layer_elements(&x), 0), x_seed);
}

float *layer_w(const layer_problem *problem)
{
    return numbers(span_of(problem->conv.k * filter_elements(&problem->conv), 0), w_seed);
}

float *layer_dy(const layer_problem *problem)
{
    return numbers(span_of((int64_t)layer_elements(&problem->y), 0), dy_seed);
}

/* The value of an element depends on its position in dense NCHW alone, so every device and layout sees the same. */
static int fill(tsr_context *context, const tsr_tensor *as, span of, uint64_t seed, const tsr_buffer **buffer)
{
    float *data = numbers(of, seed);
    if (data == NULL) return EXIT_DEVICE;
    tsr_buffer *made = NULL;
    const tsr_status status = upload(context, data, as, &made);
    free(data);
    *buffer = made;
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot fill a buffer");
}

/* A tensor of channels of the whole's. */
static int fill_tensor(const layer *opened, const tsr_tensor *as, uint64_t first, int64_t whole_c, uint64_t seed,
                       const tsr_buffer **buffer)
{
    const int64_t plane = tsr__tensor_plane(as);
    return fill(opened->context, as, (span){as->n, as->c * plane, whole_c * plane, first}, seed, buffer);
}

/* So many bytes of plain numbers; 0: the layer has none of them. */
static int fill_numbers(const layer *opened, uint64_t bytes, uint64_t seed, const tsr_buffer **buffer)
{
    if (bytes == 0) return EXIT_DONE;
    const tsr_dtype dtype = opened->info.x.dtype;
    const int64_t count = (int64_t)(bytes / tsr_dtype_bytes(dtype));
    const tsr_tensor row = row_of(count, dtype);
    return fill(opened->context, &row, span_of(count, 0), seed, buffer);
}

/* Packs the weights once, outside of any timing. */
static int fill_weights(const layer *opened, const layer_problem *problem, const tsr_buffer **w)
{
    const tsr_conv *p = &problem->conv;
    const int64_t filter = filter_elements(p), whole = filter / (p->c / p->groups) * problem->whole_c;
    const tsr_tensor row = row_of(p->k * filter, p->dtype);
    const span cut = {p->k, filter, whole, problem->first_w};
    const tsr_buffer *plain = NULL;
    tsr_buffer *packed = NULL;
    int failed = fill(opened->context, &row, p->transposed ? span_of(row.size[TSR_W], 0) : cut, w_seed, &plain);
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

/* Channels of x of the whole, over all groups. */
static int64_t whole_channels(const layer_problem *problem)
{
    return problem->is_conv ? problem->whole_c * problem->conv.groups : problem->whole_c;
}

static int fill_forward(layer *opened, const layer_problem *problem)
{
    const tsr_plan_info *info = &opened->info;
    tsr_args *args = &opened->args;
    int failed = fill_tensor(opened, &info->x, problem->first_x, whole_channels(problem), x_seed, &args->x);
    if (!failed && problem->is_conv) failed = fill_weights(opened, problem, &args->w);
    if (!failed) failed = fill_numbers(opened, info->bias_bytes, bias_seed, &args->bias);
    if (!failed) failed = fill_numbers(opened, info->scale_bytes, scale_seed, &args->scale);
    if (!failed) failed = fill_numbers(opened, info->slope_bytes, slope_seed, &args->slope);
    if (!failed && info->residual_bytes > 0)
        failed = fill_tensor(opened, &info->y, problem->first_y, problem->whole_k, residual_seed, &args->residual);
    if (failed) return failed;

    tsr_status status = tsr_buffer_create(opened->context, info->y_bytes, &args->y);
    if (status == TSR_OK && info->indices_bytes > 0)
        status = tsr_buffer_create(opened->context, info->indices_bytes, &args->indices);
    opened->made = info->y;
    opened->result = args->y;
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot create a buffer");
}

static int fill_backward(layer *opened, const layer_problem *problem)
{
    const tsr_plan_info *info = &opened->info;
    tsr_args *args = &opened->args;
    const bool weights = problem->pass == LAYER_BACKWARD_WEIGHTS;
    const bool reads_x = weights || looks_for_maxima(problem);
    int failed = fill_tensor(opened, &info->y, problem->first_y, problem->whole_k, dy_seed, &args->dy);
    if (problem->is_conv) { /* without an activation it is dv */
        args->dv = (tsr_buffer *)args->dy;
        args->dy = NULL;
    }
    if (!failed && reads_x)
        failed = fill_tensor(opened, &info->x, problem->first_x, whole_channels(problem), x_seed, &args->x);
    if (!failed && problem->is_conv && !weights) failed = fill_weights(opened, problem, &args->w);
    if (failed) return failed;

    const tsr_status status = weights ? tsr_buffer_create(opened->context, info->w_bytes, &args->dw)
                                      : tsr_buffer_create(opened->context, info->x_bytes, &args->dx);
    opened->made = weights ? row_of((int64_t)layer_elements(&problem->result), TSR_F32) : info->x;
    opened->result = weights ? args->dw : args->dx;
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot create a buffer");
}

static int fill_buffers(layer *opened, const layer_problem *problem)
{
    const uint64_t workspace = opened->info.workspace_bytes;
    const int failed = (problem->pass == LAYER_FORWARD ? fill_forward : fill_backward)(opened, problem);
    if (failed || workspace == 0) return failed;
    const tsr_status status = tsr_buffer_create(opened->context, workspace, &opened->args.workspace);
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
    const tsr_buffer *const inputs[] = {
        opened->args.x,     opened->args.w,  opened->args.scale,   opened->args.bias,      opened->args.residual,
        opened->args.slope, opened->args.y,  opened->args.indices, opened->args.workspace, opened->args.dv,
        opened->args.dy,    opened->args.dx, opened->args.dw};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; ++i) tsr_buffer_destroy((tsr_buffer *)inputs[i]);
    tsr_plan_destroy(opened->plan);
    *opened = (layer){0};
}

float *layer_read_result(const layer *opened)
{
    const tsr_tensor dense = on_host(&opened->made);
    tsr_buffer *staged = NULL;
    uint64_t bytes = 0;
    tsr_status status = tsr_tensor_bytes(&dense, &bytes);
    if (status == TSR_OK) status = tsr_buffer_create(opened->context, bytes, &staged);
    if (status == TSR_OK) status = convert(opened->context, &opened->made, opened->result, &dense, staged);
    float *data = status == TSR_OK ? malloc(bytes) : NULL;
    if (status == TSR_OK && data == NULL) out_of_memory();
    if (data != NULL) status = tsr_buffer_read(staged, 0, data, bytes);
    tsr_buffer_destroy(staged);
    if (status == TSR_OK) return data;
    report_status(status, "cannot read the result");
    free(data);
    return NULL;
}
