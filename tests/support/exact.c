#include "support/exact.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

exact_lab exact_lab_open(void)
{
    exact_lab lab = {.context = support_context()};
    REQUIRE(tsr_context_create("cpu", NULL, &lab.reference));
    return lab;
}

void exact_lab_close(exact_lab *lab)
{
    tsr_context_destroy(lab->context);
    tsr_context_destroy(lab->reference);
}

/* ---- Data ------------------------------------------------------------------------------------------------------ */

/* The host's side of a problem in certain layouts, which all algorithms share that run in them. */
typedef struct exact_data {
    bool made;
    tsr_layout x_layout, y_layout;
    float *x, *w, *bias, *expected;
} exact_data;

/* Runs the naive CPU path on the problem, in the same layouts. */
static void run_reference(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info, exact_data *d)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = TSR__REFERENCE;
    tsr_plan *plan = NULL;
    REQUIRE(tsr__plan_create(lab->reference, problem, &options, &plan));

    tsr_buffer *x = NULL, *w = NULL, *bias = NULL, *y = NULL;
    const uint64_t w_bytes = sizeof(float) * (uint64_t)problem->w_elements;
    d->expected = support_allocate(info->y_bytes);
    REQUIRE(tsr_buffer_wrap_host(lab->reference, d->x, info->x_bytes, &x));
    REQUIRE(tsr_buffer_wrap_host(lab->reference, d->expected, info->y_bytes, &y));
    if (d->w != NULL) REQUIRE(tsr_buffer_wrap_host(lab->reference, d->w, w_bytes, &w));
    if (d->bias != NULL) REQUIRE(tsr_buffer_wrap_host(lab->reference, d->bias, info->bias_bytes, &bias));
    const tsr_args args = {.x = x, .w = w, .bias = bias, .y = y};
    REQUIRE(tsr_plan_run(plan, &args));
    tsr_buffer_destroy(x);
    tsr_buffer_destroy(w);
    tsr_buffer_destroy(bias);
    tsr_buffer_destroy(y);
    tsr_plan_destroy(plan);
}

static void free_data(exact_data *d)
{
    free(d->x);
    free(d->w);
    free(d->bias);
    free(d->expected);
    *d = (exact_data){0};
}

/* Makes the data of a problem, unless `kept` has it already. */
static void keep_data(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info, exact_data *kept)
{
    if (kept->made && kept->x_layout == info->x.layout && kept->y_layout == info->y.layout) return;
    free_data(kept);
    support_random random = {.state = info->x_bytes * 31 + info->y_bytes};
    exact_data d = {
        .made = true, .x_layout = info->x.layout, .y_layout = info->y.layout, .x = support_tensor(&random, &info->x)};
    if (problem->w_elements > 0) d.w = support_floats(&random, sizeof(float) * (uint64_t)problem->w_elements);
    if (info->bias_bytes > 0) d.bias = support_floats(&random, info->bias_bytes);
    run_reference(lab, problem, info, &d);
    *kept = d;
}

/* ---- The device's side ----------------------------------------------------------------------------------------- */

enum { BUFFER_X, BUFFER_W, BUFFER_BIAS, BUFFER_Y, BUFFER_WORKSPACE, BUFFER_PACKED, BUFFERS };

static void create_buffers(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info,
                           const exact_data *d, bool packed, support_guarded buffers[BUFFERS])
{
    const uint64_t w_bytes = sizeof(float) * (uint64_t)problem->w_elements;
    buffers[BUFFER_X] = support_guarded_create(lab->context, d->x, info->x_bytes);
    buffers[BUFFER_W] = support_guarded_create(lab->context, d->w, w_bytes);
    buffers[BUFFER_BIAS] = support_guarded_create(lab->context, d->bias, info->bias_bytes);
    buffers[BUFFER_Y] = support_guarded_create(lab->context, NULL, info->y_bytes);
    buffers[BUFFER_WORKSPACE] = support_guarded_create(lab->context, NULL, info->workspace_bytes);
    buffers[BUFFER_PACKED] = support_guarded_create(lab->context, NULL, packed ? info->packed_bytes : 0);
}

static void run_plan(const tsr_plan *plan, bool packed, const support_guarded buffers[BUFFERS])
{
    const tsr_args args = {.x = buffers[BUFFER_X].buffer,
                           .w = buffers[packed ? BUFFER_PACKED : BUFFER_W].buffer,
                           .bias = buffers[BUFFER_BIAS].buffer,
                           .y = buffers[BUFFER_Y].buffer,
                           .workspace = buffers[BUFFER_WORKSPACE].buffer};
    if (packed)
        REQUIRE(
            tsr_plan_pack_enqueue(plan, buffers[BUFFER_W].buffer, buffers[BUFFER_PACKED].buffer, NULL, 0, NULL, NULL));
    REQUIRE(tsr_plan_run(plan, &args));
}

/* Whether a buffer still holds what it was given. */
static bool unchanged(const support_guarded *g, const float *data)
{
    if (g->bytes == 0) return true;
    void *now = support_allocate(g->bytes);
    REQUIRE(tsr_buffer_read(g->buffer, 0, now, g->bytes));
    const bool same = memcmp(now, data, g->bytes) == 0;
    free(now);
    return same;
}

static bool same_output(const tsr_plan_info *info, const support_guarded *y, const float *expected)
{
    float *got = support_allocate(y->bytes);
    REQUIRE(tsr_buffer_read(y->buffer, 0, got, y->bytes));
    const bool same = memcmp(got, expected, y->bytes) == 0;
    uint64_t i = 0;
    while (!same && memcmp(&got[i], &expected[i], sizeof *got) == 0) ++i;
    if (!same)
        printf("FAILED %s: y[%" PRIu64 "] is %.9g and must be %.9g\n", info->description, i, (double)got[i],
               (double)expected[i]);
    free(got);
    return same;
}

static bool verify(const tsr_plan_info *info, const exact_data *d, const support_guarded buffers[BUFFERS])
{
    static const char *const names[] = {"x", "w", "bias", "y", "workspace", "packed"};
    bool good = same_output(info, &buffers[BUFFER_Y], d->expected);
    for (int i = 0; i < BUFFERS; ++i)
        if (!support_guarded_intact(&buffers[i])) {
            printf("FAILED %s: bytes outside of %s were written\n", info->description, names[i]);
            good = false;
        }
    if (!unchanged(&buffers[BUFFER_X], d->x) || !unchanged(&buffers[BUFFER_W], d->w) ||
        !unchanged(&buffers[BUFFER_BIAS], d->bias)) {
        printf("FAILED %s: an input was written\n", info->description);
        good = false;
    }
    return good;
}

/* `kept` holds the data of the problem between calls. */
static void check(const exact_lab *lab, const tsr__offer *offer, bool packed_weights, exact_data *kept,
                  exact_tally *tally)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = packed_weights && offer->problem.w_elements > 0;
    tsr__offer mine = *offer;
    tsr__offer_measure(&mine, &options);
    tsr_plan *plan = NULL;
    REQUIRE(tsr__plan_from_offer(lab->context, &mine, &options, &plan));
    tsr_plan_info info;
    REQUIRE(tsr_plan_describe(plan, &info));

    keep_data(lab, &offer->problem, &info, kept);
    support_guarded buffers[BUFFERS];
    create_buffers(lab, &offer->problem, &info, kept, options.packed_weights, buffers);
    run_plan(plan, options.packed_weights, buffers);
    ++tally->ran;
    tally->failed += !verify(&info, kept, buffers);
    for (int i = 0; i < BUFFERS; ++i) support_guarded_destroy(&buffers[i]);
    tsr_plan_destroy(plan);
}

/* ---- All algorithms -------------------------------------------------------------------------------------------- */

static tsr__offer ask(const exact_lab *lab, const tsr__algorithm *algorithm, const tsr__problem *problem)
{
    const tsr_plan_options options = tsr_plan_options_default();
    tsr__offer offer;
    tsr__offer_from(algorithm, tsr_context_device(lab->context), problem, &options, &offer);
    return offer;
}

void exact_check_all(const exact_lab *lab, const tsr__problem *problem, bool packed, exact_tally *tallies)
{
    const tsr__algorithm *const *list = tsr__algorithms_for(tsr_context_device(lab->context), problem->op);
    exact_data kept = {0};
    for (size_t i = 0; list[i] != NULL; ++i) {
        const tsr__offer offer = ask(lab, list[i], problem);
        if (offer.refusal != NULL)
            ++tallies[i].refused;
        else
            check(lab, &offer, packed, &kept, &tallies[i]);
    }
    free_data(&kept);
}

void exact_check_candidates(const exact_lab *lab, const tsr__problem *problem, exact_tally *tallies)
{
    enum { MAX_CANDIDATES = 64 };
    exact_data kept = {0};
    const tsr__algorithm *const *list = tsr__algorithms_for(tsr_context_device(lab->context), problem->op);
    for (size_t i = 0; list[i] != NULL; ++i) {
        const tsr__algorithm *algorithm = list[i];
        tsr__offer offer = ask(lab, algorithm, problem);
        if (offer.refusal != NULL || algorithm->candidates == NULL) continue;
        tsr__params candidates[MAX_CANDIDATES];
        const size_t count =
            algorithm->candidates(tsr_context_device(lab->context), &offer.problem, candidates, MAX_CANDIDATES);
        for (size_t j = 0; j < 2 * count; ++j) {
            offer.params = candidates[j / 2];
            check(lab, &offer, j % 2 == 0, &kept, &tallies[i]);
        }
    }
    free_data(&kept);
}

int exact_report(const exact_lab *lab, const tsr__operator *op, const exact_tally *tallies, int least)
{
    const tsr__algorithm *const *list = tsr__algorithms_for(tsr_context_device(lab->context), op);
    int passed = 0, failed = 0, idle = 0;
    for (size_t i = 0; list[i] != NULL; ++i) {
        const exact_tally *t = &tallies[i];
        printf("%s/%s: %d ran, %d refused, %d failed\n", op->name, list[i]->name, t->ran, t->refused, t->failed);
        if (t->ran < least) printf("FAILED %s ran fewer than %d cases\n", list[i]->name, least);
        passed += t->ran - t->failed;
        failed += t->failed;
        idle += t->ran < least;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed + idle > 0;
}
