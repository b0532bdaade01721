#include "contact_sheet.h"
#include "demo.h"
#include "demo_compare.h"
#include "filters.h"
#include "report.h"
#include "run_once.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_POOL = 3, AVG_POOL = 4, POOL_STRIDE = 2, CELL_WIDTH = 400, COLUMNS = 3, CELLS = FILTERS + 1 };

/* The photograph's brightness, its maps, and both poolings of it and of them. */
typedef struct maps {
    float *luma;
    run_result filtered, pooled[SHEET_BELOW], pooled_luma[SHEET_BELOW];
} maps;

static const char *const pool_labels[SHEET_BELOW] = {"maximum of 3 x 3, stride 2", "average of 4 x 4, stride 2"};

/* ---- Computing ------------------------------------------------------------------------------------------------- */

/* On both devices; keeps the device's result if the CPU path's is the same. */
static int compare_runs(int failed, const char *what, run_result *found, run_result *expected)
{
    if (!failed) failed = demo_compare(what, &found->shape, found->y, expected->y);
    run_result_free(expected);
    if (failed) return failed;
    char count[32];
    const int64_t values = found->shape.n * found->shape.c * found->shape.size[TSR_H] * found->shape.size[TSR_W];
    printf("  %-44s %-16s bit for bit equal, %s values\n", what, found->algorithm,
           demo_group_digits((uint64_t)values, count));
    return EXIT_DONE;
}

/* The CPU path's side is its naive loop. */
static tsr_plan_options reference_options(void)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = "reference";
    return options;
}

/* All filters at once, with bias and ReLU, so that the maps are the channels of one tensor. */
static int run_filters(const demo *d, const image *photo, const float *luma, run_result *filtered)
{
    float weights[FILTERS][FILTERS_MAX_SIZE * FILTERS_MAX_SIZE], bias[FILTERS];
    for (int i = 0; i < FILTERS; ++i) {
        filter_weights(&filters[i], FILTERS_MAX_SIZE, weights[i]);
        bias[i] = (float)filters[i].bias;
    }
    tsr_conv problem = tsr_conv_default();
    problem.c = 1;
    problem.k = FILTERS;
    problem.size[TSR_H] = photo->height;
    problem.size[TSR_W] = photo->width;
    problem.filter[TSR_H] = problem.filter[TSR_W] = FILTERS_MAX_SIZE;
    /* No padding: around a photograph zeros would be an edge, and a bright frame in most of the maps. */
    problem.auto_pad = TSR_PAD_VALID;
    problem.bias = true;
    problem.activation = TSR_ACTIVATION_RELU;

    const run_data data = {.x = luma, .w = weights[0], .bias = bias};
    const tsr_plan_options naive = reference_options();
    run_result expected = {0};
    int failed = run_conv(d->device, &problem, NULL, &data, filtered);
    if (!failed) failed = run_conv(d->host, &problem, &naive, &data, &expected);
    return compare_runs(failed, "eight filters, bias, ReLU", filtered, &expected);
}

static int run_pooling(const demo *d, const char *what, tsr_pool_kind kind, const tsr_tensor *shape, const float *x,
                       run_result *pooled)
{
    tsr_pool problem = tsr_pool_default();
    problem.kind = kind;
    problem.n = shape->n;
    problem.c = shape->c;
    for (int axis = TSR_H; axis <= TSR_W; ++axis) {
        problem.size[axis] = shape->size[axis];
        problem.filter[axis] = kind == TSR_POOL_MAX ? MAX_POOL : AVG_POOL;
        problem.stride[axis] = POOL_STRIDE;
    }
    const run_data data = {.x = x};
    const tsr_plan_options naive = reference_options();
    run_result expected = {0};
    int failed = run_pool(d->device, &problem, NULL, &data, pooled);
    if (!failed) failed = run_pool(d->host, &problem, &naive, &data, &expected);
    return compare_runs(failed, what, pooled, &expected);
}

static int compute(const demo *d, const image *photo, maps *m)
{
    m->luma = malloc((size_t)photo->width * (size_t)photo->height * sizeof *m->luma);
    if (m->luma == NULL) return report(EXIT_DEVICE, "out of memory");
    image_luma(photo, m->luma);
    tsr_tensor luma_shape = tsr_tensor_default();
    luma_shape.c = 1;
    luma_shape.size[TSR_H] = photo->height;
    luma_shape.size[TSR_W] = photo->width;

    int failed = run_filters(d, photo, m->luma, &m->filtered);
    for (int i = 0; i < SHEET_BELOW && !failed; ++i) {
        const tsr_pool_kind kind = i == 0 ? TSR_POOL_MAX : TSR_POOL_AVG;
        char what[64];
        snprintf(what, sizeof what, "maps: %s", pool_labels[i]);
        failed = run_pooling(d, what, kind, &m->filtered.shape, m->filtered.y, &m->pooled[i]);
        snprintf(what, sizeof what, "photograph: %s", pool_labels[i]);
        if (!failed) failed = run_pooling(d, what, kind, &luma_shape, m->luma, &m->pooled_luma[i]);
    }
    return failed;
}

static void maps_free(maps *m)
{
    free(m->luma);
    run_result_free(&m->filtered);
    for (int i = 0; i < SHEET_BELOW; ++i) {
        run_result_free(&m->pooled[i]);
        run_result_free(&m->pooled_luma[i]);
    }
}

/* ---- Drawing --------------------------------------------------------------------------------------------------- */

/* Greys become a ramp from the sheet's ground over copper to ivory, which is kinder to the eye on a dark sheet. */
static void tone(image *picture)
{
    static const struct {
        double grey, colour[3];
    } ramp[] = {
        {0, {18, 20, 26}}, {70, {74, 51, 58}}, {150, {190, 112, 72}}, {215, {240, 200, 140}}, {255, {255, 250, 238}}};
    const size_t bytes = (size_t)picture->width * (size_t)picture->height * 3;
    for (size_t i = 0; i < bytes; i += 3) {
        const double grey = picture->rgb[i];
        int step = 1;
        while (grey > ramp[step].grey) ++step;
        const double share = (grey - ramp[step - 1].grey) / (ramp[step].grey - ramp[step - 1].grey);
        for (int k = 0; k < 3; ++k) {
            const double from = ramp[step - 1].colour[k], to = ramp[step].colour[k];
            picture->rgb[i + (size_t)k] = (unsigned char)(from + share * (to - from) + 0.5);
        }
    }
}

static int draw_map(const run_result *result, int channel, filter_display display, image *picture)
{
    const int height = (int)result->shape.size[TSR_H], width = (int)result->shape.size[TSR_W];
    const int failed = image_create(width, height, picture);
    if (failed) return failed;
    filter_show((const float *)result->y + (size_t)channel * (size_t)height * (size_t)width, display, picture);
    tone(picture);
    return EXIT_DONE;
}

/* A cell's own pictures; the photograph's cell has no map. */
typedef struct cell_pictures {
    image map, below[SHEET_BELOW];
} cell_pictures;

static int draw_cell(const maps *m, const image *photo, int number, cell_pictures *pictures, char label[64],
                     sheet_cell *cell)
{
    const filter *one = number > 0 ? &filters[number - 1] : NULL;
    /* A relief's grey is in its bias already, so that after the ReLU it is shown as it is. */
    const filter_display display =
        one != NULL && one->display == DISPLAY_MAGNITUDE ? DISPLAY_MAGNITUDE : DISPLAY_PICTURE;
    int failed = one != NULL ? draw_map(&m->filtered, number - 1, display, &pictures->map) : EXIT_DONE;
    for (int i = 0; i < SHEET_BELOW && !failed; ++i) {
        const run_result *pooled = one != NULL ? &m->pooled[i] : &m->pooled_luma[i];
        failed = draw_map(pooled, one != NULL ? number - 1 : 0, display, &pictures->below[i]);
        cell->below[i] = &pictures->below[i];
        cell->below_label[i] = pool_labels[i];
    }
    if (one == NULL) {
        snprintf(label, 64, "photograph");
    } else if (one->bias == 0) {
        snprintf(label, 64, "%s", one->title);
    } else {
        snprintf(label, 64, "%s, bias %+d", one->title, one->bias);
    }
    cell->label = label;
    cell->picture = one != NULL ? &pictures->map : photo;
    return failed;
}

static int draw(const demo *d, const maps *m, const image *photo, const char *path)
{
    cell_pictures pictures[CELLS] = {0};
    char labels[CELLS][64];
    sheet_cell cells[CELLS] = {{0}};
    int failed = EXIT_DONE;
    for (int i = 0; i < CELLS && !failed; ++i) failed = draw_cell(m, photo, i, &pictures[i], labels[i], &cells[i]);

    const tsr_device *device = tsr_context_device(d->device);
    char subtitle[320];
    snprintf(subtitle, sizeof subtitle,
             "eight classical filters with bias and ReLU, each with two poolings of its map; "
             "computed on %s%s",
             device->name, device->kind == TSR_DEVICE_HOST ? "" : ", bit for bit as on the CPU path");
    const contact_sheet sheet = {.title = "Tessera: feature maps",
                                 .subtitle = subtitle,
                                 .cells = cells,
                                 .count = CELLS,
                                 .columns = COLUMNS,
                                 .cell_width = photo->width < CELL_WIDTH ? photo->width : CELL_WIDTH};
    if (!failed) failed = contact_sheet_write(path, &sheet);
    for (int i = 0; i < CELLS; ++i) {
        image_free(&pictures[i].map);
        for (int k = 0; k < SHEET_BELOW; ++k) image_free(&pictures[i].below[k]);
    }
    return failed;
}

int demo_feature_maps(const demo *d, const char *photo_path, const char *sheet_path)
{
    image photo;
    maps m = {0};
    int failed = image_read(photo_path, &photo);
    if (!failed) {
        printf("\nFeature maps of %s, %d x %d pixels\n", photo_path, photo.width, photo.height);
        failed = compute(d, &photo, &m);
    }
    if (!failed) failed = draw(d, &m, &photo, sheet_path);
    maps_free(&m);
    image_free(&photo);
    return failed;
}
