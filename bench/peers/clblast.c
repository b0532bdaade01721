/* CLBlast's convolution as a matrix multiplication, in this process and on the device that is measured. */
#include "peer.h"
#include "report.h"

#include <clblast_c.h>
#include <stdlib.h>

typedef struct clblast_layer {
    peer_layer one;
    cl_command_queue queue; /* the context's */
    cl_mem x, w, y;
    size_t y_bytes;
} clblast_layer;

static const char *start(const char *folder)
{
    (void)folder;
    return TESSERA_CLBLAST_VERSION;
}

static void stop(void)
{
    CLBlastClearCache();
}

static void close_layer(void *opened)
{
    clblast_layer *p = opened;
    const cl_mem memories[] = {p->x, p->w, p->y};
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; ++i)
        if (memories[i] != NULL) clReleaseMemObject(memories[i]);
    free(p);
}

static const char *refuse(const peer_task *task, peer_layer *one)
{
    const char *why = peer_describe_forward(task->problem, one);
    if (why != NULL) return why;
    if (!one->is_conv) return "it has no pooling";
    if (one->groups != 1) return "it has no groups";
    for (int i = 0; i < 2; ++i)
        if (one->pad_begin[i] < one->pad_end[i]) return "it pads both sides alike";
    return tsr_context_cl(task->context) == NULL ? "it needs an OpenCL device" : NULL;
}

static void *open_layer(const peer_task *task, const char *variant, const char **refused)
{
    (void)variant;
    clblast_layer *p = calloc(1, sizeof *p);
    *refused = "out of memory";
    if (p == NULL) return NULL;
    *refused = refuse(task, &p->one);
    if (*refused == NULL) {
        const peer_layer *one = &p->one;
        const size_t x_bytes = (size_t)(one->n * one->c * one->in[0] * one->in[1]) * sizeof(float);
        const size_t w_bytes = (size_t)(one->k * one->c * one->filter[0] * one->filter[1]) * sizeof(float);
        const cl_mem_flags flags = CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR;
        cl_context context = tsr_context_cl(task->context);
        cl_int code = CL_SUCCESS;
        p->queue = tsr_context_queue(task->context);
        p->y_bytes = (size_t)(one->n * one->k * one->out[0] * one->out[1]) * sizeof(float);
        p->x = clCreateBuffer(context, flags, x_bytes, (void *)task->x, &code);
        if (code == CL_SUCCESS) p->w = clCreateBuffer(context, flags, w_bytes, (void *)task->w, &code);
        if (code == CL_SUCCESS) p->y = clCreateBuffer(context, CL_MEM_READ_WRITE, p->y_bytes, NULL, &code);
        if (code != CL_SUCCESS) *refused = "OpenCL has no memory for it";
    }
    if (*refused == NULL) return p;
    close_layer(p);
    return NULL;
}

static int run(void *opened, int count)
{
    clblast_layer *p = opened;
    const peer_layer *l = &p->one;
    CLBlastStatusCode status = CLBlastSuccess;
    for (int i = 0; i < count && status == CLBlastSuccess; ++i) {
        status = CLBlastSconvgemm(CLBlastKernelModeCrossCorrelation, (size_t)l->c, (size_t)l->in[0], (size_t)l->in[1],
                                  (size_t)l->filter[0], (size_t)l->filter[1], (size_t)l->pad_begin[0],
                                  (size_t)l->pad_begin[1], (size_t)l->stride[0], (size_t)l->stride[1],
                                  (size_t)l->dilation[0], (size_t)l->dilation[1], (size_t)l->k, (size_t)l->n, p->x, 0,
                                  p->w, 0, p->y, 0, &p->queue, NULL);
    }
    if (status == CLBlastSuccess && clFinish(p->queue) == CL_SUCCESS) return EXIT_DONE;
    return report(EXIT_DEVICE, "CLBlast failed with status %d", (int)status);
}

static int read_result(void *opened, float *result)
{
    const clblast_layer *p = opened;
    const cl_int code = clEnqueueReadBuffer(p->queue, p->y, CL_TRUE, 0, p->y_bytes, result, 0, NULL, NULL);
    return code == CL_SUCCESS ? EXIT_DONE : report(EXIT_DEVICE, "reading CLBlast's y failed with error %d", (int)code);
}

static const char *implementation(const void *opened)
{
    (void)opened;
    return "convgemm";
}

const peer_calls peer_clblast = {start, stop, open_layer, run, read_result, implementation, close_layer};
