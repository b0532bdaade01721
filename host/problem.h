/* A checked problem: what algorithms look at. */
#ifndef TSR_HOST_PROBLEM_H
#define TSR_HOST_PROBLEM_H

#include "tensor.h"
#include "window.h"

struct tsr__operator;

/* Everything is in range, pads are explicit, shapes are known. Layouts may still be ANY and strides 0: selection
 * settles them in a copy, with an algorithm's layouts(), before its other functions look. */
typedef struct tsr__problem {
    const struct tsr__operator *op;
    tsr_tensor x, y;
    tsr__window window; /* convolution, pooling, columns */

    /* Convolution, as tsr_conv has it. */
    int64_t groups;
    bool flip, scale, bias, has_residual, half_sums, exact;
    tsr_tensor residual; /* y with other strides */
    tsr_activation activation;
    float alpha, beta;
    int64_t w_elements; /* of plain weights; 0 where the operator has none */

    /* Pooling, as tsr_pool has it, and unpooling. */
    tsr_pool_kind pool_kind;
    int64_t divisor, p;
    tsr_indices indices;
    bool indices_flat, indices_column_major;
    bool global; /* the window is the plane, and is set so */

    bool fold; /* columns: from y back to x, which are then the columns and the image */

    /* Backward passes, as tsr_conv_backward has it. */
    bool accumulate, dbias, dscale, dslope, from_v;
    bool scaled_weights; /* w is multiplied by scale, of the channels of x, before the algorithm sees it */
} tsr__problem;

/* Channels of one group. */
static inline int64_t tsr__group_c(const tsr__problem *p)
{
    return p->x.c / p->groups;
}

static inline int64_t tsr__group_k(const tsr__problem *p)
{
    return p->y.c / p->groups;
}

/* Elements of a filter, on all axes. */
static inline int64_t tsr__taps(const tsr__problem *p)
{
    return p->window.filter[TSR_D] * p->window.filter[TSR_H] * p->window.filter[TSR_W];
}

/* Where in plain weights the filter of an output channel and an input channel of its group begins. */
static inline int64_t tsr__filter_at(const tsr__problem *p, int64_t k, int64_t group_channel)
{
    const int64_t group_k = tsr__group_k(p), group_c = tsr__group_c(p);
    if (!p->window.transposed) return (k * group_c + group_channel) * tsr__taps(p);
    return ((k / group_k * group_c + group_channel) * group_k + k % group_k) * tsr__taps(p);
}

/* Bytes of an element of the indices; 0 where there are none. */
static inline uint64_t tsr__index_bytes(const tsr__problem *p)
{
    return p->indices == TSR_INDICES_NONE ? 0 : p->indices == TSR_INDICES_I32 ? 4 : 8;
}

/* Settles the strides of all tensors; their layouts are known. */
void tsr__problem_settle(tsr__problem *p);

/* The most elements that 32-bit indices serve, with slack for a tile's overhang. */
#define TSR__MAX_INT_INDEX (INT32_MAX - (INT64_C(1) << 24))

/* Whether 32-bit index arithmetic could overflow for this problem. It covers indices up to 2^24 past the end of a
 * tensor and coordinates up to 64 outputs past the last one: a tile's overhang computes those, though it never reads
 * there. */
bool tsr__problem_is_wide(const tsr__problem *p);

/* ---- Features -------------------------------------------------------------------------------------------------- */

/* What a problem may ask of an algorithm beyond the plain case, which is 2-D, f32, dense NCHW. An algorithm says which
 * it has; selection refuses the rest with the text, docs/algorithms.md shows the table. */
#define TSR__FEATURE_LIST(X)                                                                            \
    X(BLOCKED, "blocked layouts", "it does not work on channel-blocked tensors")                        \
    X(NHWC, "NHWC", "it does not work on nhwc")                                                         \
    X(PLAIN, "NCHW", "it does not work on nchw")                                                        \
    X(MIXED, "x and y in different layouts", "it wants x and y in the same layout")                     \
    X(VIEW, "strided views", "it works on dense tensors alone")                                         \
    X(WIDE, "2^31 elements and more",                                                                   \
      "a tensor has 2^31 - 2^24 elements or more, or an axis 2^28, beyond its 32-bit indices")          \
    X(DEPTH, "3-D", "the problem has a depth axis; it works on height and width")                       \
    X(DILATION, "dilation", "it does not dilate")                                                       \
    X(F16, "f16", "it does not compute with f16")                                                       \
    X(F64, "f64", "it does not compute with f64")                                                       \
    X(INT8, "i8 and u8", "it does not compute with i8 or u8")                                           \
    X(CONVERT, "another type of y", "it does not convert types")                                        \
    X(GROUPS, "groups", "it does not split channels into groups")                                       \
    X(DENSE, "filters over several channels", "it filters each channel by itself: groups must equal C") \
    X(TRANSPOSED, "transposed", "it does not do transposed convolution")                                \
    X(PAD_MODE, "reflect, replicate, circular", "it pads with zeros alone")                             \
    X(FLIP, "flipped filter", "it does not flip the filter")                                            \
    X(SCALE, "scale", "it does not scale its result")                                                   \
    X(RESIDUAL, "residual", "it does not add a residual")                                               \
    X(ACTIVATION, "activations beyond relu", "it knows no activation but relu")                         \
    X(HALF_SUMS, "sums in half", "it sums in float")                                                    \
    X(EXACT, "exact", "it sums transformed products, which rounds otherwise than exact admits")         \
    X(LP, "Lp", "it does not do Lp pooling")                                                            \
    X(INDICES, "indices", "it does not tell the indices of maxima")                                     \
    X(ADAPTIVE, "adaptive", "its windows are all alike, which adaptive ones are not")                   \
    X(DIVISOR, "divisor", "it does not take a divisor")                                                 \
    X(CEIL, "ceil", "its windows do not hang over the padded input")

enum tsr__feature_number {
#define TSR__FEATURE_NUMBER(name, title, refusal) TSR__FEATURE_NUMBER_##name,
    TSR__FEATURE_LIST(TSR__FEATURE_NUMBER)
#undef TSR__FEATURE_NUMBER
        TSR__FEATURES
};

enum tsr__feature {
#define TSR__FEATURE_BIT(name, title, refusal) TSR__##name##_BIT = 1 << TSR__FEATURE_NUMBER_##name,
    TSR__FEATURE_LIST(TSR__FEATURE_BIT)
#undef TSR__FEATURE_BIT
        TSR__ALL_FEATURES = (1 << TSR__FEATURES) - 1
};

/* The features that a settled problem needs. */
uint32_t tsr__problem_features(const tsr__problem *p);

/* Why an algorithm that has some features cannot serve what is needed, or NULL. */
const char *tsr__refuse_features(uint32_t needed, uint32_t has);

/* The same for a tensor of the algorithm's own that 32-bit indices must reach. Selection tries parts of the problem
 * where an algorithm refuses it so. */
const char *tsr__refuse_elements(int64_t elements);

/* A feature's title. */
const char *tsr__feature_title(int number);

#endif
