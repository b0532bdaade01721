#include "select.h"

#include <inttypes.h>
#include <string.h>

#include "device.h"

/* What the workspace has besides an algorithm's own begins at a cache line of every device. */
static uint64_t align(uint64_t bytes)
{
    enum { ALIGNMENT = 128 };
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

const tsr__algorithm *const *tsr__algorithms_for(const tsr_device *device, const tsr__operator *op)
{
    return device->kind == TSR_DEVICE_HOST ? op->host : op->opencl;
}

static void settle_layouts(const tsr__algorithm *algorithm, const tsr_device *device, tsr__problem *p)
{
    if (algorithm->layouts != NULL) algorithm->layouts(device, p);
    if (p->x.layout == TSR_LAYOUT_ANY) p->x.layout = TSR_LAYOUT_NCHW;
    if (p->y.layout == TSR_LAYOUT_ANY) p->y.layout = TSR_LAYOUT_NCHW;
    tsr__problem_settle(p);
}

/* ---- Memory ---------------------------------------------------------------------------------------------------- */

void tsr__offer_measure(tsr__offer *offer, const tsr_plan_options *options)
{
    const tsr__algorithm *a = offer->algorithm;
    const uint64_t element = tsr__slot_element_bytes(&offer->problem, TSR__PACKED);
    const bool takes_packed = offer->problem.op->takes_packed;
    uint64_t bytes = 0;
    if (a->workspace_elements != NULL)
        bytes = element * (uint64_t)a->workspace_elements(&offer->problem, &offer->params);
    if (offer->whole.scaled_weights) {
        offer->scaled_at = align(bytes);
        bytes = offer->scaled_at + tsr__slot_bytes(&offer->whole, TSR__W);
    }
    offer->packed_bytes = takes_packed ? tsr__slot_bytes(&offer->problem, TSR__W) : 0;
    if (a->packed_elements != NULL) {
        offer->packed_bytes = element * (uint64_t)a->packed_elements(&offer->problem, &offer->params);
        offer->packed_at = align(bytes);
        if (!options->packed_weights) bytes = offer->packed_at + offer->packed_bytes;
    }
    offer->workspace_bytes = bytes;
}

static const char *refuse_memory(const tsr__offer *offer, const tsr_device *device, const tsr_plan_options *options)
{
    if (offer->workspace_bytes > options->workspace_limit_bytes)
        return "it needs more workspace than workspace_limit_bytes allows";
    if (offer->workspace_bytes > device->max_alloc_bytes)
        return "it needs more workspace than one buffer of the device can hold";
    return NULL;
}

/* ---- Params ---------------------------------------------------------------------------------------------------- */

size_t tsr__offer_candidates(const tsr__offer *offer, const tsr_device *device, tsr__params *out, size_t capacity)
{
    if (offer->algorithm->candidates != NULL)
        return offer->algorithm->candidates(device, &offer->problem, out, capacity);
    if (capacity > 0) out[0] = offer->params;
    return 1;
}

void tsr__offer_take(tsr__offer *offer, const tsr__params *params, const tsr_device *device,
                     const tsr_plan_options *options)
{
    offer->params = *params;
    tsr__offer_measure(offer, options);
    offer->refusal = refuse_memory(offer, device, options);
}

void tsr__params_format(const tsr__algorithm *algorithm, const tsr__params *params, tsr__text *text)
{
    const char *const *names = algorithm->param_names;
    for (int i = 0; names != NULL && names[i] != NULL; ++i)
        tsr__text_add(text, "%s%s%" PRId32, i == 0 ? "" : " ", names[i], params->value[i]);
}

/* ---- Parts ----------------------------------------------------------------------------------------------------- */

/* Makes the problem one of its parts along the batch; false where it does not divide so. */
static bool take_images(tsr__problem *p, int64_t parts)
{
    if (p->x.n % parts != 0 || p->indices_flat) return false;
    p->x.n /= parts;
    p->y.n /= parts;
    p->residual.n /= parts;
    return true;
}

/* Whether a tensor's channels can be cut into equal parts between blocks. */
static bool divides(const tsr_tensor *t, int64_t parts)
{
    const int64_t block = tsr__layout_block(t->layout);
    return t->c % parts == 0 && (block <= 1 || t->c / parts % block == 0);
}

/* The same along the output channels, and the input's where they go together: in groups and in pooling. */
static bool take_channels(tsr__problem *p, int64_t parts)
{
    const bool both = p->groups != 1;
    if (!p->op->has_window || p->fold || p->indices_flat) return false;
    if (!divides(&p->y, parts) || (both && !divides(&p->x, parts))) return false;
    if (p->groups > 1 && p->groups % parts != 0) return false;
    if (p->groups == 1 && p->window.transposed) return false; /* its weights are not sorted by output channels */
    if (both) p->x.c /= parts;
    if (p->groups > 1) p->groups /= parts;
    p->y.c /= parts;
    p->residual.c /= parts;
    p->w_elements /= parts;
    return true;
}

/* Asks about the offer's problem, whose layouts are settled. */
static void ask(tsr__offer *offer, const tsr_device *device, const tsr_plan_options *options)
{
    const tsr__algorithm *a = offer->algorithm;
    offer->refusal = tsr__refuse_features(tsr__problem_features(&offer->problem), a->features);
    if (offer->refusal == NULL && a->extension != NULL && !tsr__device_has(device, a->extension))
        offer->refusal = "the device lacks the OpenCL extension that it is made for";
    if (offer->refusal == NULL && a->refuse != NULL) offer->refusal = a->refuse(device, &offer->problem);
    if (offer->refusal != NULL) return;
    if (a->params != NULL) a->params(device, &offer->problem, &offer->params);
    tsr__offer_measure(offer, options);
    offer->refusal = refuse_memory(offer, device, options);
}

/* Whether smaller parts might be accepted: what refuses is a size and nothing else. */
static bool is_too_large(const tsr__offer *offer, const tsr_device *device, const tsr_plan_options *options)
{
    const uint32_t others = tsr__problem_features(&offer->problem) & ~(uint32_t)TSR__WIDE_BIT;
    if (offer->refusal == tsr__refuse_elements(INT64_MAX))
        return tsr__refuse_features(others, offer->algorithm->features) == NULL;
    return offer->refusal == refuse_memory(offer, device, options);
}

/* Tries ever smaller equal parts of the batch, then of the channels of all images, never of both; `whole` stays as it
 * was where none fits. */
static bool ask_for_parts(tsr__offer *whole, const tsr_device *device, const tsr_plan_options *options)
{
    enum { MOST_PARTS = 4096 };
    for (int channels = 0; channels <= 1 && !whole->problem.op->indivisible; ++channels)
        for (int64_t parts = 2; parts <= (channels ? whole->problem.y.c : whole->problem.x.n) && parts <= MOST_PARTS;
             ++parts) {
            tsr__offer part = *whole;
            part.parts = parts;
            part.splits_channels = channels;
            if (!(channels ? take_channels : take_images)(&part.problem, parts)) continue;
            ask(&part, device, options);
            if (part.refusal != NULL) continue;
            *whole = part;
            return true;
        }
    return false;
}

void tsr__offer_from(const tsr__algorithm *algorithm, const tsr_device *device, const tsr__problem *problem,
                     const tsr_plan_options *options, tsr__offer *offer)
{
    *offer = (tsr__offer){.algorithm = algorithm, .problem = *problem, .parts = 1};
    settle_layouts(algorithm, device, &offer->problem);
    offer->whole = offer->problem;
    ask(offer, device, options);
    if (offer->refusal != NULL && is_too_large(offer, device, options)) ask_for_parts(offer, device, options);
}

/* ---- Choosing -------------------------------------------------------------------------------------------------- */

static bool of_family(const tsr__algorithm *algorithm, const tsr_device *device)
{
    switch (algorithm->family) {
    case TSR__CPU_FAMILY:
        return device->kind == TSR_DEVICE_CPU;
    case TSR__GPU_FAMILY:
        return device->kind == TSR_DEVICE_GPU || device->kind == TSR_DEVICE_ACCELERATOR;
    case TSR__ANY_FAMILY:
        break;
    }
    return true;
}

bool tsr__admits(const tsr_plan_options *options, const tsr_device *device, const tsr__algorithm *algorithm)
{
    if (options->algorithm != NULL) return strcmp(options->algorithm, algorithm->name) == 0;
    if (options->strict && strcmp(algorithm->name, TSR__REFERENCE) == 0) return false;
    return of_family(algorithm, device);
}

static bool pays(const tsr_device *device, const tsr__offer *offer)
{
    const tsr__algorithm *a = offer->algorithm;
    return a->pays == NULL || a->pays(device, &offer->problem, &offer->params);
}

bool tsr__prefers(const tsr_device *device, const tsr__offer *offer)
{
    return strcmp(offer->algorithm->name, TSR__REFERENCE) != 0 && pays(device, offer);
}

tsr_status tsr__check_options(const tsr_plan_options *options, const tsr__algorithm *const *list)
{
    if (options->algorithm == NULL) return TSR_OK;
    char names[1024];
    tsr__text text = tsr__text_over(names, sizeof names);
    for (; *list != NULL; ++list) {
        if (strcmp((*list)->name, options->algorithm) == 0) return TSR_OK;
        tsr__text_add(&text, "%s%s", text.length == 0 ? "" : ", ", (*list)->name);
    }
    return tsr__fail(TSR_INVALID_VALUE, "algorithm is \"%s\"; there are: %s", options->algorithm, names);
}

tsr_status tsr__explain(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options,
                        tsr_candidate *candidates, size_t capacity, size_t *count)
{
    const tsr__algorithm *const *list = tsr__algorithms_for(device, problem->op);
    TSR__TRY(tsr__check_options(options, list));
    size_t first = SIZE_MAX, preferred = SIZE_MAX, i = 0;
    for (; list[i] != NULL; ++i) {
        tsr__offer offer;
        tsr__offer_from(list[i], device, problem, options, &offer);
        const bool admitted = tsr__admits(options, device, list[i]), accepts = admitted && offer.refusal == NULL;
        if (accepts && first == SIZE_MAX) first = i;
        if (accepts && preferred == SIZE_MAX && tsr__prefers(device, &offer)) preferred = i;
        if (i < capacity)
            candidates[i] = (tsr_candidate){
                .algorithm = list[i]->name,
                .refusal = offer.refusal,
                .workspace_bytes = offer.workspace_bytes,
                .admitted = admitted && (options->algorithm != NULL || !accepts || pays(device, &offer))};
    }
    const size_t chosen = preferred != SIZE_MAX ? preferred : first;
    if (chosen < capacity) candidates[chosen].chosen = candidates[chosen].admitted = true;
    *count = i;
    return TSR_OK;
}

tsr_status tsr__nothing_chosen(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options)
{
    char reasons[2048];
    tsr__text text = tsr__text_over(reasons, sizeof reasons);
    for (const tsr__algorithm *const *a = tsr__algorithms_for(device, problem->op); *a != NULL; ++a) {
        if (options->algorithm != NULL && strcmp(options->algorithm, (*a)->name) != 0) continue;
        tsr__offer offer;
        tsr__offer_from(*a, device, problem, options, &offer);
        const char *reason = offer.refusal != NULL    ? offer.refusal
                             : !of_family(*a, device) ? "it is made for another kind of device; it can be forced"
                                                      : "strict mode does not admit it";
        tsr__text_add(&text, "%s%s: %s", text.length == 0 ? "" : "; ", (*a)->name, reason);
    }
    char shown[512];
    tsr__text notation = tsr__text_over(shown, sizeof shown);
    problem->op->format(problem, &notation);
    return tsr__fail(TSR_UNSUPPORTED, "no algorithm for %s: %s", shown, reasons);
}
