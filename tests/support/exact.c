#include "support/exact.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conv/conv.h"
#include "cpu/pooling.h"
#include "device.h"
#include "pool_backward/pool_backward.h"
#include "support/support.h"

exact_lab exact_lab_open(uint32_t shares)
{
    const char *share = getenv("TESSERA_TEST_SHARE");
    assert(shares >= 1 && shares <= EXACT_SHARES);
    exact_lab lab = {.context = support_context(),
                     .only = getenv("TESSERA_TEST_ALGORITHM"),
                     .without_gpu = getenv("TESSERA_TEST_WITHOUT_GPU") != NULL,
                     .share = share == NULL ? -1 : share[0] - '0',
                     .shares = shares};
    if (share != NULL && (lab.share < 0 || lab.share >= EXACT_SHARES || share[1] != '\0')) {
        printf("FAILED TESSERA_TEST_SHARE is \"%s\"; expected 0 to %d\n", share, EXACT_SHARES - 1);
        exit(EXIT_FAILURE);
    }
    REQUIRE(tsr_context_create("cpu", NULL, &lab.reference));
    return lab;
}

void exact_lab_close(exact_lab *lab)
{
    tsr_context_destroy(lab->context);
    tsr_context_destroy(lab->reference);
}

/* ---- Tensors --------------------------------------------------------------------------------------------------- */

static uint64_t element_bytes(const tsr__problem *p, tsr__slot slot)
{
    const uint64_t bytes = tsr__slot_element_bytes(p, slot);
    return bytes == 0 ? 1 : bytes; /* of indices that a problem has not */
}

/* The host's side of a problem with certain layouts, which all algorithms share that run in them. */
typedef struct exact_data {
    bool made;
    tsr_layout x_layout, y_layout;
    void *tensor[TSR__SLOTS]; /* what is written: as expected */
    void *before[TSR__SLOTS]; /* what is added to; else NULL  */
} exact_data;

static void free_data(exact_data *d)
{
    for (int i = 0; i < TSR__SLOTS; ++i) {
        free(d->tensor[i]);
        free(d->before[i]);
    }
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

/* Small integers, but where exact quotients want others: an average's dy is divisible by all small counts, and a norm's
 * y is a power of two. */
static void *make_y(support_random *random, const tsr__problem *p, tsr__slot slot)
{
    enum { COMMON_MULTIPLE = 2520 };
    void *data = support_tensor(random, &p->y);
    const bool averages = p->op == &tsr__pool_backward && p->pool_kind != TSR_POOL_MAX;
    if (!averages) return data;
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < p->y.c; ++c)
            for (int64_t i = 0; i < tsr__tensor_plane(&p->y); ++i) {
                const int64_t *size = p->y.size, d = i / (size[TSR_H] * size[TSR_W]);
                const int64_t at = tsr__tensor_at(&p->y, n, c, d, i / size[TSR_W] % size[TSR_H], i % size[TSR_W]);
                const double v = tsr__load(p->y.dtype, data, at);
                if (p->pool_kind == TSR_POOL_LP)
                    tsr__store(p->y.dtype, data, at, slot == TSR__DY ? v : v < 0.0 ? 1.0 : v == 3.0 ? 4.0 : v);
                else
                    tsr__store(p->y.dtype, data, at, v * COMMON_MULTIPLE);
            }
    return data;
}

/* Indices of a pooling: of any element of each window, or of none where that lies in the padding; and a few that point
 * anywhere, which outside of the window are passed over. */
static void *make_places(support_random *random, const tsr__problem *p, uint64_t bytes)
{
    const tsr__window *w = &p->window;
    void *data = support_allocate(bytes);
    for (int64_t n = 0; n < p->y.n; ++n)
        for (int64_t c = 0; c < p->y.c; ++c)
            for (int64_t i = 0; i < tsr__tensor_plane(&p->y); ++i) {
                const int64_t *size = p->y.size;
                const int64_t out[TSR_AXES] = {i / (size[TSR_H] * size[TSR_W]), i / size[TSR_W] % size[TSR_H],
                                               i % size[TSR_W]};
                const bool strays = support_random_int(random, 0, 7) == 0;
                tsr__findings f = {.any = true};
                for (int axis = 0; axis < TSR_AXES; ++axis) {
                    const int64_t taps = tsr__window_taps(w, axis, out[axis]);
                    f.at[axis] = strays
                                     ? support_random_int(random, 0, (int)p->x.size[axis] - 1)
                                     : tsr__window_at(w, axis, out[axis], support_random_int(random, 0, (int)taps - 1));
                }
                f.any = tsr__window_inside(w, f.at[TSR_D], f.at[TSR_H], f.at[TSR_W]);
                const int64_t at = tsr__tensor_at(&p->y, n, c, out[TSR_D], out[TSR_H], out[TSR_W]);
                tsr__store_index(p->indices, data, at, tsr__index_of(p, &f, n, c));
            }
    return data;
}

static void *make_input(support_random *random, const tsr__problem *p, tsr__slot slot)
{
    const uint64_t bytes = tsr__slot_bytes(p, slot);
    switch (slot) {
    case TSR__X:
        return support_tensor(random, &p->x);
    case TSR__Y:
    case TSR__DY:
    case TSR__DV:
        return make_y(random, p, slot);
    case TSR__RESIDUAL:
        return support_tensor(random, &p->residual);
    case TSR__INDICES:
        return (p->op->has_window ? make_places : make_indices)(random, p, bytes);
    default:
        return support_numbers(random, p->x.dtype, bytes, -3);
    }
}

/* ---- The reference --------------------------------------------------------------------------------------------- */

/* Runs the naive CPU path on the problem, in the same layouts. */
static void run_reference(const exact_lab *lab, const tsr__problem *problem, exact_data *d)
{
    tsr_plan_options options = tsr_plan_options_default();
    options.algorithm = TSR__REFERENCE;
    tsr__problem mine = *problem;
    mine.half_sums = false; /* on this data both are exact */
    tsr_plan *plan = NULL;
    tsr_args args = tsr_args_default();
    tsr_buffer *buffer[TSR__SLOTS] = {NULL};
    REQUIRE(tsr__plan_create(lab->reference, &mine, &options, &plan));
    for (const tsr__operand *o = problem->op->operands; o->name != NULL; ++o) {
        if (!tsr__operand_is_used(o, problem)) continue;
        const uint64_t bytes = tsr__slot_bytes(problem, o->slot);
        REQUIRE(tsr_buffer_wrap_host(lab->reference, d->tensor[o->slot], bytes, &buffer[o->slot]));
        tsr__operand_give(o, &args, buffer[o->slot]);
    }
    REQUIRE(tsr_plan_run(plan, &args));
    for (int i = 0; i < TSR__SLOTS; ++i) tsr_buffer_destroy(buffer[i]);
    tsr_plan_destroy(plan);
}

/* What a tensor that is written holds before: poison, or numbers that are added to. dx and dv are never added to. */
static void make_output(support_random *random, const tsr__problem *p, tsr__slot slot, exact_data *d)
{
    const uint64_t bytes = tsr__slot_bytes(p, slot);
    if (p->accumulate && slot != TSR__DX && slot != TSR__DV && slot != TSR__Y) {
        d->before[slot] = support_numbers(random, p->x.dtype, bytes, -3);
        d->tensor[slot] = support_allocate(bytes);
        memcpy(d->tensor[slot], d->before[slot], bytes);
    } else {
        d->tensor[slot] = support_allocate(bytes);
        memset(d->tensor[slot], SUPPORT_POISON, bytes);
    }
}

/* Makes the data of a problem, unless `kept` has it already. */
static void keep_data(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info, exact_data *kept)
{
    if (kept->made && kept->x_layout == info->x.layout && kept->y_layout == info->y.layout) return;
    free_data(kept);
    support_random random = {.state = info->x_bytes * 31 + info->y_bytes};
    *kept = (exact_data){.made = true, .x_layout = info->x.layout, .y_layout = info->y.layout};
    for (const tsr__operand *o = problem->op->operands; o->name != NULL; ++o) {
        if (!tsr__operand_is_used(o, problem)) continue;
        if (o->written)
            make_output(&random, problem, o->slot, kept);
        else
            kept->tensor[o->slot] = make_input(&random, problem, o->slot);
    }
    run_reference(lab, problem, kept);
}

/* ---- The device's side ----------------------------------------------------------------------------------------- */

static support_guarded create_buffer(const exact_lab *lab, const void *data, uint64_t bytes, uint64_t element,
                                     bool aligned)
{
    return support_guarded_create(lab->context, data, bytes, lab->bare ? 0 : support_guard(element, aligned));
}

/* The memory of a run, by slots. */
static void create_buffers(const exact_lab *lab, const tsr__problem *problem, const tsr_plan_info *info,
                           const exact_data *d, bool packed, bool aligned, support_guarded buffers[TSR__SLOTS])
{
    const uint64_t inner = tsr__slot_element_bytes(problem, TSR__WORKSPACE);
    for (int i = 0; i < TSR__SLOTS; ++i) buffers[i] = (support_guarded){0};
    for (const tsr__operand *o = problem->op->operands; o->name != NULL; ++o) {
        if (!tsr__operand_is_used(o, problem)) continue;
        const void *data = o->written ? d->before[o->slot] : d->tensor[o->slot];
        buffers[o->slot] =
            create_buffer(lab, data, tsr__slot_bytes(problem, o->slot), element_bytes(problem, o->slot), aligned);
    }
    buffers[TSR__WORKSPACE] = create_buffer(lab, NULL, info->workspace_bytes, inner, aligned);
    buffers[TSR__PACKED] = create_buffer(lab, NULL, packed ? info->packed_bytes : 0, inner, aligned);
}

static void run_plan(const tsr_plan *plan, bool packed, const support_guarded buffers[TSR__SLOTS])
{
    tsr_args args = {.workspace = buffers[TSR__WORKSPACE].buffer};
    for (const tsr__operand *o = plan->offer.whole.op->operands; o->name != NULL; ++o)
        tsr__operand_give(o, &args, buffers[o->slot].buffer);
    if (packed) {
        args.w = buffers[TSR__PACKED].buffer;
        REQUIRE(tsr_plan_pack_enqueue(plan, buffers[TSR__W].buffer, buffers[TSR__PACKED].buffer, NULL, 0, NULL, NULL));
    }
    REQUIRE(tsr_plan_run(plan, &args));
}

/* How far what is written may lie from what is expected: 0 but for an algorithm that rounds, whose bound is `error`
 * times the number of products in a sum and the largest of both factors. Scale and slope may make it larger; other
 * activations do not. Sums of gradients are multiplied by weights and added for dscale. */
static double tolerance(const tsr__algorithm *algorithm, const tsr__problem *p, tsr__slot slot)
{
    enum { LARGEST = 3 };
    if (algorithm->error == 0.0) return 0.0;
    const int64_t filter = tsr__group_c(p) * tsr__taps(p);
    const int64_t pixels = p->x.n * tsr__tensor_plane(p->window.transposed ? &p->x : &p->y);
    const double scale = p->scale || p->scaled_weights ? LARGEST : 1;
    const double slope = p->activation == TSR_ACTIVATION_PRELU ? LARGEST : 1;
    const double product = algorithm->error * LARGEST * LARGEST;
    switch (slot) {
    case TSR__Y:
        return product * (double)filter * scale * slope;
    case TSR__DW:
        return product * (double)pixels * scale;
    case TSR__DSCALE:
        return product * (double)pixels * (double)filter * LARGEST;
    default:
        return 0.0;
    }
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

/* Whether a buffer holds what it must; a first difference is told. */
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

static const char *name_of(const tsr__operator *op, int slot)
{
    for (const tsr__operand *o = op->operands; o->name != NULL; ++o)
        if ((int)o->slot == slot) return o->name;
    return slot == TSR__WORKSPACE ? "workspace" : "packed";
}

static bool verify(const exact_lab *lab, const tsr__offer *offer, const tsr_plan_info *info, const exact_data *d,
                   const support_guarded buffers[TSR__SLOTS])
{
    const tsr__problem *problem = &offer->whole;
    bool good = true;
    for (int i = 0; i < TSR__SLOTS; ++i) {
        const char *name = name_of(problem->op, i);
        const leeway allowed = {tolerance(offer->algorithm, problem, (tsr__slot)i),
                                lab->signless_zeros && i != TSR__INDICES};
        if (d->tensor[i] != NULL)
            good = holds(info, &buffers[i], d->tensor[i], name, element_bytes(problem, (tsr__slot)i), allowed) && good;
        if (support_guarded_intact(&buffers[i])) continue;
        printf("FAILED %s: bytes outside of %s were written\n", info->description, name);
        good = false;
    }
    return good;
}

/* `kept` holds the data of the problem between calls. */
static void check(const exact_lab *lab, const tsr__offer *offer, bool packed_weights, exact_data *kept,
                  exact_tally *tally)
{
    const double start_ms = tsr__clock_ms();
    tsr_plan_options options = tsr_plan_options_default();
    options.packed_weights = packed_weights && offer->problem.op->takes_packed && !offer->whole.scaled_weights;
    tsr__offer mine = *offer;
    tsr__offer_measure(&mine, &options);
    tsr_plan *plan = NULL;
    REQUIRE(tsr__plan_from_offer(lab->context, &mine, &options, &plan));
    tsr_plan_info info;
    REQUIRE(tsr_plan_describe(plan, &info));

    keep_data(lab, &offer->whole, &info, kept);
    support_guarded buffers[TSR__SLOTS];
    /* Where vectors and texels begin, and where they do not, in turn with either way of packing. */
    create_buffers(lab, &offer->whole, &info, kept, options.packed_weights, tally->ran / 2 % 2 == 0, buffers);
    run_plan(plan, options.packed_weights, buffers);
    ++tally->ran;
    tally->failed += !verify(lab, offer, &info, kept, buffers);
    for (int i = 0; i < TSR__SLOTS; ++i) support_guarded_destroy(&buffers[i]);
    tsr_plan_destroy(plan);
    tally->ms += tsr__clock_ms() - start_ms;
}

/* ---- All algorithms -------------------------------------------------------------------------------------------- */

static bool takes_part(const exact_lab *lab, const tsr__algorithm *algorithm)
{
    if (algorithm->extension != NULL && !tsr__device_has(tsr_context_device(lab->context), algorithm->extension))
        return false;
    return (lab->family == TSR__ANY_FAMILY || algorithm->family == lab->family) &&
           (lab->only == NULL || strcmp(lab->only, algorithm->name) == 0) &&
           !(lab->without_gpu && algorithm->family == TSR__GPU_FAMILY);
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

/* Whether a case falls to another of so many shares. What tells programs apart decides, and the number of the algorithm
 * or of its params, mixed so that neighbours fall to different ones, and shares have few programs in common. Operators
 * without a window have few programs, and what is made for GPUs and sums in half have one device alone to run on. */
static bool is_left(const exact_lab *lab, const tsr__problem *p, size_t number, tsr__family family, uint32_t shares)
{
    if (lab->share < 0 || !p->op->has_window || p->half_sums || family == TSR__GPU_FAMILY) return false;
    const int64_t *filter = p->window.filter, *stride = p->window.stride, *dilation = p->window.dilation;
    /* Filters of one tap have few programs; their channels spread them. */
    const uint32_t window = (uint32_t)(tsr__taps(p) == 1 ? p->x.c : filter[TSR_H] + stride[TSR_H] + dilation[TSR_H]);
    const uint32_t mixed = tsr__problem_features(p) * UINT32_C(2654435761) >> 16; /* Knuth's multiplier */
    return (window + mixed + (uint32_t)p->x.layout + (uint32_t)number) % shares != (uint32_t)lab->share % shares;
}

/* What a kernel may do by itself for a problem: its features, and kinds of what one feature stands for, or none. */
static uint64_t traits(const tsr__problem *p)
{
    enum { PAD_MODES = TSR__FEATURES, POOLS = PAD_MODES + 4, PASS = POOLS + 4, INDICES, ACCUMULATE, ACTIVATIONS };
    _Static_assert(ACTIVATIONS + 8 <= EXACT_TRAITS, "there are more features than bits");
    const uint64_t one = 1;
    return tsr__problem_features(p) | one << (PAD_MODES + p->window.pad_mode) | one << (POOLS + p->pool_kind) |
           (uint64_t)(p->op != &tsr__conv) << PASS | (uint64_t)(tsr__index_bytes(p) == 8) << INDICES |
           (uint64_t)p->accumulate << ACCUMULATE | one << (ACTIVATIONS + p->activation % (EXACT_TRAITS - ACTIVATIONS));
}

/* Whether a case has two traits together that its algorithm has not run with yet, or one for the first time. */
static bool shows_a_pair(const tsr__problem *p, exact_tally *tally)
{
    const uint64_t mine = traits(p);
    bool shows = false;
    for (int i = 0; i < EXACT_TRAITS; ++i) {
        if (!(mine >> i & 1)) continue;
        shows |= (mine & ~tally->met[i]) != 0;
        tally->met[i] |= mine;
    }
    return shows;
}

/* Whether a case is not run here: it falls to another share, or shows nothing new. */
static bool is_left_out(const exact_lab *lab, const tsr__offer *offer, size_t algorithm, exact_tally *tally)
{
    const tsr__family family = offer->algorithm->family;
    return is_left(lab, &offer->whole, algorithm, family, lab->shares) ||
           (lab->pairs && family != TSR__GPU_FAMILY && !shows_a_pair(&offer->whole, tally));
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
        else if (is_left_out(lab, &offer, i, &tallies[i]))
            ++tallies[i].left;
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
            if (is_left(lab, problem, i + j / 2, algorithm->family, EXACT_PARAM_SHARES)) {
                ++tallies[i].left;
                continue;
            }
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
        printf("%s/%s: %d ran, %d left out, %d refused, %d failed; %.1f s\n", op->name, list[i]->name, t->ran, t->left,
               t->refused, t->failed, t->ms / 1000.0);
        /* Shares are not quite even: half of one will do. */
        const int enough = (least + 2 * (int)lab->shares - 1) / (2 * (int)lab->shares);
        const bool too_few = t->ran < enough || t->ran + t->left < least;
        if (too_few)
            printf("FAILED %s: %d cases ran and %d were left out; wanted are %d, and %d in all\n", list[i]->name,
                   t->ran, t->left, enough, least);
        passed += t->ran - t->failed;
        failed += t->failed;
        idle += too_few;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed + idle > 0 || (least > 0 && passed == 0);
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
            if (!(asked >> feature & 1) || !takes_part(lab, list[i])) continue;
            ++*(shown_by(list[i], feature, &tallies[i]) > 0 ? &shown : &missing);
            if (shown_by(list[i], feature, &tallies[i]) > 0) continue;
            const bool has = list[i]->features >> feature & 1;
            printf("FAILED %s/%s %s \"%s\", and no case %s\n", op->name, list[i]->name, has ? "has" : "lacks",
                   tsr__feature_title(feature), has ? "ran with it" : "was refused for want of it");
        }
    printf("%s: %d pairs of an algorithm and a feature shown, %d not\n", op->name, shown, missing);
    return missing > 0;
}
