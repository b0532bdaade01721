#include "support/exact.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/element.h"
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

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

/* The tensors of a run: inputs, then what is written. */
enum { X, W, SCALE, BIAS, RESIDUAL, SLOPE, INDICES_READ, INPUTS, Y = INPUTS, INDICES, TENSORS };

static const char *const names[TENSORS] = {"x", "w", "scale", "bias", "residual", "slope", "indices", "y", "indices"};

/* The bytes of each tensor, 0 where the problem has none, with plain weights. */
static void list_bytes(const tsr__problem *p, const tsr_plan_info *info, uint64_t bytes[TENSORS])
{
    const bool reads_indices = !p->op->has_window;
    const uint64_t w_bytes = tsr_dtype_bytes(p->x.dtype) * (uint64_t)p->w_elements;
    const uint64_t all[TENSORS] = {info->x_bytes,
                                   w_bytes,
                                   info->scale_bytes,
                                   info->bias_bytes,
                                   info->residual_bytes,
                                   info->slope_bytes,
                                   reads_indices ? info->indices_bytes : 0,
                                   info->y_bytes,
                                   reads_indices ? 0 : info->indices_bytes};
    memcpy(bytes, all, sizeof all);
}

static uint64_t element_bytes(const tsr__problem *p, int tensor)
{
    if (tensor == INDICES || tensor == INDICES_READ) return tsr__index_bytes(p) == 0 ? 1 : tsr__index_bytes(p);
    return tsr_dtype_bytes(tensor == Y ? p->y.dtype : p->x.dtype);
}

/* The host's side of a problem with certain layouts, which all algorithms share that run in them. */
typedef struct exact_data {
    bool made;
    tsr_layout x_layout, y_layout;
    void *tensor[TENSORS]; /* what is written: as expected */
} exact_data;

static void free_data(exact_data *d)
{
    for (int i = 0; i < TENSORS; ++i) free(d->tensor[i]);
    *d = (exact_data){0};
}

/* Indices of an unpooling: mostly inside of the plane, some twice, a few outside. */
static void *make_indices(support_random *random, const tsr__problem *p, uint64_t bytes)
{
    void *data = support_allocate(bytes);
    const int64_t count = (int64_t)(bytes / tsr__index_bytes(p)), plane = tsr__tensor_plane(&p->y);
    for (int64_t i = 0; i < count; ++i)
        tsr__store_index(p->indices, data, i, support_random_int(random, -1, (int)plane));
    return data;
}

static void *make_input(support_random *random, const tsr__problem *p, int tensor, uint64_t bytes)
{
    if (tensor == X) return support_tensor(random, &p->x);
    if (tensor == RESIDUAL) return support_tensor(random, &p->residual);
    if (tensor == INDICES_READ) return make_indices(random, p, bytes);
    return support_numbers(random, p->x.dtype, bytes, -3);
}

/* ---- The reference --------------------------------------------------------------------------------------------- */

static tsr_args make_args(tsr_buffer *const buffer[TENSORS])
{
    return (tsr_args){.x = buffer[X],
                      .w = buffer[W],
                      .scale = buffer[SCALE],
                      .bias = buffer[BIAS],
                      .residual = buffer[RESIDUAL],
                      .slope = buffer[SLOPE],
                      .y = buffer[Y],
                      .indices = buffer[buffer[INDICES] != NULL ? INDICES : INDICES_READ]};
}

/* Runs the naive CPU path on the problem, in the same layouts. */
static void run_reference(const exact_lab *lab, const tsr__problem *problem, const uint64_t bytes[TENSORS],
                          exact_data *d)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = TSR__REFERENCE;
    tsr__problem mine = *problem;
    mine.half_sums = false; /* on this data both are exact */
    tsr_plan *plan = NULL;
    REQUIRE(tsr__plan_create(lab->reference, &mine, &options, &plan));
    tsr_buffer *buffer[TENSORS] = {NULL};
    for (int i = 0; i < TENSORS; ++i)
        if (bytes[i] > 0) REQUIRE(tsr_buffer_wrap_host(lab->reference, d->tensor[i], bytes[i], &buffer[i]));
    const tsr_args args = make_args(buffer);
    REQUIRE(tsr_plan_run(plan, &args));
    for (int i = 0; i < TENSORS; ++i) tsr_buffer_destroy(buffer[i]);
    tsr_plan_destroy(plan);
}

/* Makes the data of a problem, unless `kept` has it already. */
static void keep_data(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info, exact_data *kept)
{
    if (kept->made && kept->x_layout == info->x.layout && kept->y_layout == info->y.layout) return;
    free_data(kept);
    support_random random = {.state = info->x_bytes * 31 + info->y_bytes};
    exact_data d = {.made = true, .x_layout = info->x.layout, .y_layout = info->y.layout};
    uint64_t bytes[TENSORS];
    list_bytes(problem, info, bytes);
    for (int i = 0; i < TENSORS; ++i) {
        if (bytes[i] == 0) continue;
        d.tensor[i] = i < INPUTS ? make_input(&random, problem, i, bytes[i]) : support_allocate(bytes[i]);
        if (i >= INPUTS) memset(d.tensor[i], SUPPORT_POISON, bytes[i]);
    }
    run_reference(lab, problem, bytes, &d);
    *kept = d;
}

/* ---- The device's side ----------------------------------------------------------------------------------------- */

/* The memory of a run: the tensors, then what the plan wants besides. */
enum { WORKSPACE = TENSORS, PACKED, BUFFERS };

static support_guarded create_buffer(const exact_lab *lab, const void *data, uint64_t bytes, uint64_t element)
{
    if (lab->bare) return support_bare_create(lab->context, data, bytes);
    return support_guarded_create(lab->context, data, bytes, element);
}

static void create_buffers(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info,
                           const exact_data *d, bool packed, support_guarded buffers[BUFFERS])
{
    uint64_t bytes[TENSORS];
    const uint64_t inner = tsr__slot_element_bytes(problem, TSR__WORKSPACE);
    list_bytes(problem, info, bytes);
    for (int i = 0; i < TENSORS; ++i)
        buffers[i] = create_buffer(lab, i < INPUTS ? d->tensor[i] : NULL, bytes[i], element_bytes(problem, i));
    buffers[WORKSPACE] = create_buffer(lab, NULL, info->workspace_bytes, inner);
    buffers[PACKED] = create_buffer(lab, NULL, packed ? info->packed_bytes : 0, inner);
}

static void run_plan(const tsr_plan *plan, bool packed, const support_guarded buffers[BUFFERS])
{
    tsr_buffer *buffer[TENSORS];
    for (int i = 0; i < TENSORS; ++i) buffer[i] = buffers[i].buffer;
    tsr_args args = make_args(buffer);
    args.workspace = buffers[WORKSPACE].buffer;
    if (packed) {
        args.w = buffers[PACKED].buffer;
        REQUIRE(tsr_plan_pack_enqueue(plan, buffer[W], buffers[PACKED].buffer, NULL, 0, NULL, NULL));
    }
    REQUIRE(tsr_plan_run(plan, &args));
}

/* How far y may lie from what is expected: 0 but for an algorithm that rounds, whose bound is `error` times the number
 * of products in a sum and the largest of both factors. Scale and slope may make it larger; other activations do
 * not. */
static double tolerance(const tsr__algorithm *algorithm, const tsr__problem *p)
{
    enum { LARGEST = 3 };
    if (algorithm->error == 0.0) return 0.0;
    const double sums = algorithm->error * (double)(tsr__group_c(p) * tsr__taps(p)) * LARGEST * LARGEST;
    return sums * (p->scale ? LARGEST : 1) * (p->activation == TSR_ACTIVATION_PRELU ? LARGEST : 1);
}

/* What an output may differ in from what is expected. */
typedef struct leeway {
    double error;
    bool signless_zeros;
} leeway;

/* The first element that is not what it must be, or the number of elements. Halves are rounded once more. */
static uint64_t first_difference(const void *now, const void *data, uint64_t bytes, uint64_t element, tsr_dtype dtype,
                                 leeway allowed)
{
    const double half_step = dtype == TSR_F16 ? 1.0 / 2048 : 0.0;
    uint64_t i = 0;
    for (; i < bytes / element; ++i) {
        const uint64_t at = i * element;
        if (memcmp((const char *)now + at, (const char *)data + at, element) == 0) continue;
        if (allowed.error == 0.0 && !allowed.signless_zeros) break;
        const double expected = tsr__load(dtype, data, (int64_t)i), is = tsr__load(dtype, now, (int64_t)i);
        if (allowed.signless_zeros && is == 0.0 && expected == 0.0) continue;
        if (allowed.error == 0.0) break;
        if (!(fabs(is - expected) <= allowed.error + half_step * fabs(expected))) break;
    }
    return i;
}

/* Whether a buffer holds what it must; a first difference is told. `allowed` is for y alone. */
static bool holds(const tsr_plan_info *info, const support_guarded *g, const unsigned char *data, const char *name,
                  uint64_t element, leeway allowed)
{
    if (g->bytes == 0) return true;
    unsigned char *now = support_allocate(g->bytes);
    REQUIRE(tsr_buffer_read(g->buffer, 0, now, g->bytes));
    const uint64_t i = element * first_difference(now, data, g->bytes, element, info->y.dtype, allowed);
    const bool same = i == g->bytes;
    if (!same) {
        printf("FAILED %s: %s[%" PRIu64 "] is", info->description, name, i / element);
        for (int side = 0; side < 2; ++side) {
            const void *at = (side == 0 ? now : data) + i / element * element;
            float value = 0.0f;
            if (element == sizeof value) memcpy(&value, at, sizeof value);
            printf(" %.9g (0x", (double)value);
            for (uint64_t byte = element; byte-- > 0;) printf("%02x", ((const unsigned char *)at)[byte]);
            printf(")%s", side == 0 ? " and must be" : "\n");
        }
    }
    free(now);
    return same;
}

static bool verify(const exact_lab *lab, const tsr__offer *offer, const tsr_plan_info *info, const exact_data *d,
                   const support_guarded buffers[BUFFERS])
{
    const tsr__problem *problem = &offer->whole;
    bool good = true;
    for (int i = 0; i < TENSORS; ++i) {
        leeway allowed = {0};
        if (i == Y) allowed = (leeway){tolerance(offer->algorithm, problem), lab->signless_zeros};
        good = holds(info, &buffers[i], d->tensor[i], names[i], element_bytes(problem, i), allowed) && good;
    }
    for (int i = 0; i < BUFFERS; ++i)
        if (!support_guarded_intact(&buffers[i])) {
            const char *name = i < TENSORS ? names[i] : i == WORKSPACE ? "workspace" : "packed";
            printf("FAILED %s: bytes outside of %s were written\n", info->description, name);
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

    keep_data(lab, &offer->whole, &info, kept);
    support_guarded buffers[BUFFERS];
    create_buffers(lab, &offer->whole, &info, kept, options.packed_weights, buffers);
    run_plan(plan, options.packed_weights, buffers);
    ++tally->ran;
    tally->failed += !verify(lab, offer, &info, kept, buffers);
    for (int i = 0; i < BUFFERS; ++i) support_guarded_destroy(&buffers[i]);
    tsr_plan_destroy(plan);
}

/* ---- All algorithms -------------------------------------------------------------------------------------------- */

static bool takes_part(const exact_lab *lab, const tsr__algorithm *algorithm)
{
    return lab->family == TSR__ANY_FAMILY || algorithm->family == lab->family;
}

static tsr__offer ask(const exact_lab *lab, const tsr__algorithm *algorithm, const tsr__problem *problem,
                      uint64_t workspace_limit)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.workspace_limit_bytes = workspace_limit;
    tsr__offer offer;
    tsr__offer_from(algorithm, tsr_context_device(lab->context), problem, &options, &offer);
    return offer;
}

void exact_check_all(const exact_lab *lab, const tsr__problem *problem, bool packed, exact_tally *tallies)
{
    exact_check_within(lab, problem, packed, UINT64_MAX, tallies);
}

/* Whether a text is one of those that features are refused with. */
static bool is_a_features_text(const char *text)
{
    for (int feature = 0; feature < TSR__FEATURES; ++feature)
        if (strcmp(text, tsr__refuse_features(UINT32_C(1) << feature, 0)) == 0) return true;
    return false;
}

/* Counts the features of a case, and fails it where the answer is not what the algorithm's features promise. */
static void judge_features(const tsr__offer *offer, exact_tally *tally)
{
    const uint32_t needed = tsr__problem_features(offer->parts > 1 ? &offer->problem : &offer->whole);
    const char *wanted = tsr__refuse_features(needed, offer->algorithm->features);
    const bool refused = offer->refusal != NULL && is_a_features_text(offer->refusal);
    if (wanted == NULL ? refused : !refused || strcmp(offer->refusal, wanted) != 0) {
        char shown[512];
        tsr__text text = tsr__text_over(shown, sizeof shown);
        offer->whole.op->format(&offer->whole, &text);
        printf("FAILED %s: %s answers \"%s\" and must \"%s\"\n", shown, offer->algorithm->name,
               offer->refusal == NULL ? "" : offer->refusal, wanted == NULL ? "" : wanted);
        ++tally->failed;
    }
    for (int feature = 0; feature < TSR__FEATURES; ++feature) {
        const bool is_first = wanted != NULL && strcmp(wanted, tsr__refuse_features(UINT32_C(1) << feature, 0)) == 0;
        const bool needs = needed >> feature & 1;
        tally->ran_with[feature] += needs && offer->refusal == NULL;
        tally->refused_with[feature] += needs && offer->refusal != NULL;
        tally->refused_for[feature] += is_first;
    }
}

void exact_check_within(const exact_lab *lab, const tsr__problem *problem, bool packed, uint64_t workspace_limit,
                        exact_tally *tallies)
{
    const tsr__algorithm *const *list = tsr__algorithms_for(tsr_context_device(lab->context), problem->op);
    exact_data kept = {0};
    for (size_t i = 0; list[i] != NULL; ++i) {
        if (!takes_part(lab, list[i])) continue;
        const tsr__offer offer = ask(lab, list[i], problem, workspace_limit);
        judge_features(&offer, &tallies[i]);
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
        tsr__offer offer = ask(lab, algorithm, problem, UINT64_MAX);
        if (!takes_part(lab, algorithm) || offer.refusal != NULL || algorithm->candidates == NULL) continue;
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
        if (!takes_part(lab, list[i])) continue;
        printf("%s/%s: %d ran, %d refused, %d failed\n", op->name, list[i]->name, t->ran, t->refused, t->failed);
        if (t->ran < least) printf("FAILED %s ran fewer than %d cases\n", list[i]->name, least);
        passed += t->ran - t->failed;
        failed += t->failed;
        idle += t->ran < least;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed + idle > 0;
}

/* ---- Features -------------------------------------------------------------------------------------------------- */

/* What no case can ask of a device: types that it does not compute with. */
static uint32_t impossible(const tsr_device *device)
{
    return (device->fp64 ? 0 : TSR__F64_BIT) | (device->fp16 ? 0 : TSR__HALF_SUMS_BIT);
}

/* The features that an algorithm lacks and never refuses in their own words, because whatever needs them needs another
 * one that it lacks too, whose words come first. */
static uint32_t hidden(uint32_t features)
{
    const uint32_t layouts = features & (TSR__BLOCKED_BIT | TSR__NHWC_BIT | TSR__PLAIN_BIT);
    const bool one_layout = layouts == TSR__NHWC_BIT || layouts == TSR__PLAIN_BIT; /* blocked ones are several */
    return (features & TSR__F16_BIT ? 0 : TSR__HALF_SUMS_BIT) | (one_layout ? TSR__MIXED_BIT : 0);
}

/* How many cases show what an algorithm does with a feature. */
static int shown_by(const tsr__algorithm *algorithm, int feature, const exact_tally *tally)
{
    if (algorithm->features >> feature & 1) return tally->ran_with[feature];
    return hidden(algorithm->features) >> feature & 1 ? tally->refused_with[feature] : tally->refused_for[feature];
}

int exact_report_features(const exact_lab *lab, const tsr__operator *op, const exact_tally *tallies, uint32_t askable)
{
    const tsr_device *device = tsr_context_device(lab->context);
    const tsr__algorithm *const *list = tsr__algorithms_for(device, op);
    const uint32_t asked = askable & ~impossible(device);
    int shown = 0, missing = 0;
    for (size_t i = 0; list[i] != NULL; ++i)
        for (int feature = 0; feature < TSR__FEATURES; ++feature) {
            if (!(asked >> feature & 1)) continue;
            ++*(shown_by(list[i], feature, &tallies[i]) > 0 ? &shown : &missing);
            if (shown_by(list[i], feature, &tallies[i]) > 0) continue;
            const bool has = list[i]->features >> feature & 1;
            printf("FAILED %s/%s %s \"%s\", and no case %s\n", op->name, list[i]->name, has ? "has" : "lacks",
                   tsr__feature_title(feature), has ? "ran with it" : "was refused for want of it");
        }
    printf("%s: %d pairs of an algorithm and a feature shown, %d not\n", op->name, shown, missing);
    return missing > 0;
}
