#include "npy.h"
#include "complain.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { MAX_HEADER = 1024, MAX_COUNT = 1 << 24, ALIGNMENT = 64, PREFIX = 10, MAX_PATH = 4096 };

static const struct {
    const char *descr;
    unsigned bytes;
} elements[] = {[ELEMENT_U8] = {"|u1", 1}, [ELEMENT_F32] = {"<f4", 4}};

size_t array_count(const array *of)
{
    size_t count = 1;
    for (int axis = 0; axis < of->axes; ++axis) count *= (size_t)of->shape[axis];
    return count;
}

/* The size in memory, which is at most 64 MiB and so an unsigned number as zlib wants it. */
static unsigned array_bytes(const array *of)
{
    return (unsigned)array_count(of) * elements[of->of].bytes;
}

/* ---- Reading --------------------------------------------------------------------------------------------------- */

/* Takes the sizes out of "(32, 16, 3, 3), ..." or "(32,), ...". */
static bool parse_shape(const char *text, array *result)
{
    for (;;) {
        char *end = NULL;
        const long size = strtol(text, &end, 10);
        if (end == text || size < 1 || size > MAX_COUNT || result->axes == ARRAY_MAX_AXES) return false;
        result->shape[result->axes++] = size;
        if (array_count(result) > MAX_COUNT) return false;
        text = end + (*end == ',');
        text += strspn(text, " ");
        if (*text == ')') return true;
    }
}

static bool read_header(const char *path, gzFile stream, array *result)
{
    unsigned char start[PREFIX];
    if (gzread(stream, start, PREFIX) != PREFIX || memcmp(start, "\x93NUMPY\x01", 7) != 0) {
        return complain("%s: not a .npy file of version 1, or a damaged one", path);
    }
    char header[MAX_HEADER + 1] = "";
    const int length = start[8] | start[9] << 8;
    if (length > MAX_HEADER || gzread(stream, header, (unsigned)length) != length) {
        return complain("%s: its header has %d bytes; expected at most %d, all of them there", path, length,
                        MAX_HEADER);
    }
    char descr[32];
    snprintf(descr, sizeof descr, "'descr': '%s'", elements[result->of].descr);
    const char *shape = strstr(header, "'shape': (");
    if (strstr(header, descr) == NULL || strstr(header, "'fortran_order': False") == NULL || shape == NULL ||
        !parse_shape(shape + strlen("'shape': ("), result)) {
        return complain("%s: expected 1 to %d axes of '%s' in C order; its header is %s", path, ARRAY_MAX_AXES,
                        elements[result->of].descr, header);
    }
    return true;
}

/* The data, and one byte more in the same call: only where there is room for more does zlib go on to the checksum, and
 * tell when it is wrong or missing. */
static bool read_data(const char *path, gzFile stream, array *result)
{
    const unsigned bytes = array_bytes(result);
    result->data = malloc(bytes + 1);
    if (result->data == NULL) return complain("%s: out of memory for %u bytes", path, bytes);
    const int got = gzread(stream, result->data, bytes + 1);
    int code = Z_OK;
    const char *why = gzerror(stream, &code);
    if (got < 0 || code != Z_OK) return complain("%s: damaged: %s", path, why);
    if ((unsigned)got == bytes) return true;
    return complain("%s: expected %u bytes of data; the file has %s", path, bytes,
                    (unsigned)got > bytes ? "more" : "fewer");
}

bool array_read(const char *path, element of, array *result)
{
    *result = (array){.of = of};
    gzFile stream = gzopen(path, "rb");
    if (stream == NULL) return complain("cannot read %s: %s", path, strerror(errno));
    const bool read = read_header(path, stream, result) && read_data(path, stream, result);
    gzclose(stream);
    if (!read) array_free(result);
    return read;
}

void array_free(array *used)
{
    free(used->data);
    *used = (array){0};
}

/* ---- Writing --------------------------------------------------------------------------------------------------- */

/* Returns the length with the prefix, a multiple of ALIGNMENT as NumPy makes it. */
static int make_header(const array *from, char header[MAX_HEADER])
{
    char shape[128] = "";
    for (int axis = 0, at = 0; axis < from->axes; ++axis)
        at += snprintf(shape + at, sizeof shape - (size_t)at, "%" PRId64 ", ", from->shape[axis]);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    int length =
        PREFIX + snprintf(header + PREFIX, MAX_HEADER - PREFIX,
                          "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", elements[from->of].descr, shape);
    while (length % ALIGNMENT != ALIGNMENT - 1) header[length++] = ' ';
    header[length++] = '\n';
    header[8] = (char)((length - PREFIX) % 256), header[9] = (char)((length - PREFIX) / 256);
    return length;
}

/* Closes `file`, too, which gzip writes through. */
static bool write_all(int file, bool packed, const array *from)
{
    char header[MAX_HEADER];
    const unsigned length = (unsigned)make_header(from, header), bytes = array_bytes(from);
    const int written = dup(file);
    gzFile stream = written >= 0 ? gzdopen(written, packed ? "wb" : "wbT") : NULL;
    bool good = stream != NULL && gzwrite(stream, header, length) == (int)length &&
                gzwrite(stream, from->data, bytes) == (int)bytes;
    if (stream != NULL) {
        good = gzclose(stream) == Z_OK && good;
    } else if (written >= 0) {
        close(written);
    }
    /* Else a crash soon afterwards could leave the new name on empty data. */
    good = good && fsync(file) == 0;
    return close(file) == 0 && good;
}

bool array_write(const char *path, const array *from)
{
    char beside[MAX_PATH];
    const int length = snprintf(beside, sizeof beside, "%s.new", path);
    if (length < 0 || length >= MAX_PATH) return complain("%s: the path is too long", path);
    const int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (file < 0) return complain("cannot write %s: %s", beside, strerror(errno));
    const bool packed = strlen(path) > 3 && strcmp(path + strlen(path) - 3, ".gz") == 0;
    if (write_all(file, packed, from) && rename(beside, path) == 0) return true;
    complain("cannot write %s: %s", path, strerror(errno));
    unlink(beside);
    return false;
}
