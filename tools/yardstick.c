#include "yardstick.h"
#include "report.h"
#include "source.h"
#include "yardstick_host.h"

#include <stdio.h>
#include <stdlib.h>

/* kernels/bench/peak.cl and copy.cl, embedded by the build. */
extern const tsr__source tsr__source_bench_peak, tsr__source_bench_copy;

enum {
    CHAINS = 12,            /* as peak.cl has them */
    COPY_ITEM_BYTES = 4096, /* what a work-item of copy.cl copies */
    COPY_BYTES = 64 << 20,  /* each way: beyond the last cache of most machines */
};

struct yardstick {
    tsr_context *context;
    size_t copy_bytes;
    double operations; /* of one run of the peak loop */

    /* The CPU path. */
    float *host_x, *host_y;

    /* OpenCL. */
    bool is_cpu;
    cl_command_queue queue; /* the context's */
    cl_mem x, y;
    cl_kernel peak, copy;
    size_t peak_items, copy_items;
};

/* ---- Running --------------------------------------------------------------------------------------------------- */

static int run_host_peak(void *cookie, int count)
{
    (void)cookie;
    for (int i = 0; i < count; ++i) {
        float sink = 1.0f;
        yardstick_host_peak(&sink);
    }
    return EXIT_DONE;
}

static int run_host_copy(void *cookie, int count)
{
    const yardstick *one = cookie;
    for (int i = 0; i < count; ++i) yardstick_host_copy(one->host_x, one->host_y, one->copy_bytes / sizeof(float));
    return EXIT_DONE;
}

static int finish(const yardstick *one, cl_int code)
{
    if (code != CL_SUCCESS) return report(EXIT_DEVICE, "measuring the device failed with OpenCL error %d", (int)code);
    const tsr_status status = tsr_context_finish(one->context);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "measuring the device");
}

static int run_peak(void *cookie, int count)
{
    const yardstick *one = cookie;
    cl_int code = CL_SUCCESS;
    for (int i = 0; i < count && code == CL_SUCCESS; ++i)
        code = clEnqueueNDRangeKernel(one->queue, one->peak, 1, NULL, &one->peak_items, NULL, 0, NULL, NULL);
    return finish(one, code);
}

/* The kernel is made for CPUs. Elsewhere the driver's own copy is the one to be compared with. */
static int run_copy(void *cookie, int count)
{
    static const size_t local = 1;
    const yardstick *one = cookie;
    cl_int code = CL_SUCCESS;
    for (int i = 0; i < count && code == CL_SUCCESS; ++i) {
        code = one->is_cpu
                   ? clEnqueueNDRangeKernel(one->queue, one->copy, 1, NULL, &one->copy_items, &local, 0, NULL, NULL)
                   : clEnqueueCopyBuffer(one->queue, one->x, one->y, 0, 0, one->copy_bytes, 0, NULL, NULL);
    }
    return finish(one, code);
}

yardstick_work yardstick_peak(yardstick *opened)
{
    return (yardstick_work){opened->host_x != NULL ? run_host_peak : run_peak, opened, opened->operations};
}

yardstick_work yardstick_copy(yardstick *opened)
{
    return (yardstick_work){opened->host_x != NULL ? run_host_copy : run_copy, opened,
                            2.0 * (double)opened->copy_bytes};
}

/* ---- Building -------------------------------------------------------------------------------------------------- */

static int open_host(yardstick *one)
{
    one->host_x = calloc(1, one->copy_bytes);
    one->host_y = calloc(1, one->copy_bytes);
    if (one->host_x == NULL || one->host_y == NULL) return report(EXIT_DEVICE, "out of memory for a copy");
    float sink = 1.0f;
    one->operations = yardstick_host_peak(&sink);
    return EXIT_DONE;
}

static int build_kernel(const yardstick *one, const tsr__source *source, const char *entry, uint32_t vec,
                        cl_kernel *kernel)
{
    char options[32];
    snprintf(options, sizeof options, "-DVEC=%u", vec);
    cl_device_id device = tsr_context_cl_device(one->context);
    const char *text = source->text;
    cl_int code = CL_SUCCESS;
    cl_program program = clCreateProgramWithSource(tsr_context_cl(one->context), 1, &text, &source->length, &code);
    if (code == CL_SUCCESS) code = clBuildProgram(program, 1, &device, options, NULL, NULL);
    if (code == CL_SUCCESS) *kernel = clCreateKernel(program, entry, &code);
    if (program != NULL) clReleaseProgram(program); /* the kernel keeps it */
    if (code == CL_SUCCESS) return EXIT_DONE;
    return report(EXIT_DEVICE, "building %s failed with OpenCL error %d", source->name, (int)code);
}

/* Zeroed, so that every page of it is really there. */
static cl_mem create_buffer(const yardstick *one, cl_int *code)
{
    if (*code != CL_SUCCESS) return NULL;
    cl_mem memory = clCreateBuffer(tsr_context_cl(one->context), CL_MEM_READ_WRITE, one->copy_bytes, NULL, code);
    static const cl_float zero = 0.0f;
    if (*code == CL_SUCCESS) {
        *code = clEnqueueFillBuffer(one->queue, memory, &zero, sizeof zero, 0, one->copy_bytes, 0, NULL, NULL);
    }
    return memory;
}

static cl_int set_arguments(const yardstick *one, cl_int iterations, cl_int vectors)
{
    static const cl_ulong offset = 0;
    cl_int code = clSetKernelArg(one->peak, 0, sizeof one->y, &one->y);
    code |= clSetKernelArg(one->peak, 1, sizeof offset, &offset);
    code |= clSetKernelArg(one->peak, 2, sizeof iterations, &iterations);
    code |= clSetKernelArg(one->copy, 0, sizeof one->x, &one->x);
    code |= clSetKernelArg(one->copy, 1, sizeof offset, &offset);
    code |= clSetKernelArg(one->copy, 2, sizeof one->y, &one->y);
    code |= clSetKernelArg(one->copy, 3, sizeof offset, &offset);
    code |= clSetKernelArg(one->copy, 4, sizeof vectors, &vectors);
    return code;
}

static int open_opencl(yardstick *one, const tsr_device *device)
{
    one->is_cpu = device->kind == TSR_DEVICE_CPU;
    one->queue = tsr_context_queue(one->context);
    const uint32_t vec = device->float_width >= 16 ? 16 : device->float_width >= 8 ? 8 : 4;
    int failed = build_kernel(one, &tsr__source_bench_peak, "bench_peak", vec, &one->peak);
    if (!failed) failed = build_kernel(one, &tsr__source_bench_copy, "bench_copy", vec, &one->copy);
    if (failed) return failed;

    /* A GPU needs many work-items to hide its latencies; a CPU needs a few per core, each long enough to count. */
    const cl_int iterations = one->is_cpu ? 8192 : 1024;
    one->peak_items = (size_t)device->compute_units * (one->is_cpu ? 32 : 2048);
    one->operations = 2.0 * CHAINS * vec * iterations * (double)one->peak_items;
    one->copy_items = one->copy_bytes / COPY_ITEM_BYTES;

    cl_int code = CL_SUCCESS;
    one->x = create_buffer(one, &code);
    one->y = create_buffer(one, &code);
    if (code == CL_SUCCESS) {
        code = set_arguments(one, iterations, (cl_int)(COPY_ITEM_BYTES / (sizeof(float) * vec)));
    }
    return finish(one, code);
}

int yardstick_open(tsr_context *context, yardstick **opened)
{
    yardstick *one = calloc(1, sizeof *one);
    if (one == NULL) return report(EXIT_DEVICE, "out of memory");
    const tsr_device *device = tsr_context_device(context);
    one->context = context;
    one->copy_bytes = COPY_BYTES;
    while (one->copy_bytes > device->max_alloc_bytes) one->copy_bytes /= 2;
    const int failed = device->kind == TSR_DEVICE_HOST ? open_host(one) : open_opencl(one, device);
    if (failed) {
        yardstick_close(one);
    } else {
        *opened = one;
    }
    return failed;
}

void yardstick_close(yardstick *opened)
{
    if (opened == NULL) return;
    free(opened->host_x);
    free(opened->host_y);
    if (opened->peak != NULL) clReleaseKernel(opened->peak);
    if (opened->copy != NULL) clReleaseKernel(opened->copy);
    if (opened->x != NULL) clReleaseMemObject(opened->x);
    if (opened->y != NULL) clReleaseMemObject(opened->y);
    free(opened);
}
