/* The gradient by the weights for CPUs: kernels/conv_backward_weights/direct_blocked.cl tells what it does and why. */
#include "conv_backward_weights/inputs.h"
#include "cpu_family.h"

extern const tsr__source tsr__source_conv_backward_weights_direct_blocked;

/* Floats in a vector; vectors of dv's channels and channels of x in a register tile. */
enum { VECTOR, TILE_K, TILE_C };
static const char *const param_names[] = {"vec", "k", "c", NULL};

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

/* Whether a filter of one tap reads some pixels of blocks alone, which are then gathered: else each tile of channels
 * would have the memory's lines between them come along. */
static bool is_sparse(const tsr__problem *p, const tsr__weights_inputs *in)
{
    bool strided = false;
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        strided = strided || p->window.stride[axis] > 1;
        if (p->window.pad_begin[axis] != 0 || p->window.pad_end[axis] != 0) return false;
    }
    return strided && tsr__taps(p) == 1 && tsr__layout_is_blocked(in->x.given.layout);
}

static void stage_sparse(const tsr__problem *p, tsr__weights_inputs *in)
{
    tsr_tensor *x = &in->x.given;
    tsr__copy_axes(x->size, in->dv.given.size);
    for (int axis = 0; axis < TSR_AXES; ++axis) x->strides.size[axis] *= p->window.stride[axis];
    tsr__weights_stage(&in->x, x->layout);
}

/* What the kernel goes through: of a filter of one tap that reads all pixels, rows that follow one another are one. */
typedef struct view {
    tsr_tensor x, dv;
    tsr__window window;
    int64_t chunk; /* rows that all taps and tiles multiply before the next ones: near caches hold what they see */
} view;

/* Pixels of a chunk. */
enum { PIXELS = 256 };

static void join_rows(tsr_tensor *t, int64_t rows)
{
    t->size[TSR_H] /= rows;
    t->size[TSR_W] *= rows;
    t->strides.size[TSR_H] *= rows;
}

static view view_of(const tsr__problem *p, const tsr__weights_inputs *in)
{
    view v = {in->x.read, in->dv.read, p->window, 1};
    int64_t rows = 1;
    for (int axis = 0; axis < TSR_AXES && is_sparse(p, in); ++axis) v.window.stride[axis] = 1;
    if (tsr__window_is_pointwise(&v.window)) rows = v.dv.size[TSR_H];
    while (rows > 1 && (v.dv.size[TSR_H] % rows != 0 || rows * v.dv.size[TSR_W] > PIXELS)) --rows;
    if (rows * v.dv.size[TSR_W] < PIXELS) v.chunk = PIXELS / (rows * v.dv.size[TSR_W]);
    /* Where rows do not follow one another in memory a chunk has the same pixels, as more rows. */
    if (tsr__tensor_has_dense_planes(&v.x) && tsr__tensor_has_dense_planes(&v.dv)) {
        join_rows(&v.x, rows);
        join_rows(&v.dv, rows);
    } else {
        v.chunk *= rows;
    }
    return v;
}

static int64_t chunks(const view *v)
{
    return tsr__ceil_div(v->dv.n * v->dv.size[TSR_D] * v->dv.size[TSR_H], v->chunk);
}

/* Channels of x in a group. */
static int64_t group_c(const tsr__problem *p, const tsr__weights_inputs *in)
{
    return in->x.read.c / p->groups;
}

/* Pieces of all rows: few filters would leave compute units idle. The problem alone decides, so that every device adds
 * in the same order. */
static int64_t pieces(const tsr__problem *p, const tsr__weights_inputs *in)
{
    enum { LEAST = 8, CHANNELS_K = 128, CHANNELS_C = 128 };
    const view v = view_of(p, in);
    const int64_t many = chunks(&v), taps = tsr__taps(p);
    const int64_t c = tsr__ceil_div(CHANNELS_C, taps);
    const int64_t shares = tsr__ceil_div(in->dv.read.c, CHANNELS_K) * tsr__ceil_div(group_c(p, in), c);
    const int64_t wanted = tsr__ceil_div(LEAST, shares);
    return wanted < many ? wanted : many;
}

/* The kernel reads REALs; of dv whole vectors of channels, which NCHW does not have, nor NHWC where the last of a group
 * is not full. */
static tsr__weights_inputs inputs_of(const tsr__problem *p, int64_t width)
{
    tsr__weights_inputs in = tsr__weights_inputs_of(p);
    const tsr_tensor *x = &in.x.given, *dv = &in.dv.given;
    if (is_sparse(p, &in)) stage_sparse(p, &in);
    if (x->dtype == TSR_F16 || tsr__cpu_straddles(x, p->groups)) tsr__weights_stage(&in.x, TSR_LAYOUT_NCHW);
    if (dv->dtype == TSR_F16 || tsr__cpu_straddles(dv, p->groups) || dv->layout == TSR_LAYOUT_NCHW ||
        (dv->layout == TSR_LAYOUT_NHWC && dv->c / p->groups % width != 0))
        tsr__weights_stage(&in.dv, tsr__layout_with_block(width));
    in.pieces = pieces(p, &in);
    return in;
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* The widest vectors that lie within a block of dv and a group; 0: there are none. */
static int64_t vector_width(const tsr_device *device, const tsr__problem *p)
{
    for (int64_t width = tsr__cpu_real_width(device, p); width >= 4; width /= 2) {
        const tsr_tensor dv = inputs_of(p, width).dv.read;
        const int64_t block = tsr__layout_block(dv.layout);
        if (block == 0 || (block % width == 0 && !tsr__cpu_straddles(&dv, p->groups))) return width;
    }
    return 0;
}

/* Vectors of dv's channels, spare ones of its last block included. */
static int64_t vectors(const tsr_tensor *dv, int64_t width)
{
    return (tsr__layout_is_blocked(dv->layout) ? tsr__tensor_channels(dv) : dv->c) / width;
}

/* Whether vectors of dv, and channels of x, can be taken so many at a time: none straddles two groups, nor two blocks
 * of which each holds several vectors, and of x's channels each is in memory. */
static bool fits(const tsr__problem *p, const tsr__weights_inputs *in, int64_t width, int64_t tile_k, int64_t tile_c)
{
    const tsr_tensor *dv = &in->dv.read;
    const int64_t x_block = tsr__layout_block(in->x.read.layout), dv_block = tsr__layout_block(dv->layout);
    const bool k_fits = (p->groups == 1 ? vectors(dv, width) : dv->c / p->groups / width) % tile_k == 0;
    const bool c_fits = (x_block > 1 ? x_block : group_c(p, in)) % tile_c == 0;
    return k_fits && c_fits && (dv_block <= width || dv_block % (tile_k * width) == 0);
}

/* Room for the sums of a work-item's taps and tiles, in tiles; a power of two, so that programs are few. */
static int64_t room(int64_t taps)
{
    enum { LEAST = 64 };
    int64_t r = LEAST;
    while (r < taps) r *= 2;
    return r;
}

/* Whether all sums of a work-item stay in a near cache. */
static bool is_near(const tsr__problem *p, const tsr__params *params)
{
    enum { MOST_BYTES = 128 << 10 };
    const int64_t real = p->x.dtype == TSR_F64 ? 8 : 4;
    return room(tsr__taps(p)) * params->value[TILE_K] * params->value[TILE_C] * params->value[VECTOR] * real <=
           MOST_BYTES;
}

/* The tiles that fit, larger ones first: their sums, the gradients and one number of x leave some registers over, of 16
 * as of 32. */
static size_t candidates(const tsr_device *device, const tsr__problem *p, tsr__params *out, size_t capacity)
{
    enum { MOST_SUMS = 16, FEW_SUMS = 8 };
    static const int32_t tiles_k[] = {2, 4, 1};
    const int64_t width = vector_width(device, p);
    size_t count = 0;
    if (width == 0) return 0;
    const tsr__weights_inputs in = inputs_of(p, width);
    for (int32_t sums = width == 16 ? MOST_SUMS : FEW_SUMS; sums > 0; --sums)
        for (size_t i = 0; i < sizeof tiles_k / sizeof tiles_k[0] && count < capacity; ++i) {
            const int32_t tile_k = tiles_k[i], tile_c = sums / tile_k;
            const tsr__params made = {{(int32_t)width, tile_k, tile_c}};
            if (sums % tile_k == 0 && fits(p, &in, width, tile_k, tile_c) && is_near(p, &made)) out[count++] = made;
        }
    return count;
}

static void params(const tsr_device *device, const tsr__problem *p, tsr__params *out)
{
    candidates(device, p, out, 1);
}

static int64_t workspace_elements(const tsr__problem *p, const tsr__params *params)
{
    const tsr__weights_inputs in = inputs_of(p, params->value[VECTOR]);
    return tsr__weights_workspace(p, &in);
}

static const char *refuse(const tsr_device *device, const tsr__problem *p)
{
    const char *types = tsr__refuse_types(device, p);
    if (types != NULL) return types;
    if (vector_width(device, p) == 0) return "K / groups is not a multiple of 4, or C / groups where it is transposed";
    tsr__params made;
    if (candidates(device, p, &made, 1) == 0) return "the sums of one filter's taps take more than 128 KiB";
    return tsr__refuse_elements(workspace_elements(p, &made));
}

/* ---- Launches -------------------------------------------------------------------------------------------------- */

/* Tiles of a work-item, which share its pixels: of x's channels, and of dv's. */
typedef struct share {
    int64_t c, k;
} share;

/* As many as there is room for, as long as compute units have work. Work-items that make less of dv's channels read x
 * again, and those that make less of x's read dv. */
static share share_of(const tsr_device *device, const tsr__problem *p, const tsr__weights_inputs *in,
                      const tsr__params *params)
{
    enum { ITEMS_PER_UNIT = 4, MOST_C = 16 };
    const int64_t wanted = (int64_t)ITEMS_PER_UNIT * device->compute_units;
    const int64_t all_c = tsr__ceil_div(group_c(p, in), params->value[TILE_C]);
    const int64_t all_k = vectors(&in->dv.read, params->value[VECTOR]) / params->value[TILE_K];
    const int64_t tiles = room(tsr__taps(p)) / tsr__taps(p), most_c = tiles < MOST_C ? tiles : MOST_C;
    share s = {all_c < most_c ? all_c : most_c, 1};
    if (p->groups == 1) s.k = all_k < tiles / s.c ? all_k : tiles / s.c;
    while (s.k > 1 && tsr__ceil_div(all_c, s.c) * tsr__ceil_div(all_k, s.k) * in->pieces < wanted) --s.k;
    while (s.c > 1 && tsr__ceil_div(all_c, s.c) * all_k * in->pieces < wanted) --s.c;
    return s;
}

static void launches(const tsr_device *device, const tsr__problem *p, const tsr__params *params, tsr__launches *out)
{
    const tsr__weights_inputs in = inputs_of(p, params->value[VECTOR]);
    const view v = view_of(p, &in);
    const tsr_tensor *x = &v.x, *dv = &v.dv;
    const share tiles = share_of(device, p, &in, params);
    const int64_t all_k = vectors(dv, params->value[VECTOR]) / params->value[TILE_K];
    const int64_t global[3] = {tsr__ceil_div(tsr__ceil_div(group_c(p, &in), params->value[TILE_C]), tiles.c),
                               tsr__ceil_div(all_k, tiles.k), in.pieces};
    const size_t local[3] = {1, 1, 1};
    tsr__launch *l = tsr__weights_begin(out, p, &in, &tsr__source_conv_backward_weights_direct_blocked,
                                        "conv_backward_weights_direct_blocked");
    tsr__launch_define(l, "VEC", params->value[VECTOR]);
    tsr__launch_define(l, "TILE_K", params->value[TILE_K]);
    tsr__launch_define(l, "TILE_C", params->value[TILE_C]);
    tsr__launch_define(l, "X_BLOCK", tsr__layout_block(x->layout));
    tsr__launch_define(l, "DV_BLOCK", tsr__layout_block(dv->layout));
    tsr__launch_define(l, "DEPTH", (tsr__problem_features(p) & TSR__DEPTH_BIT) != 0);
    tsr__launch_define(l, "ROOM", room(tsr__taps(p)));
    tsr__launch_int(l, x->n);
    tsr__launch_int(l, x->c);
    tsr__launch_int(l, dv->c);
    tsr__launch_int_axes(l, x->size);
    tsr__launch_int_axes(l, dv->size);
    tsr__launch_window(l, &v.window);
    tsr__launch_int(l, p->groups);
    tsr__launch_int(l, tiles.c);
    tsr__launch_int(l, tiles.k);
    tsr__launch_int(l, all_k);
    tsr__launch_int(l, tsr__ceil_div(chunks(&v), in.pieces) * v.chunk);
    tsr__launch_int(l, v.chunk);
    tsr__launch_int(l, p->flip);
    tsr__cpu_launch_strides(l, x, tsr__spanned_c(x));
    tsr__cpu_launch_strides(l, dv, tsr__spanned_c(dv));
    tsr__launch_grid(l, global, local);
    tsr__weights_end(out, p, &in, device);
}

const tsr__algorithm tsr__conv_backward_weights_direct_blocked = {
    .name = "direct_blocked",
    .family = TSR__CPU_FAMILY,
    .param_names = param_names,
    .features = TSR__ALL_FEATURES & ~(TSR__WIDE_BIT | TSR__PAD_MODE_BIT),
    .layouts = tsr__cpu_layouts,
    .refuse = refuse,
    .params = params,
    .candidates = candidates,
    .workspace_elements = workspace_elements,
    .launches = launches,
};
