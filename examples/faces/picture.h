/* Photographs in, pictures out. */
#ifndef FACES_PICTURE_H
#define FACES_PICTURE_H

#include <gd.h>
#include <stdbool.h>

typedef struct picture {
    int width, height;
    float *planes;     /* red, green, blue, each height rows of width numbers, as the networks want them: -1 to 1 */
    gdImagePtr canvas; /* the same in libgd's form */
} picture;

/* PNG or JPEG, told by its content; what is transparent turns white. On failure false, and *photo is empty. */
bool picture_read(const char *path, picture *photo);

/* Writes it as JPEG where the name ends in .jpg or .jpeg, else as PNG. NULL, which libgd gives where memory is
 * exhausted, is a failure. */
bool picture_write(const char *path, gdImagePtr drawn);
void picture_free(picture *photo);

#endif
