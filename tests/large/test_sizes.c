/* Dense tensors of more than 2^31 elements, for real: up to 9 GB of memory, and minutes. Optional: TESSERA_LARGE_TESTS.
 * Every problem runs as the library chooses, where it may come in parts, and on the reference algorithm, whose indices
 * have 64 bits. There is no second tensor to compare with: inputs are numbers that follow from their place, and what
 * must be at a place of y follows from them. Checked are the elements around 2^31, the first, the last and every
 * 61st. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns/columns.h"
#include "conv/conv.h"
#include "cpu/element.h"
#include "plan_internal.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "support/support.h"
#include "unpool/unpool.h"

enum { SKIPPED = 77, CHUNK = 1 << 22, SAMPLE = 61 };

/* From 0 to 7, and different where a place is wrong by a power of two. */
static double value_at(int64_t place)
{
    return (double)((uint64_t)place * UINT64_C(0x9e3779b97f4a7c15) >> 61);
}

/* The place that an unpooled element goes to. */
static int64_t index_of(int64_t i)
{
    return i * 2053;
}

static double weight_at(int64_t k)
{
    return (double)(k % 5 + 1);
}

/* ---- What y holds ---------------------------------------------------------------------------------------------- */

/* Image, channel and row-major pixel of a place in a dense NCHW tensor. */
typedef struct element {
    int64_t plane, h, w;
} element;

static element locate(const tsr_tensor *t, int64_t place)
{
    const int64_t size = tsr__tensor_plane(t), pixel = place % size;
    return (element){place / size, pixel / t->size[TSR_W], pixel % t->size[TSR_W]};
}

static double pooled(const tsr__problem *p, int64_t place)
{
    const element e = locate(&p->y, place);
    const tsr__window *w = &p->window;
    double greatest = -1.0;
    for (int64_t r = 0; r < w->filter[TSR_H]; ++r)
        for (int64_t s = 0; s < w->filter[TSR_W]; ++s) {
            const int64_t ih = e.h * w->stride[TSR_H] + r, iw = e.w * w->stride[TSR_W] + s;
            greatest = fmax(greatest, value_at((e.plane * p->x.size[TSR_H] + ih) * p->x.size[TSR_W] + iw));
        }
    return greatest;
}

/* Of one input channel, by a filter of one tap. */
static double convolved(const tsr__problem *p, int64_t place)
{
    const element e = locate(&p->y, place);
    const int64_t ih = e.h * p->window.stride[TSR_H], iw = e.w * p->window.stride[TSR_W];
    const int64_t image = e.plane / p->y.c;
    return weight_at(e.plane % p->y.c) * value_at((image * p->x.size[TSR_H] + ih) * p->x.size[TSR_W] + iw);
}

/* From NCHW to NHWC. */
static double reordered(const tsr__problem *p, int64_t place)
{
    const int64_t plane = tsr__tensor_plane(&p->x), c = place % p->x.c, pixel = place / p->x.c % plane;
    return value_at((place / p->x.c / plane * p->x.c + c) * plane + pixel);
}

static double unpooled(const tsr__problem *p, int64_t place)
{
    const int64_t i = place / index_of(1);
    return place % index_of(1) == 0 && i < tsr__tensor_plane(&p->x) ? value_at(i) : 0.0;
}

/* Of one channel, without padding and with strides of 1. */
static double unfolded(const tsr__problem *p, int64_t place)
{
    const tsr__window *w = &p->window;
    const int64_t length = p->y.size[TSR_W], tap = place / length, at = place % length;
    const int64_t ih = at / w->out[TSR_W] + tap / w->filter[TSR_W], iw = at % w->out[TSR_W] + tap % w->filter[TSR_W];
    return value_at(ih * w->size[TSR_W] + iw);
}

static double folded(const tsr__problem *p, int64_t place)
{
    const tsr__window *w = &p->window;
    const int64_t h = place / w->size[TSR_W], column = place % w->size[TSR_W];
    double sum = 0.0;
    for (int64_t r = 0; r < w->filter[TSR_H]; ++r)
        for (int64_t s = 0; s < w->filter[TSR_W]; ++s) {
            const int64_t oh = h - r, ow = column - s;
            if (oh < 0 || oh >= w->out[TSR_H] || ow < 0 || ow >= w->out[TSR_W]) continue;
            const int64_t row = r * w->filter[TSR_W] + s;
            sum += value_at((row * w->out[TSR_H] + oh) * w->out[TSR_W] + ow);
        }
    return sum;
}

/* ---- Problems -------------------------------------------------------------------------------------------------- */

static void make_conv(const char *text, tsr__problem *p)
{
    tsr_conv c;
    REQUIRE(tsr_conv_parse(text, &c));
    REQUIRE(tsr__conv_problem(&c, p));
}

static void make_pool(const char *text, tsr__problem *p)
{
    tsr_pool c;
    REQUIRE(tsr_pool_parse(text, &c));
    REQUIRE(tsr__pool_problem(&c, p));
}

/* Bytes of so many images of three channels. */
static void make_reorder(const char *images, tsr__problem *p)
{
    tsr_tensor x = {.dtype = TSR_U8, .n = atoi(images), .c = 3}, y;
    x.size[TSR_D] = 1;
    x.size[TSR_H] = 16384;
    x.size[TSR_W] = 43776 / x.n;
    y = x;
    y.layout = TSR_LAYOUT_NHWC;
    REQUIRE(tsr__reorder_problem(&x, &y, p));
}

static void make_unpool(const char *unused, tsr__problem *p)
{
    (void)unused;
    tsr_unpool u = tsr_unpool_default();
    u.c = 1;
    u.dtype = TSR_U8;
    u.pooled[TSR_H] = u.pooled[TSR_W] = 1024;
    u.size[TSR_H] = u.size[TSR_W] = 46400;
    REQUIRE(tsr__unpool_problem(&u, p));
}

static void make_columns(const char *direction, tsr__problem *p)
{
    tsr_unfold u = tsr_unfold_default();
    u.c = 1;
    u.dtype = TSR_F16;
    u.size[TSR_H] = u.size[TSR_W] = 15500;
    u.filter[TSR_H] = u.filter[TSR_W] = 3;
    REQUIRE(tsr__columns_problem(&u, strcmp(direction, "fold") == 0, p));
}

typedef struct large_case {
    const char *text;
    void (*make)(const char *text, tsr__problem *p);
    double (*expected)(const tsr__problem *p, int64_t place);
} large_case;

static const large_case cases[] = {
    {"max:n2c2h32768w16400r2s2,u8", make_pool, pooled},
    {"max:n2c1h32768w32800r2s2st8", make_pool, pooled},
    {"conv:n16c1h8192w16400k1st2,f16", make_conv, convolved},
    {"conv:c1h4096w4100k128,f16", make_conv, convolved},
    {"1", make_reorder, reordered},
    {"2", make_reorder, reordered},
    {"", make_unpool, unpooled},
    {"unfold", make_columns, unfolded},
    {"fold", make_columns, folded},
};
enum { CASES = sizeof cases / sizeof cases[0] };

/* ---- Streams --------------------------------------------------------------------------------------------------- */

static void fill(tsr_buffer *buffer, tsr_dtype dtype, int64_t count, double (*value)(int64_t place))
{
    const uint64_t bytes = tsr_dtype_bytes(dtype);
    unsigned char *chunk = support_allocate(CHUNK * bytes), stored[8 * 8];
    for (int64_t v = 0; v < 8; ++v) tsr__store(dtype, stored, v, (double)v);
    for (int64_t begin = 0; begin < count; begin += CHUNK) {
        const int64_t length = count - begin < CHUNK ? count - begin : CHUNK;
        for (int64_t i = 0; i < length; ++i)
            memcpy(chunk + (uint64_t)i * bytes, stored + (uint64_t)value(begin + i) * bytes, bytes);
        REQUIRE(tsr_buffer_write(buffer, (uint64_t)begin * bytes, chunk, (uint64_t)length * bytes));
    }
    free(chunk);
}

static void fill_indices(tsr_buffer *buffer, int64_t count)
{
    int64_t *indices = support_allocate((uint64_t)count * sizeof *indices);
    for (int64_t i = 0; i < count; ++i) indices[i] = index_of(i);
    REQUIRE(tsr_buffer_write(buffer, 0, indices, (uint64_t)count * sizeof *indices));
    free(indices);
}

/* Whether a chunk from `begin` on is looked at from end to end: where 31 bits end, and at both ends. */
static bool is_whole(int64_t begin, int64_t length, int64_t count)
{
    const int64_t limit = INT64_C(1) << 31;
    return begin == 0 || begin + length == count || (begin <= limit && begin + length >= limit);
}

static bool verify(const large_case *c, const tsr__problem *p, const tsr_buffer *y)
{
    const uint64_t bytes = tsr_dtype_bytes(p->y.dtype);
    const int64_t count = tsr__tensor_elements(&p->y);
    unsigned char *chunk = support_allocate(CHUNK * bytes);
    int64_t wrong = 0;
    for (int64_t begin = 0; begin < count; begin += CHUNK) {
        const int64_t length = count - begin < CHUNK ? count - begin : CHUNK;
        const int64_t step = is_whole(begin, length, count) ? 1 : SAMPLE;
        REQUIRE(tsr_buffer_read(y, (uint64_t)begin * bytes, chunk, (uint64_t)length * bytes));
        for (int64_t i = 0; i < length; i += step) {
            const double got = tsr__load(p->y.dtype, chunk, i), wanted = c->expected(p, begin + i);
            if (got == wanted || wrong++ > 0) continue;
            printf("FAILED y[%" PRId64 "] is %g and must be %g\n", begin + i, got, wanted);
        }
    }
    free(chunk);
    if (wrong > 0) printf("%" PRId64 " of the elements that were looked at are wrong\n", wrong);
    return wrong == 0;
}

/* ---- Runs ------------------------------------------------------------------------------------------------------ */

/* Bytes that the system can give; UINT64_MAX where it does not say. */
static uint64_t available_bytes(void)
{
    uint64_t kilobytes = UINT64_MAX / 1024;
    char line[256];
    FILE *file = fopen("/proc/meminfo", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "MemAvailable: %" SCNu64, &kilobytes) == 1) break;
    if (file != NULL) fclose(file);
    return kilobytes * 1024;
}

static tsr_buffer *create(tsr_context *context, uint64_t bytes)
{
    tsr_buffer *buffer = NULL;
    if (bytes > 0) REQUIRE(tsr_buffer_create(context, bytes, &buffer));
    return buffer;
}

/* Runs a plan and compares. */
static bool run(tsr_context *context, const large_case *c, const tsr_plan *plan, const tsr_plan_info *info)
{
    const tsr__problem *p = &plan->offer.whole;
    tsr_buffer *x = create(context, info->x_bytes), *w = create(context, info->w_bytes);
    tsr_buffer *indices = create(context, info->indices_bytes), *y = create(context, info->y_bytes);
    tsr_buffer *workspace = create(context, info->workspace_bytes);
    fill(x, p->x.dtype, tsr__tensor_elements(&p->x), value_at);
    if (w != NULL) fill(w, p->x.dtype, p->w_elements, weight_at);
    if (indices != NULL) fill_indices(indices, tsr__tensor_elements(&p->x));
    const tsr_args args = {.x = x, .w = w, .indices = indices, .y = y, .workspace = workspace};
    REQUIRE(tsr_plan_run(plan, &args));
    const bool good = verify(c, p, y);
    tsr_buffer *const buffers[] = {x, w, indices, y, workspace};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; ++i) tsr_buffer_destroy(buffers[i]);
    return good;
}

/* What came of a case: counts it as run, failed or too large for the machine. */
typedef struct tally {
    int ran, failed, skipped;
} tally;

/* Answers which algorithm it was. */
static const tsr__algorithm *check(tsr_context *context, const large_case *c, const char *algorithm, tally *t)
{
    tsr_plan_options options = tsr_plan_options_default();
    tsr__problem p;
    tsr_plan *plan = NULL;
    tsr_plan_info info;
    c->make(c->text, &p);
    options.algorithm = algorithm;
    options.workspace_limit_bytes = UINT64_C(1) << 30;
    REQUIRE(tsr__plan_create(context, &p, &options, &plan));
    REQUIRE(tsr_plan_describe(plan, &info));
    const uint64_t largest = info.x_bytes > info.y_bytes ? info.x_bytes : info.y_bytes;
    const uint64_t all = info.x_bytes + info.y_bytes + info.indices_bytes + info.w_bytes + info.workspace_bytes;
    printf("%s\n  %" PRIu64 " MB\n", info.description, all / 1000000);
    fflush(stdout);
    if (largest > tsr_context_device(context)->max_alloc_bytes || all + all / 16 > available_bytes()) {
        printf("  skipped: more than the device or the system has\n");
        ++t->skipped;
    } else {
        ++t->ran;
        t->failed += !run(context, c, plan, &info);
    }
    const tsr__algorithm *chosen = plan->offer.algorithm;
    tsr_plan_destroy(plan);
    return chosen;
}

int main(int argc, char **argv)
{
    tsr_context *context = support_context();
    tally t = {0};
    for (int i = 0; i < CASES; ++i) {
        tsr__problem p;
        if (argc > 1 && atoi(argv[1]) != i) continue; /* one by its number */
        cases[i].make(cases[i].text, &p);
        const tsr__algorithm *const *last = tsr__algorithms_for(tsr_context_device(context), p.op);
        while (last[1] != NULL) ++last;
        if (check(context, &cases[i], NULL, &t) != *last) check(context, &cases[i], (*last)->name, &t);
    }
    tsr_context_destroy(context);
    printf("%d ran, %d failed, %d skipped\n", t.ran, t.failed, t.skipped);
    return t.failed > 0 ? 1 : t.ran == 0 ? SKIPPED : 0;
}
