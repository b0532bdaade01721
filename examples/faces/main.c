/* Finds faces in a photograph: three small networks on the device, one after the other, and some plain C between. */
#include "complain.h"
#include "detector.h"
#include "device.h"
#include "draw.h"
#include "options.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] = "usage: faces PICTURE --weights FOLDER [options]\n"
                           "\n"
                           "Finds faces in a PNG or JPEG picture with the three networks of MTCNN.\n"
                           "\n"
                           "  --weights FOLDER  the arrays that convert.py wrote\n"
                           "  -o FILE           draw the faces into the picture and write it, as .jpg or .png\n"
                           "  --stages FILE     the same with what each stage passes on, side by side\n"
                           "  --json FILE       write what every stage found\n"
                           "  --device SEL      opencl, opencl:TEXT, a number, or cpu; without it the best there is\n"
                           "  --threshold T     least score of a face, from 0 to 1; 0.8\n"
                           "  --repeat N        find the faces N times and tell the times of the fastest; 1\n"
                           "  --cache FOLDER    keep built kernels there\n";

typedef struct options {
    const char *picture, *weights;
    const char *output, *stages, *json; /* NULL: not wanted */
    const char *device;                 /* NULL: the best   */
    const char *cache;                  /* NULL: none       */
    double threshold;
    int repeat;
} options;

/* Finds the faces as often as wanted, and keeps the first and the fastest run's times. */
static bool find(detector *with, const options *wanted, const picture *photo, box_list results[STAGES], report *told)
{
    double fastest = 0;
    for (int run = 0; run < wanted->repeat; ++run) {
        if (run > 0) memset(with->times, 0, sizeof with->times);
        if (!detector_run(with, photo, wanted->threshold, results)) return false;
        double total = 0;
        for (stage which = PROPOSE; which < STAGES; ++which) total += stage_total(&with->times[which]);
        if (run == 0) memcpy(told->first, with->times, sizeof told->first);
        if (run == 0 || total < fastest) {
            memcpy(told->fastest, with->times, sizeof told->fastest);
            fastest = total;
        }
    }
    told->runs = wanted->repeat;
    return true;
}

static bool write_drawn(const char *path, gdImagePtr drawn)
{
    const bool written = picture_write(path, drawn);
    if (drawn != NULL) gdImageDestroy(drawn);
    return written;
}

static bool write_results(const options *wanted, const picture *photo, const box_list results[STAGES],
                          const report *told)
{
    report_print(told);
    if (wanted->json != NULL && !report_write_json(told, wanted->json)) return false;
    return (wanted->output == NULL || write_drawn(wanted->output, draw_faces(photo, &results[CONCLUDE]))) &&
           (wanted->stages == NULL || write_drawn(wanted->stages, draw_stages(photo, results)));
}

static bool run(const options *wanted, tsr_context *context, const picture *photo)
{
    detector with;
    if (!detector_create(context, wanted->weights, photo->width, photo->height, &with)) return false;
    box_list results[STAGES] = {{0}};
    report told = {.picture = wanted->picture,
                   .width = photo->width,
                   .height = photo->height,
                   .device = tsr_context_device(context),
                   .by = &with,
                   .results = results};
    const bool good = find(&with, wanted, photo, results, &told) && write_results(wanted, photo, results, &told);
    for (stage which = PROPOSE; which < STAGES; ++which) box_list_free(&results[which]);
    detector_free(&with);
    return good;
}

static bool parse_threshold(const char *text, double *threshold)
{
    char *end = NULL;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= 0 && value <= 1)) {
        return complain("--threshold %s: expected a number from 0 to 1", text);
    }
    *threshold = value;
    return true;
}

static parsed parse(int count, char **words, options *wanted)
{
    const char *threshold = "0.8";
    const option list[] = {{.name = "", .text = &wanted->picture},
                           {.name = "--weights", .text = &wanted->weights},
                           {.name = "-o", .text = &wanted->output},
                           {.name = "--stages", .text = &wanted->stages},
                           {.name = "--json", .text = &wanted->json},
                           {.name = "--device", .text = &wanted->device},
                           {.name = "--threshold", .text = &threshold},
                           {.name = "--repeat", .number = &wanted->repeat, .least = 1, .most = 100000},
                           {.name = "--cache", .text = &wanted->cache}};
    const parsed answer = options_parse(count, words, list, sizeof list / sizeof list[0]);
    if (answer != PARSED) return answer;
    if (wanted->picture == NULL)
        complain("a picture is missing; --help tells more");
    else if (wanted->weights == NULL)
        complain("--weights is missing; --help tells more");
    else if (parse_threshold(threshold, &wanted->threshold))
        return PARSED;
    return PARSED_WRONG;
}

int main(int count, char **words)
{
    options wanted = {.repeat = 1};
    complain_as("faces");
    switch (parse(count, words, &wanted)) {
    case PARSED:
        break;
    case PARSED_HELP:
        fputs(help, stdout);
        return 0;
    case PARSED_WRONG:
        return 2;
    }
    picture photo;
    if (!picture_read(wanted.picture, &photo)) return 1;
    tsr_context *context = NULL;
    const bool good = device_open(wanted.device, wanted.cache, &context) && run(&wanted, context, &photo);
    tsr_context_destroy(context);
    picture_free(&photo);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
