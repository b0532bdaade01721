/* What was found, and how long it took. */
#ifndef FACES_REPORT_H
#define FACES_REPORT_H

#include "detector.h"

typedef struct report {
    const char *picture;
    int width, height;
    const tsr_device *device;
    const detector *by;
    const box_list *results;     /* one for each stage         */
    stage_times first[STAGES];   /* of the first run           */
    stage_times fastest[STAGES]; /* of the fastest             */
    int runs;
} report;

double stage_total(const stage_times *times); /* without making plans */

void report_print(const report *told);
bool report_write_json(const report *told, const char *path);

#endif
