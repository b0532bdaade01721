#include "problem.h"

const char *tsr__refuse_int_index(const tsr__problem *p)
{
    const int64_t limit = TSR__MAX_INT_INDEX;
    if (tsr__tensor_elements(&p->x) > limit || tsr__tensor_elements(&p->y) > limit || p->w_elements > limit)
        return "a tensor has 2^31 - 2^24 elements or more, the range of its 32-bit indices";
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        const tsr__window *w = &p->window;
        if (w->size[axis] + w->pad_begin[axis] + w->pad_end[axis] > INT64_C(1) << 28)
            return "a padded input axis is longer than 2^28, the range of its 32-bit coordinates";
        if (w->stride[axis] > INT64_C(1) << 20) return "a stride is above 2^20, the range of its 32-bit coordinates";
    }
    return NULL;
}

const char *tsr__refuse_depth(const tsr__problem *p)
{
    const tsr__window *w = &p->window;
    const bool flat =
        p->x.size[TSR_D] == 1 && w->filter[TSR_D] == 1 && w->pad_begin[TSR_D] == 0 && w->pad_end[TSR_D] == 0;
    return flat ? NULL : "the problem has a depth axis; it works on height and width";
}
