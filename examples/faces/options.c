#include "options.h"
#include "complain.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char options_help[] = "usage: faces PICTURE --weights FOLDER [options]\n"
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

enum { MAX_REPEAT = 100000 };

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

static bool parse_repeat(const char *text, int *repeat)
{
    char *end = NULL;
    const long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > MAX_REPEAT) {
        return complain("--repeat %s: expected a whole number from 1 to %d", text, MAX_REPEAT);
    }
    *repeat = (int)value;
    return true;
}

/* An option's value goes to a text as it is; two are numbers. */
static bool take_value(const char *name, const char *value, options *parsed)
{
    const struct {
        const char *name, **target;
    } texts[] = {{"--weights", &parsed->weights}, {"-o", &parsed->output},       {"--stages", &parsed->stages},
                 {"--json", &parsed->json},       {"--device", &parsed->device}, {"--cache", &parsed->cache}};
    const bool threshold = strcmp(name, "--threshold") == 0, repeat = strcmp(name, "--repeat") == 0;
    const char **target = NULL;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
        if (strcmp(name, texts[i].name) == 0) target = texts[i].target;
    if (target == NULL && !threshold && !repeat) return complain("%s: unknown option; --help lists them", name);
    if (value == NULL) return complain("%s: its value is missing", name);
    if (threshold) return parse_threshold(value, &parsed->threshold);
    if (repeat) return parse_repeat(value, &parsed->repeat);
    *target = value;
    return true;
}

bool options_parse(int count, char **words, options *parsed)
{
    *parsed = (options){.threshold = 0.8, .repeat = 1};
    for (int i = 1; i < count; ++i) {
        const char *word = words[i];
        if (strcmp(word, "--help") == 0) {
            parsed->help = true;
            return true;
        }
        if (word[0] != '-') {
            if (parsed->picture != NULL) return complain("%s: one picture at a time", word);
            parsed->picture = word;
        } else {
            if (!take_value(word, i + 1 < count ? words[i + 1] : NULL, parsed)) return false;
            ++i;
        }
    }
    if (parsed->picture == NULL) return complain("a picture is missing; --help tells more");
    return parsed->weights != NULL || complain("--weights is missing; --help tells more");
}
