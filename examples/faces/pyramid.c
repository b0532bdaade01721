#include "pyramid.h"
#include "complain.h"

#include <math.h>
#include <stdlib.h>

/* The networks look for faces of CELL pixels, the user for faces of LEAST_FACE pixels and more. */
enum { CELL = 12, LEAST_FACE = 20 };
static const double step = 0.709;

int pyramid_levels(int width, int height, level levels[LEVELS])
{
    const int shorter = width < height ? width : height;
    const long wanted = lround(-(log(shorter / (double)CELL) / log(step) + 1));
    int count = 0;
    for (; count < wanted && count < LEVELS; ++count) {
        level *made = &levels[count];
        made->scale = CELL / (double)LEAST_FACE * pow(step, count);
        made->width = (int)(width * made->scale);
        made->height = (int)(height * made->scale);
        if (made->width < CELL || made->height < CELL) break;
    }
    return count;
}

/* The old pixels that a new one covers: all of the inner ones, of the first and the last a part. */
typedef struct span {
    int first, last;
    float first_part, last_part;
} span;

static span covered(int pixel, int source, int target)
{
    const double begin = (double)pixel * source / target, end = (double)(pixel + 1) * source / target;
    span made = {.first = (int)begin, .last = (int)ceil(end) - 1};
    if (made.last >= source) made.last = source - 1;
    made.first_part = (float)(fmin(end, made.first + 1) - begin);
    made.last_part = (float)(end - made.last);
    return made;
}

static float part(const span *of, int pixel)
{
    return pixel == of->first ? of->first_part : pixel == of->last ? of->last_part : 1.0f;
}

/* The rows that a new row covers, added up. */
static void add_rows(const float *plane, int width, const span *rows, float *sums)
{
    for (int x = 0; x < width; ++x) sums[x] = 0;
    for (int y = rows->first; y <= rows->last; ++y) {
        const float *row = plane + (size_t)y * (size_t)width, weight = part(rows, y);
        for (int x = 0; x < width; ++x) sums[x] += weight * row[x];
    }
}

static float add_columns(const float *sums, const span *columns)
{
    float sum = columns->first_part * sums[columns->first];
    for (int x = columns->first + 1; x < columns->last; ++x) sum += sums[x];
    return columns->last > columns->first ? sum + columns->last_part * sums[columns->last] : sum;
}

bool pyramid_resize(const picture *photo, const level *to, float *planes)
{
    const size_t pixels = (size_t)photo->width * (size_t)photo->height;
    const float share =
        (float)((double)to->width / photo->width * ((double)to->height / photo->height)); /* of one old pixel */
    float *sums = malloc((size_t)photo->width * sizeof *sums);
    span *columns = malloc((size_t)to->width * sizeof *columns);
    const bool enough = sums != NULL && columns != NULL;
    for (int x = 0; enough && x < to->width; ++x) columns[x] = covered(x, photo->width, to->width);
    for (size_t colour = 0; enough && colour < 3; ++colour)
        for (int y = 0; y < to->height; ++y) {
            const span rows = covered(y, photo->height, to->height);
            add_rows(photo->planes + colour * pixels, photo->width, &rows, sums);
            for (int x = 0; x < to->width; ++x) *planes++ = share * add_columns(sums, &columns[x]);
        }
    free(sums);
    free(columns);
    return enough || complain("out of memory for a row of %d pixels", photo->width);
}

/* Where a pixel of a crop lies in the photograph: between two old ones, `after` of the way from the first on. */
typedef struct place {
    int first, second;
    float after;
    bool inside;
} place;

static place place_of(int pixel, int side, double begin, double end, int size)
{
    /* The package hands corners over as floats, in parts of the photograph's size. */
    const double from = (double)(float)(begin / size), to = (double)(float)(end / size);
    const double at = (from + (to - from) * pixel / (side - 1)) * (size - 1);
    if (!(at >= 0 && at <= size - 1)) return (place){.inside = false};
    const int first = (int)at;
    return (place){first, first + (at > first), (float)(at - first), true};
}

static float between(float first, float second, float after)
{
    return first + (second - first) * after;
}

void pyramid_crop(const picture *photo, const box *part_of, int side, float *planes)
{
    const size_t pixels = (size_t)photo->width * (size_t)photo->height, area = (size_t)side * (size_t)side;
    for (int y = 0; y < side; ++y) {
        const place down = place_of(y, side, part_of->y1, part_of->y2, photo->height);
        for (int x = 0; x < side; ++x, ++planes) {
            const place across = place_of(x, side, part_of->x1, part_of->x2, photo->width);
            const bool inside = down.inside && across.inside;
            for (size_t colour = 0; colour < 3; ++colour) {
                const float *plane = photo->planes + colour * pixels;
                const float *upper = plane + (size_t)down.first * (size_t)photo->width;
                const float *lower = plane + (size_t)down.second * (size_t)photo->width;
                planes[colour * area] =
                    !inside ? 0
                            : between(between(upper[across.first], upper[across.second], across.after),
                                      between(lower[across.first], lower[across.second], across.after), down.after);
            }
        }
    }
}
