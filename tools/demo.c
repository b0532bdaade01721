/* tessera-demo: filters and pools a photograph, runs layers of well-known networks, and shows that a device gives the
 * same bits as the CPU path. scripts/demo builds and calls it. */
#include "demo.h"
#include "options.h"
#include "report.h"
#include "session.h"

#include <stdio.h>

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
