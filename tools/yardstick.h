/* What a device can do at best, the yardstick for every share that is reported: multiply-adds on registers alone, and
 * a copy from memory to memory. Both run in the same process and between the runs of what they are compared with. */
#ifndef TESSERA_TOOLS_YARDSTICK_H
#define TESSERA_TOOLS_YARDSTICK_H

#include "tessera.h"

typedef struct yardstick yardstick;

/* Something that can be run again and again: `run` does it `count` times and waits for the end. */
typedef struct yardstick_work {
    int (*run)(void *cookie, int count); /* returns an exit code (report.h) */
    void *cookie;
    double amount; /* of one run: floating-point operations, or bytes read and written */
} yardstick_work;

/* Builds the two for a context's device. Returns an exit code (report.h). The context outlives the yardstick. */
int yardstick_open(tsr_context *context, yardstick **opened);
void yardstick_close(yardstick *opened); /* NULL is allowed */

yardstick_work yardstick_peak(yardstick *opened);
yardstick_work yardstick_copy(yardstick *opened);

#endif
