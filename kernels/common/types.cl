/* common/types: what elements are in memory and what is computed with.
 *
 *   compiled in DTYPE, of x and all other inputs; Y_DTYPE, of y, where it differs; HALF_SUMS
 *               types are 0 float, 1 half, 2 double, 3 signed and 4 unsigned 8-bit integers
 *
 * X_ELEMENT and Y_ELEMENT are the types in memory, REAL the one to compute with: double where either side is double,
 * half with HALF_SUMS, else float, which holds every half and 8-bit integer. REAL_INT is as long as REAL. LOAD_X(p, i)
 * makes a REAL of element i, STORE_Y(v, p, i) rounds to the nearest, ties to even. Half floats are part of OpenCL 1.0
 * as storage.
 */
#if !defined(DTYPE)
#error "the host must define DTYPE"
#endif
#ifndef Y_DTYPE
#define Y_DTYPE DTYPE
#endif
#ifndef HALF_SUMS
#define HALF_SUMS 0
#endif

/* Before a parameter or number that not every build uses. */
#define MAYBE __attribute__((unused))

#include "common/numbers.cl"

/* What holds a tile of registers must not become a call. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* A kernel for CPUs, whose work-items make vectors by themselves. Intel's compiler would try to make vectors of
 * work-items too, which a group of one has not: it took 5 to 10 times as long, and its code was slower. */
#if defined(cl_intel_vec_len_hint)
#define ONE_ITEM_GROUPS __attribute__((reqd_work_group_size(1, 1, 1), intel_vec_len_hint(1)))
#else
#define ONE_ITEM_GROUPS __attribute__((reqd_work_group_size(1, 1, 1)))
#endif

#define JOIN_TEXT(a, b) a##b
#define JOIN(a, b)      JOIN_TEXT(a, b)

#define ELEMENT_0       float
#define ELEMENT_1       half
#define ELEMENT_2       double
#define ELEMENT_3       char
#define ELEMENT_4       uchar
#define X_ELEMENT       JOIN(ELEMENT_, DTYPE)
#define Y_ELEMENT       JOIN(ELEMENT_, Y_DTYPE)

/* Elements in private memory, where halves can be no more than bits. */
#define BITS_0 float
#define BITS_1 ushort
#define BITS_2 double
#define BITS_3 char
#define BITS_4 uchar
#define X_BITS JOIN(BITS_, DTYPE)
#define Y_BITS JOIN(BITS_, Y_DTYPE)

#if DTYPE == 2 || Y_DTYPE == 2
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define REAL       double
#define REAL_INT   long
#define REAL_OF(x) x
#elif HALF_SUMS
#pragma OPENCL EXTENSION cl_khr_fp16 : enable
#define REAL       half
#define REAL_INT   short
#define REAL_OF(x) (half)(x##f)
#else
#define REAL       float
#define REAL_INT   int
#define REAL_OF(x) x##f
#endif

#define LOAD_0(p, i)     ((REAL)(p)[i])
#define LOAD_1(p, i)     ((REAL)vload_half((size_t)(i), p))
#define LOAD_2(p, i)     ((p)[i])
#define LOAD_3(p, i)     ((REAL)(p)[i])
#define LOAD_4(p, i)     ((REAL)(p)[i])
#define LOAD_X(p, i)     JOIN(LOAD_, DTYPE)(p, i)

#define STORE_0(v, p, i) ((p)[i] = (float)(v))
#define STORE_1(v, p, i) vstore_half_rte((HALF_SOURCE)(v), (size_t)(i), p)
#define STORE_2(v, p, i) ((p)[i] = (v))
#define STORE_3(v, p, i) ((p)[i] = convert_char_sat_rte(v))
#define STORE_4(v, p, i) ((p)[i] = convert_uchar_sat_rte(v))
#define STORE_Y(v, p, i) JOIN(STORE_, Y_DTYPE)(v, p, i)

/* Halves are stored from float or double. */
#if DTYPE == 2 || Y_DTYPE == 2
#define HALF_SOURCE double
#else
#define HALF_SOURCE float
#endif
