#include "tuned.h"

#include <string.h>

static const tsr__algorithm *find(const tsr_device *device, const tsr__operator *op, const char *name)
{
    const tsr__algorithm *const *a = tsr__algorithms_for(device, op);
    while (*a != NULL && strcmp((*a)->name, name) != 0) ++a;
    return *a;
}

/* Gives the offer the params that the text names; false where they are not among its candidates. */
static bool take_params(const tsr_device *device, const tsr_plan_options *options, const char *params,
                        tsr__offer *offer)
{
    tsr__params candidates[TSR__MAX_CANDIDATES];
    const size_t count = tsr__offer_candidates(offer, device, candidates, TSR__MAX_CANDIDATES);
    for (size_t i = 0; i < count; ++i) {
        char shown[TSR__TUNING_PARAMS];
        tsr__tuning_params(offer->algorithm, &candidates[i], shown);
        if (strcmp(shown, params) != 0) continue;
        tsr__offer_take(offer, &candidates[i], device, options);
        return true;
    }
    return false;
}

/* Makes the offer that a choice names, or tells why it does not serve. */
static const char *follow(const tsr__tuning_choice *choice, const tsr_device *device, const tsr__problem *problem,
                          const tsr_plan_options *options, tsr__offer *offer)
{
    const tsr__algorithm *algorithm = find(device, problem->op, choice->algorithm);
    if (algorithm == NULL) return "there is no such algorithm";
    if (!tsr__admits(options, device, algorithm)) return "the plan's options or the device do not admit the algorithm";
    tsr__offer_from(algorithm, device, problem, options, offer);
    if (offer->refusal == NULL && !take_params(device, options, choice->params, offer))
        return "its params are not among those that the algorithm may have";
    offer->tuned_ms = (double)choice->ns * 1e-6;
    offer->default_ms = (double)choice->default_ns * 1e-6;
    return offer->refusal;
}

tsr__tuned tsr__offer_tuned(tsr__tuning *tuning, const tsr_device *device, const tsr__problem *problem,
                            const tsr_plan_options *options, const tsr__log *log, tsr__offer *offer)
{
    if (tsr__tuning_is_empty(tuning)) return TSR__UNTUNED;
    char key[TSR__TUNING_KEY];
    tsr__tuning_choice choice;
    tsr__tuning_key(device, problem, options, key);
    for (size_t rank = 0; tsr__tuning_get(tuning, key, rank, &choice); ++rank) {
        tsr__offer followed;
        const char *reason = follow(&choice, device, problem, options, &followed);
        if (reason == NULL) {
            *offer = followed;
            tsr__log_write(log, TSR_LOG_DEBUG, "tuning data: %s/%s %s", problem->op->name, choice.algorithm,
                           choice.params);
            return tsr__tuning_finished(&choice) ? TSR__TUNED : TSR__TUNED_IN_PART;
        }
        tsr__log_write(log, TSR_LOG_DEBUG, "tuning data is passed over: %s/%s %s: %s", problem->op->name,
                       choice.algorithm, choice.params, reason);
    }
    return TSR__UNTUNED;
}
