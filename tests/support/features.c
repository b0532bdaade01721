#include "support/features.h"

#include <string.h>

#include "columns/columns.h"
#include "conv/conv.h"
#include "conv_backward_activation/conv_backward_activation.h"
#include "conv_backward_data/conv_backward_data.h"
#include "conv_backward_weights/conv_backward_weights.h"
#include "pool/pool.h"
#include "pool_backward/pool_backward.h"
#include "reorder/reorder.h"
#include "support/support.h"
#include "unpool/unpool.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Convolution ----------------------------------------------------------------------------------------------- */

static const char *const convs[] = {
    /* one and three axes */
    "conv:n2c9w37k10s3pd1,bias,relu",
    "conv:c16w64k24s5st2dl2pd4",
    "conv:n2c5d4h6w7k9t3r3s3pd1,bias",
    "conv:c16d5h7w9k17t2r3s1st2x1x2pd1x1x0x0x1x0",
    "conv:c8d6h5w13k8t3r1s3dl2x1x1pd2x0x1g2",
    /* padding modes */
    "conv:n2c9h7w8k10r3s3pd1,reflect",
    "conv:c16h9w11k16r5s5st2pd2,replicate,bias,relu",
    "conv:c9h8w7k12r3s3dl2pd2x1x0x3,circular",
    "conv:c5d4h5w6k7t3r3s3pd1,reflect",
    "conv:c3w19k4s7pd3,circular",
    "conv:c16h6w5k16r3s3pd1g16,replicate",
    /* flipped */
    "conv:c9h7w8k10r3s2pd1,flip,bias",
    "conv:c16h7w8k16r3s3pd1g16,flip",
    /* epilogues */
    "conv:n2c9h7w8k19r3s3pd1,scale,bias,residual,relu",
    "conv:c16h9w9k16r3s3pd1,residual",
    "conv:c16h9w9k16,scale,prelu",
    "conv:c16h9w9k33,bias,prelu",
    "conv:c9h7w8k10r3s3pd1,bias,clip:-3:9",
    "conv:c9h7w8k10r3s3pd1,relu6",
    "conv:c9h7w8k10r3s3pd1,residual,leaky-relu:0.25",
    "conv:c9h7w8k10r3s3pd1g1,hard-sigmoid:0.25:0.5",
    /* groups and depthwise */
    "conv:n2c16h9w9k16r3s3pd1g16,bias,relu6",
    "conv:c24h11w9k24r3s3st2pd1g24,scale,residual",
    "conv:c16h9w17k32r3s3pd1g16,scale,residual",
    "conv:c9h12w9k27r5s5pd2g9,bias",
    "conv:c32h8w9k32r3s3dl2g32,same-upper",
    "conv:c16d4h5w6k16t3r3s3pd1g16",
    "conv:c12w33k12s4pd1x2g12",
    "conv:c32h7w7k48r3s3pd1g4,bias,relu",
    /* transposed */
    "convt:n2c9h5w6k10r3s3,bias,relu",
    "convt:c16h5w6k16r4s4st2pd1",
    "convt:c16h5w7k17r3s3st2pd1op1,bias",
    "convt:c9h5w6k8r3s2st3x2pd0x1x1x0op2x1",
    "convt:c9h6w5k8r3s3st2dl2pd1g1,flip",
    "convt:c12h5w6k18r3s3st2pd1g3,scale,residual,prelu",
    "convt:c16h7w5k16r3s3st2pd1g16",
    "convt:n2c9w17k10s5st3pd1",
    "convt:c5d3h4w5k6t3r3s3st2pd1op1",
    "convt:c8h5w6k8r2s2st2",
    "convt:c8h5w6k8r1s1st3",
    "convt:c8h5w6k8r3s3st2,same-lower",
    /* sums in half, and a stride beyond 32-bit indices */
    "conv:n2c9h7w8k10r3s3pd1,half-sums",
    "conv:c9h7w8k10,half-sums,bias,relu",
    "conv:c1h8w8k1st2000000",
    /* depthwise with everything; neighbours meet the variants that the others do not */
    "conv:n2c16h9w8k16r3s3dl2pd2g16,reflect,scale,bias,residual,clip:-9:9",
    "conv:n2c16h9w8k16r3s3dl2pd2g16,reflect,scale,bias,residual,clip:-9:9",
    "conv:n2c16h9w8k16r3s3dl2pd2g16,reflect,scale,bias,residual,clip:-9:9",
    "conv:c16h7w8k16r3s3pd1g16,flip,f64",
    "conv:c16h7w8k16r3s3pd1g16,flip,f64",
    "conv:c16h7w8k16r3s3pd1g16,half-sums",
    "conv:c16h7w8k16r3s3pd1g16,half-sums",
    "conv:c16h8w8k16st2000000g16",
    "conv:c16h8w8k16st2000000g16",
    /* sums of the products themselves */
    "conv:n2c9h7w8k10r3s3pd1,exact,bias",
    "conv:c16h9w9k16r3s3pd1,exact",
    "conv:c9h7w8k10r3s3pd1,flip,scale",
    "conv:c16h7w8k16r3s3pd1g16,exact",
    "conv:c16h7w8k16r3s3pd1g16,exact",
    /* scale in double */
    "conv:n2c9h7w8k10r3s3pd1,scale,bias,f64",
    /* transposed and depthwise, with everything */
    "convt:n2c9h5w6k18r3s3st2pd1op1g9,scale,bias,residual,prelu,exact",
    "convt:c6d2h5w4k6t3r2s3st2x1x3dl1x2x1g6,flip,scale,clip:-9:9,exact",
    "convt:n2c9h5w6k18r3s3st2pd1op1g9,scale,bias,residual,prelu,exact",
    "convt:c6d2h5w4k6t3r2s3st2x1x3dl1x2x1g6,flip,scale,clip:-9:9,exact",
    /* one tap, and more outputs than inputs */
    "convt:c16h4w4k16r1s1dl2op1",
    /* transposed and depthwise once more, where the variants are views */
    "convt:n2c9h5w6k18r3s3st2pd1op1g9,scale,bias,residual,prelu,exact",
    "convt:c6d2h5w4k6t3r2s3st2x1x3dl1x2x1g6,flip,scale,clip:-9:9,exact",
    /* one tap with everything, in several layouts, and in double */
    "conv:n2c12d2h5w9k10g2,scale,residual,clip:-3:9,exact",
    "conv:n2c12d2h5w9k10g2,scale,residual,clip:-3:9,exact",
    "convt:n2c12h5w9k10g2,bias,f64",
    /* slices of fewer pixels than a tile */
    "conv:c16d4h3w2k16t3r3s3pd1",
    "conv:c16d4h2w2k16t3r3s3pd1",
    /* 16 channels in a group, with everything; the second meets NHWC */
    "conv:n2c32d3h5w9k40t2r3s2st1x2x1dl1x1x2pd1g2,flip,scale,bias,residual,clip:-9:9,exact",
    "conv:n2c32d3h5w9k40t2r3s2st1x2x1dl1x1x2pd1g2,flip,scale,bias,residual,clip:-9:9,exact",
};

/* Strides that leave gaps between rows, planes and images; every other axis keeps its order. */
static tsr_strides with_gaps(const tsr_tensor *tensor)
{
    tsr_tensor t = *tensor;
    const int64_t block = tsr__tensor_block(&t);
    tsr_strides s = {.c = 0};
    s.size[TSR_W] = t.layout == TSR_LAYOUT_NCHW ? 1 : t.layout == TSR_LAYOUT_NHWC ? block + 3 : 2 * block;
    s.size[TSR_H] = s.size[TSR_W] * (t.size[TSR_W] + 2);
    s.size[TSR_D] = s.size[TSR_H] * (t.size[TSR_H] + 1);
    const int64_t plane = s.size[TSR_D] * (t.size[TSR_D] + 1);
    s.c = t.layout == TSR_LAYOUT_NHWC ? 0 : plane;
    s.n = plane * tsr__tensor_blocks(&t) + block;
    return s;
}

/* How a problem's tensors lie and what they hold. */
typedef struct variant {
    tsr_layout x, y;
    bool views;
    tsr_dtype dtype;
} variant;

static const variant variants[] = {
    {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false, TSR_F32},    {TSR_LAYOUT_NHWC, TSR_LAYOUT_NHWC, false, TSR_F32},
    {TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C, true, TSR_F32}, {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, true, TSR_F32},
    {TSR_LAYOUT_ANY, TSR_LAYOUT_ANY, false, TSR_F16},      {TSR_LAYOUT_NHWC, TSR_LAYOUT_NHWC, true, TSR_F16},
    {TSR_LAYOUT_ANY, TSR_LAYOUT_ANY, false, TSR_F32},      {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW, false, TSR_F64},
    {TSR_LAYOUT_NCHW, TSR_LAYOUT_NHWC, false, TSR_F32},    {TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW, false, TSR_F16},
    {TSR_LAYOUT_NHWC, TSR_LAYOUT_NCHW16C, false, TSR_F64},
};

/* Each problem meets a few variants, other ones than its neighbour. */
enum { VARIANTS_EACH = 2 };

static const variant *variant_of(size_t i)
{
    return &variants[(i / VARIANTS_EACH + i % VARIANTS_EACH * 4) % COUNT(variants)];
}

/* A convolution as the i-th variant has it. */
static tsr_conv vary_conv(const char *text, size_t i)
{
    const variant *v = variant_of(i);
    tsr_conv c;
    tsr__problem p;
    REQUIRE(tsr_conv_parse(text, &c));
    c.x_layout = v->x;
    c.y_layout = v->y;
    if (c.dtype == TSR_F32) c.dtype = c.half_sums ? TSR_F16 : v->dtype;
    REQUIRE(tsr__conv_problem(&c, &p));
    if (v->views) {
        c.x_strides = with_gaps(&p.x);
        c.y_strides = with_gaps(&p.y);
        if (i % 2 == 0) c.residual_strides = with_gaps(&p.residual);
    }
    return c;
}

static bool conv_problem(size_t i, tsr__problem *out)
{
    const tsr_conv c = vary_conv(convs[i / VARIANTS_EACH], i);
    REQUIRE(tsr__conv_problem(&c, out));
    return true;
}

/* Strides that fill memory without a gap and are no dense tensor's: the axes in another order; and dense ones beside
 * the stride of an axis of one element, which says nothing. */
static const struct {
    const char *text;
    tsr_layout layout;
    tsr_strides strides; /* of x and of y */
} strided_convs[] = {
    {"conv:n2c8h4w3k8", TSR_LAYOUT_NHWC, {.n = 96, .size = {96, 8, 32}}},
    {"conv:n2c8h5w1k8,relu", TSR_LAYOUT_NHWC, {.n = 40, .size = {40, 8, 56}}},
    {"conv:n2c16h4w16k16", TSR_LAYOUT_NCHW, {.n = 1024, .c = 16, .size = {1024, 256, 1}}},
};

static bool strided_conv_problem(size_t i, tsr__problem *out)
{
    tsr_conv c;
    REQUIRE(tsr_conv_parse(strided_convs[i].text, &c));
    c.x_layout = c.y_layout = strided_convs[i].layout;
    c.x_strides = c.y_strides = strided_convs[i].strides;
    REQUIRE(tsr__conv_problem(&c, out));
    return true;
}

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

static const char *const pools[] = {
    "max:n2c9w37s3st2pd1",
    "avg:c16d5h6w7t3r3s3st2pd1",
    "max:n2c9h9w10r3s3st2pd1,ceil",
    "avg:c9h9w10r4s4st2pd1,ceil",
    "avgpad:c16h10w9r3s3st2pd1,ceil",
    "max:c9h9w10r4s4dl2pd2st1",
    "avg:c9h9w10r3s2dl2x3pd1st1x2",
    "avgpad:c9h9w10r3s3dl2pd2st1",
    "avg:c9h9w10r3s3st1pd1div4",
    "lp:c9h9w10r3s3st2pd1",
    "lp:c16h9w10r3s3st1p1,ceil",
    "max:n2c9h9w10r3s3st2pd1,indices",
    "max:c16h9w10r2s2,indices32",
    "max:n2c9h9w10r3s3st1dl2pd2,indices,flat",
    "max:c9h9w10r3s3st2,indices,column-major,ceil",
    "max:c5d5h6w7t2r3s2st1,indices",
    "avg:c16h13w17os5x4,adaptive",
    "max:c9h13w17os5x4,adaptive,indices",
    "avg:c9d5h7w6os2x3x4,adaptive",
    "max:c9h3w2os5x5,adaptive",
    "avg:n2c19h13w17,global",
    "max:c19h13w17,global",
    "lp:c19h13w17,global",
    "max:c9d3h5w6,global,indices,column-major",
    "avg:c9d3h4w5div7,global",
    "max:n2c5h7w9,global,indices32,flat",
    "max:c3d2h3w5,global,indices,column-major",
    "max:c8h5w5r3s3st2,same-upper",
    "avg:c8h6w7r3s3st2,same-lower",
    "max:c9h100w100r70s66st3",
    "max:c16h8w8r3s3st2000000",
    "avg:c16h8w8r3s3st2000000",
};

static const tsr_dtype pool_dtypes[] = {TSR_U8, TSR_I8};

/* A pooling as the i-th variant has it. Algorithms want both sides alike, and one pair of unlike ones is enough. */
static tsr_pool vary_pool(const char *text, size_t i)
{
    const variant *v = variant_of(i);
    tsr_pool pool;
    tsr__problem p;
    REQUIRE(tsr_pool_parse(text, &pool));
    pool.x_layout = v->x;
    pool.y_layout = i % 9 == 0 ? v->y : v->x;
    pool.dtype = v->dtype;
    REQUIRE(tsr__pool_problem(&pool, &p));
    if (v->views) {
        pool.x_strides = with_gaps(&p.x);
        pool.y_strides = with_gaps(&p.y);
    }
    return pool;
}

static bool pool_problem(size_t i, tsr__problem *out)
{
    tsr_pool p = vary_pool(pools[i / VARIANTS_EACH], i);
    if (p.kind == TSR_POOL_MAX && i % VARIANTS_EACH == 1) p.dtype = pool_dtypes[i / VARIANTS_EACH % 2];
    REQUIRE(tsr__pool_problem(&p, out));
    return true;
}

/* What the variants above do not meet: of the blocked layouts, and of the CPU path's third axis. */
static const struct {
    const char *text;
    tsr_layout x, y;
} pinned_pools[] = {
    {"avg:n2c17h9w10r3s2dl2x1pd1st1x2div5,ceil", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C},
    {"lp:c17h9w10r3s3st2pd1", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C},
    {"max:c17h9w10,global", TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW16C},
    {"max:c17h9w10r3s3st2pd1,indices", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C},
    {"avg:c17h9w10os4x3,adaptive", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C},
    {"max:c17h9w10r3s3st2pd1,f64", TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW8C},
    {"avg:c5d5h6w7t3r3s3st2pd1", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW},
    {"max:c5d5h6w7t2r3s3st1", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW},
    {"max:c9h5w7,global,f64", TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW},
};

static bool pinned_pool_problem(size_t i, tsr__problem *out)
{
    tsr_pool p;
    REQUIRE(tsr_pool_parse(pinned_pools[i].text, &p));
    p.x_layout = pinned_pools[i].x;
    p.y_layout = pinned_pools[i].y;
    REQUIRE(tsr__pool_problem(&p, out));
    return true;
}

/* ---- The others ------------------------------------------------------------------------------------------------ */

static const struct {
    int64_t n, c, pooled[TSR_AXES], size[TSR_AXES];
} unpools[] = {{2, 9, {1, 5, 6}, {1, 10, 12}}, {1, 3, {1, 1, 9}, {1, 1, 20}}, {1, 17, {2, 3, 4}, {4, 7, 9}}};

static bool unpool_problem(size_t i, tsr__problem *out)
{
    static const tsr_layout layouts[] = {TSR_LAYOUT_NCHW, TSR_LAYOUT_NHWC, TSR_LAYOUT_NCHW8C};
    /* As many as shapes have problems, an even number: each type comes with one type of indices, which saves builds. */
    static const tsr_dtype types[6] = {TSR_F16, TSR_F32, TSR_U8, TSR_F64, TSR_F32, TSR_I8};
    tsr_unpool u = tsr_unpool_default();
    u.n = unpools[i / 6].n;
    u.c = unpools[i / 6].c;
    tsr__copy_axes(u.pooled, unpools[i / 6].pooled);
    tsr__copy_axes(u.size, unpools[i / 6].size);
    u.layout = layouts[(i + i / 6) % 3];
    u.indices = i % 2 == 0 ? TSR_INDICES_I64 : TSR_INDICES_I32;
    u.indices_flat = i % 6 == 5;
    u.dtype = types[i % 6];
    REQUIRE(tsr__unpool_problem(&u, out));
    return true;
}

static const struct {
    int64_t n, c, size[TSR_AXES], filter[TSR_AXES], stride[TSR_AXES], dilation[TSR_AXES], pad[TSR_AXES];
} unfolds[] = {{2, 3, {1, 7, 8}, {1, 3, 3}, {1, 1, 1}, {1, 1, 1}, {0, 1, 1}},
               {1, 5, {1, 9, 8}, {1, 3, 2}, {1, 2, 3}, {1, 2, 1}, {0, 2, 0}},
               {1, 2, {4, 5, 6}, {2, 3, 3}, {2, 1, 2}, {1, 1, 1}, {1, 0, 1}},
               {2, 4, {1, 1, 20}, {1, 1, 5}, {1, 1, 2}, {1, 1, 3}, {0, 0, 4}},
               /* a stride beyond 32-bit indices */
               {1, 3, {1, 7, 8}, {1, 3, 3}, {1, 2000000, 1}, {1, 1, 1}, {0, 1, 1}}};

static bool columns_problem(size_t i, tsr__problem *out)
{
    static const tsr_dtype types[] = {TSR_F32, TSR_F16, TSR_F64};
    tsr_unfold u = tsr_unfold_default();
    u.n = unfolds[i / 4].n;
    u.c = unfolds[i / 4].c;
    tsr__copy_axes(u.size, unfolds[i / 4].size);
    tsr__copy_axes(u.filter, unfolds[i / 4].filter);
    tsr__copy_axes(u.stride, unfolds[i / 4].stride);
    tsr__copy_axes(u.dilation, unfolds[i / 4].dilation);
    tsr__copy_axes(u.pad_begin, unfolds[i / 4].pad);
    tsr__copy_axes(u.pad_end, unfolds[i / 4].pad);
    u.dtype = types[i / 2 % COUNT(types)];
    REQUIRE(tsr__columns_problem(&u, i % 2 == 0, out));
    return true;
}

/* From every layout to every other with each type on either side, dense or not. */
static bool reorder_problem(size_t i, tsr__problem *out)
{
    static const tsr_dtype types[] = {TSR_F32, TSR_F16, TSR_F64, TSR_I8, TSR_U8};
    enum { TYPES = COUNT(types), LAYOUTS = TSR_LAYOUT_ANY };
    tsr_tensor x = {.n = 2, .c = 19, .size = {2, 5, 7}}, y;
    x.layout = (tsr_layout)(i % LAYOUTS);
    x.dtype = types[i / LAYOUTS % TYPES];
    y = x;
    y.layout = (tsr_layout)(i / 3 % LAYOUTS);
    y.dtype = types[i / LAYOUTS / TYPES];
    if (i % 2 == 0) x.strides = with_gaps(&x);
    if (i % 4 < 2) y.strides = with_gaps(&y);
    REQUIRE(tsr__reorder_problem(&x, &y, out));
    return true;
}

/* ---- Backward --------------------------------------------------------------------------------------------------- */

/* More of what has no gradient that is a convolution. */
static const char *const folds[] = {
    "conv:c16h9w11k16r5s5st2pd2,replicate,scale",         "conv:c16h6w5k16r3s3pd1g16,replicate,flip",
    "conv:c16h9w8k32r3s3dl2pd2g16,reflect,scale",         "convt:c9h4w5k4r3s3st2dl4pd1op3x2",
    "convt:n2c16h3w4k12r2s3dl3pd1x0x1x0op2g4,flip,scale", "conv:c4h8w8k4st2000000,reflect",
};

/* Of each pass: the weights pass of all convolutions in all their variants, the data pass of all in one, the activation
 * pass of some. */
static bool weights_problem(size_t i, tsr__problem *out)
{
    tsr_conv_backward b = {.accumulate = i % 2 == 0, .forward = vary_conv(convs[i / VARIANTS_EACH], i)};
    b.dbias = b.forward.bias;
    b.dscale = b.forward.scale && i % 4 != 0;
    REQUIRE(tsr__conv_backward_weights_problem(&b, out));
    return true;
}

static bool activation_problem(size_t i, tsr__problem *out)
{
    static const char *const texts[] = {
        "conv:n2c9h7w8k19,bias,relu",  "conv:c16h9w9k16,prelu",          "conv:c9h7w8k10,bias,clip:-1:2",
        "conv:c9d2h7w8k10,bias,relu6", "conv:c9h7w8k10,leaky-relu:0.25", "conv:n2c9h7w8k10,hard-sigmoid:0.25:0.5",
        "conv:n2c9h7w8k10,bias",       "conv:c3w50k21,bias,prelu",
    };
    tsr_conv_backward b = {.accumulate = i % 2 == 0, .forward = vary_conv(texts[i / VARIANTS_EACH % COUNT(texts)], i)};
    b.dbias = b.forward.bias;
    b.dslope = b.forward.activation == TSR_ACTIVATION_PRELU;
    b.from_v = b.dslope || i % 2 == 0;
    REQUIRE(tsr__conv_backward_activation_problem(&b, out));
    return true;
}

static bool data_problem(size_t i, tsr__problem *out)
{
    tsr_conv_backward b = tsr_conv_backward_default();
    if (i < COUNT(convs)) {
        b.forward = vary_conv(convs[i], i * VARIANTS_EACH + i % VARIANTS_EACH);
    } else {
        const size_t fold = i - COUNT(convs);
        b.forward = vary_conv(folds[fold / VARIANTS_EACH], fold);
    }
    REQUIRE(tsr__conv_backward_data_problem(&b, out));
    return true;
}

/* Averages over counts whose quotients of common multiples are exact. */
static const char *const backward_pools[] = {
    "max:n2c9w37s3st2pd1",
    "max:n2c9h9w10r3s3st2pd1,ceil",
    "avg:c9h9w10r3s3st2pd1,ceil",
    "avgpad:c16h10w9r3s3st2pd1,ceil",
    "max:c9h9w10r3s3dl2pd2st1",
    "avg:c9h9w10r3s2dl2x3pd1st1x2",
    "avg:c9h9w10r3s3st1pd1div4",
    "avg:c5d4h5w6t2r3s2st1",
    "lp:c9h9w10r3s3st2pd1",
    "lp:c16h9w10r3s3st1p1,ceil",
    "lp:c9h9w10r2s3st1p4",
    "max:n2c9h9w10r3s3st2pd1,indices",
    "max:n2c9h9w10r3s3st1dl2pd2,indices32,flat",
    "max:c9h9w10r3s3st2,indices,column-major,ceil",
    "max:c5d5h6w7t2r3s2st1,indices",
    "avg:c16h13w17os5x4,adaptive",
    "max:c9h13w17os5x4,adaptive,indices",
    "avg:c9d5h7w6os2x3x4,adaptive",
    "max:c9h3w2os5x5,adaptive",
    "avg:n2c19h12w14,global",
    "max:c19h13w17,global",
    "max:n2c5h7w9,global,indices32,flat",
    "max:c3d2h3w5,global,indices,column-major",
    "max:c8h5w5r3s3st2,same-upper",
    "max:c16h8w8r3s3st2000000",
};

static bool pool_backward_problem(size_t i, tsr__problem *out)
{
    const tsr_pool p = vary_pool(backward_pools[i / VARIANTS_EACH], i);
    REQUIRE(tsr__pool_backward_problem(&p, out));
    return true;
}

/* What the variants above do not meet, in NCHW. */
static const char *const pinned_backward_pools[] = {
    "max:c3h8w8r3s3st2000000", "avg:c3d2h3w5,global", "max:n2c3h4w5,global,f16",
    "max:c3h4w5,global,f64",   "lp:n2c3h4w5,global",  "avg:n2c3d2h4w4div4,global",
};

static bool pinned_pool_backward_problem(size_t i, tsr__problem *out)
{
    tsr_pool p;
    REQUIRE(tsr_pool_parse(pinned_backward_pools[i], &p));
    p.x_layout = p.y_layout = TSR_LAYOUT_NCHW;
    REQUIRE(tsr__pool_backward_problem(&p, out));
    return true;
}

/* ---- What can be asked for -------------------------------------------------------------------------------------- */

uint32_t features_askable(const tsr__operator *op)
{
    static const uint32_t layouts = TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__PLAIN_BIT;
    static const uint32_t floats = TSR__F16_BIT | TSR__F64_BIT | TSR__WIDE_BIT;
    static const uint32_t window = TSR__DEPTH_BIT | TSR__DILATION_BIT;
    const struct {
        const tsr__operator *op;
        uint32_t features;
    } table[] = {
        {&tsr__conv, layouts | floats | window | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__GROUPS_BIT | TSR__DENSE_BIT |
                         TSR__TRANSPOSED_BIT | TSR__PAD_MODE_BIT | TSR__FLIP_BIT | TSR__SCALE_BIT | TSR__RESIDUAL_BIT |
                         TSR__ACTIVATION_BIT | TSR__HALF_SUMS_BIT | TSR__EXACT_BIT},
        {&tsr__pool, layouts | floats | window | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__INT8_BIT | TSR__LP_BIT |
                         TSR__INDICES_BIT | TSR__ADAPTIVE_BIT | TSR__DIVISOR_BIT | TSR__CEIL_BIT},
        {&tsr__conv_backward_activation, layouts | TSR__F16_BIT | TSR__F64_BIT | TSR__VIEW_BIT | TSR__ACTIVATION_BIT},
        {&tsr__conv_backward_data, layouts | floats | window | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__GROUPS_BIT |
                                       TSR__DENSE_BIT | TSR__TRANSPOSED_BIT | TSR__PAD_MODE_BIT | TSR__FLIP_BIT |
                                       TSR__SCALE_BIT},
        {&tsr__conv_backward_weights, layouts | floats | window | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__GROUPS_BIT |
                                          TSR__DENSE_BIT | TSR__TRANSPOSED_BIT | TSR__PAD_MODE_BIT | TSR__FLIP_BIT |
                                          TSR__SCALE_BIT | TSR__EXACT_BIT},
        {&tsr__pool_backward, layouts | floats | window | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__LP_BIT |
                                  TSR__INDICES_BIT | TSR__ADAPTIVE_BIT | TSR__DIVISOR_BIT | TSR__CEIL_BIT},
        {&tsr__unpool, layouts | floats | TSR__INT8_BIT | TSR__INDICES_BIT},
        {&tsr__columns, floats | window | TSR__PLAIN_BIT},
        {&tsr__reorder, layouts | floats | TSR__MIXED_BIT | TSR__VIEW_BIT | TSR__INT8_BIT | TSR__CONVERT_BIT},
    };
    size_t i = 0;
    while (strcmp(table[i].op->name, op->name) != 0) ++i;
    return table[i].features;
}

/* ---- All ------------------------------------------------------------------------------------------------------- */

static bool any_problem(size_t i, tsr__problem *out)
{
    const struct {
        size_t count;
        bool (*make)(size_t i, tsr__problem *out);
    } groups[] = {{COUNT(convs) * VARIANTS_EACH, conv_problem},
                  {COUNT(pools) * VARIANTS_EACH, pool_problem},
                  {COUNT(pinned_pools), pinned_pool_problem},
                  {COUNT(unpools) * 6, unpool_problem},
                  {COUNT(unfolds) * 4, columns_problem},
                  {125, reorder_problem},
                  {COUNT(convs) * VARIANTS_EACH, weights_problem},
                  {24 * VARIANTS_EACH, activation_problem},
                  {COUNT(convs) + COUNT(folds) * VARIANTS_EACH, data_problem},
                  {COUNT(backward_pools) * VARIANTS_EACH, pool_backward_problem},
                  {COUNT(pinned_backward_pools), pinned_pool_backward_problem},
                  {COUNT(strided_convs), strided_conv_problem}};
    for (size_t group = 0; group < COUNT(groups); i -= groups[group++].count)
        if (i < groups[group].count) return groups[group].make(i, out);
    return false;
}

bool features_problem(const tsr_device *device, size_t i, tsr__problem *out)
{
    size_t possible = 0;
    for (size_t all = 0; any_problem(all, out); ++all) {
        const bool wide = out->x.dtype == TSR_F64 || out->y.dtype == TSR_F64;
        if ((!wide || device->fp64) && possible++ == i) return true;
    }
    return false;
}
