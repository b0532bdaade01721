#include "picture.h"
#include "complain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JPEG_QUALITY = 90 };

/* A colour from 0 to 255 over white, where alpha is libgd's: 0 opaque to 127 transparent. */
static int over_white(int colour, int alpha)
{
    return (colour * (gdAlphaMax - alpha) + 255 * alpha + gdAlphaMax / 2) / gdAlphaMax;
}

static float normalised(int colour)
{
    return ((float)colour - 127.5f) / 128.0f;
}

static bool fill_planes(gdImagePtr source, picture *photo)
{
    const size_t pixels = (size_t)photo->width * (size_t)photo->height;
    photo->canvas = gdImageCreateTrueColor(photo->width, photo->height);
    photo->planes = malloc(3 * pixels * sizeof *photo->planes);
    if (photo->canvas == NULL || photo->planes == NULL) {
        return complain("out of memory for a picture of %d x %d pixels", photo->width, photo->height);
    }
    float *red = photo->planes, *green = red + pixels, *blue = green + pixels;
    for (int y = 0; y < photo->height; ++y)
        for (int x = 0; x < photo->width; ++x) {
            const int pixel = gdImageGetTrueColorPixel(source, x, y), alpha = gdTrueColorGetAlpha(pixel);
            const int r = over_white(gdTrueColorGetRed(pixel), alpha);
            const int g = over_white(gdTrueColorGetGreen(pixel), alpha);
            const int b = over_white(gdTrueColorGetBlue(pixel), alpha);
            *red++ = normalised(r), *green++ = normalised(g), *blue++ = normalised(b);
            gdImageTrueColorPixel(photo->canvas, x, y) = gdTrueColor(r, g, b);
        }
    return true;
}

static gdImagePtr decode(FILE *stream)
{
    unsigned char head[8] = {0};
    const size_t got = fread(head, 1, sizeof head, stream);
    rewind(stream);
    if (got == sizeof head && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0) return gdImageCreateFromPng(stream);
    if (got == sizeof head && memcmp(head, "\xff\xd8\xff", 3) == 0) return gdImageCreateFromJpeg(stream);
    return NULL;
}

bool picture_read(const char *path, picture *photo)
{
    *photo = (picture){0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) return complain("cannot read %s: %s", path, strerror(errno));
    gdImagePtr source = decode(stream);
    fclose(stream);
    if (source == NULL) return complain("%s: not a PNG or JPEG picture, or a damaged one", path);
    photo->width = gdImageSX(source), photo->height = gdImageSY(source);
    const bool filled = fill_planes(source, photo);
    gdImageDestroy(source);
    if (!filled) picture_free(photo);
    return filled;
}

static bool ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), wanted = strlen(ending);
    return length >= wanted && strcmp(text + length - wanted, ending) == 0;
}

bool picture_write(const char *path, gdImagePtr drawn)
{
    if (drawn == NULL) return complain("%s: out of memory", path);
    FILE *stream = fopen(path, "wb");
    if (stream == NULL) return complain("cannot write %s: %s", path, strerror(errno));
    if (ends_with(path, ".jpg") || ends_with(path, ".jpeg")) {
        gdImageJpeg(drawn, stream, JPEG_QUALITY);
    } else {
        gdImagePng(drawn, stream);
    }
    const bool wrong = ferror(stream) != 0;
    if (fclose(stream) != 0 || wrong) return complain("cannot write %s: %s", path, strerror(errno));
    return true;
}

void picture_free(picture *photo)
{
    free(photo->planes);
    if (photo->canvas != NULL) gdImageDestroy(photo->canvas);
    *photo = (picture){0};
}
