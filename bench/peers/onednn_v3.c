#include "onednn_api.h"

onednn_shape onednn_shape_create(int axes, const dnnl_dims_t sizes, dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t made = NULL;
    return dnnl_memory_desc_create_with_tag(&made, axes, sizes, dnnl_f32, tag) == dnnl_success ? made : NULL;
}

void onednn_shape_destroy(onednn_shape shape)
{
    if (shape != NULL) dnnl_memory_desc_destroy((dnnl_memory_desc_t)shape);
}

static dnnl_status_t describe_forward(dnnl_engine_t engine, dnnl_prop_kind_t use, dnnl_alg_kind_t algorithm,
                                      const onednn_window *window, onednn_shape x, onednn_shape w, onednn_shape y,
                                      dnnl_primitive_desc_t *made)
{
    return dnnl_convolution_forward_primitive_desc_create(made, engine, use, algorithm, x, w, NULL, y, window->stride,
                                                          window->dilation, window->pad_begin, window->pad_end, NULL);
}

dnnl_status_t onednn_describe_conv(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                   onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made)
{
    return describe_forward(engine, dnnl_forward_inference, algorithm, window, x, w, y, made);
}

dnnl_status_t onednn_describe_conv_data(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                        onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made)
{
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t status = describe_forward(engine, dnnl_forward_training, algorithm, window, x, w, y, &hint);
    if (status == dnnl_success)
        status = dnnl_convolution_backward_data_primitive_desc_create(made, engine, algorithm, x, w, y, window->stride,
                                                                      window->dilation, window->pad_begin,
                                                                      window->pad_end, hint, NULL);
    if (hint != NULL) dnnl_primitive_desc_destroy(hint);
    return status;
}

dnnl_status_t onednn_describe_conv_weights(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                           onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made)
{
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t status = describe_forward(engine, dnnl_forward_training, algorithm, window, x, w, y, &hint);
    if (status == dnnl_success)
        status = dnnl_convolution_backward_weights_primitive_desc_create(
            made, engine, algorithm, x, w, NULL, y, window->stride, window->dilation, window->pad_begin,
            window->pad_end, hint, NULL);
    if (hint != NULL) dnnl_primitive_desc_destroy(hint);
    return status;
}

dnnl_status_t onednn_describe_pool(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                   onednn_shape x, onednn_shape y, dnnl_primitive_desc_t *made)
{
    return dnnl_pooling_forward_primitive_desc_create(made, engine, dnnl_forward_inference, algorithm, x, y,
                                                      window->stride, window->filter, window->dilation,
                                                      window->pad_begin, window->pad_end, NULL);
}
