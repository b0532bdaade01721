/* tessera-demo: filters and pools a photograph, runs layers of well-known networks, and shows that a device gives the
 * same bits as the CPU path. scripts/demo builds and calls it. */
#include "demo.h"
#include "options.h"
#include "report.h"
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: tessera-demo PHOTO OUT.png [--device SEL]\n"
    "\n"
    "Filters and pools a photograph (PNG or JPEG) into a contact sheet, then runs layers of well-known networks. All\n"
    "results are compared with the CPU path's, bit for bit.\n"
    "\n"
    "  --device SEL   where to run: opencl, opencl:TEXT, a number or cpu (default: the best there is)\n"
    "  -h, --help     print this\n"
    "\n"
    "Exit codes: 0 done; 1 a value differs; 2 bad input or usage; 3 the device or driver failed.\n";

const char *demo_group_digits(uint64_t number, char text[32])
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *out = text;
    for (int i = 0; i < length; ++i) {
        if (i > 0 && (length - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

int demo_compare(const char *what, const tsr_tensor *shape, const float *found, const float *expected)
{
    const int64_t height = shape->size[TSR_H], width = shape->size[TSR_W];
    const int64_t count = shape->n * shape->c * height * width;
    if (memcmp(found, expected, (size_t)count * sizeof *found) == 0) return EXIT_DONE;
    int64_t i = 0;
    while (memcmp(&found[i], &expected[i], sizeof *found) == 0) ++i;
    return report(EXIT_UNEQUAL,
                  "%s differs first at n %" PRId64 ", channel %" PRId64 ", row %" PRId64 ", column %" PRId64
                  ": the device says %.9g (%a), the CPU path %.9g (%a)",
                  what, i / width / height / shape->c, i / width / height % shape->c, i / width % height, i % width,
                  (double)found[i], (double)found[i], (double)expected[i], (double)expected[i]);
}

int main(int argc, char **argv)
{
    report_as("tessera-demo");
    const char *device = NULL;
    const option_rule rules[] = {{"device", 0, OPTION_TEXT, &device, NULL}};
    const option_table table = {help, rules, 1, 2, 2, "PHOTO and OUT.png"};
    option_texts arguments = {0};
    const option_outcome outcome = options_parse(&table, argc, argv, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    demo d = {0};
    int failed = session_open(device, SESSION_CACHE_USER, NULL, &d.device);
    if (!failed) failed = session_open("cpu", SESSION_CACHE_NONE, NULL, &d.host);
    if (!failed) {
        const tsr_device *found = tsr_context_device(d.device);
        printf("Device: %s (%s%s%s)\n", found->name, found->platform, found->driver[0] != '\0' ? ", driver " : "",
               found->driver);
        failed = demo_feature_maps(&d, arguments.text[0], arguments.text[1]);
    }
    if (!failed) failed = demo_layers(&d);
    tsr_context_destroy(d.host);
    tsr_context_destroy(d.device);
    return failed;
}
