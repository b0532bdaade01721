#include "opencl.h"
#include "complain.h"
#include "data.h"
#include "kernels_cl.h"
#include "trainer.h"

#include <stdio.h>

bool cl_succeeded(cl_int code, const char *what)
{
    return code == CL_SUCCESS || complain("%s: OpenCL error %d", what, code);
}

/* ---- Memory ---------------------------------------------------------------------------------------------------- */

bool memory_create(tsr_context *context, size_t bytes, const void *contents, cl_mem *memory, tsr_buffer **view)
{
    cl_int code;
    *memory = clCreateBuffer(tsr_context_cl(context), CL_MEM_READ_WRITE, bytes, NULL, &code);
    if (!cl_succeeded(code, "memory on the device")) return false;
    if ((contents == NULL || memory_write(context, *memory, 0, contents, bytes)) &&
        (view == NULL || succeeded(tsr_buffer_wrap(context, *memory, 0, bytes, view), "memory on the device"))) {
        return true;
    }
    memory_free(memory, NULL);
    return false;
}

void memory_free(cl_mem *memory, tsr_buffer **view)
{
    if (view != NULL) tsr_buffer_destroy(*view);
    if (*memory != NULL) clReleaseMemObject(*memory);
    *memory = NULL;
}

bool memory_write(tsr_context *context, cl_mem memory, size_t offset, const void *source, size_t bytes)
{
    const cl_command_queue queue = tsr_context_queue(context);
    return cl_succeeded(clEnqueueWriteBuffer(queue, memory, CL_TRUE, offset, bytes, source, 0, NULL, NULL), "upload");
}

bool memory_read(tsr_context *context, cl_mem memory, size_t offset, void *target, size_t bytes)
{
    const cl_command_queue queue = tsr_context_queue(context);
    return cl_succeeded(clEnqueueReadBuffer(queue, memory, CL_TRUE, offset, bytes, target, 0, NULL, NULL), "download");
}

/* ---- Kernels --------------------------------------------------------------------------------------------------- */

static bool complain_of_build(cl_program built, cl_device_id device)
{
    char log[4096] = "";
    clGetProgramBuildInfo(built, device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
    return complain("the device's compiler rejects kernels.cl: %s", log);
}

static bool build(tsr_context *context, program *made)
{
    const cl_device_id device = tsr_context_cl_device(context);
    const char *const source = (const char *)kernels_cl;
    const size_t length = sizeof kernels_cl;
    char options[128];
    snprintf(options, sizeof options, "-cl-std=CL1.2 -D BATCH=%d -D CLASSES=%d -D SHIFTS=%d -D SLICES=%d", BATCH,
             CLASSES, SHIFTS, SLICES);
    cl_int code;
    made->built =
        clCreateProgramWithSource(tsr_context_cl(context), 1, (const char **)(uintptr_t)&source, &length, &code);
    if (!cl_succeeded(code, "kernels.cl")) return false;
    if (clBuildProgram(made->built, 1, &device, options, NULL, NULL) != CL_SUCCESS) {
        return complain_of_build(made->built, device);
    }
    const struct {
        const char *name;
        cl_kernel *kernel;
    } all[] = {{"gather", &made->gather}, {"cross_entropy", &made->cross_entropy}, {"descend", &made->descend}};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) {
        *all[i].kernel = clCreateKernel(made->built, all[i].name, &code);
        if (!cl_succeeded(code, all[i].name)) return false;
    }
    return true;
}

bool program_create(tsr_context *context, program *made)
{
    *made = (program){0};
    if (build(context, made)) return true;
    program_free(made);
    return false;
}

void program_free(program *used)
{
    const cl_kernel kernels[] = {used->gather, used->cross_entropy, used->descend};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; ++i)
        if (kernels[i] != NULL) clReleaseKernel(kernels[i]);
    if (used->built != NULL) clReleaseProgram(used->built);
    *used = (program){0};
}

bool kernel_run(tsr_context *context, cl_kernel kernel, const size_t items[3], const argument *list, int count)
{
    for (int i = 0; i < count; ++i)
        if (!cl_succeeded(clSetKernelArg(kernel, (cl_uint)i, list[i].bytes, list[i].value), "an argument"))
            return false;
    const cl_command_queue queue = tsr_context_queue(context);
    return cl_succeeded(clEnqueueNDRangeKernel(queue, kernel, 3, NULL, items, NULL, 0, NULL, NULL), "a kernel");
}
