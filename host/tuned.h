/* Selection by tuning data: takes the hint where it is legal. */
#ifndef TSR_HOST_TUNED_H
#define TSR_HOST_TUNED_H

#include "select.h"
#include "tuning.h"

/* A search for the fastest choice that came to its end has nothing left to find. */
typedef enum tsr__tuned { TSR__UNTUNED, TSR__TUNED_IN_PART, TSR__TUNED } tsr__tuned;

/* The best choice on record that the options admit, the algorithm accepts and the memory allows, as an offer. Where
 * there is none the offer stays as it is. Records that do not serve are told at debug level. */
tsr__tuned tsr__offer_tuned(tsr__tuning *tuning, const tsr_device *device, const tsr__problem *problem,
                            const tsr_plan_options *options, const tsr__log *log, tsr__offer *offer);

#endif
