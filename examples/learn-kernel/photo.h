/* The photograph that the kernels look at. */
#ifndef LEARN_KERNEL_PHOTO_H
#define LEARN_KERNEL_PHOTO_H

#include <stdbool.h>

typedef struct photo {
    int width, height;
    float *pixels; /* brightness less its average; height rows of width */
} photo;

/* Reads a PNG of at least 32 x 32 pixels at half its size. On failure false, and *read is empty. */
bool photo_read(const char *path, photo *read);
void photo_free(photo *used);

#endif
