/* Runs a plan inside an application that already uses OpenCL: Tessera borrows its context, its queue and parts of one
 * of its buffers. Nothing is copied and nothing waits but the application itself, at the end.
 *
 *   one cl_mem:  | 64 bytes of something else | x | w | y |
 *
 * The application fills x by an enqueued write; the plan starts after that write's event and gives an event back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tessera.h>

static const float image[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
static const float expected[] = {12, 21, 16, 27, 45, 33, 24, 39, 28};
enum { X_AT = 64, W_AT = X_AT + sizeof image, Y_AT = W_AT + sizeof ones, END = Y_AT + sizeof expected };

static void check(tsr_status status)
{
    if (status == TSR_OK) return;
    fprintf(stderr, "%s: %s\n", tsr_status_text(status), tsr_error_message());
    exit(1);
}

static void check_cl(cl_int code)
{
    if (code == CL_SUCCESS) return;
    fprintf(stderr, "OpenCL error %d\n", code);
    exit(1);
}

/* What the application owns. */
typedef struct application {
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_mem memory;
} application;

static cl_device_id first_device(void)
{
    cl_platform_id platforms[16];
    cl_uint count = 0;
    check_cl(clGetPlatformIDs(16, platforms, &count));
    for (cl_uint i = 0; i < count && i < 16; ++i) {
        cl_device_id device;
        if (clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL) == CL_SUCCESS) return device;
    }
    fprintf(stderr, "no OpenCL device\n");
    exit(1);
}

static application application_open(void)
{
    application app = {.device = first_device()};
    cl_int code;
    app.context = clCreateContext(NULL, 1, &app.device, NULL, NULL, &code);
    check_cl(code);
    app.queue = clCreateCommandQueue(app.context, app.device, 0, &code);
    check_cl(code);
    app.memory = clCreateBuffer(app.context, CL_MEM_READ_WRITE, END, NULL, &code);
    check_cl(code);
    return app;
}

static void application_close(application *app)
{
    clReleaseMemObject(app->memory);
    clReleaseCommandQueue(app->queue);
    clReleaseContext(app->context);
}

/* Enqueues the convolution after `ready` and answers the event that completes with it. */
static cl_event convolve(const application *app, cl_event ready)
{
    tsr_conv problem;
    check(tsr_conv_parse("conv:c1h3w3k1r3s3pd1", &problem));
    tsr_context *context;
    tsr_plan *plan;
    tsr_buffer *x, *w, *y, *workspace = NULL;
    check(tsr_context_wrap(app->context, app->device, NULL, &context));
    check(tsr_conv_plan(context, &problem, NULL, &plan));
    check(tsr_buffer_wrap(context, app->memory, X_AT, sizeof image, &x));
    check(tsr_buffer_wrap(context, app->memory, W_AT, sizeof ones, &w));
    check(tsr_buffer_wrap(context, app->memory, Y_AT, sizeof expected, &y));
    tsr_plan_info info;
    check(tsr_plan_describe(plan, &info));
    if (info.workspace_bytes > 0) check(tsr_buffer_create(context, info.workspace_bytes, &workspace));

    const tsr_args args = {.x = x, .w = w, .y = y, .workspace = workspace};
    cl_event done;
    check(tsr_plan_enqueue(plan, &args, app->queue, 1, &ready, &done));

    /* The buffers must live until the work is done; an application would keep them with the plan and run it often. */
    check_cl(clWaitForEvents(1, &done));
    tsr_buffer_destroy(x);
    tsr_buffer_destroy(w);
    tsr_buffer_destroy(y);
    tsr_buffer_destroy(workspace);
    tsr_plan_destroy(plan);
    tsr_context_destroy(context);
    return done;
}

int main(void)
{
    application app = application_open();
    cl_event ready;
    check_cl(clEnqueueWriteBuffer(app.queue, app.memory, CL_FALSE, W_AT, sizeof ones, ones, 0, NULL, NULL));
    check_cl(clEnqueueWriteBuffer(app.queue, app.memory, CL_FALSE, X_AT, sizeof image, image, 0, NULL, &ready));
    const cl_event done = convolve(&app, ready);

    float sums[9];
    check_cl(clEnqueueReadBuffer(app.queue, app.memory, CL_TRUE, Y_AT, sizeof sums, sums, 1, &done, NULL));
    const int wrong = memcmp(sums, expected, sizeof sums) != 0;
    printf("%s\n", wrong ? "wrong result" : "the result is right");
    clReleaseEvent(ready);
    clReleaseEvent(done);
    application_close(&app);
    return wrong;
}
