/* Reads what convert.py wrote: NumPy's .npy files of 32-bit floats in C order. */
#ifndef FACES_NPY_H
#define FACES_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARRAY_MAX_AXES = 4 };

typedef struct array {
    int axes;
    int64_t shape[ARRAY_MAX_AXES];
    size_t count; /* elements                */
    float *data;  /* freed by array_free()   */
} array;

/* On failure false, and *result is empty. */
bool array_read(const char *path, array *result);
void array_free(array *used);

#endif
