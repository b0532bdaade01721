#include "image.h"
#include "atomic_file.h"
#include "report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_PIXELS = 1 << 28 }; /* 256 megapixels: more than any camera, and its RGB still fits an int */

/* libgd writes its complaints to stderr by itself; the last one is kept for our own message instead. */
static char gd_complaint[160];

__attribute__((format(printf, 2, 0))) static void keep_complaint(int priority, const char *format, va_list list)
{
    (void)priority;
    vsnprintf(gd_complaint, sizeof gd_complaint, format, list);
    gd_complaint[strcspn(gd_complaint, "\n")] = '\0';
}

int image_create(int width, int height, image *picture)
{
    *picture = (image){0};
    if (width < 1 || height < 1 || width > MAX_PIXELS / height) {
        return report(EXIT_INPUT, "a picture of %d x %d pixels; expected at least 1 and at most %d in all", width,
                      height, MAX_PIXELS);
    }
    unsigned char *rgb = malloc((size_t)width * (size_t)height * 3);
    if (rgb == NULL) return report(EXIT_DEVICE, "out of memory for a picture of %d x %d pixels", width, height);
    *picture = (image){width, height, rgb};
    return EXIT_DONE;
}

void image_free(image *picture)
{
    free(picture->rgb);
    *picture = (image){0};
}

/* One colour over white, where alpha is libgd's: 0 opaque to 127 transparent. */
static unsigned char over_white(int colour, int alpha)
{
    return (unsigned char)((colour * (gdAlphaMax - alpha) + 255 * alpha + gdAlphaMax / 2) / gdAlphaMax);
}

static int copy_from_gd(gdImagePtr source, image *photo)
{
    const int failed = image_create(gdImageSX(source), gdImageSY(source), photo);
    if (failed) return failed;
    unsigned char *rgb = photo->rgb;
    for (int y = 0; y < photo->height; ++y)
        for (int x = 0; x < photo->width; ++x, rgb += 3) {
            const int pixel = gdImageGetTrueColorPixel(source, x, y);
            const int alpha = gdTrueColorGetAlpha(pixel);
            rgb[0] = over_white(gdTrueColorGetRed(pixel), alpha);
            rgb[1] = over_white(gdTrueColorGetGreen(pixel), alpha);
            rgb[2] = over_white(gdTrueColorGetBlue(pixel), alpha);
        }
    return EXIT_DONE;
}

/* A PNG's size stands in its first bytes, so an absurd one is refused before libgd asks for the memory. */
static bool png_is_absurd(const unsigned char *head)
{
    uint64_t size[2];
    for (int axis = 0; axis < 2; ++axis) {
        const unsigned char *bytes = head + 16 + 4 * axis;
        size[axis] = (uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 | (uint64_t)bytes[2] << 8 | bytes[3];
    }
    return size[0] * size[1] > MAX_PIXELS;
}

static int decode(const char *path, FILE *stream, image *photo)
{
    unsigned char head[24] = {0};
    const size_t got = fread(head, 1, sizeof head, stream);
    rewind(stream);
    const bool png = memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
    const bool jpeg = memcmp(head, "\xff\xd8\xff", 3) == 0;
    if (!png && !jpeg) return report(EXIT_INPUT, "%s: neither a PNG nor a JPEG picture", path);
    if (png && (got < sizeof head || png_is_absurd(head))) {
        return report(EXIT_INPUT, "%s: a PNG picture of more than %d pixels, or its size is missing", path, MAX_PIXELS);
    }

    gd_complaint[0] = '\0';
    gdSetErrorMethod(keep_complaint);
    gdImagePtr source = png ? gdImageCreateFromPng(stream) : gdImageCreateFromJpegEx(stream, 0);
    gdClearErrorMethod();
    if (source == NULL) {
        return report(EXIT_INPUT, "%s: a damaged picture%s%s", path, gd_complaint[0] != '\0' ? ": " : "", gd_complaint);
    }
    const int failed = copy_from_gd(source, photo);
    gdImageDestroy(source);
    return failed;
}

int image_read(const char *path, image *photo)
{
    *photo = (image){0};
    FILE *stream = fopen(path, "rb");
    struct stat file;
    if (stream == NULL || fstat(fileno(stream), &file) != 0) {
        const int exit_code = report(EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
        if (stream != NULL) fclose(stream);
        return exit_code;
    }
    const int failed =
        S_ISREG(file.st_mode) ? decode(path, stream, photo) : report(EXIT_INPUT, "%s: not a regular file", path);
    fclose(stream);
    return failed;
}

gdImagePtr image_to_gd(const image *picture)
{
    gdImagePtr canvas = gdImageCreateTrueColor(picture->width, picture->height);
    if (canvas == NULL) return NULL;
    const unsigned char *rgb = picture->rgb;
    for (int y = 0; y < picture->height; ++y)
        for (int x = 0; x < picture->width; ++x, rgb += 3)
            gdImageTrueColorPixel(canvas, x, y) = gdTrueColor(rgb[0], rgb[1], rgb[2]);
    return canvas;
}

int image_write_gd(const char *path, gdImagePtr canvas)
{
    int bytes = 0;
    void *png = gdImagePngPtrEx(canvas, &bytes, 9);
    if (png == NULL) return report(EXIT_DEVICE, "%s: out of memory for the PNG", path);
    const int failed = atomic_file_write(path, png, (size_t)bytes);
    gdFree(png);
    return failed;
}

int image_write(const char *path, const image *picture)
{
    gdImagePtr canvas = image_to_gd(picture);
    if (canvas == NULL) return report(EXIT_DEVICE, "%s: out of memory", path);
    const int failed = image_write_gd(path, canvas);
    gdImageDestroy(canvas);
    return failed;
}

void image_luma(const image *photo, float *plane)
{
    const size_t pixels = (size_t)photo->width * (size_t)photo->height;
    for (size_t i = 0; i < pixels; ++i) {
        const unsigned char *rgb = photo->rgb + 3 * i;
        plane[i] = (float)((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
    }
}

void image_planes(const image *photo, float *planes)
{
    const size_t pixels = (size_t)photo->width * (size_t)photo->height;
    for (size_t i = 0; i < pixels; ++i)
        for (size_t colour = 0; colour < 3; ++colour) planes[colour * pixels + i] = (float)photo->rgb[3 * i + colour];
}
