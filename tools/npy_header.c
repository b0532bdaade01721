#include "npy_header.h"

#include <string.h>

/* What is left of the text. */
typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) ++c->at;
}

/* Steps over one character, after any space, if it is there. */
static bool take(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) return false;
    ++c->at;
    return true;
}

static bool take_word(cursor *c, const char *word)
{
    const size_t length = strlen(word);
    skip_space(c);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
    c->at += length;
    return true;
}

/* A quoted text without escapes, which NumPy does not write here. */
static bool take_quoted(cursor *c, char *text, size_t capacity)
{
    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) return false;
    const char quote = *c->at++;
    const char *close = memchr(c->at, quote, (size_t)(c->end - c->at));
    if (close == NULL || (size_t)(close - c->at) >= capacity) return false;
    memcpy(text, c->at, (size_t)(close - c->at));
    text[close - c->at] = '\0';
    c->at = close + 1;
    return true;
}

static const char *take_size(cursor *c, int64_t *size)
{
    skip_space(c);
    if (c->at == c->end || *c->at < '0' || *c->at > '9') return "a size in its shape is not a number of 0 or more";
    int64_t value = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; ++c->at) {
        const int digit = *c->at - '0';
        if (value > (INT64_MAX - digit) / 10) return "a size in its shape exceeds 63 bits";
        value = 10 * value + digit;
    }
    (void)take(c, 'L'); /* Python 2 wrote long integers so. */
    *size = value;
    return NULL;
}

static const char *take_shape(cursor *c, npy_header *header)
{
    if (!take(c, '(')) return "its shape is not a tuple";
    for (header->axes = 0; !take(c, ')'); ++header->axes) {
        if (header->axes == NPY_HEADER_MAX_AXES) return "its shape has more than 32 axes";
        const char *wrong = take_size(c, &header->shape[header->axes]);
        if (wrong != NULL) return wrong;
        if (take(c, ',')) continue;
        /* In Python (3) is a number; a tuple of one has a comma. */
        if (header->axes == 0 || !take(c, ')')) return "its shape is not a tuple";
        ++header->axes;
        break;
    }
    return NULL;
}

static const char *take_descr(cursor *c, npy_header *header)
{
    if (!take(c, '[')) {
        return take_quoted(c, header->descr, sizeof header->descr) ? NULL : "its 'descr' is not a short text";
    }
    /* A record type is a list of fields. It is refused anyway, so it only has to be stepped over. */
    strcpy(header->descr, "a structure");
    for (int depth = 1; depth > 0; ++c->at) {
        if (c->at == c->end) return "its 'descr' has no end";
        depth += (*c->at == '[') - (*c->at == ']');
    }
    return NULL;
}

static const char *take_order(cursor *c, npy_header *header)
{
    header->fortran_order = take_word(c, "True");
    return header->fortran_order || take_word(c, "False") ? NULL : "its 'fortran_order' is neither True nor False";
}

const char *npy_header_parse(const char *text, size_t length, npy_header *header)
{
    static const struct {
        const char *name;
        const char *(*take_value)(cursor *c, npy_header *header);
    } keys[] = {{"descr", take_descr}, {"fortran_order", take_order}, {"shape", take_shape}};
    enum { KEYS = sizeof keys / sizeof keys[0] };

    cursor c = {text, text + length};
    bool seen[KEYS] = {false};
    *header = (npy_header){.axes = 0};
    if (!take(&c, '{')) return "its header is not a dictionary";
    while (!take(&c, '}')) {
        char name[32];
        if (!take_quoted(&c, name, sizeof name) || !take(&c, ':')) return "its header is not a dictionary";
        size_t key = 0;
        while (key < KEYS && strcmp(keys[key].name, name) != 0) ++key;
        if (key == KEYS) return "its header has an unknown key";
        if (seen[key]) return "its header has a key twice";
        seen[key] = true;
        const char *wrong = keys[key].take_value(&c, header);
        if (wrong != NULL) return wrong;
        if (take(&c, ',')) continue;
        if (!take(&c, '}')) return "its header is not a dictionary";
        break;
    }
    skip_space(&c);
    if (c.at != c.end) return "something follows the dictionary in its header";
    for (size_t key = 0; key < KEYS; ++key)
        if (!seen[key]) return "its header lacks 'descr', 'fortran_order' or 'shape'";
    return NULL;
}
