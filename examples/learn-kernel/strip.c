#include "strip.h"
#include "drawing.h"

#include <math.h>
#include <stdio.h>

enum { MARGIN = 24, CELL = 14, SMALL_CELL = 10, GAP = 14, THUMB = 200, HEAD = 28 };

/* Brightness around 0 as grey, `step` pixels of the source to one. */
static void draw_plane(gdImagePtr canvas, int x, int y, const float *plane, int width, int height, float limit)
{
    for (int row = 0; row < THUMB; ++row)
        for (int column = 0; column < THUMB; ++column) {
            const float value = plane[row * height / THUMB * width + column * width / THUMB];
            const int grey = (int)lround(127.5 * (1 + fmax(-1, fmin(1, (double)(value / limit)))));
            gdImageSetPixel(canvas, x + column, y + row, gdTrueColor(grey, grey, grey));
        }
}

/* The photograph and what the kernel made of it, side by side, with what they are. */
static void draw_photographs(gdImagePtr canvas, int y, const photo *from, const strip *single)
{
    const int count = single->width * single->height, right = MARGIN + THUMB + 4 * GAP;
    draw_plane(canvas, MARGIN, y, from->pixels, from->width, from->height, 0.5f);
    draw_plane(canvas, right, y, single->response, single->width, single->height,
               drawing_limit(single->response, count) / 2);
    static const char *const lines[] = {
        "Given the photograph (left) and what an unknown",
        "5 x 5 kernel made of it (right), gradient descent",
        "finds the kernel.",
        "",
        "Blue is below 0, white is 0, red is above.",
    };
    for (int i = 0; i < (int)(sizeof lines / sizeof *lines); ++i)
        drawing_text(canvas, right + THUMB + 2 * GAP, y + 70 + 22 * i, ALIGN_LEFT, 12, lines[i]);
    gdImageSetThickness(canvas, 2);
    const int middle = y + THUMB / 2, tip = right - GAP;
    gdImageLine(canvas, MARGIN + THUMB + GAP, middle, tip, middle, DRAWING_INK);
    gdImageLine(canvas, tip - 6, middle - 6, tip, middle, DRAWING_INK);
    gdImageLine(canvas, tip - 6, middle + 6, tip, middle, DRAWING_INK);
    gdImageSetThickness(canvas, 1);
}

enum { PITCH = SIDE * CELL + GAP };

/* A column of kernels of one strip below its heading, centred; the last column stands apart. */
static void draw_column(gdImagePtr canvas, int column, int y, int cell, const strip *of, const float *w,
                        const char *heading)
{
    const int middle = MARGIN + SIDE * CELL / 2 + column * PITCH + (w == of->truth ? GAP : 0);
    drawing_text(canvas, middle, y + 18, ALIGN_CENTRE, 11, heading);
    for (int k = 0; k < of->rows; ++k)
        drawing_kernel(canvas, middle - SIDE * cell / 2, y + HEAD + k * (SIDE * cell + 8), cell, w + k * TAPS, SIDE,
                       SIDE, drawing_limit(of->truth + k * TAPS, TAPS));
}

static void draw_strip(gdImagePtr canvas, int y, int cell, const strip *of)
{
    for (int i = 0; i < of->count; ++i) {
        char heading[32];
        snprintf(heading, sizeof heading, i == 0 ? "step %d" : "%d", of->steps[i]);
        draw_column(canvas, i, y, cell, of, of->kernels[i], heading);
    }
    draw_column(canvas, of->count, y, cell, of, of->truth, "true");
}

bool strips_write(const char *path, const photo *from, const strip *single, const strip *eight)
{
    const int columns = 1 + (single->count > eight->count ? single->count : eight->count);
    const int text_width = MARGIN * 2 + 2 * THUMB + 6 * GAP + 380, strip_width = 2 * MARGIN + columns * PITCH;
    const int first = MARGIN + THUMB + GAP, second = first + HEAD + SIDE * CELL + 2 * GAP;
    const int below = second + 2 * HEAD + eight->rows * (SIDE * SMALL_CELL + 8) + MARGIN - 8;
    gdImagePtr canvas = drawing_create(text_width > strip_width ? text_width : strip_width, below);
    if (canvas == NULL) return false;
    draw_photographs(canvas, MARGIN, from, single);
    draw_strip(canvas, first, CELL, single);
    drawing_text(canvas, MARGIN, second + 20, ALIGN_LEFT, 12,
                 "Eight kernels at once, behind them ReLU and max pooling");
    draw_strip(canvas, second + HEAD, SMALL_CELL, eight);
    return drawing_finish(canvas, path);
}
