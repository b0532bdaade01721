#include "commands.h"
#include "json.h"
#include "options.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "usage: tessera devices [--json]\n"
    "\n"
    "Lists the OpenCL devices with their numbers, and the CPU path, which needs no OpenCL.\n"
    "\n"
    "What --device takes, in every command:\n"
    "  opencl        the best OpenCL device: a GPU, else an accelerator, else a CPU (the default)\n"
    "  opencl:TEXT   the best of those whose platform's or device's name contains TEXT, in any case\n"
    "  0, 1, ...     the device with that number in this list\n"
    "  cpu           the CPU path\n"
    "\n"
    "  --json        print the list as one JSON document\n"
    "  -h, --help    print this\n";

static const char *kind_words(tsr_device_kind kind)
{
    static const char *const words[] = {"GPU", "accelerator", "CPU", "plain C, without OpenCL"};
    return words[kind];
}

static void print_device(const char *selector, const tsr_device *device)
{
    printf("%-4s %s (%s)\n", selector, device->name, kind_words(device->kind));
    if (device->kind == TSR_DEVICE_HOST) return;
    printf("     platform      %s, driver %s, %s\n", device->platform, device->driver, device->version);
    printf("     vendor        %s\n", device->vendor);
    printf("     compute       %" PRIu32 " units, vectors of %" PRIu32 " floats, work-groups up to %" PRIu64 "\n",
           device->compute_units, device->float_width, device->max_work_group);
    printf("     memory        %" PRIu64 " MiB%s, %" PRIu64 " MiB in one piece; local %" PRIu64 " KiB%s\n",
           device->global_bytes >> 20, device->unified_memory ? " shared with the host" : "",
           device->max_alloc_bytes >> 20, device->local_bytes >> 10,
           device->local_is_dedicated ? "" : " (in main memory)");
    printf("     can do        %s%s%s%s%s%s\n", device->fp16 ? "fp16 " : "", device->fp64 ? "fp64 " : "",
           device->max_image_texels > 0 ? "images " : "", device->subgroups ? "sub-groups " : "",
           device->integer_dot_product ? "integer-dot-product " : "", device->exact_divide ? "exact-divide" : "");
}

static cJSON *describe(int number, const tsr_device *device)
{
    cJSON *object = json_device(device);
    if (number >= 0) cJSON_AddNumberToObject(object, "number", number);
    cJSON_AddStringToObject(object, "vendor", device->vendor);
    cJSON_AddStringToObject(object, "version", device->version);
    cJSON_AddNumberToObject(object, "compute_units", device->compute_units);
    cJSON_AddNumberToObject(object, "float_width", device->float_width);
    cJSON_AddNumberToObject(object, "max_work_group", (double)device->max_work_group);
    cJSON_AddNumberToObject(object, "local_bytes", (double)device->local_bytes);
    /* The CPU path has no limit of its own. */
    if (device->kind == TSR_DEVICE_HOST) {
        cJSON_AddNullToObject(object, "max_alloc_bytes");
        cJSON_AddNullToObject(object, "global_bytes");
        cJSON_AddNullToObject(object, "max_image_texels");
    } else {
        cJSON_AddNumberToObject(object, "max_alloc_bytes", (double)device->max_alloc_bytes);
        cJSON_AddNumberToObject(object, "global_bytes", (double)device->global_bytes);
        cJSON_AddNumberToObject(object, "max_image_texels", (double)device->max_image_texels);
    }
    cJSON_AddBoolToObject(object, "local_is_dedicated", device->local_is_dedicated);
    cJSON_AddBoolToObject(object, "unified_memory", device->unified_memory);
    cJSON_AddBoolToObject(object, "fp16", device->fp16);
    cJSON_AddBoolToObject(object, "fp64", device->fp64);
    cJSON_AddBoolToObject(object, "subgroups", device->subgroups);
    cJSON_AddBoolToObject(object, "integer_dot_product", device->integer_dot_product);
    cJSON_AddBoolToObject(object, "exact_divide", device->exact_divide);
    cJSON_AddStringToObject(object, "extensions", device->extensions);
    return object;
}

/* The list ends with the CPU path, which has no number: its selector is "cpu". */
static int show(const tsr_device *devices, size_t count, const tsr_device *host, bool json)
{
    if (json) {
        cJSON *list = cJSON_CreateArray();
        for (size_t i = 0; i < count; ++i) cJSON_AddItemToArray(list, describe((int)i, &devices[i]));
        cJSON_AddItemToArray(list, describe(-1, host));
        cJSON *document = cJSON_CreateObject();
        cJSON_AddItemToObject(document, "devices", list);
        return json_print(document);
    }
    for (size_t i = 0; i < count; ++i) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        print_device(number, &devices[i]);
    }
    print_device("cpu", host);
    return EXIT_DONE;
}

int command_devices(int argc, char **argv)
{
    bool json = false;
    const option_rule rules[] = {{.name = "json", .kind = OPTION_FLAG, .target = &json}};
    const option_table table = {.help = help, .rules = rules, .rule_count = 1};
    option_texts arguments = {0};
    const option_outcome outcome = options_parse(&table, argc, argv, &arguments);
    if (outcome != OPTIONS_GO) return outcome == OPTIONS_HELP ? EXIT_DONE : EXIT_INPUT;

    size_t count = 0;
    tsr_status status = tsr_device_list(NULL, 0, &count);
    if (status != TSR_OK) return report_status(status, "cannot list the devices");
    tsr_device *devices = calloc(count + 1, sizeof *devices);
    if (devices == NULL) return report(EXIT_DEVICE, "out of memory");
    const size_t capacity = count;
    tsr_context *host = NULL;
    status = tsr_device_list(devices, capacity, &count);
    if (status == TSR_OK) status = tsr_context_create("cpu", NULL, &host);
    const int exit_code = status != TSR_OK
                              ? report_status(status, "cannot list the devices")
                              : show(devices, count < capacity ? count : capacity, tsr_context_device(host), json);
    tsr_context_destroy(host);
    free(devices);
    return exit_code;
}
