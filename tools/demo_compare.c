#include "demo_compare.h"
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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
