#include "filters.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A kernel is read as a square, which clang-format would undo. */
/* clang-format off */
const filter filters[FILTERS] = {
    {"sobel-x", "Sobel, horizontal", 3, DISPLAY_MAGNITUDE, 1, -32,
     {-1,  0,  1,
      -2,  0,  2,
      -1,  0,  1}},
    {"sobel-y", "Sobel, vertical", 3, DISPLAY_MAGNITUDE, 1, -32,
     {-1, -2, -1,
       0,  0,  0,
       1,  2,  1}},
    {"diagonal", "Sobel, diagonal", 3, DISPLAY_MAGNITUDE, 1, -32,
     { 0,  1,  2,
      -1,  0,  1,
      -2, -1,  0}},
    {"laplacian", "Laplacian", 3, DISPLAY_MAGNITUDE, 1, -16,
     { 0, -1,  0,
      -1,  4, -1,
       0, -1,  0}},
    {"log", "Laplacian of Gaussian", 5, DISPLAY_MAGNITUDE, 1, -32,
     { 0,  0, -1,  0,  0,
       0, -1, -2, -1,  0,
      -1, -2, 16, -2, -1,
       0, -1, -2, -1,  0,
       0,  0, -1,  0,  0}},
    {"gaussian", "Gaussian", 5, DISPLAY_PICTURE, 256, 0,
     { 1,  4,  6,  4,  1,
       4, 16, 24, 16,  4,
       6, 24, 36, 24,  6,
       4, 16, 24, 16,  4,
       1,  4,  6,  4,  1}},
    {"sharpen", "sharpen", 3, DISPLAY_PICTURE, 1, 0,
     { 0, -1,  0,
      -1,  5, -1,
       0, -1,  0}},
    {"emboss", "emboss", 3, DISPLAY_CENTRED, 1, 128,
     {-2, -1,  0,
      -1,  0,  1,
       0,  1,  2}},
};
/* clang-format on */

const filter *filter_find(const char *name)
{
    for (int i = 0; i < FILTERS; ++i)
        if (strcmp(filters[i].name, name) == 0) return &filters[i];
    return NULL;
}

void filter_weights(const filter *one, int size_out, float *weights)
{
    const int margin = (size_out - one->size) / 2;
    for (int i = 0; i < size_out * size_out; ++i) weights[i] = 0.0f;
    for (int r = 0; r < one->size; ++r)
        for (int s = 0; s < one->size; ++s)
            weights[(r + margin) * size_out + s + margin] = (float)one->weight[r * one->size + s] / (float)one->divisor;
}

static int by_value(const void *left, const void *right)
{
    const float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

/* The magnitude that becomes white: only one in 200 is larger, so that a few sharp corners do not darken the rest.
 * A sample is enough and keeps this fast. Infinite and undefined values are left out. */
static float white_level(const float *plane, size_t count)
{
    enum { SAMPLES = 16384 };
    static const float fallback = 255.0f;
    const size_t step = count / SAMPLES + 1;
    float *sample = malloc((count / step + 1) * sizeof *sample);
    if (sample == NULL) return fallback;
    size_t taken = 0;
    for (size_t i = 0; i < count; i += step)
        if (isfinite(plane[i])) sample[taken++] = fabsf(plane[i]);
    qsort(sample, taken, sizeof *sample, by_value);
    float level = taken > 0 ? sample[taken - 1 - taken / 200] : fallback;
    if (level == 0.0f && taken > 0) level = sample[taken - 1];
    free(sample);
    return level > 0.0f ? level : fallback;
}

void filter_show(const float *plane, filter_display display, image *picture)
{
    const size_t count = (size_t)picture->width * (size_t)picture->height;
    const float white = display == DISPLAY_MAGNITUDE ? white_level(plane, count) : 1.0f;
    for (size_t i = 0; i < count; ++i) {
        float value = plane[i];
        if (display == DISPLAY_CENTRED) value += 128.0f;
        /* The eye would miss most of a response that is in proportion; its root it sees. */
        if (display == DISPLAY_MAGNITUDE) value = 255.0f * sqrtf(fabsf(value) / white);
        /* fmaxf and fminf drop a NaN, which so becomes black. */
        const float grey = fminf(fmaxf(value, 0.0f), 255.0f);
        memset(picture->rgb + 3 * i, (int)(grey + 0.5f), 3);
    }
}
