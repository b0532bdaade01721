/* .npy files as the library's tensors: the order of their axes, their types, and who agrees with whom. Arrays have one
 * to three axes of space, which are the last ones of a problem. */
#ifndef TESSERA_TOOLS_ARRAYS_H
#define TESSERA_TOOLS_ARRAYS_H

#include "npy.h"
#include "options.h"

/* The words of --layout, and what they stand for: the files' order. "any" leaves it to the library how the tensors lie
 * on the device; the files are as for "nchw". */
enum { ARRAYS_NCHW, ARRAYS_NHWC, ARRAYS_ANY };
extern const char *const arrays_layouts[];
tsr_layout arrays_layout(int word);      /* of the problem */
tsr_layout arrays_file_layout(int word); /* of the files   */

/* The words of --dtype, in the order of tsr_dtype; and all of them. Not given: ARRAYS_NO_DTYPE. */
enum { ARRAYS_NO_DTYPE = -1 };
extern const char *const arrays_float_dtypes[], *const arrays_dtypes[];

/* Sets of types (npy_wanted). */
enum {
    ARRAYS_FLOATS = 1u << NPY_F32 | 1u << NPY_F16 | 1u << NPY_F64,
    ARRAYS_NUMBERS = ARRAYS_FLOATS | 1u << NPY_I8 | 1u << NPY_U8,
};

/* Reads N, C and 1 to 3 axes of space, in NCHW or NHWC. `dtype` is --dtype's word: the file must have that type, or
 * any of `types` where there is no word. */
int arrays_read(const char *path, uint32_t types, int dtype, tsr_layout layout, npy_array *array);

/* Reads an array in a blocked layout, which has this many channels, and tells the tensor that it is. */
int arrays_read_blocked(const char *path, uint32_t types, int dtype, tsr_layout layout, int64_t channels,
                        npy_array *array, tsr_tensor *tensor);

/* Reads an array with as many axes as x and its type; or, `type` being NPY_I64, that one. */
int arrays_read_like(const char *path, const npy_array *x, npy_type type, tsr_layout layout, npy_array *array);

/* Reads weights with as many axes as x and its type. */
int arrays_read_weights(const char *path, const npy_array *x, bool transposed, npy_array *array);

/* Reads one axis of numbers of x's type. A path of NULL leaves the array empty. */
int arrays_read_numbers(const char *path, const npy_array *x, npy_array *array);

/* That the array has `expected` numbers, one for each output channel. `option` names it in messages. */
int arrays_check_numbers(const char *option, const npy_array *array, int64_t expected);

/* That an array has the shape of another that has as many axes. The names are for messages: "--residual", "Y". */
int arrays_check_shape(const char *name, const npy_array *array, const char *other_name, const npy_array *other,
                       tsr_layout layout);

/* That indices are places in a plane of so many elements; `least` is 0, or -1 where they may be no place at all. */
int arrays_check_indices(const npy_array *indices, int64_t least, int64_t plane);

/* Axes of space of an NCHW or NHWC array, and the tensor that it is. */
int arrays_space(const npy_array *array);
tsr_tensor arrays_tensor(const npy_array *array, tsr_layout layout);

/* The array for a tensor in its layout, which may be a blocked one too. */
npy_array arrays_array(const tsr_tensor *tensor, int space, void *data);

/* Channels in a block of a layout; 1 where it has none. */
int64_t arrays_block(tsr_layout layout);

#endif
