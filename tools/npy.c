#include "npy.h"
#include "atomic_file.h"
#include "npy_header.h"
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the files hold little-endian numbers, which this file copies to memory as they are"
#endif

enum {
    PREFIX_BYTES = 8,         /* "\x93NUMPY" and two bytes of version                                        */
    ALIGNMENT = 64,           /* where NumPy lets the data start                                             */
    MAX_HEADER_BYTES = 65536, /* ours have about 80; a limit keeps a damaged length from asking for gigabytes */
};
static const char magic[] = "\x93NUMPY";

static const struct {
    const char *descr, *text;
    uint64_t bytes;
} types[NPY_TYPES] = {
    [NPY_F32] = {"<f4", "f32", 4}, [NPY_F16] = {"<f2", "f16", 2}, [NPY_F64] = {"<f8", "f64", 8},
    [NPY_I8] = {"|i1", "i8", 1},   [NPY_U8] = {"|u1", "u8", 1},   [NPY_I64] = {"<i8", "i64", 8},
};

uint64_t npy_type_bytes(npy_type type)
{
    return types[type].bytes;
}

const char *npy_type_text(npy_type type)
{
    return types[type].text;
}

/* A file that is being read, and how much of it has not been read yet. */
typedef struct source {
    const char *path;
    FILE *stream;
    uint64_t left;
} source;

static int refuse(const source *from, const char *why)
{
    return report(EXIT_INPUT, "%s: %s", from->path, why);
}

static int read_bytes(source *from, void *target, size_t count, const char *what)
{
    if (count > from->left) return report(EXIT_INPUT, "%s: the file ends inside its %s", from->path, what);
    if (fread(target, 1, count, from->stream) != count) {
        return refuse(from, ferror(from->stream) ? strerror(errno) : "the file became shorter while it was read");
    }
    from->left -= count;
    return EXIT_DONE;
}

/* Opens the file and learns its size, which everything else is checked against. */
static int open_source(const char *path, source *from)
{
    *from = (source){.path = path, .stream = fopen(path, "rb")};
    if (from->stream == NULL) return report(EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    struct stat file;
    if (fstat(fileno(from->stream), &file) != 0) return refuse(from, strerror(errno));
    if (!S_ISREG(file.st_mode)) return refuse(from, "not a regular file");
    from->left = (uint64_t)file.st_size;
    return EXIT_DONE;
}

/* Magic, version and the header's length; then the header itself. */
static int read_header(source *from, npy_header *header)
{
    unsigned char prefix[PREFIX_BYTES];
    int failed = read_bytes(from, prefix, sizeof prefix, "first 8 bytes");
    if (failed) return failed;
    if (memcmp(prefix, magic, sizeof magic - 1) != 0) return refuse(from, "not a .npy file (wrong magic)");
    const int major = prefix[6], minor = prefix[7];
    if (major < 1 || major > 3 || minor != 0) {
        return report(EXIT_INPUT, "%s: .npy version %d.%d is unknown; expected 1.0, 2.0 or 3.0", from->path, major,
                      minor);
    }

    unsigned char bytes[4] = {0};
    failed = read_bytes(from, bytes, major == 1 ? 2 : 4, "header's length");
    if (failed) return failed;
    const uint32_t length = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    if (length > from->left) {
        return report(EXIT_INPUT, "%s: its header claims %" PRIu32 " bytes, but only %" PRIu64 " follow", from->path,
                      length, from->left);
    }
    if (length > MAX_HEADER_BYTES) {
        return report(EXIT_INPUT, "%s: its header claims %" PRIu32 " bytes; the limit is %d", from->path, length,
                      MAX_HEADER_BYTES);
    }

    char *text = malloc(length + 1u);
    if (text == NULL) return report(EXIT_DEVICE, "out of memory");
    failed = read_bytes(from, text, length, "header");
    if (!failed) {
        const char *wrong = npy_header_parse(text, length, header);
        if (wrong != NULL) failed = refuse(from, wrong);
    }
    free(text);
    return failed;
}

/* ---- What the caller can use ----------------------------------------------------------------------------------- */

/* A list in words: "a", "a or b", "a, b or c". */
static void add_choice(char *list, size_t capacity, int number, int count, const char *text)
{
    const size_t used = strlen(list);
    snprintf(list + used, capacity - used, "%s%s", number == 0 ? "" : number == count - 1 ? " or " : ", ", text);
}

static int refuse_axes(const source *from, int axes, const npy_wanted *wanted)
{
    char expected[128] = "";
    const int count = wanted->axes_max - wanted->axes_min + 1;
    for (int i = 0; i < count; ++i) {
        char one[32];
        snprintf(one, sizeof one, "%d", wanted->axes_min + i);
        if (wanted->axes != NULL) snprintf(one, sizeof one, "%d (%s)", wanted->axes_min + i, wanted->axes[i]);
        add_choice(expected, sizeof expected, i, count, one);
    }
    return report(EXIT_INPUT, "%s: has %d axes; expected %s%s%s", from->path, axes, expected,
                  wanted->because != NULL ? ", " : "", wanted->because != NULL ? wanted->because : "");
}

/* The shape: as many axes as the caller expects, none of them empty. */
static int check_axes(const source *from, const npy_header *header, const npy_wanted *wanted)
{
    if (header->axes < wanted->axes_min || header->axes > wanted->axes_max)
        return refuse_axes(from, header->axes, wanted);
    for (int axis = 0; axis < header->axes; ++axis) {
        if (header->shape[axis] > 0) continue;
        if (wanted->axes == NULL) return report(EXIT_INPUT, "%s: axis %d has size 0", from->path, axis);
        return report(EXIT_INPUT, "%s: axis %d (%c) has size 0; expected 1 or more", from->path, axis,
                      wanted->axes[header->axes - wanted->axes_min][axis]);
    }
    return EXIT_DONE;
}

static int check_type(const source *from, const npy_header *header, const npy_wanted *wanted, npy_type *type)
{
    char expected[128] = "";
    int count = 0, number = 0;
    for (int i = 0; i < NPY_TYPES; ++i) count += (wanted->types >> i & 1) != 0;
    for (int i = 0; i < NPY_TYPES; ++i) {
        if (!(wanted->types >> i & 1)) continue;
        if (strcmp(header->descr, types[i].descr) == 0) {
            *type = (npy_type)i;
            return EXIT_DONE;
        }
        char one[32];
        snprintf(one, sizeof one, "'%s' (%s)", types[i].descr, types[i].text);
        add_choice(expected, sizeof expected, number++, count, one);
    }
    return report(EXIT_INPUT, "%s: its elements are %s; expected %s%s%s", from->path, header->descr, expected,
                  wanted->because != NULL ? ", " : "", wanted->because != NULL ? wanted->because : "");
}

/* The order, and a number of elements that agrees with the bytes that are really there. */
static int check_data(const source *from, const npy_header *header, npy_type type, size_t *count)
{
    if (header->fortran_order) return refuse(from, "is in Fortran order; expected C order");

    uint64_t bytes = types[type].bytes;
    for (int axis = 0; axis < header->axes; ++axis) {
        if (__builtin_mul_overflow(bytes, (uint64_t)header->shape[axis], &bytes) || bytes > SIZE_MAX) {
            return refuse(from, "the product of its sizes overflows");
        }
    }
    if (bytes != from->left) {
        return report(EXIT_INPUT, "%s: its shape needs %" PRIu64 " bytes of data, but %" PRIu64 " follow the header",
                      from->path, bytes, from->left);
    }
    *count = (size_t)(bytes / types[type].bytes);
    return EXIT_DONE;
}

/* ---- Reading and writing --------------------------------------------------------------------------------------- */

static int read_array(source *from, const npy_wanted *wanted, npy_array *array)
{
    npy_header header;
    npy_type type = NPY_F32;
    size_t count = 0;
    int failed = read_header(from, &header);
    if (!failed) failed = check_axes(from, &header, wanted);
    if (!failed) failed = check_type(from, &header, wanted, &type);
    if (!failed) failed = check_data(from, &header, type, &count);
    if (failed) return failed;

    const size_t bytes = count * (size_t)types[type].bytes;
    void *data = malloc(bytes);
    if (data == NULL) return report(EXIT_DEVICE, "%s: out of memory for %zu bytes", from->path, bytes);
    failed = read_bytes(from, data, bytes, "data");
    if (failed) {
        free(data);
        return failed;
    }
    *array = (npy_array){.type = type, .axes = header.axes, .count = count, .data = data, .path = from->path};
    memcpy(array->shape, header.shape, (size_t)header.axes * sizeof array->shape[0]);
    return EXIT_DONE;
}

int npy_read(const char *path, const npy_wanted *wanted, npy_array *array)
{
    *array = (npy_array){0};
    source from;
    int failed = open_source(path, &from);
    if (!failed) failed = read_array(&from, wanted, array);
    if (from.stream != NULL) fclose(from.stream);
    return failed;
}

/* Errors of the stream are found when the file is committed. */
static void write_array(FILE *stream, const npy_array *array)
{
    char header[256];
    int length =
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", types[array->type].descr);
    for (int axis = 0; axis < array->axes; ++axis) {
        length += snprintf(header + length, sizeof header - (size_t)length, "%" PRId64 ", ", array->shape[axis]);
    }
    length += snprintf(header + length, sizeof header - (size_t)length, "), }");

    /* Spaces and a line end fill up the header, so that the data starts at a multiple of 64. */
    const int before = PREFIX_BYTES + 2;
    const int padded = (before + length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - before;
    const unsigned char version[4] = {1, 0, (unsigned char)(padded & 0xff), (unsigned char)(padded >> 8)};
    fwrite(magic, 1, sizeof magic - 1, stream);
    fwrite(version, 1, sizeof version, stream);
    fprintf(stream, "%s%*s\n", header, padded - length - 1, "");
    fwrite(array->data, (size_t)types[array->type].bytes, array->count, stream);
}

int npy_write(const char *path, const npy_array *array)
{
    return npy_write_all(&(npy_output){path, *array}, 1);
}

int npy_write_all(const npy_output *outputs, int count)
{
    atomic_file files[ATOMIC_FILES_MAX];
    int open = 0, failed = EXIT_DONE;
    for (; open < count && !failed; ++open) failed = atomic_file_open(outputs[open].path, &files[open]);
    if (failed) {
        for (int i = 0; i < open - 1; ++i) atomic_file_discard(&files[i]);
        return failed;
    }
    for (int i = 0; i < count; ++i) write_array(files[i].stream, &outputs[i].array);
    return atomic_file_commit_all(files, count);
}

void npy_free(npy_array *array)
{
    free(array->data);
    *array = (npy_array){0};
}
