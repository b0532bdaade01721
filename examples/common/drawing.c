#include "drawing.h"
#include "complain.h"

#include <errno.h>
#include <gdfonts.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

gdImagePtr drawing_create(int width, int height)
{
    gdImagePtr canvas = gdImageCreateTrueColor(width, height);
    if (canvas == NULL) {
        complain("out of memory for a picture of %d x %d pixels", width, height);
        return NULL;
    }
    gdImageFilledRectangle(canvas, 0, 0, width - 1, height - 1, DRAWING_PAPER);
    return canvas;
}

/* DejaVu Sans as Debian, Fedora and Arch install it. Without it libgd's own bitmap font serves. */
static const char *find_font(void)
{
    static const char *const places[] = {
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
    };
    for (size_t i = 0; i < sizeof places / sizeof *places; ++i)
        if (access(places[i], R_OK) == 0) return places[i];
    return NULL;
}

void drawing_text(gdImagePtr canvas, int x, int baseline, align how, double points, const char *text)
{
    char letters[128]; /* libgd takes text that it does not change as letters that it might */
    snprintf(letters, sizeof letters, "%s", text);
    char *font = (char *)(uintptr_t)find_font();
    int corners[8];
    if (font != NULL && gdImageStringFT(NULL, corners, DRAWING_INK, font, points, 0, 0, 0, letters) == NULL) {
        const int width = corners[2] - corners[0];
        gdImageStringFT(canvas, corners, DRAWING_INK, font, points, 0, x - width * (int)how / 2, baseline, letters);
        return;
    }
    const gdFontPtr plain = gdFontGetSmall();
    const int width = plain->w * (int)strlen(letters);
    gdImageString(canvas, plain, x - width * (int)how / 2, baseline - plain->h, (unsigned char *)letters, DRAWING_INK);
}

/* From white to the full colour of the value's sign. */
static int colour_of(float value, float limit)
{
    const double share = limit > 0 ? fmin(fabs((double)value / (double)limit), 1.0) : 0.0;
    const int full = value < 0 ? DRAWING_BLUE : DRAWING_RED;
    const int parts[3] = {gdTrueColorGetRed(full), gdTrueColorGetGreen(full), gdTrueColorGetBlue(full)};
    int mixed[3];
    for (int i = 0; i < 3; ++i) mixed[i] = (int)lround(255.0 + share * (parts[i] - 255));
    return gdTrueColor(mixed[0], mixed[1], mixed[2]);
}

void drawing_kernel(gdImagePtr canvas, int x, int y, int cell, const float *w, int rows, int columns, float limit)
{
    for (int r = 0; r < rows; ++r)
        for (int s = 0; s < columns; ++s) {
            const int left = x + s * cell, top = y + r * cell;
            gdImageFilledRectangle(canvas, left, top, left + cell - 1, top + cell - 1,
                                   colour_of(w[r * columns + s], limit));
        }
    gdImageRectangle(canvas, x - 1, y - 1, x + columns * cell, y + rows * cell, DRAWING_FAINT);
}

float drawing_limit(const float *w, int count)
{
    float limit = 0;
    for (int i = 0; i < count; ++i) limit = fmaxf(limit, fabsf(w[i]));
    return limit;
}

static bool write_png(gdImagePtr canvas, const char *path)
{
    FILE *stream = fopen(path, "wb");
    if (stream == NULL) return complain("cannot write %s: %s", path, strerror(errno));
    gdImagePngEx(canvas, stream, 9);
    const bool wrong = ferror(stream) != 0;
    if (fclose(stream) != 0 || wrong) return complain("cannot write %s: %s", path, strerror(errno));
    return true;
}

bool drawing_finish(gdImagePtr canvas, const char *path)
{
    if (canvas == NULL) return false;
    const bool written = write_png(canvas, path);
    gdImageDestroy(canvas);
    return written;
}
