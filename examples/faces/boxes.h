/* Boxes around what may be a face, and what the three stages do with them. */
#ifndef FACES_BOXES_H
#define FACES_BOXES_H

#include <stdbool.h>
#include <stddef.h>

enum { LANDMARKS = 5 }; /* left eye, right eye, nose, left and right corner of the mouth, as the viewer sees them */

typedef struct point {
    double x, y;
} point;

typedef struct box {
    double x1, y1, x2, y2; /* in pixels of the photograph */
    double score;          /* 0 to 1                      */
    point landmarks[LANDMARKS];
} box;

typedef struct box_list {
    box *items; /* freed by box_list_free() */
    size_t count, capacity;
} box_list;

bool box_list_add(box_list *list, const box *added);
bool box_list_append(box_list *list, const box_list *more);
void box_list_free(box_list *list);

/* What an overlap of two boxes is measured by: the area that both cover together, or the smaller box's. */
typedef enum overlap { OVERLAP_UNION, OVERLAP_SMALLER } overlap;

/* Sorts by falling score. */
void boxes_sort(box_list *list);

/* Drops each box that shares more than `limit` of its area with a box before it, even with one that is dropped itself:
 * this is how the package does it. */
void boxes_suppress(box_list *list, overlap measure, double limit);

/* Drops what scores `least` or less. */
void boxes_drop_below(box_list *list, double least);

/* Grows the shorter side to the longer one's length; the middle stays. */
void boxes_square(box_list *list);

/* Moves x1, y1, x2, y2 by what a network says, in parts of the box's sides. */
void box_move(box *moved, const float offsets[4]);

/* Places landmarks that are given as five x and five y, in parts of the box's sides. */
void box_place_landmarks(box *placed, const float parts[2 * LANDMARKS]);

/* Cuts off what lies outside of a picture. */
void boxes_clip(box_list *list, int width, int height);

#endif
