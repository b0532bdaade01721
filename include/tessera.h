/* Tessera: convolution and pooling on any OpenCL device, with a CPU path behind the same calls.
 *
 *   problem -> an algorithm accepts it or refuses it with a reason -> plan (kernels built) -> enqueue
 *
 *   A *context* is one device and its caches. A *problem* (tsr_conv, tsr_pool) is a plain struct that says what to
 *   compute. A *plan* is a problem with its algorithm chosen and its kernels built: making one is slow, and it never
 *   changes afterwards. Running a plan is fast: no allocation, no compilation, no waiting.
 *
 * Rules that hold everywhere:
 *   - Every call that can fail returns a tsr_status. Results come through the last pointer and are written only on
 *     success. tsr_error_message() then tells, for the calling thread, which field was wrong, its value and the limit.
 *   - Whoever creates an object destroys it; every destroy function allows NULL. Objects may be destroyed in any order:
 *     a plan and a buffer keep their context alive. What was lent stays the lender's; OpenCL handles are retained.
 *   - Threads: plans and contexts may be used from several threads at once. One buffer must not be written by one call
 *     while another uses it, as with any memory. Plans may be made in several threads to compile several at once, where
 *     the driver can. A plan locks itself while it enqueues, and never while a kernel runs.
 *   - Sizes and strides count elements, offsets and sizes of buffers bytes. A slice or a tensor begins at a multiple of
 *     4, a tensor of f64 or of 64-bit indices of 8.
 */
#ifndef TESSERA_H
#define TESSERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef TSR_API
#if defined(__GNUC__)
#define TSR_API __attribute__((visibility("default")))
#else
#define TSR_API
#endif
#endif

#define TSR_VERSION_MAJOR 0
#define TSR_VERSION_MINOR 2
#define TSR_VERSION_PATCH 0

TSR_API const char *tsr_version(void); /* "0.2.0": of the library that is linked, which may not be the header's */

/* ---- Status ---------------------------------------------------------------------------------------------------- */

#define TSR_STATUS_LIST(X)                                                        \
    X(OK, 0, "success")                                                           \
    X(INVALID_VALUE, -1, "an argument is outside its documented range")           \
    X(UNSUPPORTED, -2, "no admitted algorithm accepts the problem on the device") \
    X(OUT_OF_MEMORY, -3, "host or device memory is exhausted")                    \
    X(NO_DEVICE, -4, "no device matches the selection")                           \
    X(OPENCL, -5, "an OpenCL call failed")                                        \
    X(BUILD_FAILED, -6, "the device's compiler rejected a kernel")

typedef enum tsr_status {
#define TSR_STATUS_VALUE(name, value, text) TSR_##name = (value),
    TSR_STATUS_LIST(TSR_STATUS_VALUE)
#undef TSR_STATUS_VALUE
} tsr_status;

/* The English text of a status; "unknown status" for any other number. Never NULL. */
TSR_API const char *tsr_status_text(tsr_status status);

/* What went wrong in this thread's most recent failing call: field, value and limit, or the OpenCL call and its code,
 * or the start of a build log. "" before the first failure. Valid until this thread's next failing call. */
TSR_API const char *tsr_error_message(void);

/* ---- Log ------------------------------------------------------------------------------------------------------- */

typedef enum tsr_log_level {
    TSR_LOG_ERROR, /* a call failed: build logs                                                                   */
    TSR_LOG_WARN,  /* work goes on, but: an unusable cache, a build that failed, a fall to the slow `reference`   */
    TSR_LOG_INFO,  /* device and driver of a new context                                                          */
    TSR_LOG_DEBUG, /* every choice: algorithm, refusals, build options, compile time, cache hits, launch sizes    */
} tsr_log_level;

/* Receives one message without a final line end; a build log has several lines. May be called from any thread that uses
 * the context, one call at a time per thread; must not call back into the library. */
typedef void (*tsr_log_fn)(void *cookie, tsr_log_level level, const char *message);

/* ---- Devices --------------------------------------------------------------------------------------------------- */

typedef enum tsr_device_kind {
    TSR_DEVICE_GPU,
    TSR_DEVICE_ACCELERATOR,
    TSR_DEVICE_CPU,  /* a CPU through OpenCL                   */
    TSR_DEVICE_HOST, /* the CPU path: plain C, without OpenCL  */
} tsr_device_kind;

/* What matters of a device for choosing and launching kernels. A plain struct: tests invent devices with it. */
typedef struct tsr_device {
    char name[128], platform[128], vendor[128];
    char driver[128];      /* driver version                                                              */
    char version[128];     /* OpenCL version of the device, "OpenCL 1.2 ..."                              */
    char extensions[4096]; /* separated by spaces; cut at a space where a device has more                 */
    tsr_device_kind kind;
    uint32_t compute_units;
    uint32_t float_width;       /* native vector width for floats: 1, 2, 4, 8 or 16                            */
    uint64_t max_work_group;    /* work-items in a work-group, all dimensions together                         */
    uint64_t max_work_items[3]; /* work-items in a work-group, each dimension                                  */
    uint64_t local_bytes;       /* local memory of a work-group                                                */
    uint64_t max_alloc_bytes;   /* the largest single buffer                                                   */
    uint64_t global_bytes;
    uint64_t max_image_texels; /* vectors of 4 that an image over a buffer has, below 2^31; 0: no images       */
    bool local_is_dedicated;   /* false: local memory is ordinary memory, so copying into it gains nothing    */
    bool unified_memory;       /* device and host share memory                                                */
    bool fp16, fp64;           /* half and double arithmetic                                                  */
    bool subgroups;            /* cl_khr_subgroups or cl_intel_subgroups                                      */
    bool integer_dot_product;  /* cl_khr_integer_dot_product                                                  */
    bool exact_divide;         /* float division can be asked to round correctly                              */
} tsr_device;

/* Lists the OpenCL devices of all platforms; a platform without devices is skipped. Writes at most `capacity` entries
 * to `devices` (may be NULL when capacity is 0) and to *count how many there are. A machine without any OpenCL
 * platform has 0 devices: that is no error. An entry's position is its number for tsr_context_create(). */
TSR_API tsr_status tsr_device_list(tsr_device *devices, size_t capacity, size_t *count);

/* ---- Context --------------------------------------------------------------------------------------------------- */

typedef struct tsr_context tsr_context;

typedef struct tsr_context_options {
    tsr_log_fn log;             /* NULL: silent                                                                */
    void *log_cookie;           /* handed to `log`                                                             */
    tsr_log_level log_level;    /* the most talkative level that is delivered; default TSR_LOG_WARN            */
    const char *cache_folder;   /* keeps built programs between runs; NULL (default): memory only. Missing
                                    folders are made, for the user alone (0700); one that is there must belong
                                    to the user, and nobody else may write to it.                               */
    uint64_t cache_limit_bytes; /* the oldest files go first; default 256 MiB                                  */
    bool profiling;             /* the context's own queue records event times; default false                  */
} tsr_context_options;
TSR_API tsr_context_options tsr_context_options_default(void);

/* Opens a device chosen by `selector`:
 *
 *   NULL           the best there is: GPU, else accelerator, else OpenCL CPU, else the CPU path
 *   "opencl"       the best OpenCL device, in the same order
 *   "opencl:TEXT"  the best of those whose platform's or device's name contains TEXT, in any case
 *   "0", "1", ...  the device with that number in tsr_device_list()
 *   "cpu"          the CPU path; works where no OpenCL platform is installed
 *
 * options may be NULL. Strings are copied. TSR_NO_DEVICE where nothing matches; the message lists what there is. */
TSR_API tsr_status tsr_context_create(const char *selector, const tsr_context_options *options, tsr_context **context);

/* Works inside the caller's OpenCL context, which is retained, on one of its devices. */
TSR_API tsr_status tsr_context_wrap(cl_context cl, cl_device_id device, const tsr_context_options *options,
                                    tsr_context **context);
TSR_API void tsr_context_destroy(tsr_context *context);

/* The device, valid as long as the context, and its OpenCL handles, borrowed: NULL on the CPU path. The queue is the
 * context's own, in order. NULL for NULL. */
TSR_API const tsr_device *tsr_context_device(const tsr_context *context);
TSR_API cl_context tsr_context_cl(const tsr_context *context);
TSR_API cl_device_id tsr_context_cl_device(const tsr_context *context);
TSR_API cl_command_queue tsr_context_queue(const tsr_context *context);
TSR_API tsr_status tsr_context_finish(const tsr_context *context); /* waits for everything on its own queue */

/* ---- Buffers --------------------------------------------------------------------------------------------------- */

typedef struct tsr_buffer tsr_buffer; /* bytes on a context's device; on the CPU path in host memory */

/* Allocates `bytes` bytes, 1 or more and at most the device's max_alloc_bytes; contents undefined. */
TSR_API tsr_status tsr_buffer_create(tsr_context *context, uint64_t bytes, tsr_buffer **buffer);

/* Lends a range inside a cl_mem of the context's cl_context, retained until the buffer is destroyed. No copy. */
TSR_API tsr_status tsr_buffer_wrap(tsr_context *context, cl_mem memory, uint64_t offset, uint64_t bytes,
                                   tsr_buffer **buffer);

/* Lends host memory to a context of the CPU path. `memory` is aligned to 4 bytes and outlives the buffer. */
TSR_API tsr_status tsr_buffer_wrap_host(tsr_context *context, void *memory, uint64_t bytes, tsr_buffer **buffer);

/* Another buffer over bytes of `whole`: a view of a tensor begins there. The memory lives as long as either. */
TSR_API tsr_status tsr_buffer_slice(const tsr_buffer *whole, uint64_t offset, uint64_t bytes, tsr_buffer **slice);
TSR_API void tsr_buffer_destroy(tsr_buffer *buffer);
TSR_API uint64_t tsr_buffer_bytes(const tsr_buffer *buffer); /* 0 for NULL */

/* Copies to and from host memory, in order with the context's own queue, and waits for the copy. */
TSR_API tsr_status tsr_buffer_write(tsr_buffer *buffer, uint64_t offset, const void *source, uint64_t bytes);
TSR_API tsr_status tsr_buffer_read(const tsr_buffer *buffer, uint64_t offset, void *target, uint64_t bytes);

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

/* What a tensor's elements are. Half floats are stored as such and computed with as floats. */
#define TSR_DTYPE_LIST(X)                                                     \
    X(F32, 4, "f32") /* the default                                        */ \
    X(F16, 2, "f16") /* IEEE 754 half                                      */ \
    X(F64, 8, "f64") /* where the device has it; the CPU path always does  */ \
    X(I8, 1, "i8")   /* maximum pooling and reorders                       */ \
    X(U8, 1, "u8")   /* the same                                           */

typedef enum tsr_dtype {
#define TSR_DTYPE_VALUE(name, bytes, text) TSR_##name,
    TSR_DTYPE_LIST(TSR_DTYPE_VALUE)
#undef TSR_DTYPE_VALUE
} tsr_dtype;

/* "f32" and so on, and the bytes of one element; "unknown type" and 0 for any other number. */
TSR_API const char *tsr_dtype_text(tsr_dtype dtype);
TSR_API uint64_t tsr_dtype_bytes(tsr_dtype dtype);

/* Axes of space, outermost first. A 2-D problem has size 1, filter 1 on TSR_D, a 1-D problem on TSR_H too, which is
 * what the defaults say. */
enum { TSR_D, TSR_H, TSR_W, TSR_AXES };

/* NCHW is [N][C][D][H][W], NHWC is [N][D][H][W][C]. The channel-blocked layouts are [N][ceil(C/B)][D][H][W][B] with
 * B = 4, 8 or 16; where B does not divide C, the last block's spare lanes are zero: Tessera writes them so and expects
 * them so. */
typedef enum tsr_layout {
    TSR_LAYOUT_NCHW,
    TSR_LAYOUT_NCHW4C,
    TSR_LAYOUT_NCHW8C,
    TSR_LAYOUT_NCHW16C,
    TSR_LAYOUT_NHWC,
    TSR_LAYOUT_ANY, /* in a problem: whatever the chosen algorithm likes best; tsr_plan_info tells */
} tsr_layout;

TSR_API const char *tsr_layout_text(tsr_layout layout); /* "nchw", ..., "any"; "unknown layout" for any other number */

/* How far, in elements, an element lies from the next along each axis: with these a tensor is a view into a larger one,
 * such as a region, some channels, some images, or a part that a concatenation writes. 0: as in a dense tensor, given
 * the strides of the axes further inside. Where the view begins is the buffer's business (tsr_buffer_slice).
 *
 * `c` leads from one channel to the next in NCHW, from one block to the next where channels are blocked (a view then
 * consists of whole blocks), and is 0 in NHWC, whose channels are adjacent. Convolution and pooling want adjacent
 * elements on the innermost axis: in NCHW a stride of 1 on TSR_W; a reorder takes any. A view that is written must not
 * have two elements in one place. */
typedef struct tsr_strides {
    int64_t n, c, size[TSR_AXES];
} tsr_strides;

typedef struct tsr_tensor {
    tsr_dtype dtype;
    tsr_layout layout;
    int64_t n, c;
    int64_t size[TSR_AXES]; /* D, H, W */
    tsr_strides strides;
} tsr_tensor;

TSR_API tsr_tensor tsr_tensor_default(void); /* F32, NCHW, n = 1, every size 1, c = 0, dense */

/* Bytes from a tensor's first element to the end of its last, spare lanes included. Fails where a size is below 1, the
 * layout is ANY, a stride is negative, or the bytes overflow 63 bits. */
TSR_API tsr_status tsr_tensor_bytes(const tsr_tensor *tensor, uint64_t *bytes);

/* ---- Convolution ----------------------------------------------------------------------------------------------- */

/* Padding computed from the sizes, as in ONNX: SAME gives ceil(size / stride) outputs per axis (transposed: size *
 * stride), with the odd element of padding at the end (upper) or at the beginning (lower); VALID gives none. Explicit
 * pads must then be 0. */
typedef enum tsr_auto_pad { TSR_PAD_NOTSET, TSR_PAD_SAME_UPPER, TSR_PAD_SAME_LOWER, TSR_PAD_VALID } tsr_auto_pad;

/* What padding holds, as in PyTorch. No padded copy is made: kernels look into the input itself. */
typedef enum tsr_pad_mode {
    TSR_PAD_ZEROS,
    TSR_PAD_REFLECT,   /* c b | a b c | b a; pads are below the size    */
    TSR_PAD_REPLICATE, /* a a | a b c | c c                             */
    TSR_PAD_CIRCULAR,  /* b c | a b c | a b; pads are at most the size  */
} tsr_pad_mode;

/* The function applied to a result v, with the problem's alpha and beta as a and b. A NaN stays a NaN. The columns:
 * name, text, the a and b that tsr_activation_parse() takes for granted, how many the text may give ("clip:0:6"). */
#define TSR_ACTIVATION_LIST(X)                                                                                   \
    X(NONE, "none", 0.0, 0.0, 0)                                                                                 \
    X(RELU, "relu", 0.0, 0.0, 0)                       /* max(v, 0)                                       */     \
    X(RELU6, "relu6", 0.0, 0.0, 0)                     /* min(max(v, 0), 6)                               */     \
    X(LEAKY_RELU, "leaky-relu", 0.01, 0.0, 1)          /* v < 0 ? a * v : v                               */     \
    X(PRELU, "prelu", 0.0, 0.0, 0)                     /* v < 0 ? slope_k * v : v; tsr_args.slope         */     \
    X(CLIP, "clip", 0.0, 6.0, 2)                       /* min(max(v, a), b)                               */     \
    X(SIGMOID, "sigmoid", 0.0, 0.0, 0)                 /* 1 / (1 + exp(-v))                               */     \
    X(TANH, "tanh", 0.0, 0.0, 0)                       /* tanh(v)                                         */     \
    X(SILU, "silu", 0.0, 0.0, 0)                       /* v / (1 + exp(-v)), also called swish            */     \
    X(HARD_SIGMOID, "hard-sigmoid", 1.0 / 6.0, 0.5, 2) /* min(max(a * v + b, 0), 1); ONNX: 0.2, 0.5 */           \
    X(HARD_SWISH, "hard-swish", 0.0, 0.0, 0)           /* v * min(max(v / 6 + 1 / 2, 0), 1)               */     \
    X(GELU, "gelu", 0.0, 0.0, 0)                       /* v / 2 * (1 + erf(v / sqrt(2)))                  */     \
    X(GELU_TANH, "gelu-tanh", 0.0, 0.0, 0)             /* v / 2 * (1 + tanh(sqrt(2 / pi) (v + 0.044715 v^3))) */ \
    X(ELU, "elu", 1.0, 0.0, 1)                         /* v < 0 ? a * (exp(v) - 1) : v                    */     \
    X(SOFTPLUS, "softplus", 0.0, 0.0, 0)               /* log(1 + exp(v))                                 */     \
    X(MISH, "mish", 0.0, 0.0, 0)                       /* v * tanh(log(1 + exp(v)))                       */

typedef enum tsr_activation {
#define TSR_ACTIVATION_VALUE(name, text, alpha, beta, numbers) TSR_ACTIVATION_##name,
    TSR_ACTIVATION_LIST(TSR_ACTIVATION_VALUE)
#undef TSR_ACTIVATION_VALUE
} tsr_activation;

/* Reads "relu", "elu:0.5", "clip:0:6" or "clip:0,6"; numbers that are left out are the customary ones. */
TSR_API tsr_status tsr_activation_parse(const char *text, tsr_activation *activation, float *alpha, float *beta);

/* Convolution y = activation(scale_k * conv(x, w) + bias_k + residual), in that order.
 *
 *   x      n, c, size          w         k, c / groups, filter; transposed: c, k / groups, filter (dense, as said)
 *   scale  k                   residual  as y
 *   bias   k                   y         n, k, out
 *
 * conv is cross-correlation, as in ONNX, cuDNN and PyTorch; with `flip` the filter is mirrored on every axis, which is
 * the convolution of mathematics. All tensors have the same type. Sums on devices are in float for f32 and f16, in
 * double for f64; the CPU path's `reference` sums in double.
 *
 * For each axis, out = floor((size + pad_begin + pad_end - dilation * (filter - 1) - 1) / stride) + 1 (ONNX Conv, opset
 * 22); a filter that is larger than the padded input is an error.
 *
 * `exact` admits only algorithms that sum the products themselves: integers then give the same bits everywhere. Without
 * it a 3 x 3 filter may be applied by Winograd's method, whose error before scale is below 4e-6 * 9 * c * max|x| *
 * max|w| (as measured: docs/architecture.md), and which spreads a NaN in x 3 pixels further.
 *
 * Transposed (the gradient of a convolution with respect to its input; "deconvolution"): out = stride * (size - 1) +
 * output_padding + dilation * (filter - 1) + 1 - pad_begin - pad_end (ONNX ConvTranspose, opset 22), where
 * output_padding is below stride or dilation. With output_size above 0 that is the output's size and the pads follow,
 * an odd one at the beginning, or for SAME_UPPER at the end; they may not be given then. Padding mode zeros alone. */
typedef struct tsr_conv {
    int64_t n, c;                                   /* batch; input channels                       */
    int64_t k;                                      /* output channels                             */
    int64_t groups;                                 /* divides c and k                             */
    int64_t size[TSR_AXES], filter[TSR_AXES];       /* input D H W; filter T R S; each 1 or more   */
    int64_t stride[TSR_AXES], dilation[TSR_AXES];   /* 1 or more; dilation 1 is dense              */
    int64_t pad_begin[TSR_AXES], pad_end[TSR_AXES]; /* 0 or more                                   */
    tsr_auto_pad auto_pad;
    tsr_pad_mode pad_mode;
    bool flip, transposed;
    int64_t output_padding[TSR_AXES]; /* transposed: more at the end                           */
    int64_t output_size[TSR_AXES];    /* transposed: the output's size; 0: from the formula    */
    bool scale, bias, residual;       /* what tsr_args brings                                  */
    tsr_activation activation;
    float alpha, beta; /* of the activation, the default 0 included: tsr_activation_parse() sets the customary ones */
    tsr_dtype dtype;
    bool half_sums;                /* f16: sum in half too, where the device has fp16; less precise, rarely faster */
    bool exact;                    /* admit only algorithms that sum the products themselves; default false        */
    tsr_layout x_layout, y_layout; /* residual has y's                             */
    tsr_strides x_strides, y_strides, residual_strides;
} tsr_conv;

/* c, k and size[TSR_W] are 0 and must be set. n, groups, the other sizes, filter, stride and dilation are 1; no
 * padding, no scale, bias, residual or activation; F32, NCHW, dense. */
TSR_API tsr_conv tsr_conv_default(void);
/* Checks the whole problem and tells the shape of y (with the problem's y_layout and y_strides). */
TSR_API tsr_status tsr_conv_output(const tsr_conv *problem, tsr_tensor *y);

/* A batch normalisation behind a convolution, k numbers each; gamma NULL: 1, beta NULL: 0. It computes
 * gamma * (v - mean) / sqrt(variance + epsilon) + beta (ONNX BatchNormalization, opset 15). */
typedef struct tsr_batch_norm {
    const float *gamma, *beta, *mean, *variance;
    float epsilon;
} tsr_batch_norm;

/* Folds the normalisation into weights and bias, all F32 in host memory: a convolution with the results gives what
 * normalising the convolution's output would. bias NULL: 0. The results may be written over w and bias. */
TSR_API tsr_status tsr_conv_fold_batch_norm(const tsr_conv *problem, const tsr_batch_norm *norm, const float *w,
                                            const float *bias, float *folded_w, float *folded_bias);

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

typedef enum tsr_pool_kind {
    TSR_POOL_MAX,             /* padding counts as -infinity; NaN wins                                  */
    TSR_POOL_AVG,             /* divides by the number of elements inside the input                     */
    TSR_POOL_AVG_INCLUDE_PAD, /* divides by the window's part inside the padded input                   */
    TSR_POOL_LP,              /* (sum |x|^p)^(1/p)                                                      */
} tsr_pool_kind;

/* Positions of maxima, for tsr_unpool. */
typedef enum tsr_indices { TSR_INDICES_NONE, TSR_INDICES_I32, TSR_INDICES_I64 } tsr_indices;

/* Pooling: y[n, c, o] is the maximum, average or norm of x over a window of each plane. Windows may overlap.
 *
 * Output sizes are as for convolution. With `ceil` the division rounds up, but the last window must begin inside the
 * input or its begin padding, else it is left out (PyTorch, ONNX opset 22); what overhangs the padded input counts
 * nowhere. Padding on each side is smaller than the window. Where a window lies in padding and overhang alone, its
 * maximum is -infinity (0 or the type's least for integers), its average 0 and its index -1. Of equal elements the
 * first in scan order is the maximum.
 *
 * `adaptive`: output_size is what is asked for, and window i covers floor(i * size / out) to ceil((i + 1) * size / out)
 * (PyTorch); filter, stride, dilation and pads stay at their defaults. `global`: one window, the whole plane. */
typedef struct tsr_pool {
    tsr_pool_kind kind;
    int64_t n, c;
    int64_t size[TSR_AXES], filter[TSR_AXES];       /* input D H W; window T R S; each 1 or more   */
    int64_t stride[TSR_AXES];                       /* 1 or more; 0: the window's size             */
    int64_t dilation[TSR_AXES];                     /* 1 or more                                   */
    int64_t pad_begin[TSR_AXES], pad_end[TSR_AXES]; /* 0 or more, less than the window             */
    tsr_auto_pad auto_pad;
    bool ceil, adaptive, global;
    int64_t output_size[TSR_AXES]; /* adaptive; 0: 1, so that axes that are not used need nothing      */
    int64_t divisor;               /* averages: divide by this; 0: as the kind says                    */
    int64_t p;                     /* LP: 1 to 1024                                                    */
    tsr_indices indices;           /* MAX: tsr_args.indices gets the positions, in y's layout          */
    bool indices_flat;             /* over n, c and space, as ONNX counts; else within the plane       */
    bool indices_column_major;     /* the plane is counted with TSR_D fastest (ONNX storage_order 1)   */
    tsr_dtype dtype;               /* I8 and U8 for MAX                                                */
    tsr_layout x_layout, y_layout;
    tsr_strides x_strides, y_strides;
} tsr_pool;

/* Max; c and size[TSR_W] are 0 and must be set; n, other sizes, window and dilation are 1; stride 0; p 2; no padding,
 * no indices; F32, NCHW, dense. */
TSR_API tsr_pool tsr_pool_default(void);

/* The same with what other frameworks take for granted:
 *
 *   torch       stride as the window; averages count padding
 *   onnx        stride 1; averages do not count padding (opset 22)
 *   tensorflow  stride 1; SAME padding is TSR_PAD_SAME_UPPER, and averages do not count it
 *   caffe       stride 1; sizes round up; averages count padding but not the overhang */
TSR_API tsr_pool tsr_pool_torch(tsr_pool_kind kind);
TSR_API tsr_pool tsr_pool_onnx(tsr_pool_kind kind);
TSR_API tsr_pool tsr_pool_tensorflow(tsr_pool_kind kind);
TSR_API tsr_pool tsr_pool_caffe(tsr_pool_kind kind);
TSR_API tsr_status tsr_pool_output(const tsr_pool *problem, tsr_tensor *y);

/* Unpooling: y is 0 but for y[indices[i]] = x[i], the reverse of a maximum pooling. Where two elements have the same
 * index the later one in scan order stays; an index outside is passed over. */
typedef struct tsr_unpool {
    int64_t n, c;
    int64_t pooled[TSR_AXES]; /* D H W of x and of the indices */
    int64_t size[TSR_AXES];   /* D H W of y                    */
    tsr_indices indices;      /* I32 or I64                    */
    bool indices_flat;        /* over n, c and space of y, as ONNX counts; else within the plane */
    tsr_dtype dtype;
    tsr_layout layout; /* of x, indices and y; ANY is NCHW */
} tsr_unpool;

/* c, pooled[TSR_W] and size[TSR_W] are 0 and must be set; n and other sizes are 1; I64, F32, NCHW. */
TSR_API tsr_unpool tsr_unpool_default(void);

/* ---- Columns --------------------------------------------------------------------------------------------------- */

/* Unfold ("im2col") lays out the windows of a tensor as columns; fold ("col2im", ONNX Col2Im opset 18) adds columns
 * back into the places that they came from. The image is n, c, size in NCHW; the columns are n, c * filter, L: one row
 * for each channel and element of the window, one column for each window. Columns are a tensor with c * T * R * S
 * channels and L on TSR_W. Padding reads as 0. */
typedef struct tsr_unfold {
    int64_t n, c;
    int64_t size[TSR_AXES], filter[TSR_AXES];
    int64_t stride[TSR_AXES], dilation[TSR_AXES];
    int64_t pad_begin[TSR_AXES], pad_end[TSR_AXES];
    tsr_dtype dtype; /* F32, F16 or F64 */
} tsr_unfold;

/* c and size[TSR_W] are 0 and must be set; n and everything else 1; no padding; F32. */
TSR_API tsr_unfold tsr_unfold_default(void);

TSR_API tsr_status tsr_unfold_output(const tsr_unfold *problem, tsr_tensor *columns); /* their shape */

/* ---- Notation -------------------------------------------------------------------------------------------------- */

/* One notation for a problem, in tests, logs and benchmarks: an operator (conv: convt: max: avg: avgpad: lp:), then
 * tokens of a name and a number in any order, once each, as in conv:n8c64h56w56k64r3s3pd1; else it has its default.
 *
 *   n batch  c channels  d h w input sizes  k output channels  t r s filter or window  st stride  dl dilation
 *   g groups  pd padding  op output padding  os output size (transposed, adaptive pooling)  div divisor  p of lp
 *
 * st, dl, pd, op and os take one number, or one for each axis joined by x (st2x1: height and width; st2x1x1: depth
 * too); pd also begins then ends (pd0x0x1x1). One number stands for W and for every other axis whose size or filter is
 * given. Words follow, each after a comma: "conv:c3h8w8k4r3s3,bias,relu".
 *   all         same-upper same-lower valid, f16 f64 (max: i8 u8)
 *   conv convt  scale bias residual flip reflect replicate circular half-sums exact, or an activation as
 *               tsr_activation_parse() reads it, with colons
 *   pooling     ceil adaptive global indices indices32 flat column-major */
TSR_API tsr_status tsr_conv_parse(const char *text, tsr_conv *problem);
TSR_API tsr_status tsr_pool_parse(const char *text, tsr_pool *problem);

/* Writes the same notation, cut to `capacity` bytes with its final 0, and returns `text`. */
TSR_API const char *tsr_conv_format(const tsr_conv *problem, char *text, size_t capacity);
TSR_API const char *tsr_pool_format(const tsr_pool *problem, char *text, size_t capacity);

/* ---- Plans ----------------------------------------------------------------------------------------------------- */

typedef struct tsr_plan tsr_plan; /* immutable: algorithm chosen, layouts fixed, kernels built */

typedef struct tsr_plan_options {
    const char *algorithm;          /* force this one, by name; NULL (default): the first that fits                */
    uint64_t workspace_limit_bytes; /* an algorithm that needs more is refused; default: no limit                  */
    bool strict;                    /* falling to `reference` is TSR_UNSUPPORTED; naming it is not; default false  */
    bool packed_weights;            /* w will be what tsr_plan_pack_enqueue() wrote; default false: plain weights  */
    uint32_t tune_ms;               /* measure what would run fastest, for about so many milliseconds, where the
                                       context's tuning data does not tell; default 0: never                       */
} tsr_plan_options;
TSR_API tsr_plan_options tsr_plan_options_default(void);

/* Chooses an algorithm and builds its kernels. Slow: compiles what no cache holds. options may be NULL. */
TSR_API tsr_status tsr_conv_plan(tsr_context *context, const tsr_conv *problem, const tsr_plan_options *options,
                                 tsr_plan **plan);
TSR_API tsr_status tsr_pool_plan(tsr_context *context, const tsr_pool *problem, const tsr_plan_options *options,
                                 tsr_plan **plan);
TSR_API tsr_status tsr_unpool_plan(tsr_context *context, const tsr_unpool *problem, const tsr_plan_options *options,
                                   tsr_plan **plan);
/* From x, the image, to y, the columns; and back. */
TSR_API tsr_status tsr_unfold_plan(tsr_context *context, const tsr_unfold *problem, const tsr_plan_options *options,
                                   tsr_plan **plan);
TSR_API tsr_status tsr_fold_plan(tsr_context *context, const tsr_unfold *problem, const tsr_plan_options *options,
                                 tsr_plan **plan);

/* Copies x to y, which have the same shape and may differ in layout, strides and type. Numbers are rounded to the
 * nearest, ties to even, and to the nearest end of an integer's range; a NaN becomes the integer 0. */
TSR_API tsr_status tsr_reorder_plan(tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                                    const tsr_plan_options *options, tsr_plan **plan);
TSR_API void tsr_plan_destroy(tsr_plan *plan);

typedef struct tsr_plan_info {
    const char *algorithm;     /* "direct_blocked"; lives as long as the library                                 */
    const char *description;   /* problem, layouts, parameters in one line; lives as long as the plan            */
    tsr_tensor x, y;           /* with the layouts and strides that were chosen                                  */
    uint64_t x_bytes, y_bytes; /* what each buffer must hold at least, here and below                            */
    uint64_t w_bytes;          /* packed if the plan was made for packed weights; 0 where there are none         */
    uint64_t bias_bytes, scale_bytes, slope_bytes, residual_bytes, indices_bytes;
    uint64_t workspace_bytes; /* 0: none is needed                                                              */
    uint64_t packed_bytes;    /* what tsr_plan_pack_enqueue() writes; 0 where there are no weights              */
    int64_t parts;            /* above 1: it is run in so many parts, because the whole would exceed a limit    */
    double build_ms;          /* time to build or load the kernels: part of what making the plan took           */
    double tuned_ms;          /* one run as tuning measured it; 0: the plan is not from tuning data             */
    double default_ms;        /* the same without tuning data                                                   */
} tsr_plan_info;

TSR_API tsr_status tsr_plan_describe(const tsr_plan *plan, tsr_plan_info *info);

typedef struct tsr_candidate { /* one line of the list of algorithms */
    const char *algorithm;
    const char *refusal;      /* NULL: it would run; else why not. Lives as long as the library                 */
    uint64_t workspace_bytes; /* what a plan with these options would need; 0 where it refuses for another reason */
    bool admitted; /* made for such a device, not kept off by `strict`, not slower by rule unless chosen; or named */
    bool chosen;   /* a plan with these options would take it                                                   */
} tsr_candidate;

/* Lists every algorithm for a problem in order of preference, builds nothing. Writes at most `room` entries to
 * `list` and to *count how many there are. Where none is chosen the plan would fail. */
TSR_API tsr_status tsr_conv_explain(const tsr_context *context, const tsr_conv *problem,
                                    const tsr_plan_options *options, tsr_candidate *list, size_t room, size_t *count);
TSR_API tsr_status tsr_pool_explain(const tsr_context *context, const tsr_pool *problem,
                                    const tsr_plan_options *options, tsr_candidate *list, size_t room, size_t *count);
TSR_API tsr_status tsr_unpool_explain(const tsr_context *context, const tsr_unpool *problem,
                                      const tsr_plan_options *options, tsr_candidate *list, size_t room, size_t *count);
TSR_API tsr_status tsr_unfold_explain(const tsr_context *context, const tsr_unfold *problem,
                                      const tsr_plan_options *options, tsr_candidate *list, size_t room, size_t *count);
TSR_API tsr_status tsr_fold_explain(const tsr_context *context, const tsr_unfold *problem,
                                    const tsr_plan_options *options, tsr_candidate *list, size_t room, size_t *count);
TSR_API tsr_status tsr_reorder_explain(const tsr_context *context, const tsr_tensor *x, const tsr_tensor *y,
                                       const tsr_plan_options *options, tsr_candidate *list, size_t room,
                                       size_t *count);

/* ---- Tuning ---------------------------------------------------------------------------------------------------- */

/* A context's tuning data tells which algorithm with which params was measured to be the fastest for a problem, on a
 * device with a driver, in the layouts asked for, with plain or packed weights. Plans follow it, and those with tune_ms
 * add to it. It is a hint: a record that names what the library or the device does not have, or what refuses the
 * problem or needs more memory than the options allow, is passed over; a named algorithm stays the one that runs.
 * docs/tuning.md describes the text.
 *
 * Tuning runs on the context's own queue, in memory of its own. A compilation is not broken off when the time is up. */

/* Adds records, from memory or from a file of at most 64 MiB; a line that is no record is skipped with a warning. */
TSR_API tsr_status tsr_tuning_add(tsr_context *context, const char *text, uint64_t bytes);
TSR_API tsr_status tsr_tuning_load(tsr_context *context, const char *path);

/* Writes all records, those of other devices too, to a file that appears whole or not at all. */
TSR_API tsr_status tsr_tuning_save(tsr_context *context, const char *path);

/* ---- Running --------------------------------------------------------------------------------------------------- */

/* The tensors of one run. What a plan does not use stays NULL. All belong to the plan's context; what is written
 * overlaps nothing else. */
typedef struct tsr_args {
    const tsr_buffer *x, *w;
    const tsr_buffer *scale, *bias, *residual;
    const tsr_buffer *slope; /* of prelu: k numbers */
    tsr_buffer *y, *workspace;
    tsr_buffer *indices; /* int32_t or int64_t as the problem says; written by a pooling, else read */
    const tsr_buffer *dy;
    tsr_buffer *dv, *dx, *dw, *dbias, *dscale, *dslope; /* gradients: tessera_training.h */
} tsr_args;

TSR_API tsr_args tsr_args_default(void); /* everything NULL */

/* Puts the plan's work into a queue, as clEnqueueNDRangeKernel() does: it starts after the events of the wait list,
 * and *event (may be NULL) completes with it; the caller releases the event. Neither allocates nor waits, but for an
 * image over a buffer at its first use where local memory is not dedicated.
 * `queue` is in order or out of order and belongs to the plan's context and device; NULL: the context's own. The
 * buffers must live until the work is done. On the CPU path that is on return; there are no queues and no events, so
 * queue, wait list and event must be NULL. */
TSR_API tsr_status tsr_plan_enqueue(const tsr_plan *plan, const tsr_args *args, cl_command_queue queue,
                                    cl_uint num_events, const cl_event *wait_list, cl_event *event);

/* Rewrites plain weights into the form that this plan runs on; do it once, then run plans that were made with
 * packed_weights for the same problem and algorithm. */
TSR_API tsr_status tsr_plan_pack_enqueue(const tsr_plan *plan, const tsr_buffer *w, tsr_buffer *packed,
                                         cl_command_queue queue, cl_uint num_events, const cl_event *wait_list,
                                         cl_event *event);

/* The simple way: runs on the context's own queue and waits. Where args->workspace is NULL and the plan needs one, it
 * is allocated for this call. */
TSR_API tsr_status tsr_plan_run(const tsr_plan *plan, const tsr_args *args);

#ifdef __cplusplus
}
#endif

#endif
