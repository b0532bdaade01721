/* The handwritten digits: 1797 images of 8 x 8 pixels, of which every fifth is held out. */
#ifndef DIGITS_DATA_H
#define DIGITS_DATA_H

#include <stdbool.h>

enum { IMAGES = 1797, HELD_OUT = 360, TRAINING = IMAGES - HELD_OUT, IMAGE_SIDE = 8, PIXELS = 64, CLASSES = 10 };

typedef struct data {
    unsigned char pixels[IMAGES][PIXELS]; /* 0 to 16; first the images to train with, then those held out */
    unsigned char labels[IMAGES];
} data;

/* Reads what convert.py wrote. On failure false. */
bool data_read(const char *path, data *read);

#endif
