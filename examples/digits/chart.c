#include "chart.h"
#include "data.h"
#include "drawing.h"
#include "trainer.h"

#include <math.h>
#include <stdio.h>

enum { MARGIN = 24, LEFT = 72, TOP = 64, WIDTH = 400, HEIGHT = 300, RIGHT = LEFT + WIDTH + 40 };
enum { CELL = 16, FILTER = 3, ROW = 8, PITCH = FILTER * CELL + 12 };

static const double LEAST_DECADE = -3, MOST_DECADE = 1;

static int x_of(int epoch, int epochs)
{
    return LEFT + (epoch + 1) * WIDTH / epochs;
}

static int y_of(double loss)
{
    const double decade = fmax(LEAST_DECADE, fmin(MOST_DECADE, log10(fmax(loss, 1e-30))));
    return TOP + (int)lround(HEIGHT * (MOST_DECADE - decade) / (MOST_DECADE - LEAST_DECADE));
}

static void draw_axes(gdImagePtr canvas, int epochs)
{
    char text[32];
    for (int decade = (int)LEAST_DECADE; decade <= (int)MOST_DECADE; ++decade) {
        const int y = y_of(pow(10, decade));
        snprintf(text, sizeof text, "%g", pow(10, decade));
        gdImageLine(canvas, LEFT, y, LEFT + WIDTH, y, DRAWING_FAINT);
        drawing_text(canvas, LEFT - 8, y + 4, ALIGN_RIGHT, 9, text);
    }
    for (int i = 0; i <= 4; ++i) {
        snprintf(text, sizeof text, "%g", epochs * i / 4.0);
        drawing_text(canvas, LEFT + WIDTH * i / 4, TOP + HEIGHT + 20, ALIGN_CENTRE, 9, text);
    }
    drawing_text(canvas, LEFT + WIDTH / 2, TOP + HEIGHT + 40, ALIGN_CENTRE, 10, "epochs");
}

static void draw_curve(gdImagePtr canvas, const state *drawn, bool held_out)
{
    const int colour = held_out ? DRAWING_RED : DRAWING_BLUE, key = TOP + 20 + 20 * held_out;
    gdImageSetThickness(canvas, 2);
    for (int i = 1; i < drawn->step / STEPS; ++i) {
        const epoch_scores *before = &drawn->scores[i - 1], *now = before + 1;
        gdImageLine(canvas, x_of(i - 1, drawn->epochs), y_of((double)(held_out ? before->loss : before->training_loss)),
                    x_of(i, drawn->epochs), y_of((double)(held_out ? now->loss : now->training_loss)), colour);
    }
    gdImageLine(canvas, LEFT + WIDTH - 180, key - 5, LEFT + WIDTH - 160, key - 5, colour);
    gdImageSetThickness(canvas, 1);
    drawing_text(canvas, LEFT + WIDTH - 150, key, ALIGN_LEFT, 10, held_out ? "images held out" : "images trained with");
}

/* The kernels that look at the image itself. */
static void draw_kernels(gdImagePtr canvas, const state *drawn)
{
    const parameter *first = &network_parameters[0];
    const float *w = drawn->weights + first->at;
    drawing_text(canvas, RIGHT, TOP - 28, ALIGN_LEFT, 11, "The kernels of the first layer");
    for (int i = 0; i < (int)first->shape[0]; ++i)
        drawing_kernel(canvas, RIGHT + i % ROW * PITCH, TOP + i / ROW * PITCH, CELL, w + i * FILTER * FILTER, FILTER,
                       FILTER, drawing_limit(w, first->count));
    drawing_text(canvas, RIGHT, TOP + 4 * PITCH + 16, ALIGN_LEFT, 9, "Blue is below 0, white is 0, red is above.");
}

bool chart_write(const char *path, const state *drawn)
{
    gdImagePtr canvas = drawing_create(RIGHT + ROW * PITCH + MARGIN, TOP + HEIGHT + 60);
    if (canvas == NULL) return false;
    char title[96] = "Loss";
    if (drawn->step >= STEPS) {
        const int hits = (int)drawn->scores[drawn->step / STEPS - 1].hits;
        snprintf(title, sizeof title, "Loss; %d of %d images held out are told right", hits, HELD_OUT);
    }
    drawing_text(canvas, LEFT, TOP - 28, ALIGN_LEFT, 11, title);
    draw_axes(canvas, drawn->epochs);
    draw_curve(canvas, drawn, false);
    draw_curve(canvas, drawn, true);
    draw_kernels(canvas, drawn);
    return drawing_finish(canvas, path);
}
