#include "npy.h"
#include "complain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_HEADER = 1024, MAX_SIZE = 1 << 20 };

/* Takes the sizes out of "(32, 16, 3, 3), ..." or "(32,), ...". */
static bool parse_shape(const char *text, array *result)
{
    result->axes = 0;
    result->count = 1;
    for (;;) {
        char *end = NULL;
        const long size = strtol(text, &end, 10);
        if (end == text || size < 1 || size > MAX_SIZE || result->axes == ARRAY_MAX_AXES) return false;
        result->shape[result->axes++] = size;
        result->count *= (size_t)size;
        text = end + (*end == ',');
        text += strspn(text, " ");
        if (*text == ')') return result->count <= MAX_SIZE;
    }
}

static bool read_header(const char *path, FILE *stream, array *result)
{
    unsigned char start[10];
    if (fread(start, 1, sizeof start, stream) != sizeof start || memcmp(start, "\x93NUMPY\x01", 7) != 0) {
        return complain("%s: not a .npy file of version 1", path);
    }
    char header[MAX_HEADER + 1] = "";
    const size_t length = start[8] | (size_t)start[9] << 8;
    if (length > MAX_HEADER || fread(header, 1, length, stream) != length) {
        return complain("%s: its header has %zu bytes; expected at most %d, all of them there", path, length,
                        MAX_HEADER);
    }
    const char *shape = strstr(header, "'shape': (");
    if (strstr(header, "'descr': '<f4'") == NULL || strstr(header, "'fortran_order': False") == NULL || shape == NULL ||
        !parse_shape(shape + strlen("'shape': ("), result)) {
        return complain("%s: expected 1 to %d axes of '<f4' in C order; its header is %s", path, ARRAY_MAX_AXES,
                        header);
    }
    return true;
}

static bool read_data(const char *path, FILE *stream, array *result)
{
    result->data = malloc(result->count * sizeof *result->data);
    if (result->data == NULL) return complain("%s: out of memory for %zu floats", path, result->count);
    if (fread(result->data, sizeof *result->data, result->count, stream) == result->count) return true;
    array_free(result);
    return complain("%s: the file ends before its data does", path);
}

bool array_read(const char *path, array *result)
{
    *result = (array){0};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) return complain("cannot read %s: %s", path, strerror(errno));
    const bool read = read_header(path, stream, result) && read_data(path, stream, result);
    fclose(stream);
    return read;
}

void array_free(array *used)
{
    free(used->data);
    *used = (array){0};
}
