#include "tensor.h"

#include <inttypes.h>
#include <stdio.h>

#include "text.h"

bool tsr__multiply(uint64_t *total, int64_t factor)
{
    if (factor < 0 || (factor > 0 && *total > (uint64_t)INT64_MAX / (uint64_t)factor)) return false;
    *total *= (uint64_t)factor;
    return true;
}

/* ---- Types and layouts ----------------------------------------------------------------------------------------- */

static const struct {
    uint64_t bytes;
    const char *text;
} dtypes[] = {
#define TSR_DTYPE_ROW(name, bytes, text) {bytes, text},
    TSR_DTYPE_LIST(TSR_DTYPE_ROW)
#undef TSR_DTYPE_ROW
};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

const char *tsr_dtype_text(tsr_dtype dtype)
{
    return (size_t)dtype < DTYPES ? dtypes[dtype].text : "unknown type";
}

uint64_t tsr_dtype_bytes(tsr_dtype dtype)
{
    return (size_t)dtype < DTYPES ? dtypes[dtype].bytes : 0;
}

static const char *const layout_texts[] = {"nchw", "nchw4c", "nchw8c", "nchw16c", "nhwc", "any"};

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
    while (layout != TSR_LAYOUT_NHWC && tsr__layout_block(layout) != block) ++layout;
    return layout;
}

/* ---- Ranges ---------------------------------------------------------------------------------------------------- */

tsr_status tsr__check_range(const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value >= low && value <= high) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s is %" PRId64 "; allowed are %" PRId64 " to %" PRId64, name, value, low,
                     high);
}

tsr_status tsr__check_dtype(const char *name, tsr_dtype dtype, tsr_dtype last)
{
    if ((size_t)dtype <= (size_t)last) return TSR_OK;
    char allowed[64];
    tsr__text text = tsr__text_over(allowed, sizeof allowed);
    for (size_t i = 0; i <= (size_t)last; ++i) tsr__text_add(&text, "%s%s", i == 0 ? "" : ", ", dtypes[i].text);
    return tsr__fail(TSR_INVALID_VALUE, "%s is %d (%s); allowed are %s", name, (int)dtype, tsr_dtype_text(dtype),
                     allowed);
}

tsr_status tsr__check_axes(const char *name, const int64_t *values, int64_t low, int64_t high)
{
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        char named[80];
        snprintf(named, sizeof named, "%s[%c]", name, tsr__axis_letter(axis));
        TSR__TRY(tsr__check_range(named, values[axis], low, high));
    }
    return TSR_OK;
}

/* ---- Strides --------------------------------------------------------------------------------------------------- */

tsr_tensor tsr_tensor_default(void)
{
    return (tsr_tensor){.layout = TSR_LAYOUT_NCHW, .n = 1, .size = {1, 1, 1}};
}

/* An axis as memory has it: its elements and how far they lie apart. */
typedef struct axis {
    int64_t size, *stride;
} axis;

enum { AXES = 5 };

/* The axes of a tensor from the innermost outwards, beyond the block of channels; answers how many. */
static int list_axes(tsr_tensor *t, axis axes[AXES])
{
    tsr_strides *s = &t->strides;
    const axis w = {t->size[TSR_W], &s->size[TSR_W]}, h = {t->size[TSR_H], &s->size[TSR_H]};
    const axis d = {t->size[TSR_D], &s->size[TSR_D]}, c = {tsr__tensor_blocks(t), &s->c}, n = {t->n, &s->n};
    const bool nhwc = t->layout == TSR_LAYOUT_NHWC; /* has no axis of blocks */
    const axis all[AXES] = {w, h, d, nhwc ? n : c, n};
    for (int i = 0; i < AXES; ++i) axes[i] = all[i];
    return nhwc ? AXES - 1 : AXES;
}

void tsr__tensor_settle(tsr_tensor *t)
{
    axis axes[AXES];
    const int count = list_axes(t, axes);
    int64_t dense = tsr__tensor_block(t);
    for (int i = 0; i < count; ++i) {
        if (*axes[i].stride == 0) *axes[i].stride = dense;
        dense = *axes[i].stride * axes[i].size;
    }
}

bool tsr__tensor_is_dense(const tsr_tensor *t)
{
    tsr_tensor own = *t;
    axis axes[AXES];
    const int count = list_axes(&own, axes);
    int64_t dense = tsr__tensor_block(t);
    for (int i = 0; i < count; dense *= axes[i++].size)
        if (axes[i].size > 1 && *axes[i].stride != dense) return false;
    return true;
}

bool tsr__tensor_has_dense_planes(const tsr_tensor *t)
{
    const int64_t w = t->strides.size[TSR_W], h = t->strides.size[TSR_H], d = t->strides.size[TSR_D];
    return (t->size[TSR_H] == 1 || h == w * t->size[TSR_W]) &&
           (t->size[TSR_D] == 1 || d == w * t->size[TSR_W] * t->size[TSR_H]);
}

/* Elements from the first to the last of a tensor whose strides may still be 0; false where its bytes leave 63 bits. */
static bool count_elements(const tsr_tensor *t, uint64_t *elements)
{
    tsr_tensor settled = *t;
    axis axes[AXES];
    const int count = list_axes(&settled, axes);
    uint64_t dense = 1, extent = 0;
    bool fits = tsr__multiply(&dense, tsr__tensor_block(t));
    const uint64_t block = dense, limit = (uint64_t)INT64_MAX / tsr_dtype_bytes(t->dtype);
    for (int i = 0; i < count && fits; ++i) {
        uint64_t span = *axes[i].stride == 0 ? dense : (uint64_t)*axes[i].stride;
        dense = span;
        fits = tsr__multiply(&dense, axes[i].size) && tsr__multiply(&span, axes[i].size - 1);
        extent += span;
        fits = fits && extent <= limit && dense <= limit;
    }
    *elements = extent + block;
    return fits && *elements <= limit;
}

int64_t tsr__tensor_elements(const tsr_tensor *t)
{
    uint64_t elements = 0;
    count_elements(t, &elements);
    return (int64_t)elements;
}

uint64_t tsr__tensor_bytes(const tsr_tensor *t)
{
    return (uint64_t)tsr__tensor_elements(t) * tsr_dtype_bytes(t->dtype);
}

/* ---- Checks ---------------------------------------------------------------------------------------------------- */

/* Two elements may share a place unless every axis steps over all that lies on the axes with smaller strides. */
static tsr_status check_apart(const tsr_tensor *t, const char *name)
{
    tsr_tensor settled = *t;
    axis axes[AXES];
    tsr__tensor_settle(&settled);
    const int count = list_axes(&settled, axes);
    int64_t covered = tsr__tensor_block(t);
    for (int done = 0; done < count; ++done) {
        int next = -1;
        for (int i = 0; i < count; ++i)
            if (axes[i].size > 1 && (next < 0 || *axes[i].stride < *axes[next].stride)) next = i;
        if (next < 0) break;
        if (*axes[next].stride < covered)
            return tsr__fail(TSR_INVALID_VALUE,
                             "%s.strides has a stride of %" PRId64 "; it must be %" PRId64
                             " or more, or elements would share a place",
                             name, *axes[next].stride, covered);
        covered = (axes[next].size - 1) * *axes[next].stride + covered;
        axes[next].size = 1;
    }
    return TSR_OK;
}

static bool has_strides(const tsr_strides *s)
{
    return s->n != 0 || s->c != 0 || s->size[TSR_D] != 0 || s->size[TSR_H] != 0 || s->size[TSR_W] != 0;
}

static tsr_status check_strides(const tsr_tensor *t, const char *name, tsr__role role)
{
    const tsr_strides *s = &t->strides;
    char field[64];
    if (t->layout == TSR_LAYOUT_ANY && has_strides(s))
        return tsr__fail(TSR_INVALID_VALUE, "%s.strides are given while its layout is any; strides need a layout",
                         name);
    snprintf(field, sizeof field, "%s.strides.n", name);
    TSR__TRY(tsr__check_range(field, s->n, 0, INT64_MAX));
    snprintf(field, sizeof field, "%s.strides.c", name);
    TSR__TRY(tsr__check_range(field, s->c, 0, INT64_MAX));
    snprintf(field, sizeof field, "%s.strides.size", name);
    TSR__TRY(tsr__check_axes(field, s->size, 0, INT64_MAX));
    if (t->layout == TSR_LAYOUT_NHWC && s->c != 0)
        return tsr__fail(TSR_INVALID_VALUE, "%s.strides.c is %" PRId64 "; in nhwc it must be 0", name, s->c);
    const bool copied = role == TSR__COPY_FROM || role == TSR__COPY_TO;
    if (t->layout == TSR_LAYOUT_NCHW && !copied && s->size[TSR_W] > 1)
        return tsr__fail(TSR_INVALID_VALUE,
                         "%s.strides.size[W] is %" PRId64 "; in nchw it must be 1, other strides take a reorder", name,
                         s->size[TSR_W]);
    return TSR_OK;
}

static tsr_status check_sizes(const tsr_tensor *t, const char *name)
{
    char field[64];
    snprintf(field, sizeof field, "%s.n", name);
    TSR__TRY(tsr__check_range(field, t->n, 1, TSR__MAX_SIZE));
    snprintf(field, sizeof field, "%s.c", name);
    TSR__TRY(tsr__check_range(field, t->c, 1, TSR__MAX_SIZE));
    snprintf(field, sizeof field, "%s.size", name);
    return tsr__check_axes(field, t->size, 1, TSR__MAX_SIZE);
}

tsr_status tsr__tensor_check(const tsr_tensor *t, const char *name, bool any, tsr__role role)
{
    char field[64];
    snprintf(field, sizeof field, "%s.dtype", name);
    TSR__TRY(tsr__check_dtype(field, t->dtype, TSR_U8));
    TSR__TRY(check_sizes(t, name));
    if (!known(t->layout) || (t->layout == TSR_LAYOUT_ANY && !any))
        return tsr__fail(TSR_INVALID_VALUE, "%s.layout is %d (%s); allowed are %s", name, (int)t->layout,
                         tsr_layout_text(t->layout), any ? "nchw to any" : "nchw to nhwc");
    TSR__TRY(check_strides(t, name, role));

    /* ANY may become the widest block, so that is what has to fit. */
    tsr_tensor widest = *t;
    if (t->layout == TSR_LAYOUT_ANY) widest.layout = TSR_LAYOUT_NCHW16C;
    tsr_tensor dense = widest; /* a view whose elements overlap may have more of them than memory */
    dense.strides = (tsr_strides){0};
    uint64_t elements = 0;
    if (!count_elements(&widest, &elements) || !count_elements(&dense, &elements))
        return tsr__fail(TSR_INVALID_VALUE,
                         "%s has %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64 " x %" PRId64
                         " elements: more than 2^63-1 bytes",
                         name, t->n, t->c, t->size[TSR_D], t->size[TSR_H], t->size[TSR_W]);
    const bool written = role == TSR__WRITTEN || role == TSR__COPY_TO;
    return written && has_strides(&t->strides) ? check_apart(t, name) : TSR_OK;
}

tsr_status tsr_tensor_bytes(const tsr_tensor *tensor, uint64_t *bytes)
{
    if (tensor == NULL || bytes == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", tensor == NULL ? "tensor" : "bytes");
    TSR__TRY(tsr__tensor_check(tensor, "tensor", false, TSR__COPY_FROM));
    *bytes = tsr__tensor_bytes(tensor);
    return TSR_OK;
}
