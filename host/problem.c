#include "problem.h"

#include "algorithm.h"

void tsr__problem_settle(tsr__problem *p)
{
    p->residual.layout = p->y.layout;
    tsr__tensor_settle(&p->x);
    tsr__tensor_settle(&p->y);
    tsr__tensor_settle(&p->residual);
}

/* Kernels are passed the strides of an axis of one element too, which span nothing and may be wider than the tensor. */
static bool has_wide_strides(const tsr_tensor *t)
{
    bool wide = tsr__spanned_n(t) > TSR__MAX_INT_INDEX || tsr__spanned_c(t) > TSR__MAX_INT_INDEX;
    for (int axis = 0; axis < TSR_AXES; ++axis) wide = wide || t->strides.size[axis] > TSR__MAX_INT_INDEX;
    return wide;
}

bool tsr__problem_is_wide(const tsr__problem *p)
{
    const int64_t limit = TSR__MAX_INT_INDEX;
    if (has_wide_strides(&p->x) || has_wide_strides(&p->y) || has_wide_strides(&p->residual)) return true;
    if (tsr__tensor_elements(&p->x) > limit || tsr__tensor_elements(&p->y) > limit || p->w_elements > limit ||
        (p->has_residual && tsr__tensor_elements(&p->residual) > limit))
        return true;
    const tsr__window *w = &p->window;
    for (int axis = 0; axis < TSR_AXES && p->op->has_window; ++axis)
        if (w->size[axis] + w->pad_begin[axis] + w->pad_end[axis] > INT64_C(1) << 28 ||
            w->stride[axis] > INT64_C(1) << 20 || p->y.size[axis] > INT64_C(1) << 28)
            return true;
    return false;
}

static bool is_view(const tsr__problem *p)
{
    return !tsr__tensor_is_dense(&p->x) || !tsr__tensor_is_dense(&p->y) ||
           (p->has_residual && !tsr__tensor_is_dense(&p->residual));
}

static bool has_layout(const tsr__problem *p, bool (*test)(const tsr_tensor *t))
{
    return test(&p->x) || test(&p->y);
}

static bool is_blocked(const tsr_tensor *t)
{
    return tsr__layout_is_blocked(t->layout);
}

static bool is_nhwc(const tsr_tensor *t)
{
    return t->layout == TSR_LAYOUT_NHWC;
}

static bool is_plain(const tsr_tensor *t)
{
    return t->layout == TSR_LAYOUT_NCHW;
}

static bool has_type(const tsr__problem *p, tsr_dtype dtype)
{
    return p->x.dtype == dtype || p->y.dtype == dtype;
}

/* What tensors of any operator ask for. */
static uint32_t tensor_features(const tsr__problem *p)
{
    uint32_t needed = 0;
    if (has_layout(p, is_blocked)) needed |= TSR__BLOCKED_BIT;
    if (has_layout(p, is_nhwc)) needed |= TSR__NHWC_BIT;
    if (has_layout(p, is_plain)) needed |= TSR__PLAIN_BIT;
    if (p->x.layout != p->y.layout) needed |= TSR__MIXED_BIT;
    if (is_view(p)) needed |= TSR__VIEW_BIT;
    if (tsr__problem_is_wide(p)) needed |= TSR__WIDE_BIT;
    if (has_type(p, TSR_F16)) needed |= TSR__F16_BIT;
    if (has_type(p, TSR_F64)) needed |= TSR__F64_BIT;
    if (has_type(p, TSR_I8) || has_type(p, TSR_U8)) needed |= TSR__INT8_BIT;
    if (p->x.dtype != p->y.dtype) needed |= TSR__CONVERT_BIT;
    return needed;
}

static uint32_t window_features(const tsr__window *w)
{
    uint32_t needed = 0;
    const bool padded = w->pad_begin[TSR_D] != 0 || w->pad_end[TSR_D] != 0;
    if (w->size[TSR_D] != 1 || w->out[TSR_D] != 1 || w->filter[TSR_D] != 1 || padded) needed |= TSR__DEPTH_BIT;
    for (int axis = 0; axis < TSR_AXES; ++axis)
        if (w->dilation[axis] > 1 && w->filter[axis] > 1) needed |= TSR__DILATION_BIT;
    if (w->transposed) needed |= TSR__TRANSPOSED_BIT;
    if (w->pad_mode != TSR_PAD_ZEROS) needed |= TSR__PAD_MODE_BIT;
    if (w->adaptive) needed |= TSR__ADAPTIVE_BIT;
    if (w->ceil) needed |= TSR__CEIL_BIT;
    return needed;
}

static uint32_t operator_features(const tsr__problem *p)
{
    uint32_t needed = 0;
    if (p->groups > 1) needed |= TSR__GROUPS_BIT;
    if (p->groups > 0 && p->groups != p->x.c) needed |= TSR__DENSE_BIT;
    if (p->flip) needed |= TSR__FLIP_BIT;
    if (p->scale) needed |= TSR__SCALE_BIT;
    if (p->has_residual) needed |= TSR__RESIDUAL_BIT;
    if (p->activation > TSR_ACTIVATION_RELU) needed |= TSR__ACTIVATION_BIT;
    if (p->half_sums) needed |= TSR__HALF_SUMS_BIT;
    if (p->exact) needed |= TSR__EXACT_BIT;
    if (p->pool_kind == TSR_POOL_LP) needed |= TSR__LP_BIT;
    if (p->indices != TSR_INDICES_NONE) needed |= TSR__INDICES_BIT;
    if (p->divisor != 0) needed |= TSR__DIVISOR_BIT;
    return needed;
}

uint32_t tsr__problem_features(const tsr__problem *p)
{
    return tensor_features(p) | operator_features(p) | (p->op->has_window ? window_features(&p->window) : 0);
}

static const struct {
    const char *title, *refusal;
} features[] = {
#define TSR__FEATURE_ROW(name, title, refusal) {title, refusal},
    TSR__FEATURE_LIST(TSR__FEATURE_ROW)
#undef TSR__FEATURE_ROW
};

const char *tsr__refuse_features(uint32_t needed, uint32_t has)
{
    for (int i = 0; i < TSR__FEATURES; ++i)
        if ((needed & ~has) >> i & 1) return features[i].refusal;
    return NULL;
}

const char *tsr__refuse_elements(int64_t elements)
{
    return elements <= TSR__MAX_INT_INDEX ? NULL : features[TSR__FEATURE_NUMBER_WIDE].refusal;
}

const char *tsr__feature_title(int number)
{
    return features[number].title;
}
