/* Photographs in, pictures out, as packed RGB. */
#ifndef TESSERA_TOOLS_IMAGE_H
#define TESSERA_TOOLS_IMAGE_H

#include <gd.h>
#include <stddef.h>

typedef struct image {
    int width, height;
    unsigned char *rgb; /* width * height * 3 bytes, rows from the top; freed by image_free() */
} image;

/* Each returns an exit code (report.h); on failure *picture is empty. */
int image_create(int width, int height, image *picture);
int image_read(const char *path, image *photo); /* PNG or JPEG, told by its content; what is transparent turns white */
int image_write(const char *path, const image *picture); /* PNG, whole or not at all */
void image_free(image *picture);

/* Brightness of each pixel, a whole number from 0 to 255: integer weights that add up to 256 for red, green, blue. */
void image_luma(const image *photo, float *plane);
/* The three colours as planes, whole numbers from 0 to 255. */
void image_planes(const image *photo, float *planes);

/* The same in libgd's form, for drawing. NULL: out of memory. */
gdImagePtr image_to_gd(const image *picture);
int image_write_gd(const char *path, gdImagePtr canvas);

#endif
