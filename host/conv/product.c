#include "conv/product.h"

#include <math.h>

#include "conv/defines.h"
#include "reference_family.h"

extern const tsr__source tsr__source_conv_implicit_gemm;

enum { MOST_SPLITS = 32, LEAST_SPLIT_K = 64, WHOLE_STEP = 8 };

int64_t tsr__product_tiles_of_k(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_k(p), params->value[TSR__GEMM_K]);
}

int64_t tsr__product_padded_c(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(tsr__group_c(p), params->value[TSR__GEMM_STEP]) * params->value[TSR__GEMM_STEP];
}

int64_t tsr__product_packed_elements(const tsr__problem *p, const tsr__params *params)
{
    return p->groups * tsr__product_tiles_of_k(p, params) * tsr__taps(p) * tsr__product_padded_c(p, params) *
           params->value[TSR__GEMM_K];
}

static int64_t work_groups(const tsr__problem *p, const tsr__params *params)
{
    return tsr__ceil_div(p->y.n * tsr__phase_pixels(p), params->value[TSR__GEMM_P]) *
           tsr__product_tiles_of_k(p, params) * tsr__phases(p) * p->groups;
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

/* Steps of a work-group that makes all of its sums. */
static int64_t steps_of(const tsr__problem *p, const tsr__params *params)
{
    return tsr__taps(p) * tsr__product_padded_c(p, params) / params->value[TSR__GEMM_STEP];
}

/* Into how many parts sums may be taken apart: so that each compute unit has two work-groups, which hide each other's
 * waits, while a part is long enough to be worth storing and the workspace holds no more than the weights do, or x and
 * y. */
static int32_t splits_for(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { SHORTEST = 16 };
    const int64_t y = p->y.n * p->y.c * tsr__tensor_plane(&p->y), x = p->x.n * p->x.c * tsr__tensor_plane(&p->x);
    const int64_t packed = tsr__product_packed_elements(p, params), room = packed > x + y ? packed : x + y;
    int64_t splits = 2 * (int64_t)device->compute_units / work_groups(p, params);
    if (splits > steps_of(p, params) / SHORTEST) splits = steps_of(p, params) / SHORTEST;
    if (splits > room / y) splits = room / y;
    if (splits > MOST_SPLITS) splits = MOST_SPLITS;
    return splits < 2 || p->window.transposed ? 1 : (int32_t)splits;
}

static tsr__params make_params(const tsr_device *device, const tsr__problem *p, int tile, bool splits)
{
    /* A step longer than the channels would be mostly zeros; a first layer has 3. */
    const int32_t step = tsr__group_c(p) <= WHOLE_STEP / 2 ? WHOLE_STEP / 2 : WHOLE_STEP;
    tsr__params made = tsr__gemm_params(tile, step);
    made.value[TSR__SPLITS] = 1;
    if (splits) made.value[TSR__SPLITS] = splits_for(device, p, &made);
    return made;
}

/* A transposed problem has its phases to remember too. */
static bool fits(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    enum { SUMS_OF_PHASES = 16, SPARE = 4 };
    const int32_t most = p->window.transposed ? SUMS_OF_PHASES : tsr__gemm_most_sums(device, p);
    return tsr__product_packed_elements(p, params) <= TSR__MAX_INT_INDEX &&
           tsr__gemm_fits(device, p, params, most, SPARE);
}

/* The tile of the params, as its number in the table. */
static int tile_of(const tsr__params *params)
{
    int i = 0;
    while (params->value[TSR__GEMM_K] != tsr__gemm_tiles[i].tile_k ||
           params->value[TSR__GEMM_P] != tsr__gemm_tiles[i].tile_p ||
           params->value[TSR__GEMM_REG_K] != tsr__gemm_tiles[i].reg_k)
        ++i;
    return i;
}

/* The numbers of these functions were fitted to 1900 times of 170 layers, 1 and 8 images, on an NVIDIA H200. */
static const double start = 118000;

/* Where asking takes longer, the work breaks ties. */
double tsr__launches_cost(int64_t launches, double taken)
{
    const double asking = 247000;
    return fmax((double)launches * asking, taken) + taken / 64;
}

double tsr__pass_cost(const tsr_device *device, int64_t elements)
{
    const double element = 6;
    return start + element * (double)elements / device->compute_units;
}

/* Each step of the work-groups that a unit runs, and a wait that they share; for each tap of the filter, where it
 * looks. */
double tsr__product_cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    const double tap = 25;
    const int32_t *v = params->value;
    const int tile = tile_of(params);
    const double groups = (double)tsr__ceil_div(work_groups(p, params) * v[TSR__SPLITS], device->compute_units);
    const double steps = (double)tsr__ceil_div(steps_of(p, params), v[TSR__SPLITS]);
    const double taps_of_step = (double)v[TSR__GEMM_STEP] / (double)tsr__product_padded_c(p, params);
    const double step = (double)v[TSR__GEMM_K] * v[TSR__GEMM_P] * v[TSR__GEMM_STEP] / (double)WHOLE_STEP /
                        tsr__gemm_tiles[tile].efficiency;
    const double looking = tap * (double)tsr__gemm_items(params) * taps_of_step;
    return start + steps * (groups * (step + looking) + tsr__gemm_tiles[tile].wait);
}

double tsr__whole_product_cost(const tsr_device *device, const tsr__problem *p, const tsr__params *params)
{
    const double sums = tsr__product_cost(device, p, params);
    const int64_t splits = params->value[TSR__SPLITS], y = p->y.n * p->y.c * tsr__tensor_plane(&p->y);
    if (splits == 1) return tsr__launches_cost(1, sums);
    return tsr__launches_cost(2, sums + tsr__pass_cost(device, splits * y));
}

size_t tsr__product_candidates(const tsr_device *device, const tsr__problem *p, bool may_split, tsr__params *out,
                               size_t capacity)
{
    tsr__params all[2 * TSR__GEMM_TILES];
    double least = INFINITY;
    size_t count = 0, best = 0;
    for (int i = 0; i < 2 * TSR__GEMM_TILES; ++i) {
        const tsr__params made = make_params(device, p, i / 2, i % 2);
        /* Parts of small tiles take as long as the whole. */
        const bool is_split = may_split && made.value[TSR__SPLITS] > 1 && made.value[TSR__GEMM_K] >= LEAST_SPLIT_K;
        const bool is_another = i % 2 == 0 || is_split;
        if (!is_another || !fits(device, p, &made)) continue;
        const double taken = tsr__whole_product_cost(device, p, &made);
        if (taken < least) {
            least = taken;
            best = count;
        }
        all[count++] = made;
    }
    return tsr__tell_candidates(all, count, best, out, capacity);
}

/* ---- Launch ---------------------------------------------------------------------------------------------------- */

void tsr__product_define(const tsr__problem *p, const tsr__params *params, tsr__launch *l)
{
    tsr__epilogue_define(l, p);
    tsr__launch_define(l, "TRANSPOSED", p->window.transposed);
    tsr__launch_define(l, "CHANNELS_LAST", p->x.layout == TSR_LAYOUT_NHWC);
    tsr__gemm_define(l, params);
    tsr__launch_define(l, "SPLIT", params->value[TSR__SPLITS] > 1);
}

void tsr__product_launch(const tsr__problem *p, const tsr__params *params, tsr__slot x, int64_t x_at, tsr__slot y,
                         int64_t y_at, tsr__launches *out)
{
    const tsr__window *w = &p->window;
    const int64_t tiles_of_k = tsr__product_tiles_of_k(p, params), splits = params->value[TSR__SPLITS];
    const int64_t tiles_of_p = tsr__ceil_div(p->y.n * tsr__phase_pixels(p), params->value[TSR__GEMM_P]);
    const int64_t global[3] = {tiles_of_p * tsr__gemm_items(params), tiles_of_k * tsr__phases(p), p->groups * splits};
    const size_t local[3] = {(size_t)tsr__gemm_items(params), 1, 1};
    tsr__launch *l = tsr__launches_add(out, &tsr__source_conv_implicit_gemm, "conv_implicit_gemm");
    tsr__product_define(p, params, l);
    tsr__launch_slot_at(l, x, x_at);
    tsr__launch_slot(l, TSR__PACKED);
    tsr__launch_epilogue(l, p);
    tsr__launch_slot_at(l, y, y_at);
    tsr__launch_slot(l, TSR__WORKSPACE);
    tsr__launch_int(l, p->groups);
    tsr__launch_int(l, tsr__group_c(p));
    tsr__launch_int(l, tsr__group_k(p));
    tsr__launch_int(l, p->x.n);
    tsr__launch_int_axes(l, p->x.size);
    tsr__launch_int_axes(l, p->y.size);
    tsr__launch_window(l, w);
    tsr__launch_int(l, w->pad_mode);
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(l, tsr__tap_steps_of(w, axis).tap);
    for (int axis = 0; axis < TSR_AXES; ++axis) tsr__launch_int(l, tsr__tap_steps_of(w, axis).reach);
    tsr__launch_int(l, tiles_of_k);
    tsr__launch_int(l, splits);
    tsr__launch_plain_strides(l, &p->x);
    tsr__launch_plain_strides(l, &p->y);
    tsr__launch_plain_strides(l, &p->residual);
    tsr__launch_grid(l, global, local);
}
