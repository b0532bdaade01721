/* common/vector: names for vectors of VEC numbers.
 *
 *   compiled in VEC: 4, 8 or 16, as a rule CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT; DTYPE (see common/types.cl)
 *
 * REALV computes, and REAL_INTV is what comparing it gives. LOADV and STOREV move REALs, LOADV_X and STOREV_Y what
 * tensors hold, with conversion. All of them take any address: a tensor's offset leaves its pointer aligned to one
 * element only, and on the CPUs that this serves an unaligned vector instruction costs the same as an aligned one.
 */
#if !defined(VEC)
#error "the host must define VEC"
#elif VEC != 4 && VEC != 8 && VEC != 16
#error "VEC must be 4, 8 or 16"
#endif

#include "common/types.cl"

#define REALV                  JOIN(REAL, VEC)
#define REAL_INTV              JOIN(REAL_INT, VEC)
#define INTV                   JOIN(int, VEC)
#define TO_REALV(v)            JOIN(JOIN(convert_, REAL), VEC)(v)
#define LOADV(pointer)         JOIN(vload, VEC)(0, pointer)
#define STOREV(value, pointer) JOIN(vstore, VEC)(value, 0, pointer)

/* Asks for a cache line before it is read. OpenCL's prefetch() does nothing on CPUs; clang has one that does, where it
 * compiles for a CPU, as in PoCL, or in Intel's runtime for CPUs. */
#if defined(__x86_64__) || defined(__aarch64__) || defined(cl_intel_vec_len_hint)
#define FETCH(pointer) __builtin_prefetch((const void *)(size_t)(pointer))
#else
#define FETCH(pointer) ((void)(pointer))
#endif

/* Vectors that lie anywhere. PoCL's vloadN and vstoreN go by pieces of 16 bytes, of chars even one by one, which it
 * joins only where nothing else is loaded or stored between them. */
typedef REALV real_anywhere __attribute__((aligned(sizeof(REAL))));
typedef JOIN(float, VEC) float_anywhere __attribute__((aligned(4)));
typedef JOIN(ushort, VEC) ushort_anywhere __attribute__((aligned(2)));
typedef JOIN(char, VEC) char_anywhere __attribute__((aligned(1)));
typedef JOIN(uchar, VEC) uchar_anywhere __attribute__((aligned(1)));

#define LOADV_OWN(pointer)         (*(const real_anywhere *)(pointer))
#define STOREV_OWN(value, pointer) (*(real_anywhere *)(pointer) = (value))

/* PoCL's vload_halfN and vstore_halfN want vectors that are aligned as a whole, though OpenCL does not. */
static inline REALV of_half_bits(JOIN(ushort, VEC) bits)
{
    return TO_REALV(JOIN(vload_half, VEC)(0, (const half *)&bits));
}

static inline JOIN(ushort, VEC) half_bits(REALV v)
{
    JOIN(ushort, VEC) bits;
    JOIN(JOIN(vstore_half, VEC), _rte)(v, 0, (half *)&bits);
    return bits;
}

#define TO_FLOATV(v)             JOIN(convert_float, VEC)(v)
#define TO_CHARV(v)              JOIN(JOIN(convert_char, VEC), _sat_rte)(v)
#define TO_UCHARV(v)             JOIN(JOIN(convert_uchar, VEC), _sat_rte)(v)

#define LOADV_0(pointer)         TO_REALV(*(__global const float_anywhere *)(pointer))
#define LOADV_1(pointer)         of_half_bits(*(__global const ushort_anywhere *)(pointer))
#define LOADV_2(pointer)         (*(__global const real_anywhere *)(pointer))
#define LOADV_3(pointer)         TO_REALV(*(__global const char_anywhere *)(pointer))
#define LOADV_4(pointer)         TO_REALV(*(__global const uchar_anywhere *)(pointer))
#define LOADV_X(pointer)         JOIN(LOADV_, DTYPE)(pointer)

#define STOREV_0(v, pointer)     (*(__global float_anywhere *)(pointer) = TO_FLOATV(v))
#define STOREV_1(v, pointer)     (*(__global ushort_anywhere *)(pointer) = half_bits(v))
#define STOREV_2(v, pointer)     (*(__global real_anywhere *)(pointer) = (v))
#define STOREV_3(v, pointer)     (*(__global char_anywhere *)(pointer) = TO_CHARV(v))
#define STOREV_4(v, pointer)     (*(__global uchar_anywhere *)(pointer) = TO_UCHARV(v))
#define STOREV_Y(value, pointer) JOIN(STOREV_, Y_DTYPE)(value, pointer)

/* Stores past the caches, where the compiler can: memory is then not read before it is written. */
#ifndef __has_builtin
#define __has_builtin(name) 0
#endif
#if __has_builtin(__builtin_nontemporal_store)
#define STREAM(value, pointer) __builtin_nontemporal_store(value, pointer)
#else
#define STREAM(value, pointer) (*(pointer) = (value))
#endif
#define STREAMV_0(v, pointer)     STREAM(TO_FLOATV(v), (__global JOIN(float, VEC) *)(pointer))
#define STREAMV_1(v, pointer)     STREAM(half_bits(v), (__global JOIN(ushort, VEC) *)(pointer))
#define STREAMV_2(v, pointer)     STREAM(v, (__global REALV *)(pointer))
#define STREAMV_3(v, pointer)     STREAM(TO_CHARV(v), (__global JOIN(char, VEC) *)(pointer))
#define STREAMV_4(v, pointer)     STREAM(TO_UCHARV(v), (__global JOIN(uchar, VEC) *)(pointer))
#define STREAMV_Y(value, pointer) JOIN(STREAMV_, Y_DTYPE)(value, pointer)

/* Stores VEC elements; past the caches if it streams, which the host says of tensors that caches do not hold. */
static ALWAYS_INLINE void store_vector(REALV v, __global Y_ELEMENT *to, int streams)
{
    if (streams && (size_t)to % (VEC * sizeof(Y_ELEMENT)) == 0)
        STREAMV_Y(v, to);
    else
        STOREV_Y(v, to);
}

/* Elements on the way from or to a tensor, as bits: types are converted as vectors and then moved one by one, for to
 * convert halves one by one is ten times slower. */
#define FROM_BITSV_0(bits)  TO_REALV(LOADV(bits))
#define FROM_BITSV_1(bits)  of_half_bits(LOADV(bits))
#define FROM_BITSV_2(bits)  LOADV(bits)
#define FROM_BITSV_3(bits)  FROM_BITSV_0(bits)
#define FROM_BITSV_4(bits)  FROM_BITSV_0(bits)
#define FROM_BITSV(bits)    JOIN(FROM_BITSV_, DTYPE)(bits)
#define TO_BITSV_0(v, bits) STOREV(TO_FLOATV(v), bits)
#define TO_BITSV_1(v, bits) STOREV(half_bits(v), bits)
#define TO_BITSV_2(v, bits) STOREV(v, bits)
#define TO_BITSV_3(v, bits) STOREV(TO_CHARV(v), bits)
#define TO_BITSV_4(v, bits) STOREV(TO_UCHARV(v), bits)
#define TO_BITSV(v, bits)   JOIN(TO_BITSV_, Y_DTYPE)(v, bits)

__constant REAL vector_lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

__constant int int_lane[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

/* v with zeros in all lanes but the first count. Channels past a tensor's last are stored as zeros. */
static inline REALV keep_lanes(REALV v, int count)
{
    return LOADV(vector_lane) < (REALV)((REAL)count) ? v : (REALV)(REAL_OF(0.0));
}

/* The sum of all lanes, added in halves. */
static inline REAL add_lanes(REALV v)
{
    REAL lane[VEC];
    STOREV(v, lane);
    for (int width = VEC / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) lane[i] += lane[i + width];
    return lane[0];
}

/* Channels, with those that fill their last block; as they are where all lie side by side, which is a block of 0. */
static inline int whole_blocks(int channels, int block)
{
    return block == 0 ? channels : (channels + block - 1) / block * block;
}

/* VEC elements, or the first count and then zeros. */
static inline REALV load_first(__global const X_ELEMENT *from, int count)
{
    X_BITS bits[VEC] = {0};
    if (count >= VEC) return LOADV_X(from);
    for (int i = 0; i < count; ++i) bits[i] = ((__global const X_BITS *)from)[i];
    return FROM_BITSV(bits);
}

/* Stores VEC elements, or the first count. */
static inline void store_first(REALV v, __global Y_ELEMENT *to, int count)
{
    Y_BITS bits[VEC];
    if (count >= VEC) {
        STOREV_Y(v, to);
    } else {
        TO_BITSV(v, bits);
        for (int i = 0; i < count; ++i) ((__global Y_BITS *)to)[i] = bits[i];
    }
}

/* Stores VEC channels, of which the first `channels` exist: zeros fill a block, and with ends_within, a constant,
 * nothing follows them. */
static ALWAYS_INLINE void store_channels(REALV v, __global Y_ELEMENT *to, int channels, int streams,
                                         const int ends_within)
{
    if (ends_within && channels < VEC)
        store_first(v, to, channels);
    else
        store_vector(keep_lanes(v, channels), to, streams);
}

/* Copies numbers within private memory, and what lies behind them up to a whole vector. */
static inline void copy_vectors(const REAL *from, REAL *to, int count)
{
    for (int i = 0; i < count; i += VEC) STOREV_OWN(LOADV_OWN(from + i), to + i);
}
