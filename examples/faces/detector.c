#include "detector.h"
#include "clock.h"
#include "complain.h"

#include <math.h>
#include <stdlib.h>

static double milliseconds(void)
{
    return 1e3 * clock_seconds();
}

/* The package's numbers. */
static const double least_score[STAGES] = {[PROPOSE] = 0.6, [REFINE] = 0.7};
static const double level_overlap = 0.5, overlap_limit = 0.7;
enum { CELL_STRIDE = 2 };

/* What a stage's candidates are bundled in; the last bundle may not be full, and is filled up with zeros. */
static const int64_t batch_sizes[BATCHES] = {4, 16, 64};

enum { BOX_NUMBERS = 4 };

static double score_of(double no_face, double face)
{
    return (double)(float)(1 / (1 + exp(no_face - face)));
}

static bool make_runner(detector *used, stage which, int64_t n, int64_t height, int64_t width, runner *made)
{
    const double begin = milliseconds();
    if (!runner_create(used->context, &used->networks[which], n, height, width, made)) return false;
    used->times[which].plans += milliseconds() - begin;
    used->plans += made->of->count;
    return true;
}

bool detector_create(tsr_context *context, const char *folder, int width, int height, detector *made)
{
    *made = (detector){.context = context};
    bool good = true;
    for (stage which = PROPOSE; good && which < STAGES; ++which)
        good = network_load(context, folder, which, &made->networks[which]);
    made->level_count = pyramid_levels(width, height, made->levels);
    for (int i = 0; good && i < made->level_count; ++i) {
        const level *one = &made->levels[i];
        good = make_runner(made, PROPOSE, 1, one->height, one->width, &made->pyramid[i]);
    }
    if (!good) detector_free(made);
    return good;
}

/* ---- The first stage ------------------------------------------------------------------------------------------- */

/* Every cell of a level that may be a face. */
static bool propose_level(const level *of, const tsr_tensor *out, const float *y, box_list *found)
{
    const int rows = (int)out->size[TSR_H], columns = (int)out->size[TSR_W];
    const int side = network_texts[PROPOSE].side - 1;
    const size_t plane = (size_t)rows * (size_t)columns;
    for (int row = 0; row < rows; ++row)
        for (int column = 0; column < columns; ++column, ++y) {
            const double score = score_of((double)y[BOX_NUMBERS * plane], (double)y[(BOX_NUMBERS + 1) * plane]);
            if (!(score > least_score[PROPOSE])) continue;
            /* The package counts a cell's pixels from 1 to 12. */
            const double x1 = CELL_STRIDE * column + 1, y1 = CELL_STRIDE * row + 1;
            const box one = {.x1 = (x1 + side * (double)y[0]) / of->scale,
                             .y1 = (y1 + side * (double)y[plane]) / of->scale,
                             .x2 = (x1 + side * (1 + (double)y[2 * plane])) / of->scale,
                             .y2 = (y1 + side * (1 + (double)y[3 * plane])) / of->scale,
                             .score = score};
            if (!box_list_add(found, &one)) return false;
        }
    boxes_sort(found);
    boxes_suppress(found, OVERLAP_UNION, level_overlap);
    return true;
}

static size_t floats(const tsr_tensor *of)
{
    return (size_t)(of->n * of->c * of->size[TSR_H] * of->size[TSR_W]);
}

/* All levels' pictures go to the device, then all networks run, then all outputs come back. `memory` holds the largest
 * level's input or output. */
static bool run_pyramid(detector *used, const picture *photo, float *memory, box_list *proposals)
{
    stage_times *times = &used->times[PROPOSE];
    for (int i = 0; i < used->level_count; ++i) {
        const double begin = milliseconds();
        if (!pyramid_resize(photo, &used->levels[i], memory)) return false;
        const double resized = milliseconds();
        if (!runner_upload(&used->pyramid[i], memory)) return false;
        times->pictures += resized - begin;
        times->upload += milliseconds() - resized;
    }
    const double begin = milliseconds();
    for (int i = 0; i < used->level_count; ++i)
        if (!runner_start(&used->pyramid[i])) return false;
    if (!succeeded(tsr_context_finish(used->context), "the first stage")) return false;
    times->network += milliseconds() - begin;
    for (int i = 0; i < used->level_count; ++i) {
        const double ready = milliseconds();
        if (!runner_download(&used->pyramid[i], memory)) return false;
        const double here = milliseconds();
        box_list found = {0};
        const bool good = propose_level(&used->levels[i], &used->pyramid[i].out, memory, &found) &&
                          box_list_append(proposals, &found);
        box_list_free(&found);
        if (!good) return false;
        times->download += here - ready;
        times->boxes += milliseconds() - here;
    }
    return true;
}

static bool propose(detector *used, const picture *photo, box_list *proposals)
{
    if (used->level_count == 0) return true;
    size_t most = 0;
    for (int i = 0; i < used->level_count; ++i) {
        const size_t in = floats(&used->pyramid[i].in), out = floats(&used->pyramid[i].out);
        if (most < in) most = in;
        if (most < out) most = out;
    }
    float *memory = malloc(most * sizeof *memory);
    if (memory == NULL) return complain("out of memory for %zu floats", most);
    const bool good = run_pyramid(used, photo, memory, proposals);
    free(memory);
    const double begin = milliseconds();
    boxes_sort(proposals);
    boxes_suppress(proposals, OVERLAP_UNION, overlap_limit);
    boxes_square(proposals);
    used->times[PROPOSE].boxes += milliseconds() - begin;
    return good;
}

/* ---- The second and the third stage ---------------------------------------------------------------------------- */

/* What a network says of a candidate: box, landmarks in the third stage, two logits. */
static void judge(stage which, const float *said, box *candidate)
{
    const int logits = BOX_NUMBERS + (which == CONCLUDE ? 2 * LANDMARKS : 0);
    if (which == CONCLUDE) box_place_landmarks(candidate, said + BOX_NUMBERS);
    box_move(candidate, said);
    candidate->score = score_of((double)said[logits], (double)said[logits + 1]);
}

/* Runs the network on `count` candidates, at most as many as the runner takes; `memory` holds its input or output. */
static bool run_batch(detector *used, stage which, const runner *with, const picture *photo, float *memory,
                      box *candidates, size_t count)
{
    stage_times *times = &used->times[which];
    const int side = network_texts[which].side;
    const size_t size = 3 * (size_t)side * (size_t)side, numbers = (size_t)with->out.c;
    const double begin = milliseconds();
    for (size_t i = 0; i < count; ++i) pyramid_crop(photo, &candidates[i], side, memory + i * size);
    for (size_t i = count * size; i < floats(&with->in); ++i) memory[i] = 0;
    const double cut = milliseconds();
    if (!runner_upload(with, memory)) return false;
    const double there = milliseconds();
    if (!runner_start(with) || !succeeded(tsr_context_finish(used->context), "a batch")) return false;
    const double done = milliseconds();
    if (!runner_download(with, memory)) return false;
    const double here = milliseconds();
    for (size_t i = 0; i < count; ++i) judge(which, memory + i * numbers, &candidates[i]);
    times->pictures += cut - begin;
    times->upload += there - cut;
    times->network += done - there;
    times->download += here - done;
    times->boxes += milliseconds() - here;
    return true;
}

/* The largest batch that the candidates that are left fill, else the smallest there is; made if it is not there. */
static const runner *runner_for(detector *used, stage which, size_t left)
{
    int i = BATCHES - 1;
    while (i > 0 && (size_t)batch_sizes[i] > left) --i;
    runner *one = &used->batches[which][i];
    const int side = network_texts[which].side;
    return one->of != NULL || make_runner(used, which, batch_sizes[i], side, side, one) ? one : NULL;
}

static bool run_batches(detector *used, stage which, const picture *photo, box_list *candidates)
{
    for (size_t begin = 0; begin < candidates->count;) {
        const size_t left = candidates->count - begin;
        const runner *with = runner_for(used, which, left);
        if (with == NULL) return false;
        const size_t count = left < (size_t)with->in.n ? left : (size_t)with->in.n;
        float *memory = malloc(floats(&with->in) * sizeof *memory); /* the output is smaller */
        if (memory == NULL) return complain("out of memory for %zu pictures", (size_t)with->in.n);
        const bool good = run_batch(used, which, with, photo, memory, candidates->items + begin, count);
        free(memory);
        if (!good) return false;
        begin += count;
    }
    return true;
}

bool detector_run(detector *used, const picture *photo, double threshold, box_list results[STAGES])
{
    for (stage which = PROPOSE; which < STAGES; ++which) box_list_free(&results[which]);
    if (!propose(used, photo, &results[PROPOSE])) return false;
    for (stage which = REFINE; which < STAGES; ++which) {
        box_list *candidates = &results[which];
        if (!box_list_append(candidates, &results[which - 1]) || !run_batches(used, which, photo, candidates)) {
            return false;
        }
        const double begin = milliseconds();
        boxes_drop_below(candidates, which == CONCLUDE ? threshold : least_score[which]);
        boxes_sort(candidates);
        boxes_suppress(candidates, which == CONCLUDE ? OVERLAP_SMALLER : OVERLAP_UNION, overlap_limit);
        if (which == REFINE) boxes_square(candidates);
        used->times[which].boxes += milliseconds() - begin;
    }
    boxes_clip(&results[CONCLUDE], photo->width, photo->height);
    return true;
}

void detector_free(detector *used)
{
    for (int i = 0; i < LEVELS; ++i) runner_free(&used->pyramid[i]);
    for (stage which = PROPOSE; which < STAGES; ++which) {
        for (int i = 0; i < BATCHES; ++i) runner_free(&used->batches[which][i]);
        network_free(&used->networks[which]);
    }
    *used = (detector){0};
}
