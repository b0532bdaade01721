#include "notation.h"

#include "activation.h"

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

/* Whether a token of that name is among those from `text` to `end`, which can be read. */
static bool has_token(const char *text, const char *end, const char *name)
{
    token t;
    while (text < end && read_token(&text, &t) == TSR_OK)
        if (strcmp(t.name, name) == 0) return true;
    return false;
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
    if (strcmp(name, "div") == 0) return &p->divisor;
    if (strcmp(name, "p") == 0) return &p->p;
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
    const struct {
        const char *name;
        int64_t *field;
        bool known;
    } fields[] = {{"st", w->stride, true},
                  {"dl", w->dilation, true},
                  {"op", w->output_padding, knows(vocabulary, "op")},
                  {"os", w->output_size, knows(vocabulary, "os")}};
    enum { FIELDS = sizeof fields / sizeof fields[0] };
    int i = 0;
    while (i < FIELDS && !(fields[i].known && strcmp(t->name, fields[i].name) == 0)) ++i;
    if (i == FIELDS)
        return tsr__fail(TSR_INVALID_VALUE, "\"%s\" in the problem is not known for %s", t->name,
                         vocabulary->operator_name);
    if (t->count > TSR_AXES)
        return tsr__fail(TSR_INVALID_VALUE, "%s has %d numbers in the problem; 1 to %d are possible", t->name, t->count,
                         TSR_AXES);
    spread(t->values, t->count, mentioned, fields[i].field);
    return TSR_OK;
}

/* ---- Words ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    tsr_auto_pad value;
} auto_pads[] = {{"same-upper", TSR_PAD_SAME_UPPER}, {"same-lower", TSR_PAD_SAME_LOWER}, {"valid", TSR_PAD_VALID}};

/* Every type but the default. */
static const tsr_dtype dtypes[] = {TSR_F16, TSR_F64, TSR_I8, TSR_U8};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* A word that sets a flag, in reading; and that a flag becomes, in writing. */
typedef struct flag_word {
    const char *text;
    bool of_conv; /* else of pooling */
    bool *flag;
} flag_word;

enum { FLAG_WORDS = 11 };

static void list_flags(tsr__problem *p, flag_word words[FLAG_WORDS])
{
    const flag_word all[FLAG_WORDS] = {
        {"scale", true, &p->scale},
        {"bias", true, &p->bias},
        {"residual", true, &p->has_residual},
        {"flip", true, &p->flip},
        {"half-sums", true, &p->half_sums},
        {"exact", true, &p->exact},
        {"ceil", false, &p->window.ceil},
        {"adaptive", false, &p->window.adaptive},
        {"global", false, &p->global},
        {"flat", false, &p->indices_flat},
        {"column-major", false, &p->indices_column_major},
    };
    for (int i = 0; i < FLAG_WORDS; ++i) words[i] = all[i];
}

/* What a word says something about: one of the flags, or a choice of several words. Each is said once. */
typedef enum subject { AUTO_PAD = FLAG_WORDS, PAD_MODE, DTYPE, INDICES, ACTIVATION, UNKNOWN = -1 } subject;

static subject take_flag(const char *word, bool is_conv, tsr__problem *p)
{
    flag_word words[FLAG_WORDS];
    list_flags(p, words);
    for (int i = 0; i < FLAG_WORDS; ++i)
        if (words[i].of_conv == is_conv && strcmp(words[i].text, word) == 0) {
            *words[i].flag = true;
            return (subject)i;
        }
    return UNKNOWN;
}

static subject take_choice(const char *word, bool is_conv, tsr__problem *p)
{
    for (size_t i = 0; i < COUNT(auto_pads); ++i)
        if (strcmp(auto_pads[i].text, word) == 0) {
            p->window.auto_pad = auto_pads[i].value;
            return AUTO_PAD;
        }
    for (int mode = TSR_PAD_REFLECT; mode <= TSR_PAD_CIRCULAR && is_conv; ++mode)
        if (strcmp(tsr__pad_mode_text((tsr_pad_mode)mode), word) == 0) {
            p->window.pad_mode = (tsr_pad_mode)mode;
            return PAD_MODE;
        }
    for (size_t i = 0; i < COUNT(dtypes); ++i)
        if (strcmp(tsr_dtype_text(dtypes[i]), word) == 0) {
            p->x.dtype = p->y.dtype = dtypes[i];
            return DTYPE;
        }
    if (!is_conv && (strcmp(word, "indices") == 0 || strcmp(word, "indices32") == 0)) {
        p->indices = word[7] == '\0' ? TSR_INDICES_I64 : TSR_INDICES_I32;
        return INDICES;
    }
    return UNKNOWN;
}

/* `said` has a bit for each subject of the words before. */
static tsr_status take_word(const char *word, const tsr__vocabulary *vocabulary, uint32_t *said, tsr__problem *p)
{
    subject about = take_flag(word, vocabulary->is_conv, p);
    if (about == UNKNOWN) about = take_choice(word, vocabulary->is_conv, p);
    if (about == UNKNOWN && vocabulary->is_conv && tsr__activation_is_named(word)) {
        TSR__TRY(tsr_activation_parse(word, &p->activation, &p->alpha, &p->beta));
        about = ACTIVATION;
    }
    if (about == UNKNOWN)
        return tsr__fail(TSR_INVALID_VALUE, "\"%s\" in the problem is not known for %s", word,
                         vocabulary->operator_name);
    if (*said >> about & 1)
        return tsr__fail(TSR_INVALID_VALUE, "\"%s\" in the problem repeats or contradicts a word before it", word);
    *said |= UINT32_C(1) << about;
    return TSR_OK;
}

static tsr_status parse_words(const char *at, const tsr__vocabulary *vocabulary, tsr__problem *p)
{
    uint32_t said = 0;
    while (*at == ',') {
        char word[64];
        const size_t length = strcspn(++at, ",");
        if (length >= sizeof word)
            return tsr__fail(TSR_INVALID_VALUE, "\"%.24s...\" in the problem is not known for %s", at,
                             vocabulary->operator_name);
        memcpy(word, at, length);
        word[length] = '\0';
        TSR__TRY(take_word(word, vocabulary, &said, p));
        at += length;
    }
    return TSR_OK;
}

static void write_words(const tsr__problem *p, tsr__text *text)
{
    tsr__problem copy = *p;
    flag_word words[FLAG_WORDS];
    list_flags(&copy, words);
    for (size_t i = 0; i < COUNT(auto_pads); ++i)
        if (p->window.auto_pad == auto_pads[i].value) tsr__text_add(text, ",%s", auto_pads[i].text);
    for (int mode = TSR_PAD_REFLECT; mode <= TSR_PAD_CIRCULAR; ++mode) /* what was not checked may be none of them */
        if ((int)p->window.pad_mode == mode) tsr__text_add(text, ",%s", tsr__pad_mode_text(p->window.pad_mode));
    for (int i = 0; i < FLAG_WORDS; ++i)
        if (*words[i].flag) tsr__text_add(text, ",%s", words[i].text);
    if (p->indices != TSR_INDICES_NONE)
        tsr__text_add(text, ",%s", p->indices == TSR_INDICES_I64 ? "indices" : "indices32");
    tsr__activation_format(p->activation, p->alpha, p->beta, text);
    if (p->x.dtype != TSR_F32) tsr__text_add(text, ",%s", tsr_dtype_text(p->x.dtype));
}

/* Reads all tokens once; in the first pass those with one number, in the second those of axes, because tokens come in
 * any order and a lone number stands for the axes that are mentioned anywhere. */
static tsr_status parse_pass(const char **at, const tsr__vocabulary *vocabulary, bool axes, mention *mentioned,
                             tsr__problem *p)
{
    const char *const text = *at;
    while (**at != '\0' && **at != ',') {
        const char *const start = *at;
        token t;
        TSR__TRY(read_token(at, &t));
        if (has_token(text, start, t.name))
            return tsr__fail(TSR_INVALID_VALUE, "\"%s\" is given twice in the problem", t.name);
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
    return parse_words(at, vocabulary, p);
}

/* ---- Writing --------------------------------------------------------------------------------------------------- */

/* The outermost axis that the problem uses: those before it have size 1 and do nothing. */
static int first_axis(const tsr__problem *p, const int64_t *default_stride)
{
    const tsr__window *w = &p->window;
    int axis = 0;
    while (axis < TSR_W && w->size[axis] == 1 && w->filter[axis] == 1 && w->stride[axis] == default_stride[axis] &&
           w->dilation[axis] == 1 && w->pad_begin[axis] == 0 && w->pad_end[axis] == 0 && w->output_padding[axis] == 0 &&
           w->output_size[axis] <= 1)
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
    static const int64_t zeros[TSR_AXES] = {0, 0, 0};
    const tsr__window *w = &p->window;
    const int first = first_axis(p, default_stride);
    if (p->x.n != 1) tsr__text_add(text, "n%" PRId64, p->x.n);
    tsr__text_add(text, "c%" PRId64, p->x.c);
    for (int axis = first; axis < TSR_AXES; ++axis) tsr__text_add(text, "%c%" PRId64, "dhw"[axis], w -> size[axis]);
    if (p->groups != 0) tsr__text_add(text, "k%" PRId64, p->y.c); /* only convolution has groups, and k */
    const bool own_window = !w->adaptive && !p->global;
    for (int axis = first; axis < TSR_AXES && own_window; ++axis)
        if (w->filter[axis] != 1) tsr__text_add(text, "%c%" PRId64, "trs"[axis], w -> filter[axis]);
    if (own_window && !all_equal(w->stride, default_stride, first)) write_axes(text, "st", w->stride, first);
    if (!all_equal(w->dilation, ones, first)) write_axes(text, "dl", w->dilation, first);
    write_pads(text, w, first);
    if (p->groups > 1) tsr__text_add(text, "g%" PRId64, p->groups);
    if (!all_equal(w->output_padding, zeros, first)) write_axes(text, "op", w->output_padding, first);
    if (!all_equal(w->output_size, zeros, first)) write_axes(text, "os", w->output_size, first);
    if (p->divisor != 0) tsr__text_add(text, "div%" PRId64, p->divisor);
    if (p->pool_kind == TSR_POOL_LP && p->p != 2) tsr__text_add(text, "p%" PRId64, p->p);
    write_words(p, text);
}
