/* The picture: each row a kernel, from its random beginning to what was learned, beside the true one. */
#ifndef LEARN_KERNEL_STRIP_H
#define LEARN_KERNEL_STRIP_H

#include "descent.h"

enum { STRIP_STEPS = 10 };

typedef struct strip {
    int rows;                        /* kernels          */
    float truth[MAX_KERNELS * TAPS]; /* the unknown ones */
    int count;                       /* of what follows  */
    int steps[STRIP_STEPS];
    float kernels[STRIP_STEPS][MAX_KERNELS * TAPS];
    float *response; /* what the true kernels made of the photograph */
    int width, height;
} strip;

/* Draws the photograph, what the first strip's kernel made of it, and both strips, as PNG. */
bool strips_write(const char *path, const photo *from, const strip *single, const strip *eight);

#endif
