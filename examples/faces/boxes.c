#include "boxes.h"
#include "complain.h"

#include <math.h>
#include <stdlib.h>

bool box_list_add(box_list *list, const box *added)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        box *items = realloc(list->items, capacity * sizeof *items);
        if (items == NULL) return complain("out of memory for %zu boxes", capacity);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = *added;
    return true;
}

bool box_list_append(box_list *list, const box_list *more)
{
    for (size_t i = 0; i < more->count; ++i)
        if (!box_list_add(list, &more->items[i])) return false;
    return true;
}

void box_list_free(box_list *list)
{
    free(list->items);
    *list = (box_list){0};
}

static int by_falling_score(const void *a, const void *b)
{
    const double left = ((const box *)a)->score, right = ((const box *)b)->score;
    return (left < right) - (left > right);
}

void boxes_sort(box_list *list)
{
    if (list->count > 1) qsort(list->items, list->count, sizeof *list->items, by_falling_score);
}

static double area(const box *of)
{
    return (of->x2 - of->x1) * (of->y2 - of->y1);
}

static double shared_part(const box *a, const box *b, overlap measure)
{
    const double width = fmin(a->x2, b->x2) - fmax(a->x1, b->x1);
    const double height = fmin(a->y2, b->y2) - fmax(a->y1, b->y1);
    if (width <= 0 || height <= 0) return 0;
    const double shared = width * height;
    return shared / (measure == OVERLAP_UNION ? area(a) + area(b) - shared : fmin(area(a), area(b)));
}

void boxes_suppress(box_list *list, overlap measure, double limit)
{
    size_t kept = list->count;
    /* From the last to the first, so that those before a box are still all there; the kept ones gather at the end. */
    for (size_t i = list->count; i-- > 0;) {
        bool covered = false;
        for (size_t j = 0; j < i && !covered; ++j)
            covered = shared_part(&list->items[i], &list->items[j], measure) > limit;
        if (!covered) list->items[--kept] = list->items[i];
    }
    for (size_t i = kept; i < list->count; ++i) list->items[i - kept] = list->items[i];
    list->count -= kept;
}

void boxes_drop_below(box_list *list, double least)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; ++i)
        if (list->items[i].score > least) list->items[kept++] = list->items[i];
    list->count = kept;
}

void boxes_square(box_list *list)
{
    for (size_t i = 0; i < list->count; ++i) {
        box *one = &list->items[i];
        const double width = one->x2 - one->x1, height = one->y2 - one->y1, side = fmax(width, height);
        one->x1 += (width - side) / 2;
        one->y1 += (height - side) / 2;
        one->x2 = one->x1 + side;
        one->y2 = one->y1 + side;
    }
}

void box_move(box *moved, const float offsets[4])
{
    const double width = moved->x2 - moved->x1 + 1, height = moved->y2 - moved->y1 + 1;
    moved->x1 += (double)offsets[0] * width;
    moved->y1 += (double)offsets[1] * height;
    moved->x2 += (double)offsets[2] * width;
    moved->y2 += (double)offsets[3] * height;
}

void box_place_landmarks(box *placed, const float parts[2 * LANDMARKS])
{
    const double width = placed->x2 - placed->x1 + 1, height = placed->y2 - placed->y1 + 1;
    for (int i = 0; i < LANDMARKS; ++i) {
        placed->landmarks[i].x = placed->x1 - 1 + width * (double)parts[i];
        placed->landmarks[i].y = placed->y1 - 1 + height * (double)parts[LANDMARKS + i];
    }
}

void boxes_clip(box_list *list, int width, int height)
{
    for (size_t i = 0; i < list->count; ++i) {
        box *one = &list->items[i];
        one->x1 = fmin(fmax(one->x1, 0), width - 1);
        one->x2 = fmin(fmax(one->x2, 0), width - 1);
        one->y1 = fmin(fmax(one->y1, 0), height - 1);
        one->y2 = fmin(fmax(one->y2, 0), height - 1);
    }
}
