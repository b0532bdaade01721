#include "notation.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

enum { MAX_NAME = 3, MAX_VALUES = 2 * TSR_AXES };

/* A name with its numbers: "st2x1". */
typedef struct token {
    char name[MAX_NAME + 1];
    int64_t values[MAX_VALUES];
    int count;
} token;

/* ---- Reading --------------------------------------------------------------------------------------------------- */

static bool read_number(const char **at, int64_t *value)
{
    if (!isdigit((unsigned char)**at)) return false;
    for (*value = 0; isdigit((unsigned char)**at); ++*at) {
        *value = *value * 10 + (**at - '0');
        if (*value > TSR__MAX_SIZE) return false;
    }
    return true;
}

static tsr_status read_token(const char **at, token *t)
{
    const char *start = *at;
    size_t length = 0;
    *t = (token){.count = 0};
    while (islower((unsigned char)(*at)[length])) ++length;
    if (length == 0 || length > MAX_NAME)
        return tsr__fail(TSR_INVALID_VALUE, "\"%.24s\" in the problem: a token is a short lower-case name and numbers",
                         start);
    memcpy(t->name, *at, length);
    *at += length;
    do {
        if (t->count > 0) ++*at; /* the x between numbers */
        if (t->count == MAX_VALUES || !read_number(at, &t->values[t->count]))
            return tsr__fail(
                TSR_INVALID_VALUE,
                "\"%.24s\" in the problem: 1 to %d numbers of at most 2^48, joined by x, must follow the name", start,
                MAX_VALUES);
        ++t->count;
    } while (**at == 'x');
    return TSR_OK;
}

/* Which axes the text mentions by a size or a filter: a lone number stands for those. */
typedef struct mention {
    bool axis[TSR_AXES];
} mention;

static int axis_of(const char *name, const char *letters)
{
    const char *at = name[1] == '\0' ? strchr(letters, name[0]) : NULL;
    return at == NULL ? -1 : (int)(at - letters);
}

static bool knows(const tsr__vocabulary *vocabulary, const char *name)
{
    for (const char *const *known = vocabulary->numbers; *known != NULL; ++known)
        if (strcmp(*known, name) == 0) return true;
    return false;
}

/* The field of a token with exactly one number, or NULL. */
static int64_t *single_field(const char *name, const tsr__vocabulary *vocabulary, tsr__problem *p)
{
    const int size_axis = axis_of(name, "dhw"), filter_axis = axis_of(name, "trs");
    if (size_axis >= 0) return &p->window.size[size_axis];
    if (filter_axis >= 0) return &p->window.filter[filter_axis];
    if (strcmp(name, "n") == 0) return &p->x.n;
    if (strcmp(name, "c") == 0) return &p->x.c;
    if (!knows(vocabulary, name)) return NULL;
    if (strcmp(name, "k") == 0) return &p->y.c;
    return strcmp(name, "g") == 0 ? &p->groups : NULL;
}

/* Spreads one number over the mentioned axes, or gives the last axes one each. */
static void spread(const int64_t *values, int count, const mention *mentioned, int64_t field[TSR_AXES])
{
    for (int axis = 0; axis < TSR_AXES; ++axis) {
        const int at = count - (TSR_AXES - axis);
        if (count == 1 && mentioned->axis[axis])
            field[axis] = values[0];
        else if (count > 1 && at >= 0)
            field[axis] = values[at];
    }
}

static tsr_status take_axes(const token *t, const tsr__vocabulary *vocabulary, const mention *mentioned,
                            tsr__problem *p)
{
    tsr__window *w = &p->window;
    if (strcmp(t->name, "pd") == 0) {
        const bool both = t->count > TSR_AXES || t->count == 4;
        if (both && t->count % 2 != 0)
            return tsr__fail(TSR_INVALID_VALUE, "pd has %d numbers in the problem; 1, 2, 3, 4 or 6 are possible",
                             t->count);
        const int begins = both ? t->count / 2 : t->count;
        spread(t->values, begins, mentioned, w->pad_begin);
        spread(t->values + (both ? begins : 0), begins, mentioned, w->pad_end);
        return TSR_OK;
    }
    const bool stride = strcmp(t->name, "st") == 0;
    if (!stride && !(strcmp(t->name, "dl") == 0 && knows(vocabulary, "dl")))
        return tsr__fail(TSR_INVALID_VALUE, "\"%s\" in the problem is not known for %s", t->name,
                         vocabulary->operator_name);
    if (t->count > TSR_AXES)
        return tsr__fail(TSR_INVALID_VALUE, "%s has %d numbers in the problem; 1 to %d are possible", t->name, t->count,
                         TSR_AXES);
    spread(t->values, t->count, mentioned, stride ? w->stride : w->dilation);
    return TSR_OK;
}

static tsr_status take_flag(const char *flag, size_t length, const tsr__vocabulary *vocabulary, tsr__problem *p)
{
    static const struct {
        const char *name;
        tsr_auto_pad auto_pad;
    } paddings[] = {{"same-upper", TSR_PAD_SAME_UPPER}, {"same-lower", TSR_PAD_SAME_LOWER}, {"valid", TSR_PAD_VALID}};
    for (size_t i = 0; i < sizeof paddings / sizeof paddings[0]; ++i)
        if (strlen(paddings[i].name) == length && memcmp(paddings[i].name, flag, length) == 0) {
            p->window.auto_pad = paddings[i].auto_pad;
            return TSR_OK;
        }
    if (vocabulary->epilogue && length == 4 && memcmp(flag, "bias", length) == 0) {
        p->bias = true;
        return TSR_OK;
    }
    if (vocabulary->epilogue && length == 4 && memcmp(flag, "relu", length) == 0) {
        p->activation = TSR_ACTIVATION_RELU;
        return TSR_OK;
    }
    return tsr__fail(TSR_INVALID_VALUE, "\"%.*s\" in the problem is not known for %s", (int)length, flag,
                     vocabulary->operator_name);
}

static tsr_status parse_flags(const char *at, const tsr__vocabulary *vocabulary, tsr__problem *p)
{
    while (*at == ',') {
        const size_t length = strcspn(++at, ",");
        TSR__TRY(take_flag(at, length, vocabulary, p));
        at += length;
    }
    return TSR_OK;
}

/* Reads all tokens once; in the first pass those with one number, in the second those of axes, because tokens come in
 * any order and a lone number stands for the axes that are mentioned anywhere. */
static tsr_status parse_pass(const char **at, const tsr__vocabulary *vocabulary, bool axes, mention *mentioned,
                             tsr__problem *p)
{
    while (**at != '\0' && **at != ',') {
        token t;
        TSR__TRY(read_token(at, &t));
        int64_t *field = single_field(t.name, vocabulary, p);
        if (field == NULL) {
            if (axes) TSR__TRY(take_axes(&t, vocabulary, mentioned, p));
            continue;
        }
        if (t.count != 1)
            return tsr__fail(TSR_INVALID_VALUE, "%s has %d numbers in the problem; 1 is possible", t.name, t.count);
        *field = t.values[0];
        for (int axis = 0; axis < TSR_AXES; ++axis)
            mentioned->axis[axis] |= field == &p->window.size[axis] || field == &p->window.filter[axis];
    }
    return TSR_OK;
}

tsr_status tsr__notation_parse(const char *text, const tsr__vocabulary *vocabulary, tsr__problem *p)
{
    mention mentioned = {.axis[TSR_W] = true};
    const char *at = text;
    TSR__TRY(parse_pass(&at, vocabulary, false, &mentioned, p));
    at = text;
    TSR__TRY(parse_pass(&at, vocabulary, true, &mentioned, p));
    return parse_flags(at, vocabulary, p);
}

/* ---- Writing --------------------------------------------------------------------------------------------------- */

/* The outermost axis that the problem uses: those before it have size 1 and do nothing. */
static int first_axis(const tsr__problem *p, const int64_t *default_stride)
{
    const tsr__window *w = &p->window;
    int axis = 0;
    while (axis < TSR_W && w->size[axis] == 1 && w->filter[axis] == 1 && w->stride[axis] == default_stride[axis] &&
           w->dilation[axis] == 1 && w->pad_begin[axis] == 0 && w->pad_end[axis] == 0)
        ++axis;
    return axis;
}

static bool all_equal(const int64_t *values, const int64_t *others, int first)
{
    for (int axis = first; axis < TSR_AXES; ++axis)
        if (values[axis] != others[axis]) return false;
    return true;
}

/* ",x2x1" without the comma: one number where all axes agree, else one each. */
static void write_axes(tsr__text *text, const char *name, const int64_t *values, int first)
{
    const int64_t same[TSR_AXES] = {values[first], values[first], values[first]};
    const int end = all_equal(values, same, first) ? first + 1 : TSR_AXES;
    for (int axis = first; axis < end; ++axis)
        tsr__text_add(text, "%s%" PRId64, axis == first ? name : "x", values[axis]);
}

static void write_pads(tsr__text *text, const tsr__window *w, int first)
{
    static const int64_t none[TSR_AXES] = {0, 0, 0};
    if (all_equal(w->pad_begin, w->pad_end, first)) {
        if (!all_equal(w->pad_begin, none, first)) write_axes(text, "pd", w->pad_begin, first);
        return;
    }
    /* Two numbers would read as two axes, so that one axis is written with its neighbour. */
    const int from = first == TSR_W ? TSR_H : first;
    for (int axis = from; axis < TSR_AXES; ++axis)
        tsr__text_add(text, "%s%" PRId64, axis == from ? "pd" : "x", w->pad_begin[axis]);
    for (int axis = from; axis < TSR_AXES; ++axis) tsr__text_add(text, "x%" PRId64, w->pad_end[axis]);
}

void tsr__notation_format(const tsr__problem *p, const int64_t default_stride[TSR_AXES], tsr__text *text)
{
    static const int64_t ones[TSR_AXES] = {1, 1, 1};
    static const char *const paddings[] = {[TSR_PAD_NOTSET] = "",
                                           [TSR_PAD_SAME_UPPER] = ",same-upper",
                                           [TSR_PAD_SAME_LOWER] = ",same-lower",
                                           [TSR_PAD_VALID] = ",valid"};
    const tsr__window *w = &p->window;
    const int first = first_axis(p, default_stride);
    if (p->x.n != 1) tsr__text_add(text, "n%" PRId64, p->x.n);
    tsr__text_add(text, "c%" PRId64, p->x.c);
    for (int axis = first; axis < TSR_AXES; ++axis) tsr__text_add(text, "%c%" PRId64, "dhw"[axis], w -> size[axis]);
    if (p->groups != 0) tsr__text_add(text, "k%" PRId64, p->y.c); /* only convolution has groups, and k */
    for (int axis = first; axis < TSR_AXES; ++axis)
        if (w->filter[axis] != 1) tsr__text_add(text, "%c%" PRId64, "trs"[axis], w -> filter[axis]);
    if (!all_equal(w->stride, default_stride, first)) write_axes(text, "st", w->stride, first);
    if (!all_equal(w->dilation, ones, first)) write_axes(text, "dl", w->dilation, first);
    write_pads(text, w, first);
    if (p->groups > 1) tsr__text_add(text, "g%" PRId64, p->groups);
    if ((unsigned)w->auto_pad < sizeof paddings / sizeof paddings[0]) tsr__text_add(text, "%s", paddings[w->auto_pad]);
    if (p->bias) tsr__text_add(text, ",bias");
    if (p->activation == TSR_ACTIVATION_RELU) tsr__text_add(text, ",relu");
}
