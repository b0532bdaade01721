/* The three networks one after the other: proposals from a pyramid, which two more networks refine and judge. */
#ifndef FACES_DETECTOR_H
#define FACES_DETECTOR_H

#include "boxes.h"
#include "pyramid.h"
#include "runner.h"

enum { BATCHES = 3 }; /* sizes that candidates are bundled in */

/* Where a stage's time went, in milliseconds of the clock. */
typedef struct stage_times {
    double plans; /* making them; 0 in every run but the first            */
    double pictures, upload, network, download, boxes;
} stage_times;

typedef struct detector {
    tsr_context *context;
    network networks[STAGES];
    level levels[LEVELS];
    int level_count;
    runner pyramid[LEVELS];          /* one for each level                          */
    runner batches[STAGES][BATCHES]; /* of the second and third stage, made when they are first needed */
    int plans;                       /* made so far                                 */
    stage_times times[STAGES];       /* of the last run                             */
} detector;

/* Loads the weights and makes the plans for photographs of one size. On failure false, and *made is empty. */
bool detector_create(tsr_context *context, const char *folder, int width, int height, detector *made);

/* Finds the faces that score more than `threshold`. results[PROPOSE] and [REFINE] are the candidates that the first two
 * stages pass on, results[CONCLUDE] the faces, each list by falling score. Frees what the lists held before. */
bool detector_run(detector *used, const picture *photo, double threshold, box_list results[STAGES]);
void detector_free(detector *used);

#endif
