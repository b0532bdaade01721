/* Which algorithm runs a problem. Pure: needs a device's description, no device. */
#ifndef TSR_HOST_SELECT_H
#define TSR_HOST_SELECT_H

#include "algorithm.h"

/* An algorithm's answer to a problem. */
typedef struct tsr__offer {
    const tsr__algorithm *algorithm;
    tsr__problem whole;   /* with its layouts settled */
    const char *refusal;  /* NULL: it accepts, and the rest holds */
    tsr__problem problem; /* what the algorithm runs: the whole, or one of its parts */
    tsr__params params;
    uint64_t packed_bytes;    /* of weights in its form: plain ones where it does not pack */
    uint64_t workspace_bytes; /* under the options' packed_weights */
    uint64_t scaled_at;       /* where in the workspace weights are multiplied by scale, in bytes: all parts' */
    uint64_t packed_at;       /* where in the workspace weights are packed at every run, in bytes */

    /* The whole consists of so many equal parts, which lie one behind the other in the batch or in the channels. */
    int64_t parts;
    bool splits_channels;

    double tuned_ms, default_ms; /* of one run, where tuning data chose this; else 0 */
} tsr__offer;

/* The list that serves a device: the operator's for OpenCL or for the CPU path. Ends with NULL. */
const tsr__algorithm *const *tsr__algorithms_for(const tsr_device *device, const tsr__operator *op);

/* Asks one algorithm, whatever its family. Where the whole is beyond its indices, a buffer of the device or the
 * workspace limit, it is offered in parts; where no parts fit either, that is a refusal. */
void tsr__offer_from(const tsr__algorithm *algorithm, const tsr_device *device, const tsr__problem *problem,
                     const tsr_plan_options *options, tsr__offer *offer);

/* Brings the memory figures of an offer up to date with its params. */
void tsr__offer_measure(tsr__offer *offer, const tsr_plan_options *options);

/* The params worth trying for an accepted offer, its own first: at most `capacity`, answering how many. */
enum { TSR__MAX_CANDIDATES = 64 };
size_t tsr__offer_candidates(const tsr__offer *offer, const tsr_device *device, tsr__params *out, size_t capacity);

/* Gives an accepted offer other params, of its candidates; what they need of memory may now refuse it. */
void tsr__offer_take(tsr__offer *offer, const tsr__params *params, const tsr_device *device,
                     const tsr_plan_options *options);

/* Writes params as people read them: "vec16 q12 k2"; nothing where there are none. */
void tsr__params_format(const tsr__algorithm *algorithm, const tsr__params *params, tsr__text *text);

/* Whether the options admit an algorithm on a device: the named one alone, or those of the device's family, under
 * `strict` without the reference. */
bool tsr__admits(const tsr_plan_options *options, const tsr_device *device, const tsr__algorithm *algorithm);

/* Whether selection takes an offer that accepts at first: one that pays, and not the reference. Where there is none, it
 * takes the first that accepts. */
bool tsr__prefers(const tsr_device *device, const tsr__offer *offer);

/* Fails where options name an algorithm that is not in the list. */
tsr_status tsr__check_options(const tsr_plan_options *options, const tsr__algorithm *const *list);

/* What tsr_conv_explain() and its like answer. */
tsr_status tsr__explain(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options,
                        tsr_candidate *candidates, size_t capacity, size_t *count);

/* The failure of a plan for which nothing was chosen, with every refusal in its message. */
tsr_status tsr__nothing_chosen(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options);

#endif
