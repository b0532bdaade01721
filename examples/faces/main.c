/* Finds faces in a photograph: three small networks on the device, one after the other, and some plain C between. */
#include "complain.h"
#include "detector.h"
#include "draw.h"
#include "options.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The library's warnings, such as that a slow algorithm had to be taken. */
static void print_log(void *cookie, tsr_log_level severity, const char *message)
{
    (void)cookie, (void)severity;
    complain("%s", message);
}

static bool open_device(const options *wanted, tsr_context **context)
{
    tsr_context_options settings = tsr_context_options_default();
    settings.log = print_log;
    settings.cache_folder = wanted->cache;
    return succeeded(tsr_context_create(wanted->device, &settings, context), "the device");
}

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

int main(int count, char **words)
{
    options wanted;
    if (!options_parse(count, words, &wanted)) return 2;
    if (wanted.help) {
        fputs(options_help, stdout);
        return 0;
    }
    picture photo;
    if (!picture_read(wanted.picture, &photo)) return 1;
    tsr_context *context = NULL;
    const bool good = open_device(&wanted, &context) && run(&wanted, context, &photo);
    tsr_context_destroy(context);
    picture_free(&photo);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
