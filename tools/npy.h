/* NumPy's .npy files: little-endian numbers in C order, format versions 1, 2 and 3. */
#ifndef TESSERA_TOOLS_NPY_H
#define TESSERA_TOOLS_NPY_H

#include <stddef.h>
#include <stdint.h>

enum { NPY_MAX_AXES = 6 };

/* The types of elements: the library's, in the order of tsr_dtype, and the indices'. */
typedef enum npy_type { NPY_F32, NPY_F16, NPY_F64, NPY_I8, NPY_U8, NPY_I64, NPY_TYPES } npy_type;

typedef struct npy_array {
    npy_type type;
    int axes;
    int64_t shape[NPY_MAX_AXES];
    size_t count;     /* elements: the product of the shape */
    void *data;       /* freed by npy_free() */
    const char *path; /* where it was read from: the caller's text; else NULL */
} npy_array;

/* What a caller can use. */
typedef struct npy_wanted {
    uint32_t types;          /* a set of 1u << npy_type                                                          */
    int axes_min, axes_max;  /* 1 to NPY_MAX_AXES                                                                */
    const char *const *axes; /* axes[count - axes_min]: a letter for each axis, as "NCHW", which is what messages
                                call them; NULL: they have no names                                              */
    const char *because;     /* "as --dtype says": why it has to be so, or NULL                                  */
} npy_wanted;

uint64_t npy_type_bytes(npy_type type);
/* "f32": the type as options call it. */
const char *npy_type_text(npy_type type);

/* Reads a whole file. Everything that its header claims is checked against the file's true size before memory for the
 * data is asked for. Returns an exit code (report.h); on failure *array is empty. */
int npy_read(const char *path, const npy_wanted *wanted, npy_array *array);

/* An array and the file that it goes to. */
typedef struct npy_output {
    const char *path;
    npy_array array;
} npy_output;

/* Writes version 1 files, at most ATOMIC_FILES_MAX (atomic_file.h): all of them whole or none at all. */
int npy_write(const char *path, const npy_array *array);
int npy_write_all(const npy_output *outputs, int count);

void npy_free(npy_array *array);

#endif
