#include "support/support.h"

#include "cpu/element.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_GUARD = 72, POISON = SUPPORT_POISON };

void support_require(tsr_status status, const char *step, const char *file, int line)
{
    if (status == TSR_OK) return;
    fprintf(stderr, "%s:%d: %s: %s: %s\n", file, line, step, tsr_status_text(status), tsr_error_message());
    exit(1);
}

void *support_allocate(size_t bytes)
{
    void *memory = calloc(1, bytes + 1);
    if (memory == NULL) {
        fprintf(stderr, "out of memory: %zu bytes\n", bytes);
        exit(1);
    }
    return memory;
}

const char *support_selector(void)
{
    const char *selector = getenv("TESSERA_TEST_DEVICE");
    return selector == NULL || selector[0] == '\0' ? "opencl" : selector;
}

static void print_log(void *cookie, tsr_log_level level, const char *message)
{
    (void)cookie;
    fprintf(stderr, "%s: %s\n", level <= TSR_LOG_WARN ? "warning" : "note", message);
}

tsr_context *support_context(void)
{
    tsr_context_options options = tsr_context_options_default();
    options.log = print_log;
    options.cache_folder = getenv("TESSERA_TEST_CACHE");
    tsr_context *context = NULL;
    REQUIRE(tsr_context_create(support_selector(), &options, &context));
    printf("device: %s\n", tsr_context_device(context)->name);
    return context;
}

int support_random_int(support_random *random, int low, int high)
{
    /* Knuth's MMIX constants; the high bits are the good ones. */
    random->state = random->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return low + (int)((random->state >> 33) % (uint64_t)(high - low + 1));
}

void *support_numbers(support_random *random, tsr_dtype dtype, uint64_t bytes, int low)
{
    void *data = support_allocate(bytes);
    const int64_t count = (int64_t)(bytes / tsr_dtype_bytes(dtype));
    for (int64_t i = 0; i < count; ++i) tsr__store(dtype, data, i, support_random_int(random, low, 3));
    return data;
}

float *support_floats(support_random *random, uint64_t bytes)
{
    return support_numbers(random, TSR_F32, bytes, -3);
}

void *support_tensor(support_random *random, const tsr_tensor *tensor)
{
    tsr_tensor t = *tensor;
    uint64_t bytes = 0;
    REQUIRE(tsr_tensor_bytes(&t, &bytes));
    tsr__tensor_settle(&t);
    void *data = support_allocate(bytes);
    memset(data, POISON, bytes);
    const int low = t.dtype == TSR_U8 ? 0 : -3;
    for (int64_t n = 0; n < t.n; ++n)
        for (int64_t c = 0; c < tsr__tensor_channels(&t); ++c)
            for (int64_t i = 0; i < tsr__tensor_plane(&t); ++i) {
                const int64_t d = i / (t.size[TSR_H] * t.size[TSR_W]), h = i / t.size[TSR_W] % t.size[TSR_H];
                const int value = c < t.c ? support_random_int(random, low, 3) : 0;
                tsr__store(t.dtype, data, tsr__tensor_at(&t, n, c, d, h, i % t.size[TSR_W]), value);
            }
    return data;
}

/* ---- Guards ---------------------------------------------------------------------------------------------------- */

static void give_to_device(support_guarded *g, unsigned char *image)
{
    cl_int code = CL_SUCCESS;
    g->memory = clCreateBuffer(tsr_context_cl(g->context), CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                               g->bytes + 2 * g->guard, image, &code);
    free(image);
    if (code != CL_SUCCESS) {
        fprintf(stderr, "clCreateBuffer of %llu bytes: %d\n", (unsigned long long)g->bytes, code);
        exit(1);
    }
    REQUIRE(tsr_buffer_wrap(g->context, g->memory, g->guard, g->bytes, &g->buffer));
}

support_guarded support_guarded_create(tsr_context *context, const void *data, uint64_t bytes, uint64_t guard)
{
    support_guarded g = {.context = context, .bytes = bytes, .guard = guard};
    if (bytes == 0) return g;
    unsigned char *image = support_allocate(bytes + 2 * g.guard);
    memset(image, POISON, bytes + 2 * g.guard);
    if (data != NULL) memcpy(image + g.guard, data, bytes);
    if (tsr_context_cl(context) != NULL) {
        give_to_device(&g, image);
    } else {
        g.host = image;
        REQUIRE(tsr_buffer_wrap_host(context, image + g.guard, bytes, &g.buffer));
    }
    return g;
}

static bool read_guards(const support_guarded *g, unsigned char around[2][MOST_GUARD])
{
    const uint64_t behind = g->guard + g->bytes, size = g->guard;
    if (g->host != NULL) {
        memcpy(around[0], g->host, size);
        memcpy(around[1], g->host + behind, size);
        return true;
    }
    cl_command_queue queue = tsr_context_queue(g->context);
    return clEnqueueReadBuffer(queue, g->memory, CL_TRUE, 0, size, around[0], 0, NULL, NULL) == CL_SUCCESS &&
           clEnqueueReadBuffer(queue, g->memory, CL_TRUE, behind, size, around[1], 0, NULL, NULL) == CL_SUCCESS;
}

bool support_guarded_intact(const support_guarded *g)
{
    if (g->bytes == 0 || g->guard == 0) return true;
    unsigned char around[2][MOST_GUARD];
    if (!read_guards(g, around)) return false;
    for (int side = 0; side < 2; ++side)
        for (uint64_t i = 0; i < g->guard; ++i)
            if (around[side][i] != POISON) return false;
    return true;
}

void support_guarded_destroy(support_guarded *g)
{
    tsr_buffer_destroy(g->buffer);
    if (g->memory != NULL) clReleaseMemObject(g->memory);
    free(g->host);
    *g = (support_guarded){0};
}
