#include "arrays.h"
#include "report.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

enum { AXES_MIN = 3 }; /* N, C and one axis of space */

const char *const arrays_layouts[] = {"nchw", "nhwc", "any", NULL};
const char *const arrays_float_dtypes[] = {"f32", "f16", "f64", NULL};
const char *const arrays_dtypes[] = {"f32", "f16", "f64", "i8", "u8", NULL};

static const char *const nchw_axes[] = {"NCW", "NCHW", "NCDHW"};
static const char *const nhwc_axes[] = {"NWC", "NHWC", "NDHWC"};
static const char *const blocked_axes[] = {"NCWB", "NCHWB", "NCDHWB"};
static const char *const weight_axes[] = {"KCS", "KCRS", "KCTRS"};
static const char *const transposed_axes[] = {"CKS", "CKRS", "CKTRS"};
static const char *const number_axes[] = {"K"};

_Static_assert((int)NPY_F32 == TSR_F32 && (int)NPY_F16 == TSR_F16 && (int)NPY_F64 == TSR_F64 && (int)NPY_I8 == TSR_I8 &&
                   (int)NPY_U8 == TSR_U8,
               "one is cast to the other");

tsr_layout arrays_layout(int word)
{
    return word == ARRAYS_NHWC ? TSR_LAYOUT_NHWC : word == ARRAYS_ANY ? TSR_LAYOUT_ANY : TSR_LAYOUT_NCHW;
}

tsr_layout arrays_file_layout(int word)
{
    return word == ARRAYS_NHWC ? TSR_LAYOUT_NHWC : TSR_LAYOUT_NCHW;
}

int64_t arrays_block(tsr_layout layout)
{
    switch (layout) {
    case TSR_LAYOUT_NCHW4C:
        return 4;
    case TSR_LAYOUT_NCHW8C:
        return 8;
    case TSR_LAYOUT_NCHW16C:
        return 16;
    default:
        return 1;
    }
}

/* ---- Reading --------------------------------------------------------------------------------------------------- */

static const char *const *axis_names(tsr_layout layout)
{
    return layout == TSR_LAYOUT_NHWC ? nhwc_axes : nchw_axes;
}

/* A command's first array, on which the others depend. */
static int read_first(const char *path, uint32_t types, int dtype, const char *const *names, int axes_min,
                      npy_array *array)
{
    const npy_wanted wanted = {.types = dtype == ARRAYS_NO_DTYPE ? types : 1u << dtype,
                               .axes_min = axes_min,
                               .axes_max = axes_min + TSR_AXES - 1,
                               .axes = names,
                               .because = dtype == ARRAYS_NO_DTYPE ? NULL : "as --dtype says"};
    return npy_read(path, &wanted, array);
}

int arrays_read(const char *path, uint32_t types, int dtype, tsr_layout layout, npy_array *array)
{
    return read_first(path, types, dtype, axis_names(layout), AXES_MIN, array);
}

static int check_blocks(const npy_array *array, tsr_layout layout, int64_t channels)
{
    const int64_t block = arrays_block(layout), last = array->shape[array->axes - 1];
    const int64_t blocks = (channels - 1) / block + 1;
    if (last != block) {
        return report(EXIT_INPUT, "%s: axis %d has size %" PRId64 "; expected %" PRId64 " in %s", array->path,
                      array->axes - 1, last, block, tsr_layout_text(layout));
    }
    if (array->shape[1] == blocks) return EXIT_DONE;
    return report(EXIT_INPUT,
                  "%s: axis 1 has size %" PRId64 "; expected %" PRId64 " blocks, because --channels is %" PRId64,
                  array->path, array->shape[1], blocks, channels);
}

int arrays_read_blocked(const char *path, uint32_t types, int dtype, tsr_layout layout, int64_t channels,
                        npy_array *array, tsr_tensor *tensor)
{
    int failed = read_first(path, types, dtype, blocked_axes, AXES_MIN + 1, array);
    if (!failed) failed = check_blocks(array, layout, channels);
    if (failed) {
        npy_free(array);
        return failed;
    }
    npy_array plain = *array; /* as if its blocks were channels */
    --plain.axes;
    *tensor = arrays_tensor(&plain, layout);
    tensor->c = channels;
    return EXIT_DONE;
}

/* An array that goes with x: of that type, with these numbers of axes. */
static int read_beside(const char *path, const npy_array *x, npy_type type, int axes, const char *const *names,
                       npy_array *array)
{
    char because[256];
    /* Of another type than x's there are indices alone. */
    snprintf(because, sizeof because, type == x->type ? "as %s has" : "as indices into %s have", x->path);
    const npy_wanted wanted = {
        .types = 1u << type, .axes_min = axes, .axes_max = axes, .axes = names, .because = because};
    return npy_read(path, &wanted, array);
}

int arrays_read_like(const char *path, const npy_array *x, npy_type type, tsr_layout layout, npy_array *array)
{
    return read_beside(path, x, type, x->axes, axis_names(layout) + (x->axes - AXES_MIN), array);
}

int arrays_read_weights(const char *path, const npy_array *x, bool transposed, npy_array *array)
{
    const char *const *names = transposed ? transposed_axes : weight_axes;
    return read_beside(path, x, x->type, x->axes, names + (x->axes - AXES_MIN), array);
}

int arrays_read_numbers(const char *path, const npy_array *x, npy_array *array)
{
    *array = (npy_array){0};
    return path != NULL ? read_beside(path, x, x->type, 1, number_axes, array) : EXIT_DONE;
}

/* ---- Agreement ------------------------------------------------------------------------------------------------- */

int arrays_check_numbers(const char *option, const npy_array *array, int64_t expected)
{
    if (array->data == NULL || array->shape[0] == expected) return EXIT_DONE;
    return report(EXIT_INPUT, "%s has %" PRId64 " elements; expected %" PRId64 ", the number of output channels",
                  option, array->shape[0], expected);
}

int arrays_check_shape(const char *name, const npy_array *array, const char *other_name, const npy_array *other,
                       tsr_layout layout)
{
    for (int axis = 0; axis < other->axes; ++axis) {
        if (array->shape[axis] == other->shape[axis]) continue;
        return report(EXIT_INPUT, "%s has size %" PRId64 " on axis %d (%c); expected %" PRId64 " as %s has", name,
                      array->shape[axis], axis, axis_names(layout)[other->axes - AXES_MIN][axis], other->shape[axis],
                      other_name);
    }
    return EXIT_DONE;
}

/* "0,2,1,3": where an element lies in an array. */
static const char *format_place(const npy_array *array, size_t element, char *text, size_t capacity)
{
    int64_t place[NPY_MAX_AXES];
    for (int axis = array->axes - 1; axis >= 0; --axis) {
        place[axis] = (int64_t)(element % (size_t)array->shape[axis]);
        element /= (size_t)array->shape[axis];
    }
    size_t used = 0;
    for (int axis = 0; axis < array->axes && used < capacity; ++axis)
        used += (size_t)snprintf(text + used, capacity - used, "%s%" PRId64, axis > 0 ? "," : "", place[axis]);
    return text;
}

int arrays_check_indices(const npy_array *indices, int64_t least, int64_t plane)
{
    const int64_t *values = indices->data;
    for (size_t i = 0; i < indices->count; ++i) {
        if (values[i] >= least && values[i] < plane) continue;
        char place[160];
        return report(EXIT_INPUT,
                      "%s: element [%s] is %" PRId64 "; expected %" PRId64 " to %" PRId64 ", a place in a plane of X",
                      indices->path, format_place(indices, i, place, sizeof place), values[i], least, plane - 1);
    }
    return EXIT_DONE;
}

/* ---- Arrays and tensors ---------------------------------------------------------------------------------------- */

int arrays_space(const npy_array *array)
{
    return array->axes - 2;
}

tsr_tensor arrays_tensor(const npy_array *array, tsr_layout layout)
{
    const int space = arrays_space(array);
    const bool channels_last = layout == TSR_LAYOUT_NHWC;
    tsr_tensor tensor = tsr_tensor_default();
    tensor.dtype = (tsr_dtype)array->type;
    tensor.layout = layout;
    tensor.n = array->shape[0];
    tensor.c = array->shape[channels_last ? array->axes - 1 : 1];
    for (int i = 0; i < space; ++i) tensor.size[TSR_AXES - space + i] = array->shape[(channels_last ? 1 : 2) + i];
    return tensor;
}

npy_array arrays_array(const tsr_tensor *tensor, int space, void *data)
{
    const bool channels_last = tensor->layout == TSR_LAYOUT_NHWC;
    const int64_t block = arrays_block(tensor->layout);
    npy_array array = {.type = (npy_type)tensor->dtype, .data = data};
    array.shape[array.axes++] = tensor->n;
    if (!channels_last) array.shape[array.axes++] = (tensor->c + block - 1) / block;
    for (int i = TSR_AXES - space; i < TSR_AXES; ++i) array.shape[array.axes++] = tensor->size[i];
    if (channels_last) array.shape[array.axes++] = tensor->c;
    if (block > 1) array.shape[array.axes++] = block;
    array.count = 1;
    for (int i = 0; i < array.axes; ++i) array.count *= (size_t)array.shape[i];
    return array;
}
