/* The text in a .npy file's header: a Python dictionary such as
 * {'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 8, 8), } */
#ifndef TESSERA_TOOLS_NPY_HEADER_H
#define TESSERA_TOOLS_NPY_HEADER_H

#include "npy.h"

#include <stdbool.h>

enum { NPY_HEADER_MAX_AXES = 32 }; /* what NumPy allows */

typedef struct npy_header {
    char descr[64]; /* the element type: "<f4"; "a structure" for a record type */
    bool fortran_order;
    int axes;
    int64_t shape[NPY_HEADER_MAX_AXES];
} npy_header;

/* Returns NULL, or what is wrong with the text. It need not end with a 0. */
const char *npy_header_parse(const char *text, size_t length, npy_header *header);

#endif
