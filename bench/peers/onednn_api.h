/* What differs between oneDNN 2 and 3, behind the same names; the build compiles one of onednn_v2.c and onednn_v3.c.
 * All else of oneDNN's C interface is the same in both, once what it calls a memory descriptor has one name. */
#ifndef TESSERA_BENCH_ONEDNN_API_H
#define TESSERA_BENCH_ONEDNN_API_H

#include <oneapi/dnnl/dnnl.h>

#if TESSERA_ONEDNN_MAJOR == 2
typedef const dnnl_memory_desc_t *onednn_shape;
#else
typedef const_dnnl_memory_desc_t onednn_shape;
#endif

/* A tensor of floats. NULL: it failed. */
onednn_shape onednn_shape_create(int axes, const dnnl_dims_t sizes, dnnl_format_tag_t tag);
void onednn_shape_destroy(onednn_shape shape); /* NULL is allowed */

/* How a filter or a window lies, in arrays as long as oneDNN's functions read them. */
typedef struct onednn_window {
    dnnl_dims_t filter, stride, pad_begin, pad_end;
    dnnl_dims_t dilation; /* 0: dense */
} onednn_window;

/* Forward, for inference. */
dnnl_status_t onednn_describe_conv(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                   onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made);

/* The gradients by x and by w, of the same tensors. oneDNN describes them with the forward convolution. */
dnnl_status_t onednn_describe_conv_data(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                        onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made);
dnnl_status_t onednn_describe_conv_weights(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                           onednn_shape x, onednn_shape w, onednn_shape y, dnnl_primitive_desc_t *made);

dnnl_status_t onednn_describe_pool(dnnl_engine_t engine, dnnl_alg_kind_t algorithm, const onednn_window *window,
                                   onednn_shape x, onednn_shape y, dnnl_primitive_desc_t *made);

#endif
