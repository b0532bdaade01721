/* The photograph made smaller, step by step, and pieces cut out of it. */
#ifndef FACES_PYRAMID_H
#define FACES_PYRAMID_H

#include "boxes.h"
#include "picture.h"

enum { LEVELS = 32 };

typedef struct level {
    double scale; /* pixels of the level for one of the photograph */
    int width, height;
} level;

/* The levels of a photograph's pyramid, the largest first; returns how many: none where the photograph is too small. */
int pyramid_levels(int width, int height, level levels[LEVELS]);

/* The photograph in the level's size, as three planes: a pixel is the average over the area that it covers. */
bool pyramid_resize(const picture *photo, const level *to, float *planes);

/* The box's part of the photograph as three planes of side * side pixels, bilinear; what lies outside is 0. */
void pyramid_crop(const picture *photo, const box *part, int side, float *planes);

#endif
