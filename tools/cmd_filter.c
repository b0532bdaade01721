#include "commands.h"
#include "contact_sheet.h"
#include "filters.h"
#include "npy.h"
#include "options.h"
#include "report.h"
#include "run_once.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char help[] =
    "usage: tessera filter PHOTO -o OUT.png [options]\n"
    "\n"
    "Filters a photograph (PNG or JPEG). One filter without --pool gives one picture of the photograph's size; else "
    "the\n"
    "output is a contact sheet with a labelled picture for each.\n"
    "\n"
    "  -o, --output OUT.png   where the picture goes; written whole or not at all\n"
    "  --kernel KERNEL        sobel-x, sobel-y, diagonal, laplacian, log, gaussian, sharpen or emboss; or FILE.npy, a\n"
    "                         filter of your own: (R,S) or (K,1,R,S) for the photograph's brightness, (K,3,R,S) for\n"
    "                         its red, green and blue; values are 0 to 255. May be repeated (default: the eight)\n"
    "  --pool max|avg         pool each result\n"
    "  --pool-kernel K        the pool's window: one number, or two for H and W (default 2)\n"
    "  --pool-stride S        one number or two (default: the window's size)\n"
    "  --device SEL           where to run: opencl, opencl:TEXT, a number or cpu (default opencl)\n"
    "  -h, --help             print this\n"
    "\n"
    "The edges are padded with zeros so that a result has the photograph's size. Edge filters are shown by the size of "
    "their\n"
    "response, emboss with zero as mid-grey, the others as they are; a filter of your own as it is where its weights\n"
    "sum up to 1 for each output, else by the size of its response.\n";

static const char *const pools[] = {"max", "avg", NULL};
enum { SPACE = 2, POOL_NONE = -1, MAX_PICTURES = 64, SHEET_CELL_WIDTH = 400, LABEL_LENGTH = 64 };

typedef struct filter_options {
    const char *output, *device;
    option_texts kernels;
    int pool;
    option_sizes pool_kernel, pool_stride;
} filter_options;

/* One --kernel, ready to run. */
typedef struct filter_bank {
    const char *label;
    npy_array weights; /* K,C,R,S; C is 1 or 3 */
    filter_display display;
} filter_bank;

typedef struct gallery {
    int count;
    image pictures[MAX_PICTURES];
    char labels[MAX_PICTURES][LABEL_LENGTH];
} gallery;

/* ---- Options --------------------------------------------------------------------------------------------------- */

static option_outcome check_options(filter_options *o)
{
    if (o->output == NULL) {
        report(EXIT_INPUT, "missing option: -o OUT.png (--help tells what there is)");
        return OPTIONS_WRONG;
    }
    const char *end = strrchr(o->output, '.');
    if (end == NULL || strcasecmp(end, ".png") != 0) {
        report(EXIT_INPUT, "-o is '%s'; expected a name that ends with .png, which is what is written", o->output);
        return OPTIONS_WRONG;
    }
    if (o->pool == POOL_NONE && (o->pool_kernel.count > 0 || o->pool_stride.count > 0)) {
        report(EXIT_INPUT, "--pool-kernel and --pool-stride need --pool max or --pool avg");
        return OPTIONS_WRONG;
    }
    int64_t trial[TSR_AXES];
    if (options_spread_axes(&o->pool_kernel, SPACE, 1, trial) || options_spread_axes(&o->pool_stride, SPACE, 1, trial))
        return OPTIONS_WRONG;
    for (int i = 0; o->kernels.count == 0 && i < FILTERS; ++i) o->kernels.text[i] = filters[i].name;
    if (o->kernels.count == 0) o->kernels.count = FILTERS;
    if (o->pool_kernel.count == 0) o->pool_kernel = (option_sizes){.count = 1, .size = {2}};
    return OPTIONS_GO;
}

static option_outcome parse(int argc, char **argv, filter_options *o, option_texts *arguments)
{
    const option_rule rules[] = {
        {"output", 'o', OPTION_TEXT, &o->output, NULL},
        {"kernel", 0, OPTION_TEXTS, &o->kernels, NULL},
        {"pool", 0, OPTION_WORD, &o->pool, pools},
        {"pool-kernel", 0, OPTION_AXES, &o->pool_kernel, NULL},
        {"pool-stride", 0, OPTION_AXES, &o->pool_stride, NULL},
        {"device", 0, OPTION_TEXT, &o->device, NULL},
    };
    const option_table table = {help, rules, sizeof rules / sizeof rules[0], 1, 1, "PHOTO"};
    const option_outcome outcome = options_parse(&table, argc, argv, arguments);
    return outcome == OPTIONS_GO ? check_options(o) : outcome;
}

/* ---- Kernels --------------------------------------------------------------------------------------------------- */

static int make_classical(const filter *one, filter_bank *bank)
{
    const size_t count = (size_t)one->size * (size_t)one->size;
    float *data = malloc(count * sizeof *data);
    if (data == NULL) return report(EXIT_DEVICE, "out of memory");
    filter_weights(one, one->size, data);
    *bank = (filter_bank){.label = one->name,
                          .weights = {.axes = 4, .shape = {1, 1, one->size, one->size}, .count = count, .data = data},
                          .display = one->display};
    return EXIT_DONE;
}

/* True where the weights of each output sum up to about 1: it keeps brightness, so its result is a picture. */
static bool keeps_brightness(const npy_array *weights)
{
    const float *values = weights->data;
    const size_t each = weights->count / (size_t)weights->shape[0];
    for (size_t i = 0; i < weights->count; i += each) {
        double sum = 0.0;
        for (size_t j = 0; j < each; ++j) sum += (double)values[i + j];
        if (!(sum > 0.9 && sum < 1.1)) return false;
    }
    return true;
}

static int read_own(const char *path, filter_bank *bank)
{
    npy_array *w = &bank->weights;
    const npy_wanted wanted = {.types = 1u << NPY_F32, .axes_min = 1, .axes_max = 4};
    int failed = npy_read(path, &wanted, w);
    if (failed) return failed;
    if (w->axes == 2) {
        w->axes = 4;
        w->shape[2] = w->shape[0];
        w->shape[3] = w->shape[1];
        w->shape[0] = w->shape[1] = 1;
    }
    if (w->axes != 4) {
        failed = report(EXIT_INPUT, "%s: has %d axes; expected 2 (R,S) or 4 (K,C,R,S)", path, w->axes);
    } else if (w->shape[1] != 1 && w->shape[1] != 3) {
        failed = report(EXIT_INPUT,
                        "%s: has %" PRId64 " input channels (axis 1); expected 1 (brightness) or 3 (red, green, blue)",
                        path, w->shape[1]);
    }
    if (failed) {
        npy_free(w);
        return failed;
    }
    const char *slash = strrchr(path, '/');
    bank->label = slash != NULL ? slash + 1 : path;
    bank->display = keeps_brightness(w) ? DISPLAY_PICTURE : DISPLAY_MAGNITUDE;
    return EXIT_DONE;
}

static int make_bank(const char *kernel, filter_bank *bank)
{
    *bank = (filter_bank){0};
    const filter *one = filter_find(kernel);
    if (one != NULL) return make_classical(one, bank);
    const char *ending = strrchr(kernel, '.');
    if (ending != NULL && strcmp(ending, ".npy") == 0) return read_own(kernel, bank);
    return report(EXIT_INPUT, "--kernel is '%s'; expected the name of a filter or a file that ends in .npy", kernel);
}

/* ---- Running --------------------------------------------------------------------------------------------------- */

static int pool_result(tsr_context *context, const filter_options *o, run_result *result)
{
    tsr_pool problem = tsr_pool_default();
    problem.kind = o->pool == 0 ? TSR_POOL_MAX : TSR_POOL_AVG;
    problem.n = result->shape.n;
    problem.c = result->shape.c;
    memcpy(problem.size, result->shape.size, sizeof problem.size);
    run_result pooled;
    int failed = options_spread_axes(&o->pool_kernel, SPACE, 1, problem.filter);
    if (!failed) failed = options_spread_axes(&o->pool_stride, SPACE, 1, problem.stride);
    if (!failed) failed = run_pool(context, &problem, NULL, &(run_data){.x = result->y}, &pooled);
    if (failed) return failed;
    run_result_free(result);
    *result = pooled;
    return EXIT_DONE;
}

/* Adds a picture for each output channel. */
static int show_result(const filter_bank *bank, const run_result *result, gallery *pictures)
{
    const int64_t height = result->shape.size[TSR_H], width = result->shape.size[TSR_W];
    for (int64_t k = 0; k < result->shape.c; ++k) {
        if (pictures->count == MAX_PICTURES) {
            return report(EXIT_INPUT, "the kernels give more than %d pictures", MAX_PICTURES);
        }
        image *picture = &pictures->pictures[pictures->count];
        const int failed = image_create((int)width, (int)height, picture);
        if (failed) return failed;
        filter_show((const float *)result->y + k * height * width, bank->display, picture);
        char *label = pictures->labels[pictures->count++];
        if (result->shape.c > 1) {
            snprintf(label, LABEL_LENGTH, "%s, output %" PRId64, bank->label, k);
        } else {
            snprintf(label, LABEL_LENGTH, "%s", bank->label);
        }
    }
    return EXIT_DONE;
}

/* `planes` holds the photograph's brightness, then red, green and blue. */
static int run_bank(tsr_context *context, const filter_options *o, const image *photo, const float *planes,
                    const filter_bank *bank, gallery *pictures)
{
    tsr_conv problem = tsr_conv_default();
    problem.c = bank->weights.shape[1];
    problem.k = bank->weights.shape[0];
    problem.size[TSR_H] = photo->height;
    problem.size[TSR_W] = photo->width;
    problem.filter[TSR_H] = bank->weights.shape[2];
    problem.filter[TSR_W] = bank->weights.shape[3];
    problem.auto_pad = TSR_PAD_SAME_UPPER;
    const float *x = problem.c == 1 ? planes : planes + (size_t)photo->width * (size_t)photo->height;
    const run_data data = {.x = x, .w = bank->weights.data};
    run_result result;
    int failed = run_conv(context, &problem, NULL, &data, &result);
    if (!failed && o->pool != POOL_NONE) failed = pool_result(context, o, &result);
    if (!failed) failed = show_result(bank, &result, pictures);
    run_result_free(&result);
    return failed;
}

/* So that the last row is full, or nearly. */
static int columns_for(int count)
{
    if (count <= 3) return count;
    if (count == 4) return 2;
    return count <= 6 || count == 9 ? 3 : 4;
}

static int write_pictures(const filter_options *o, const gallery *pictures)
{
    if (pictures->count == 1 && o->pool == POOL_NONE) return image_write(o->output, &pictures->pictures[0]);
    sheet_cell cells[MAX_PICTURES];
    int widest = 0;
    for (int i = 0; i < pictures->count; ++i) {
        cells[i] = (sheet_cell){.label = pictures->labels[i], .picture = &pictures->pictures[i]};
        if (pictures->pictures[i].width > widest) widest = pictures->pictures[i].width;
    }
    const contact_sheet sheet = {
        .cells = cells,
        .count = pictures->count,
        .columns = columns_for(pictures->count),
        .cell_width = widest < SHEET_CELL_WIDTH ? widest : SHEET_CELL_WIDTH,
    };
    return contact_sheet_write(o->output, &sheet);
}

static int run(const filter_options *o, const image *photo, const filter_bank *banks)
{
    const size_t pixels = (size_t)photo->width * (size_t)photo->height;
    float *planes = malloc(4 * pixels * sizeof *planes);
    gallery *pictures = calloc(1, sizeof *pictures);
    tsr_context *context = NULL;
    int failed = planes != NULL && pictures != NULL ? EXIT_DONE : report(EXIT_DEVICE, "out of memory");
    if (!failed) failed = session_open(o->device, SESSION_CACHE_USER, NULL, &context);
    if (!failed) {
        image_luma(photo, planes);
        image_planes(photo, planes + pixels);
    }
    for (int i = 0; i < o->kernels.count && !failed; ++i)
        failed = run_bank(context, o, photo, planes, &banks[i], pictures);
    if (!failed) failed = write_pictures(o, pictures);

    for (int i = 0; pictures != NULL && i < pictures->count; ++i) image_free(&pictures->pictures[i]);
    tsr_context_destroy(context);
    free(pictures);
    free(planes);
    return failed;
}

int command_filter(int argc, char **argv)
{
    filter_options options = {.pool = POOL_NONE, .device = SESSION_DEFAULT_DEVICE};
    option_texts arguments = {0};
    const option_outcome outcome = parse(argc, argv, &options, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    filter_bank banks[OPTIONS_MAX_TEXTS] = {{0}};
    image photo;
    int failed = image_read(arguments.text[0], &photo);
    for (int i = 0; i < options.kernels.count && !failed; ++i) failed = make_bank(options.kernels.text[i], &banks[i]);
    if (!failed) failed = run(&options, &photo, banks);
    for (int i = 0; i < options.kernels.count; ++i) npy_free(&banks[i].weights);
    image_free(&photo);
    return failed;
}
