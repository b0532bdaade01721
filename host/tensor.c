#include "tensor.h"

#include <inttypes.h>
#include <stdio.h>

bool tsr__multiply(uint64_t *total, int64_t factor)
{
    if (factor < 0 || (factor > 0 && *total > (uint64_t)INT64_MAX / (uint64_t)factor)) return false;
    *total *= (uint64_t)factor;
    return true;
}

static const char *const layout_texts[] = {"nchw", "nchw4c", "nchw8c", "nchw16c", "any"};

static bool known(tsr_layout layout)
{
    return (size_t)layout < sizeof layout_texts / sizeof layout_texts[0];
}

const char *tsr_layout_text(tsr_layout layout)
{
    return known(layout) ? layout_texts[layout] : "unknown layout";
}

tsr_layout tsr__layout_with_block(int64_t block)
{
    tsr_layout layout = TSR_LAYOUT_NCHW;
    while (layout != TSR_LAYOUT_ANY && tsr__layout_block(layout) != block) ++layout;
    return layout;
}

tsr_tensor tsr_tensor_default(void)
{
    return (tsr_tensor){.layout = TSR_LAYOUT_NCHW, .n = 1, .size = {1, 1, 1}};
}

tsr_status tsr__check_range(const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value >= low && value <= high) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s is %" PRId64 "; allowed are %" PRId64 " to %" PRId64, name, value, low,
                     high);
}

tsr_status tsr__check_axes(const char *name, const int64_t *values, int64_t low, int64_t high)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        char named[80];
        snprintf(named, sizeof named, "%s[%c]", name, "DHW"[axis]);
        TSR__TRY(tsr__check_range(named, values[axis], low, high));
    }
    return TSR_OK;
}

/* Elements with spare lanes, or false where they leave 63 bits; so do the bytes then. */
static bool count_elements(const tsr_tensor *t, uint64_t *elements)
{
    *elements = sizeof(float);
    const bool fits = tsr__multiply(elements, t->n) && tsr__multiply(elements, tsr__tensor_blocks(t)) &&
                      tsr__multiply(elements, tsr__layout_block(t->layout)) &&
                      tsr__multiply(elements, t->size[TSR_D]) && tsr__multiply(elements, t->size[TSR_H]) &&
                      tsr__multiply(elements, t->size[TSR_W]);
    *elements /= sizeof(float);
    return fits;
}

int64_t tsr__tensor_elements(const tsr_tensor *t)
{
    uint64_t elements = 0;
    count_elements(t, &elements);
    return (int64_t)elements;
}

tsr_status tsr__tensor_check(const tsr_tensor *t, const char *name, bool any)
{
    char field[64];
    snprintf(field, sizeof field, "%s.n", name);
    TSR__TRY(tsr__check_range(field, t->n, 1, TSR__MAX_SIZE));
    snprintf(field, sizeof field, "%s.c", name);
    TSR__TRY(tsr__check_range(field, t->c, 1, TSR__MAX_SIZE));
    snprintf(field, sizeof field, "%s.size", name);
    TSR__TRY(tsr__check_axes(field, t->size, 1, TSR__MAX_SIZE));
    if (!known(t->layout) || (t->layout == TSR_LAYOUT_ANY && !any))
        return tsr__fail(TSR_INVALID_VALUE, "%s.layout is %d (%s); allowed are %s", name, (int)t->layout,
                         tsr_layout_text(t->layout), any ? "nchw to any" : "nchw to nchw16c");

    /* ANY may become the widest block, so that is what has to fit. */
    tsr_tensor widest = *t;
    if (t->layout == TSR_LAYOUT_ANY) widest.layout = TSR_LAYOUT_NCHW16C;
    uint64_t elements = 0;
    if (count_elements(&widest, &elements)) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE,
                     "%s has %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64
                     " elements: more than 2^63-1 bytes",
                     name, t->n, t->c, t->size[TSR_D], t->size[TSR_H], t->size[TSR_W]);
}

tsr_status tsr_tensor_bytes(const tsr_tensor *tensor, uint64_t *bytes)
{
    if (tensor == NULL || bytes == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", tensor == NULL ? "tensor" : "bytes");
    TSR__TRY(tsr__tensor_check(tensor, "tensor", false));
    *bytes = (uint64_t)tsr__tensor_elements(tensor) * sizeof(float);
    return TSR_OK;
}
