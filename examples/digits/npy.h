/* NumPy's .npy files of bytes and of 32-bit floats in C order, plain, or packed where the name ends in .gz. gzip's
 * checksum is checked. */
#ifndef DIGITS_NPY_H
#define DIGITS_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ARRAY_MAX_AXES = 4 };

typedef enum element { ELEMENT_U8, ELEMENT_F32 } element;

typedef struct array {
    element of;
    int axes;
    int64_t shape[ARRAY_MAX_AXES];
    void *data; /* after array_read() freed by array_free() */
} array;

size_t array_count(const array *of); /* elements */

/* Reads an array of elements `of`. On failure false, and *result is empty. */
bool array_read(const char *path, element of, array *result);

/* Writes a file that appears whole or not at all: beside its place first, and then renamed. */
bool array_write(const char *path, const array *from);
void array_free(array *used);

#endif
