/* NumPy's .npy files: 32-bit little-endian floats in C order, format versions 1, 2 and 3. */
#ifndef TESSERA_TOOLS_NPY_H
#define TESSERA_TOOLS_NPY_H

#include <stddef.h>
#include <stdint.h>

enum { NPY_MAX_AXES = 4 };

typedef struct npy_array {
    int axes;
    int64_t shape[NPY_MAX_AXES];
    size_t count; /* elements: the product of the shape */
    float *data;  /* freed by npy_free() */
} npy_array;

/* Reads a whole file. Everything that its header claims is checked against the file's true size before memory for the
 * data is asked for. `axis_names` has a letter for each axis that the caller expects, "NCHW" for instance, and is what
 * messages call them; NULL allows any 1 to 4 axes. Returns an exit code (report.h); on failure *array is empty. */
int npy_read(const char *path, const char *axis_names, npy_array *array);

/* Writes a version 1 file, whole or not at all. */
int npy_write(const char *path, const npy_array *array);

void npy_free(npy_array *array);

#endif
