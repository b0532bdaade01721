/* common/gather: where the inputs of an implicit matrix product lie, for GPUs; on top of common/types.cl.
 *
 *   compiled in STEP: channels that are fetched at once; TILE_K: channels of a tile of packed weights, [T][R][S][padded
 *               c][TILE_K]; TRANSPOSED (see common/taps.cl)
 */
#if !defined(STEP) || !defined(TILE_K)
#error "the host must define STEP TILE_K"
#endif

#include "common/planes.cl"
#include "common/taps.cl"

/* The input as the pixel that a work-item loads sees it. */
typedef struct {
    planes x;
    tap_axis across_d, across_h, across_w; /* begin: where the pixel's first tap looks */
    int channels;                          /* of the group, from the item's first on; none where there is no pixel */
    int first;                             /* where in x the item's first channel of its image lies */
    int reach_d, reach_h, reach_w, tap_step_d, tap_step_h, tap_step_w, filter_h, filter_w, pad_mode;
    int step_c, padded_c;
} source;

/* Where one step looks: STEP channels of one tap. */
typedef struct {
    int from;    /* where in x the item's first input lies */
    int left;    /* so many of its channels are left; none where the tap looks into padding */
    int weights; /* where the step's weights lie */
} looked;

/* The step of a number, counted through the channels of a tap, and then through the taps that the outputs meet. */
static ALWAYS_INLINE looked locate_step(source in, int step)
{
    const int in_tap = in.padded_c / STEP, number = step / in_tap, c0 = step % in_tap * STEP;
    const int is = number % in.across_w.taps, rest = number / in.across_w.taps;
    const int ir = rest % in.across_h.taps, it = rest / in.across_h.taps;
    const int id = look_up_as(in.pad_mode, in.across_d.begin + it * in.reach_d, in.x.d);
    const int ih = look_up_as(in.pad_mode, in.across_h.begin + ir * in.reach_h, in.x.h);
    const int iw = look_up_as(in.pad_mode, in.across_w.begin + is * in.reach_w, in.x.w);
    const int inside = (uint)id < (uint)in.x.d && (uint)ih < (uint)in.x.h && (uint)iw < (uint)in.x.w;
    const int tap_d = in.across_d.tap + it * in.tap_step_d, tap_h = in.across_h.tap + ir * in.tap_step_h;
    const int tap_w = in.across_w.tap + is * in.tap_step_w;
    const place at = {0, id, ih, iw};
    const looked found = {in.first + offset_of(in.x, at) + c0 * in.step_c, inside ? in.channels - c0 : 0,
                          (((tap_d * in.filter_h + tap_h) * in.filter_w + tap_w) * in.padded_c + c0) * TILE_K};
    return found;
}
