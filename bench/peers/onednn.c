/* oneDNN, Intel's library for CPUs, in this process. */
#include "onednn_api.h"
#include "peer.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a variant uses the library. */
typedef struct way {
    const char *variant, *shown;
    dnnl_alg_kind_t algorithm; /* of a convolution */
    bool plain;                /* x and y lie as they are named; else as the library likes */
    bool reorders;             /* from and to plain tensors, at every run */
} way;

static const way ways[] = {
    {"onednn", "", dnnl_convolution_auto, false, false},
    {"onednn-direct", "", dnnl_convolution_direct, false, false},
    {"onednn-winograd", "", dnnl_convolution_winograd, false, false},
    {"onednn-reorder", "reorders ", dnnl_convolution_auto, false, true},
    {"onednn-plain", "plain ", dnnl_convolution_auto, true, false},
};

enum { X, W, Y, TENSORS };

/* What a pass does with them. */
typedef struct pass {
    dnnl_status_t (*describe)(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                              onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made);
    int made;              /* the tensor that it makes of the others */
    int argument[TENSORS]; /* names of the tensors for a run, and of their shapes */
    dnnl_query_t shape[TENSORS];
} pass;

static const pass passes[] = {
    [LAYER_FORWARD] = {onednn_describe_conv,
                       Y,
                       {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST},
                       {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md}},
    [LAYER_BACKWARD_DATA] = {onednn_describe_conv_data,
                             X,
                             {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST},
                             {dnnl_query_diff_src_md, dnnl_query_weights_md, dnnl_query_diff_dst_md}},
    [LAYER_BACKWARD_WEIGHTS] = {onednn_describe_conv_weights,
                                W,
                                {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST},
                                {dnnl_query_src_md, dnnl_query_diff_weights_md, dnnl_query_diff_dst_md}},
};

typedef struct onednn_layer {
    const way *how;
    const pass *pass;
    peer_layer one;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    onednn_shape plain[TENSORS]; /* as the caller's arrays lie */
    dnnl_primitive_desc_t description;
    dnnl_primitive_t primitive, enter, leave; /* the reorders of x and y, where there are any */
    dnnl_memory_t memory[TENSORS];            /* as the primitive wants them */
    dnnl_memory_t plain_x, plain_y;           /* where reorders are timed */
    char implementation[128];
} onednn_layer;

static const char *start(const char *folder)
{
    static char version[32];
    (void)folder;
    const dnnl_version_t *v = dnnl_version();
    snprintf(version, sizeof version, "%d.%d.%d", v->major, v->minor, v->patch);
    return version;
}

static void stop(void)
{
}

static void close_layer(void *opened)
{
    onednn_layer *p = opened;
    const dnnl_primitive_t primitives[] = {p->primitive, p->enter, p->leave};
    const dnnl_memory_t memories[] = {p->memory[X], p->memory[W], p->memory[Y], p->plain_x, p->plain_y};
    for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; ++i)
        if (primitives[i] != NULL) dnnl_primitive_destroy(primitives[i]);
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; ++i)
        if (memories[i] != NULL) dnnl_memory_destroy(memories[i]);
    for (int t = 0; t < TENSORS; ++t) onednn_shape_destroy(p->plain[t]);
    if (p->description != NULL) dnnl_primitive_desc_destroy(p->description);
    if (p->stream != NULL) dnnl_stream_destroy(p->stream);
    if (p->engine != NULL) dnnl_engine_destroy(p->engine);
    free(p);
}

/* ---- Shapes ---------------------------------------------------------------------------------------------------- */

/* The tensor in the format, as far as that says: weights have an axis more where there are groups. */
static onednn_shape shape_of(const peer_layer *one, int tensor, dnnl_format_tag_t tag)
{
    const dnnl_dims_t x = {one->n, one->c, one->in[0], one->in[1]}, y = {one->n, one->k, one->out[0], one->out[1]};
    const dnnl_dims_t w = {one->k, one->c, one->filter[0], one->filter[1]};
    const dnnl_dims_t grouped_w = {one->groups, one->k / one->groups, one->c / one->groups, one->filter[0],
                                   one->filter[1]};
    if (tensor == X) return onednn_shape_create(4, x, tag);
    if (tensor == Y) return onednn_shape_create(4, y, tag);
    if (one->groups == 1) return onednn_shape_create(4, w, tag);
    return onednn_shape_create(5, grouped_w, tag == dnnl_abcd ? dnnl_abcde : tag);
}

/* What the library likes: convolutions say it themselves, pooling takes what convolutions leave. */
static dnnl_format_tag_t liked_format(const peer_layer *one)
{
    if (one->is_conv) return dnnl_format_tag_any;
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core) == dnnl_cpu_isa_avx512_core ? dnnl_nChw16c
                                                                                                 : dnnl_nChw8c;
}

static onednn_window window_of(const peer_layer *one)
{
    onednn_window window = {0};
    for (int i = 0; i < 2; ++i) {
        window.filter[i] = one->filter[i];
        window.stride[i] = one->stride[i];
        window.dilation[i] = one->dilation[i] - 1;
        window.pad_begin[i] = one->pad_begin[i];
        window.pad_end[i] = one->pad_end[i];
    }
    return window;
}

static dnnl_status_t describe(onednn_layer *p, tsr_layout layout)
{
    static const dnnl_alg_kind_t pools[] = {
        [TSR_POOL_MAX] = dnnl_pooling_max,
        [TSR_POOL_AVG] = dnnl_pooling_avg_exclude_padding,
        [TSR_POOL_AVG_INCLUDE_PAD] = dnnl_pooling_avg_include_padding,
    };
    const peer_layer *one = &p->one;
    const dnnl_format_tag_t plain = layout == TSR_LAYOUT_NHWC ? dnnl_nhwc : dnnl_nchw;
    const dnnl_format_tag_t tag = p->how->plain ? plain : liked_format(one);
    const onednn_shape x = shape_of(one, X, tag), y = shape_of(one, Y, tag);
    const onednn_shape w = one->is_conv ? shape_of(one, W, dnnl_format_tag_any) : NULL;
    const onednn_window window = window_of(one);
    dnnl_status_t status = dnnl_out_of_memory;
    if (x != NULL && y != NULL && (w != NULL || !one->is_conv)) {
        status = one->is_conv ? p->pass->describe(p->engine, p->how->algorithm, &window, x, w, y, &p->description)
                              : onednn_describe_pool(p->engine, pools[one->kind], &window, x, y, &p->description);
    }
    onednn_shape_destroy(x);
    onednn_shape_destroy(w);
    onednn_shape_destroy(y);
    return status;
}

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

static dnnl_status_t make_reorder(const onednn_layer *p, dnnl_memory_t from, dnnl_memory_t to, dnnl_primitive_t *made)
{
    onednn_shape from_shape = NULL, to_shape = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = dnnl_memory_get_memory_desc(from, &from_shape);
    if (status == dnnl_success) status = dnnl_memory_get_memory_desc(to, &to_shape);
    if (status == dnnl_success)
        status = dnnl_reorder_primitive_desc_create(&description, from_shape, p->engine, to_shape, p->engine, NULL);
    if (status == dnnl_success) status = dnnl_primitive_create(made, description);
    if (description != NULL) dnnl_primitive_desc_destroy(description);
    return status;
}

static dnnl_status_t run_reorder(const onednn_layer *p, dnnl_primitive_t reorder, dnnl_memory_t from, dnnl_memory_t to)
{
    const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
    return dnnl_primitive_execute(reorder, p->stream, 2, arguments);
}

static dnnl_status_t copy(const onednn_layer *p, dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_primitive_t reorder = NULL;
    dnnl_status_t status = make_reorder(p, from, to, &reorder);
    if (status == dnnl_success) status = run_reorder(p, reorder, from, to);
    if (status == dnnl_success) status = dnnl_stream_wait(p->stream);
    if (reorder != NULL) dnnl_primitive_destroy(reorder);
    return status;
}

/* Makes a tensor as the primitive wants it, and fills it from a plain array. */
static dnnl_status_t fill(onednn_layer *p, int tensor, const float *from)
{
    const onednn_shape wanted = dnnl_primitive_desc_query_md(p->description, p->pass->shape[tensor], 0);
    dnnl_status_t status = dnnl_memory_create(&p->memory[tensor], wanted, p->engine, DNNL_MEMORY_ALLOCATE);
    p->plain[tensor] = shape_of(&p->one, tensor, dnnl_abcd);
    if (status != dnnl_success || p->plain[tensor] == NULL || tensor == p->pass->made) return status;
    dnnl_memory_t plain = NULL;
    status = dnnl_memory_create(&plain, p->plain[tensor], p->engine, (void *)from);
    if (status == dnnl_success) status = copy(p, plain, p->memory[tensor]);
    if (plain != NULL) dnnl_memory_destroy(plain);
    return status;
}

/* The plain tensors between which a run reorders, and the reorders. */
static dnnl_status_t make_reorders(onednn_layer *p, tsr_layout layout)
{
    const dnnl_format_tag_t tag = layout == TSR_LAYOUT_NHWC ? dnnl_nhwc : dnnl_nchw;
    const onednn_shape x = shape_of(&p->one, X, tag), y = shape_of(&p->one, Y, tag);
    dnnl_status_t status = dnnl_memory_create(&p->plain_x, x, p->engine, DNNL_MEMORY_ALLOCATE);
    if (status == dnnl_success) status = dnnl_memory_create(&p->plain_y, y, p->engine, DNNL_MEMORY_ALLOCATE);
    if (status == dnnl_success) status = copy(p, p->memory[X], p->plain_x);
    if (status == dnnl_success) status = make_reorder(p, p->plain_x, p->memory[X], &p->enter);
    if (status == dnnl_success) status = make_reorder(p, p->memory[Y], p->plain_y, &p->leave);
    onednn_shape_destroy(x);
    onednn_shape_destroy(y);
    return status;
}

/* ---- Layers ---------------------------------------------------------------------------------------------------- */

static dnnl_status_t make(onednn_layer *p, const peer_task *task)
{
    const char *name = NULL;
    dnnl_status_t status = dnnl_primitive_create(&p->primitive, p->description);
    if (status == dnnl_success) status = fill(p, X, task->x);
    if (status == dnnl_success && p->one.is_conv) status = fill(p, W, task->w);
    if (status == dnnl_success) status = fill(p, Y, task->dy);
    if (status == dnnl_success && p->how->reorders) status = make_reorders(p, task->layout);
    if (status == dnnl_success) status = dnnl_primitive_desc_query(p->description, dnnl_query_impl_info_str, 0, &name);
    if (status == dnnl_success) snprintf(p->implementation, sizeof p->implementation, "%s%s", p->how->shown, name);
    return status;
}

static void *open_layer(const peer_task *task, const char *variant, const char **refused)
{
    onednn_layer *p = calloc(1, sizeof *p);
    *refused = "out of memory";
    if (p == NULL) return NULL;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; ++i)
        if (strcmp(ways[i].variant, variant) == 0) p->how = &ways[i];
    *refused = peer_describe(task->problem, &p->one);
    if (*refused == NULL && !p->one.is_conv &&
        (p->how->algorithm == dnnl_convolution_direct || p->how->algorithm == dnnl_convolution_winograd))
        *refused = "pooling has one algorithm";
    if (*refused == NULL && task->problem->pass != LAYER_FORWARD && (!p->one.is_conv || p->how->reorders))
        *refused = "backward, convolutions are compared without reorders";
    p->pass = &passes[task->problem->pass];
    if (*refused == NULL) {
        dnnl_status_t status = dnnl_engine_create(&p->engine, dnnl_cpu, 0);
        if (status == dnnl_success) status = dnnl_stream_create(&p->stream, p->engine, dnnl_stream_default_flags);
        if (status == dnnl_success) status = describe(p, task->layout);
        if (status != dnnl_success) *refused = "oneDNN has no such primitive";
        if (status == dnnl_success && make(p, task) != dnnl_success) *refused = "oneDNN cannot make the primitive";
    }
    if (*refused == NULL) return p;
    close_layer(p);
    return NULL;
}

static int run(void *opened, int count)
{
    const onednn_layer *p = opened;
    const int *argument = p->pass->argument;
    const dnnl_exec_arg_t conv[] = {
        {argument[X], p->memory[X]}, {argument[Y], p->memory[Y]}, {argument[W], p->memory[W]}};
    dnnl_status_t status = dnnl_success;
    for (int i = 0; i < count && status == dnnl_success; ++i) {
        if (p->enter != NULL) status = run_reorder(p, p->enter, p->plain_x, p->memory[X]);
        if (status == dnnl_success)
            status = dnnl_primitive_execute(p->primitive, p->stream, p->one.is_conv ? 3 : 2, conv);
        if (status == dnnl_success && p->leave != NULL) status = run_reorder(p, p->leave, p->memory[Y], p->plain_y);
    }
    if (status == dnnl_success) status = dnnl_stream_wait(p->stream);
    return status == dnnl_success ? EXIT_DONE : report(EXIT_DEVICE, "oneDNN failed with status %d", (int)status);
}

static int read_result(void *opened, float *result)
{
    const onednn_layer *p = opened;
    const int made = p->pass->made;
    dnnl_memory_t plain = NULL;
    dnnl_status_t status = dnnl_memory_create(&plain, p->plain[made], p->engine, result);
    if (status == dnnl_success) status = copy(p, p->plain_y != NULL ? p->plain_y : p->memory[made], plain);
    if (plain != NULL) dnnl_memory_destroy(plain);
    return status == dnnl_success ? EXIT_DONE : report(EXIT_DEVICE, "oneDNN failed with status %d", (int)status);
}

static const char *implementation(const void *opened)
{
    return ((const onednn_layer *)opened)->implementation;
}

const peer_calls peer_onednn = {start, stop, open_layer, run, read_result, implementation, close_layer};
