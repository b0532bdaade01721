#include "support/shapes.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- Convolution ----------------------------------------------------------------------------------------------- */

/* What is compiled in. */
typedef struct conv_window {
    int64_t r, s, stride_h, stride_w, dilation_h, dilation_w;
    bool bias;
    tsr_activation activation;
} conv_window;

static const conv_window conv_windows[] = {
    {3, 3, 1, 1, 1, 1, false, TSR_ACTIVATION_NONE}, {1, 1, 1, 1, 1, 1, true, TSR_ACTIVATION_RELU},
    {3, 3, 2, 2, 1, 1, true, TSR_ACTIVATION_NONE},  {5, 5, 1, 1, 1, 1, false, TSR_ACTIVATION_RELU},
    {3, 3, 1, 1, 2, 2, true, TSR_ACTIVATION_NONE},  {7, 1, 1, 2, 1, 1, true, TSR_ACTIVATION_NONE},
    {2, 3, 5, 4, 1, 1, true, TSR_ACTIVATION_RELU},  {11, 7, 4, 2, 1, 1, true, TSR_ACTIVATION_RELU},
    {3, 2, 1, 2, 3, 1, false, TSR_ACTIVATION_RELU},
};

/* What is passed. */
typedef struct conv_size {
    int64_t n, c, h, w, k, groups;
} conv_size;

static const conv_size conv_sizes[] = {
    {1, 1, 1, 1, 1, 1},     {1, 1, 7, 7, 1, 1},     {2, 3, 5, 5, 4, 1},     {1, 3, 13, 11, 17, 1},
    {1, 8, 8, 8, 8, 1},     {1, 16, 14, 14, 16, 1}, {2, 17, 7, 5, 19, 1},   {1, 7, 9, 23, 5, 1},
    {1, 9, 1, 37, 8, 1},    {1, 5, 31, 1, 9, 1},    {1, 32, 6, 6, 33, 1},   {1, 64, 4, 4, 15, 1},
    {3, 2, 10, 12, 31, 1},  {1, 4, 2, 3, 4, 1},     {1, 33, 3, 3, 65, 1},   {1, 133, 6, 5, 24, 1},
    {1, 13, 17, 19, 12, 1}, {1, 1, 40, 64, 3, 1},   {1, 3, 35, 33, 40, 1},  {4, 6, 1, 2, 7, 1},
    {1, 24, 9, 11, 40, 1},  {1, 8, 9, 9, 8, 8},     {1, 16, 7, 7, 32, 2},   {1, 6, 11, 5, 9, 3},
    {2, 32, 5, 5, 16, 2},   {1, 24, 6, 7, 24, 3},   {2, 5, 8, 3, 10, 5},    {1, 64, 9, 8, 32, 2},
    {1, 2, 70, 3, 2, 1},    {1, 3, 3, 130, 6, 1},   {1, 16, 13, 14, 40, 1}, {1, 16, 7, 9, 16, 16},
    {2, 17, 6, 5, 17, 17},  {1, 32, 14, 5, 32, 32}, {1, 24, 5, 17, 24, 24}, {1, 40, 3, 20, 40, 40},
    {2, 9, 8, 8, 27, 9},    {1, 21, 18, 23, 37, 1},
};

/* Ways to pad; the window decides how much. */
enum { PAD_NONE, PAD_HALF, PAD_UNEVEN, PAD_FULL, PAD_SAME_UPPER, PAD_SAME_LOWER, PAD_KINDS };

static void pad(int kind, const int64_t *filter, int64_t *begin, int64_t *end, tsr_auto_pad *automatic)
{
    if (kind == PAD_SAME_UPPER) *automatic = TSR_PAD_SAME_UPPER;
    if (kind == PAD_SAME_LOWER) *automatic = TSR_PAD_SAME_LOWER;
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        const int64_t most = filter[axis] - 1;
        if (kind == PAD_HALF) begin[axis] = end[axis] = filter[axis] / 2;
        if (kind == PAD_UNEVEN) end[axis] = most, begin[axis] = axis == TSR_H ? most / 2 : 0;
        if (kind == PAD_FULL) begin[axis] = end[axis] = most;
    }
}

static tsr_conv make_conv(const conv_window *window, const conv_size *size, int pad_kind)
{
    tsr_conv c = tsr_conv_default();
    c.n = size->n;
    c.c = size->c;
    c.k = size->k;
    c.groups = size->groups;
    c.size[TSR_H] = size->h;
    c.size[TSR_W] = size->w;
    c.filter[TSR_H] = window->r;
    c.filter[TSR_W] = window->s;
    c.stride[TSR_H] = window->stride_h;
    c.stride[TSR_W] = window->stride_w;
    c.dilation[TSR_H] = window->dilation_h;
    c.dilation[TSR_W] = window->dilation_w;
    c.bias = window->bias;
    c.activation = window->activation;
    pad(pad_kind, c.filter, c.pad_begin, c.pad_end, &c.auto_pad);
    return c;
}

/* Problems that not every algorithm takes: with one and three axes, then what one finds in 3 x 3 filters, many or few
 * tiles, in rows or columns, with each padding. */
static const char *const other_convs[] = {
    "conv:c4w9k3s3pd1",
    "conv:n2c3w17k5s4st2dl2pd0",
    "conv:c2d5h4w6k3t3r2s3pd1",
    "conv:c1h4w70000k1r3dl40000x1pd40000x0", /* places of padding beyond 32 bits */
    "conv:c3d4h4w4k4t2r2s2st2",
    "conv:c4d3h5w5k2t3r3s3pd1g2",
    "conv:c1d1h3w3k1t2r1s1pd1",
    "conv:n2c40h37w41k40r3s3pd1",
    "conv:c17h70w9k33r3s3pd1,bias,relu",
    "conv:c5h9w150k20r3s3pd2",
    "conv:n3c64h14w14k48r3s3pd1",
    "conv:c130h9w9k20r3s3",
    "conv:n5c20h7w7k36r3s3pd1",
    "conv:c1h3w3k1r3s3",
    "conv:n9c33h5w6k17r3s3pd0x1x2x0",
    "conv:c16h45w46k16r3s3pd1",
    "conv:c19h33w35k18r3s3pd1",
    "conv:c48h56w56k32r3s3pd1",
    "conv:n2c16h30w31k64r3s3pd2x2x0x0",
    "conv:c8h64w66k8r3s3pd1",
    "conv:c12h3w200k9r3s3pd1",
    "conv:c12h200w3k9r3s3pd1",
    "conv:c31h20w20k31r3s3pd1",
    /* depthwise: several planes at once */
    "conv:n2c70h7w7k70r3s3pd1g70",
    "conv:c37h14w15k74r3s3st2pd1g37,bias,relu",
    "conv:n2c9h20w3k9r5s2st3x1pd2x0g9",
    "conv:n3c64h3w1k64r1s2pd0x4g64",  /* more padding than filter */
    "conv:c16h4w4k16r3s3dl16pd16g16", /* windows that look far beyond the last line */
    "conv:c16h4w4k16r3s3dl32pd32g16",
};

bool shapes_conv(size_t i, tsr_conv *out)
{
    size_t valid = 0;
    for (size_t w = 0; w < COUNT(conv_windows); ++w)
        for (size_t s = 0; s < COUNT(conv_sizes); ++s)
            /* Two ways to pad each, in turns, so that every way meets every window and every size. */
            for (size_t turn = 0; turn < 2; ++turn) {
                tsr_tensor y;
                const int kind = (int)((w + s + turn * (PAD_KINDS / 2)) % PAD_KINDS);
                *out = make_conv(&conv_windows[w], &conv_sizes[s], kind);
                if (tsr_conv_output(out, &y) == TSR_OK && valid++ == i) return true;
            }
    return i - valid < COUNT(other_convs) && tsr_conv_parse(other_convs[i - valid], out) == TSR_OK;
}

/* ---- Pooling --------------------------------------------------------------------------------------------------- */

typedef struct pool_window {
    int64_t r, s, stride_h, stride_w;
} pool_window;

static const pool_window pool_windows[] = {
    {3, 3, 2, 2}, {2, 2, 2, 2}, {3, 3, 1, 1}, {1, 1, 1, 1}, {1, 3, 1, 2}, {5, 4, 3, 1}, {2, 2, 5, 3}, {7, 7, 7, 7},
};

typedef struct pool_size {
    int64_t n, c, h, w;
} pool_size;

static const pool_size pool_sizes[] = {
    {1, 1, 1, 1},  {1, 3, 7, 7},  {2, 8, 8, 8},   {1, 16, 14, 13}, {1, 17, 5, 31}, {3, 5, 9, 9},   {1, 4, 1, 20},
    {1, 9, 23, 1}, {1, 33, 6, 6}, {2, 7, 16, 17}, {1, 2, 40, 67},  {1, 15, 3, 4},  {1, 1, 2, 130}, {1, 12, 11, 15},
};

static tsr_pool make_pool(const pool_window *window, const pool_size *size, tsr_pool_kind kind, int pad_kind)
{
    tsr_pool p = tsr_pool_default();
    p.kind = kind;
    p.n = size->n;
    p.c = size->c;
    p.size[TSR_H] = size->h;
    p.size[TSR_W] = size->w;
    p.filter[TSR_H] = window->r;
    p.filter[TSR_W] = window->s;
    p.stride[TSR_H] = window->stride_h;
    p.stride[TSR_W] = window->stride_w;
    pad(pad_kind, p.filter, p.pad_begin, p.pad_end, &p.auto_pad);
    if (pad_kind == PAD_HALF)
        for (int axis = 0; axis < TSR_AXES; ++axis) p.pad_begin[axis] = p.pad_end[axis] = (p.filter[axis] - 1) / 2;
    return p;
}

/* Every size under one window. */
static bool global_pool(size_t i, tsr_pool *out)
{
    const pool_size *size = &pool_sizes[i % COUNT(pool_sizes)];
    *out = tsr_pool_default();
    out->kind = (tsr_pool_kind)(i / COUNT(pool_sizes));
    out->global = true;
    out->n = size->n;
    out->c = size->c;
    out->size[TSR_H] = size->h;
    out->size[TSR_W] = size->w;
    return out->kind <= TSR_POOL_LP;
}

static const char *const other_pools[] = {
    "max:c3w11s3st2pd1",
    "avg:n2c5w9s4st1pd2",
    "max:c2d5h6w4t2r3s2st1",
    "avgpad:c3d4h4w4t3r3s3st2pd1",
    "avg:c9d3h3w3t3r3s3",
    "max:c8d1h5w5t2r2s2st1pd1x0x0x0x1x1",
    "avg:c3d4h5w6,global",
    "max:n3c2w300,global",
    /* rows of many planes at once, planes cut into strips, rows into tiles */
    "max:n2c150h7w7r3s3st1pd1",
    "avg:c75h9w14r3s3st2pd1",
    "max:c2h200w20r3s3st1pd1",
    "avg:c2h3w700r2s3st1pd0x1",
    "max:c3h5w1500r3s3st2pd1",
};

bool shapes_pool(size_t i, tsr_pool *out)
{
    size_t valid = 0;
    for (size_t w = 0; w < COUNT(pool_windows); ++w)
        for (int kind = TSR_POOL_MAX; kind <= TSR_POOL_AVG_INCLUDE_PAD; ++kind)
            for (size_t s = 0; s < COUNT(pool_sizes); ++s) {
                tsr_tensor y;
                const int pad_kind = (int)((w + s + (size_t)kind) % PAD_KINDS);
                *out = make_pool(&pool_windows[w], &pool_sizes[s], (tsr_pool_kind)kind, pad_kind);
                if (tsr_pool_output(out, &y) == TSR_OK && valid++ == i) return true;
            }
    i -= valid;
    if (i < COUNT(other_pools)) return tsr_pool_parse(other_pools[i], out) == TSR_OK;
    return global_pool(i - COUNT(other_pools), out);
}

/* ---- Reorder --------------------------------------------------------------------------------------------------- */

bool shapes_reorder(size_t i, tsr_tensor *from, tsr_tensor *to)
{
    static const pool_size sizes[] = {{1, 1, 1, 1},   {2, 3, 5, 7},  {1, 8, 4, 4},  {1, 17, 9, 11},
                                      {3, 16, 1, 13}, {1, 31, 8, 3}, {2, 64, 7, 7}, {1, 5, 33, 1}};
    enum { LAYOUTS = TSR_LAYOUT_ANY };
    if (i >= COUNT(sizes) * LAYOUTS * LAYOUTS) return false;
    const pool_size *size = &sizes[i % COUNT(sizes)];
    const size_t pair = i / COUNT(sizes);
    *from = tsr_tensor_default();
    from->layout = (tsr_layout)(pair / LAYOUTS);
    from->n = size->n;
    from->c = size->c;
    from->size[TSR_H] = size->h;
    from->size[TSR_W] = size->w;
    *to = *from;
    to->layout = (tsr_layout)(pair % LAYOUTS);
    return true;
}

/* ---- Layouts --------------------------------------------------------------------------------------------------- */

bool shapes_layouts(size_t i, size_t pair, tsr_layout *x, tsr_layout *y)
{
    static const tsr_layout blocked[] = {TSR_LAYOUT_NCHW4C, TSR_LAYOUT_NCHW8C, TSR_LAYOUT_NCHW16C};
    /* Neighbours share their defines, so that the block changes slowly. */
    const tsr_layout block = blocked[i / 60 % COUNT(blocked)];
    /* With ANY the sizes decide, and mixed pairs come up too. */
    const tsr_layout pairs[][2] = {
        {TSR_LAYOUT_NCHW, TSR_LAYOUT_NCHW}, {TSR_LAYOUT_ANY, TSR_LAYOUT_ANY}, {block, block}};
    if (pair >= COUNT(pairs)) return false;
    *x = pairs[pair][0];
    *y = pairs[pair][1];
    return true;
}
