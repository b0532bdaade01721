/* A convolution that the compiler turns into vectors: a few output channels of a stretch of one output row are summed
 * in floats, and the innermost loop runs along the row. NCHW; for users without OpenCL. */
#include <string.h>

#include "algorithm.h"
#include "cpu/epilogue.h"
#include "cpu/vector.h"

/* Output channels that share each loaded input value. */
enum { CHANNELS = 4 };

/* The sums of one stretch: CHANNELS rows of output channels from k, columns from `first`. */
typedef struct stretch {
    int64_t n, k, channels, d, h, first, columns;
    float sums[CHANNELS][TSR__ROW_CHUNK];
} stretch;

/* sums[i][q] += w[i] * x[q * stride]: with stride 1 written out, so that it becomes vectors. */
TSR__VECTOR_CLONES
static void add_tap(float sums[CHANNELS][TSR__ROW_CHUNK], int64_t first, int64_t count, const float *restrict x,
                    int64_t stride, const float w[CHANNELS])
{
    for (int i = 0; i < CHANNELS; ++i) {
        float *restrict row = sums[i] + first;
        const float weight = w[i];
        if (stride == 1)
            for (int64_t q = 0; q < count; ++q) row[q] += weight * x[q];
        else
            for (int64_t q = 0; q < count; ++q) row[q] += weight * x[q * stride];
    }
}

/* One row of the filter, against one row of the input. */
static void add_filter_row(const tsr__problem *p, stretch *s, const float *row, const float *const w[CHANNELS])
{
    const tsr__window *win = &p->window;
    for (int64_t tap = 0; tap < win->filter[TSR_W]; ++tap) {
        const tsr__range valid = tsr__window_outputs(win, TSR_W, tap, s->first, s->first + s->columns);
        float weights[CHANNELS];
        for (int i = 0; i < CHANNELS; ++i) weights[i] = w[i][tap];
        if (valid.first == valid.end) continue;
        const float *x = row + tsr__window_at(win, TSR_W, valid.first, tap);
        add_tap(s->sums, valid.first - s->first, valid.end - valid.first, x, win->stride[TSR_W], weights);
    }
}

static void sum_stretch(const tsr__problem *p, const tsr__host_args *a, stretch *s)
{
    const tsr__window *win = &p->window;
    const int64_t group_c = tsr__group_c(p), first_c = s->k / tsr__group_k(p) * group_c;
    for (int64_t c = 0; c < group_c; ++c)
        for (int64_t t = 0; t < win->filter[TSR_D]; ++t)
            for (int64_t r = 0; r < win->filter[TSR_H]; ++r) {
                const int64_t d = tsr__window_at(win, TSR_D, s->d, t), h = tsr__window_at(win, TSR_H, s->h, r);
                if (!tsr__window_inside(win, d, h, 0)) continue;
                const float *row = (const float *)a->x + tsr__tensor_at(&p->x, s->n, first_c + c, d, h, 0);
                const int64_t at = (t * win->filter[TSR_H] + r) * win->filter[TSR_W];
                const float *w[CHANNELS];
                /* Spare channels repeat the last one; their sums are never read. */
                for (int64_t i = 0; i < CHANNELS; ++i)
                    w[i] =
                        (const float *)a->w + tsr__filter_at(p, s->k + (i < s->channels ? i : s->channels - 1), c) + at;
                add_filter_row(p, s, row, w);
            }
}

static void run_stretch(const tsr__problem *p, const tsr__host_args *a, stretch *s)
{
    memset(s->sums, 0, sizeof s->sums);
    sum_stretch(p, a, s);
    for (int64_t i = 0; i < s->channels; ++i)
        for (int64_t q = 0; q < s->columns; ++q) {
            const int64_t out[TSR_AXES] = {s->d, s->h, s->first + q};
            tsr__epilogue(p, a, s->n, s->k + i, out, (double)s->sums[i][q]);
        }
}

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < limit ? value : limit;
}

static void run(const tsr__problem *p, const tsr__host_args *a)
{
    /* Blocks of channels stay inside a group, because they share their input. */
    const int64_t group_k = tsr__group_k(p), blocks = tsr__ceil_div(group_k, CHANNELS);
    const int64_t rows = p->y.size[TSR_D] * p->y.size[TSR_H], width = p->y.size[TSR_W];
#pragma omp parallel for collapse(3) schedule(static)
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t block = 0; block < p->groups * blocks; ++block)
            for (int64_t row = 0; row < rows; ++row) {
                const int64_t in_group = block % blocks * CHANNELS;
                stretch s = {.n = n,
                             .k = block / blocks * group_k + in_group,
                             .channels = at_most(group_k - in_group, CHANNELS),
                             .d = row / p->y.size[TSR_H],
                             .h = row % p->y.size[TSR_H]};
                for (s.first = 0; s.first < width; s.first += TSR__ROW_CHUNK) {
                    s.columns = at_most(width - s.first, TSR__ROW_CHUNK);
                    run_stretch(p, a, &s);
                }
            }
}

const tsr__algorithm tsr__cpu_conv_rows = {
    .name = "rows",
    .features = TSR__PLAIN_BIT | TSR__VIEW_BIT | TSR__WIDE_BIT | TSR__DEPTH_BIT | TSR__DILATION_BIT | TSR__GROUPS_BIT |
                TSR__DENSE_BIT | TSR__SCALE_BIT | TSR__RESIDUAL_BIT | TSR__ACTIVATION_BIT | TSR__EXACT_BIT,
    .run_host = run,
};
