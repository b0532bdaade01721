#include "tuner.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "plan_internal.h"

typedef struct tuner {
    tsr_context *context;
    const tsr_plan_options *options;
    char key[TSR__TUNING_KEY];
    double deadline;                /* on tsr__clock_ms() */
    tsr_buffer *memory[TSR__SLOTS]; /* of the runs, shared by all candidates: it grows to what the largest needs */
    uint32_t tried;
} tuner;

/* A candidate with what it takes to run it. */
typedef struct entrant {
    tsr__offer offer;
    tsr_plan *plan; /* NULL: it could not be made */
    int batch;      /* runs that are waited for together */
} entrant;

static bool out_of_time(const tuner *t)
{
    return tsr__clock_ms() >= t->deadline;
}

/* ---- Memory ---------------------------------------------------------------------------------------------------- */

/* Small positive numbers in every type: zero pages that nobody wrote would be read faster than memory, and denormal
 * numbers be added slower than others. */
enum { FILL = 0x3c, CHUNK = 1 << 20 };

static tsr_status fit(tsr_context *context, uint64_t bytes, tsr_buffer **buffer)
{
    if (bytes <= tsr_buffer_bytes(*buffer)) return TSR_OK;
    tsr_buffer_destroy(*buffer);
    *buffer = NULL;
    void *chunk = malloc(CHUNK);
    if (chunk == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%d bytes to fill a buffer with", CHUNK);
    memset(chunk, FILL, CHUNK);
    tsr_status status = tsr_buffer_create(context, bytes, buffer);
    for (uint64_t at = 0; at < bytes && status == TSR_OK; at += CHUNK)
        status = tsr_buffer_write(*buffer, at, chunk, bytes - at < CHUNK ? bytes - at : CHUNK);
    free(chunk);
    return status;
}

static tsr_status fit_all(tuner *t, const tsr_plan *plan)
{
    for (const tsr__operand *o = plan->offer.whole.op->operands; o->name != NULL; ++o)
        TSR__TRY(fit(t->context, tsr__plan_needs(plan, o), &t->memory[o->slot]));
    return fit(t->context, plan->info.workspace_bytes, &t->memory[TSR__WORKSPACE]);
}

/* ---- Timing ---------------------------------------------------------------------------------------------------- */

/* Milliseconds of one run, in a batch that is waited for once. */
static tsr_status time_batch(const tuner *t, const entrant *e, int count, double *ms)
{
    tsr_args args = {.workspace = t->memory[TSR__WORKSPACE]};
    for (const tsr__operand *o = e->plan->offer.whole.op->operands; o->name != NULL; ++o)
        tsr__operand_give(o, &args, t->memory[o->slot]);
    const double start = tsr__clock_ms();
    for (int i = 0; i < count; ++i) TSR__TRY(tsr_plan_enqueue(e->plan, &args, NULL, 0, NULL, NULL));
    TSR__TRY(tsr_context_finish(t->context));
    *ms = (tsr__clock_ms() - start) / count;
    return TSR_OK;
}

/* Warms up, and finds how many runs make a batch that is long for the clock and short beside the time for which another
 * process may have the processor. */
static tsr_status find_batch(const tuner *t, entrant *e)
{
    enum { MAX_BATCH = 1024 };
    const double batch_ms = 2.0;
    double ms = 0.0;
    TSR__TRY(time_batch(t, e, 1, &ms)); /* lazy compilation */
    TSR__TRY(time_batch(t, e, 1, &ms));
    e->batch = ms * MAX_BATCH < batch_ms ? MAX_BATCH : ms >= batch_ms ? 1 : (int)(batch_ms / ms);
    return TSR_OK;
}

static int by_value(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Two entrants measured in turn, so that a moment in which the machine does something else spoils a round of both and
 * not their comparison. */
typedef struct duel {
    double ms[2]; /* medians */
    double ratio; /* the second's time over the first's: the larger of the median over the rounds and that of the best
                     rounds, so that one must be better in both to count as better */
    int rounds;   /* 0: the time was up before the first */
} duel;

enum { FEW_ROUNDS = 15, MANY_ROUNDS = 41 };

/* Slower by half in every round so far, of which there are a few: a single one may be bad luck. */
static bool is_hopeless(const double *ratios, int count)
{
    const double hopeless = 1.5;
    int bad = 0;
    while (bad < count && ratios[bad] > hopeless) ++bad;
    return count >= FEW_ROUNDS / 3 && bad == count;
}

/* At most so many rounds, and at least so many, whatever the time. */
static tsr_status fight(const tuner *t, const entrant *first, const entrant *second, int least, int most, duel *result)
{
    double ms[2][MANY_ROUNDS], ratios[MANY_ROUNDS];
    int count = 0;
    while (count < least || (count < most && !is_hopeless(ratios, count) && !out_of_time(t))) {
        TSR__TRY(time_batch(t, first, first->batch, &ms[0][count]));
        TSR__TRY(time_batch(t, second, second->batch, &ms[1][count]));
        ratios[count] = ms[1][count] / ms[0][count];
        ++count;
    }
    *result = (duel){.rounds = count};
    if (count == 0) return TSR_OK;
    qsort(ratios, (size_t)count, sizeof ratios[0], by_value);
    for (int i = 0; i < 2; ++i) {
        qsort(ms[i], (size_t)count, sizeof ms[i][0], by_value);
        result->ms[i] = ms[i][count / 2];
    }
    const double best = ms[1][0] / ms[0][0], middle = ratios[count / 2];
    result->ratio = best > middle ? best : middle;
    return TSR_OK;
}

/* ---- Candidates ------------------------------------------------------------------------------------------------ */

static void name_params(const tsr__offer *offer, tsr__tuning_choice *choice)
{
    *choice = (tsr__tuning_choice){.broken = true};
    tsr__text text = tsr__text_over(choice->algorithm, sizeof choice->algorithm);
    tsr__text_add(&text, "%s", offer->algorithm->name);
    tsr__tuning_params(offer->algorithm, &offer->params, choice->params);
}

/* Makes a candidate ready to run. One that does not build, now or as recorded, or finds no memory is left without a
 * plan. */
static tsr_status open_entrant(tuner *t, const tsr__offer *offer, entrant *e)
{
    tsr__tuning_choice choice;
    *e = (entrant){.offer = *offer};
    name_params(offer, &choice);
    if (tsr__tuning_is_broken(&t->context->tuning, t->key, choice.algorithm, choice.params)) return TSR_OK;
    tsr_status status = tsr__plan_from_offer(t->context, offer, t->options, &e->plan);
    if (status == TSR_BUILD_FAILED) return tsr__tuning_remember(&t->context->tuning, t->key, &choice, NULL);
    if (status == TSR_OK) status = fit_all(t, e->plan);
    if (status == TSR_OK) status = find_batch(t, e);
    if (status == TSR_OK) return TSR_OK;
    tsr_plan_destroy(e->plan);
    e->plan = NULL;
    return status == TSR_OUT_OF_MEMORY ? TSR_OK : status;
}

/* The slow reference is no candidate where another algorithm accepts. */
static bool is_worth_trying(const tsr__algorithm *algorithm, size_t found)
{
    return found == 0 || strcmp(algorithm->name, TSR__REFERENCE) != 0;
}

/* Lists the offers to compare, the default first; to be freed. `options` may name no algorithm to count all of them. */
static tsr_status list_offers(const tuner *t, const tsr__problem *problem, const tsr_plan_options *options,
                              tsr__offer **offers, size_t *count)
{
    const tsr_device *device = &t->context->device;
    size_t preferred = SIZE_MAX;
    *offers = NULL;
    *count = 0;
    for (const tsr__algorithm *const *a = tsr__algorithms_for(device, problem->op); *a != NULL; ++a) {
        tsr__offer offer;
        if (!tsr__admits(options, device, *a) || !is_worth_trying(*a, *count)) continue;
        tsr__offer_from(*a, device, problem, options, &offer);
        if (offer.refusal != NULL) continue;
        tsr__params params[TSR__MAX_CANDIDATES];
        const size_t candidates = tsr__offer_candidates(&offer, device, params, TSR__MAX_CANDIDATES);
        tsr__offer *more = realloc(*offers, (*count + candidates) * sizeof *more);
        if (more == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "a list of %zu candidates", *count + candidates);
        *offers = more;
        if (preferred == SIZE_MAX && tsr__prefers(device, &offer)) preferred = *count;
        for (size_t i = 0; i < candidates; ++i) {
            tsr__offer_take(&offer, &params[i], device, options);
            if (offer.refusal == NULL) (*offers)[(*count)++] = offer;
        }
    }
    if (preferred < *count) {
        const tsr__offer first = (*offers)[0];
        (*offers)[0] = (*offers)[preferred];
        (*offers)[preferred] = first;
    }
    return TSR_OK;
}

/* What is known as the best comes behind the default, so that a search that runs out of time does not lose it. */
static void put_known_second(const tuner *t, tsr__offer *offers, size_t count)
{
    tsr__tuning_choice known, mine;
    if (!tsr__tuning_get(&t->context->tuning, t->key, 0, &known)) return;
    for (size_t i = 2; i < count; ++i) {
        name_params(&offers[i], &mine);
        if (strcmp(mine.algorithm, known.algorithm) != 0 || strcmp(mine.params, known.params) != 0) continue;
        const tsr__offer second = offers[1];
        offers[1] = offers[i];
        offers[i] = second;
        return;
    }
}

/* ---- The search ------------------------------------------------------------------------------------------------ */

/* Measures candidates against the best so far, which begins as the default. */
static tsr_status find_best(tuner *t, const tsr__offer *offers, size_t count, entrant *first, entrant *best)
{
    for (size_t i = 0; i < count && !out_of_time(t); ++i) {
        entrant challenger;
        TSR__TRY(open_entrant(t, &offers[i], &challenger));
        if (challenger.plan == NULL) {
            ++t->tried;
            continue;
        }
        if (first->plan == NULL) {
            *first = *best = challenger;
            ++t->tried;
            continue;
        }
        duel result;
        const tsr_status status = fight(t, best, &challenger, 0, FEW_ROUNDS, &result);
        const bool won = status == TSR_OK && result.rounds > 0 && result.ratio < 1.0;
        if (status == TSR_OK && result.rounds > 0) {
            ++t->tried;
            tsr__log_write(&t->context->log, TSR_LOG_DEBUG, "tuning: %.4f ms, %.3f of the best before: %s",
                           result.ms[1], result.ratio, challenger.plan->description);
        }
        entrant *loser = won ? best : &challenger;
        if (loser->plan != first->plan) tsr_plan_destroy(loser->plan);
        if (won) *best = challenger;
        TSR__TRY(status);
    }
    return TSR_OK;
}

/* The default and the best once more, longer: a default that is as good stays. */
static tsr_status record(const tuner *t, const entrant *first, const entrant *best, uint32_t legal)
{
    const double clearly = 0.98;
    tsr__tuning_choice choice;
    duel final;
    if (first->plan == NULL || (t->tried == 1 && legal > 1)) return TSR_OK;
    TSR__TRY(fight(t, first, best, FEW_ROUNDS, MANY_ROUNDS, &final));
    const bool won = best->plan != first->plan && final.ratio < clearly;
    name_params(won ? &best->offer : &first->offer, &choice);
    choice.broken = false;
    choice.default_ns = (uint64_t)(final.ms[0] * 1e6) + 1;
    choice.ns = won ? (uint64_t)(final.ms[0] * final.ratio * 1e6) + 1 : choice.default_ns;
    choice.tried = t->tried;
    choice.legal = legal;
    return tsr__tuning_remember(&t->context->tuning, t->key, &choice, t->options->algorithm);
}

static tsr_status search(tuner *t, const tsr__offer *offers, size_t count, size_t legal)
{
    entrant first = {.plan = NULL}, best = {.plan = NULL};
    tsr_status status = find_best(t, offers, count, &first, &best);
    if (status == TSR_OK) status = record(t, &first, &best, (uint32_t)legal);
    if (best.plan != first.plan) tsr_plan_destroy(best.plan);
    tsr_plan_destroy(first.plan);
    for (int slot = 0; slot < TSR__SLOTS; ++slot) tsr_buffer_destroy(t->memory[slot]);
    return status;
}

tsr_status tsr__tune(tsr_context *context, const tsr__problem *problem, const tsr_plan_options *options)
{
    tuner t = {.context = context, .options = options, .deadline = tsr__clock_ms() + options->tune_ms};
    tsr_plan_options all = *options;
    all.algorithm = NULL;
    tsr__offer *offers = NULL, *unused = NULL;
    size_t count = 0, legal = 0;
    tsr__tuning_key(&context->device, problem, options, t.key);
    tsr_status status = list_offers(&t, problem, options, &offers, &count);
    if (status == TSR_OK) status = list_offers(&t, problem, &all, &unused, &legal);
    if (status == TSR_OK) put_known_second(&t, offers, count);
    if (status == TSR_OK) status = search(&t, offers, count, legal > count ? legal : count);
    free(offers);
    free(unused);
    return status;
}
