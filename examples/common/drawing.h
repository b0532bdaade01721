/* What the examples' pictures are made of: text, kernels in colours, PNG files. */
#ifndef EXAMPLES_DRAWING_H
#define EXAMPLES_DRAWING_H

#include <gd.h>
#include <stdbool.h>

enum { DRAWING_PAPER = gdTrueColor(255, 255, 255), DRAWING_INK = gdTrueColor(40, 44, 52) };
enum { DRAWING_FAINT = gdTrueColor(216, 218, 222), DRAWING_BLUE = gdTrueColor(33, 102, 172) };
enum { DRAWING_RED = gdTrueColor(178, 24, 43) };

typedef enum align { ALIGN_LEFT, ALIGN_CENTRE, ALIGN_RIGHT } align;

/* A sheet of paper. NULL, with a complaint, where memory is exhausted. */
gdImagePtr drawing_create(int width, int height);

/* Text on a baseline, whose left end, middle or right end is x. */
void drawing_text(gdImagePtr canvas, int x, int baseline, align how, double points, const char *text);

/* A kernel as squares of `cell` pixels: blue below 0, white at 0, red above; -limit and limit are the full colours. */
void drawing_kernel(gdImagePtr canvas, int x, int y, int cell, const float *w, int rows, int columns, float limit);

/* The largest |w|. */
float drawing_limit(const float *w, int count);

/* Writes it as PNG and destroys it. NULL, for which drawing_create() has complained, is a failure. */
bool drawing_finish(gdImagePtr canvas, const char *path);

#endif
