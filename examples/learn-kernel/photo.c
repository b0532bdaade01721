#include "photo.h"
#include "complain.h"

#include <errno.h>
#include <gd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 32 };

static gdImagePtr decode(const char *path)
{
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        complain("cannot read %s: %s", path, strerror(errno));
        return NULL;
    }
    gdImagePtr decoded = gdImageCreateFromPng(stream);
    fclose(stream);
    if (decoded == NULL) complain("%s: not a PNG picture, or a damaged one", path);
    return decoded;
}

/* Rec. 601: what the eye takes for brightness, from 0 to 1. */
static double brightness(gdImagePtr from, int x, int y)
{
    const int pixel = gdImageGetTrueColorPixel(from, x, y);
    return (0.299 * gdTrueColorGetRed(pixel) + 0.587 * gdTrueColorGetGreen(pixel) + 0.114 * gdTrueColorGetBlue(pixel)) /
           255;
}

/* Half the size is plenty of examples, and pixels further apart are less alike: they teach more. */
static bool fill(gdImagePtr from, photo *read)
{
    read->width = gdImageSX(from) / 2, read->height = gdImageSY(from) / 2;
    if (read->width < LEAST / 2 || read->height < LEAST / 2) {
        return complain("the photograph has %d x %d pixels; expected at least %d x %d", gdImageSX(from),
                        gdImageSY(from), LEAST, LEAST);
    }
    const int count = read->width * read->height;
    read->pixels = malloc((size_t)count * sizeof *read->pixels);
    if (read->pixels == NULL) return complain("out of memory for %d pixels", count);
    double sum = 0;
    for (int i = 0; i < count; ++i) {
        const int x = i % read->width * 2, y = i / read->width * 2;
        const double mean = (brightness(from, x, y) + brightness(from, x + 1, y) + brightness(from, x, y + 1) +
                             brightness(from, x + 1, y + 1)) /
                            4;
        read->pixels[i] = (float)mean;
        sum += mean;
    }
    for (int i = 0; i < count; ++i) read->pixels[i] -= (float)(sum / count);
    return true;
}

bool photo_read(const char *path, photo *read)
{
    *read = (photo){0};
    gdImagePtr source = decode(path);
    if (source == NULL) return false;
    const bool filled = fill(source, read);
    gdImageDestroy(source);
    if (!filled) photo_free(read);
    return filled;
}

void photo_free(photo *used)
{
    free(used->pixels);
    *used = (photo){0};
}
