#include "select.h"

#include <string.h>

/* Packed weights begin at a cache line of every device. */
enum { PACKED_ALIGNMENT = 128 };

const tsr__algorithm *const *tsr__algorithms_for(const tsr_device *device, const tsr__operator *op)
{
    return device->kind == TSR_DEVICE_HOST ? op->host : op->opencl;
}

static void settle_layouts(const tsr__algorithm *algorithm, const tsr_device *device, tsr__problem *p)
{
    if (algorithm->layouts != NULL) algorithm->layouts(device, p);
    if (p->x.layout == TSR_LAYOUT_ANY) p->x.layout = TSR_LAYOUT_NCHW;
    if (p->y.layout == TSR_LAYOUT_ANY) p->y.layout = TSR_LAYOUT_NCHW;
}

void tsr__offer_measure(tsr__offer *offer, const tsr_plan_options *options)
{
    const tsr__algorithm *a = offer->algorithm;
    uint64_t bytes = 0;
    if (a->workspace_elements != NULL)
        bytes = sizeof(float) * (uint64_t)a->workspace_elements(&offer->problem, &offer->params);
    offer->packed_bytes = sizeof(float) * (uint64_t)offer->problem.w_elements;
    if (a->packed_elements != NULL) {
        offer->packed_bytes = sizeof(float) * (uint64_t)a->packed_elements(&offer->problem, &offer->params);
        offer->packed_at = (bytes + PACKED_ALIGNMENT - 1) / PACKED_ALIGNMENT * PACKED_ALIGNMENT;
        if (!options->packed_weights) bytes = offer->packed_at + offer->packed_bytes;
    }
    offer->workspace_bytes = bytes;
}

void tsr__offer_from(const tsr__algorithm *algorithm, const tsr_device *device, const tsr__problem *problem,
                     const tsr_plan_options *options, tsr__offer *offer)
{
    *offer = (tsr__offer){.algorithm = algorithm, .problem = *problem};
    settle_layouts(algorithm, device, &offer->problem);
    if (algorithm->refuse != NULL) offer->refusal = algorithm->refuse(device, &offer->problem);
    if (offer->refusal != NULL) return;
    if (algorithm->params != NULL) algorithm->params(device, &offer->problem, &offer->params);
    tsr__offer_measure(offer, options);
    if (offer->workspace_bytes > options->workspace_limit_bytes)
        offer->refusal = "it needs more workspace than workspace_limit_bytes allows";
    else if (offer->workspace_bytes > device->max_alloc_bytes)
        offer->refusal = "it needs more workspace than one buffer of the device can hold";
}

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
    bool open = true;
    size_t i = 0;
    for (; list[i] != NULL; ++i) {
        tsr__offer offer;
        tsr__offer_from(list[i], device, problem, options, &offer);
        const bool chosen = open && offer.refusal == NULL && tsr__admits(options, device, list[i]);
        if (chosen) open = false;
        if (i < capacity)
            candidates[i] = (tsr_candidate){.algorithm = list[i]->name,
                                            .refusal = offer.refusal,
                                            .workspace_bytes = offer.workspace_bytes,
                                            .chosen = chosen};
    }
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
        const char *reason = offer.refusal != NULL   ? offer.refusal
                             : of_family(*a, device) ? "strict mode does not admit it"
                                                     : "it is made for another kind of device; it can be forced";
        tsr__text_add(&text, "%s%s: %s", text.length == 0 ? "" : "; ", (*a)->name, reason);
    }
    char shown[512];
    tsr__text notation = tsr__text_over(shown, sizeof shown);
    problem->op->format(problem, &notation);
    return tsr__fail(TSR_UNSUPPORTED, "no algorithm for %s: %s", shown, reasons);
}
