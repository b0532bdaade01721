#include "suite.h"
#include "csv.h"
#include "report.h"
#include "suites.h"
#include "tessera.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Columns --------------------------------------------------------------------------------------------------- */

enum { NUMBER_MAX = 1 << 30 };

/* Words first, numbers after them. */
enum {
    NETWORK,
    LAYER,
    TYPE,
    WORDS,
    N = WORDS,
    C,
    H,
    W,
    K,
    R,
    S,
    STRIDE_H,
    STRIDE_W,
    PAD_H,
    PAD_W,
    PAD_H_END,
    PAD_W_END,
    DIL_H,
    DIL_W,
    GROUPS,
    COUNT,
    OUT_H,
    OUT_W,
    COLUMNS
};

typedef struct column {
    const char *name;
    int64_t least, usual; /* usual ABSENT: there is none */
    bool needed;
} column;

enum { ABSENT = -1 };

static const column columns[COLUMNS] = {
    [NETWORK] = {"network", 0, ABSENT, false},
    [LAYER] = {"layer", 0, ABSENT, false},
    [TYPE] = {"type", 0, ABSENT, false},
    [N] = {"n", 1, 1, false},
    [C] = {"c", 1, ABSENT, true},
    [H] = {"h", 1, ABSENT, true},
    [W] = {"w", 1, ABSENT, true},
    [K] = {"k", 1, ABSENT, false},
    [R] = {"r", 1, ABSENT, true},
    [S] = {"s", 1, ABSENT, true},
    [STRIDE_H] = {"stride_h", 1, 1, false},
    [STRIDE_W] = {"stride_w", 1, 1, false},
    [PAD_H] = {"pad_h", 0, 0, false},
    [PAD_W] = {"pad_w", 0, 0, false},
    [PAD_H_END] = {"pad_h_end", 0, ABSENT, false},
    [PAD_W_END] = {"pad_w_end", 0, ABSENT, false},
    [DIL_H] = {"dil_h", 1, 1, false},
    [DIL_W] = {"dil_w", 1, 1, false},
    [GROUPS] = {"groups", 1, 1, false},
    [COUNT] = {"count", 1, 1, false},
    [OUT_H] = {"out_h", 1, ABSENT, false},
    [OUT_W] = {"out_w", 1, ABSENT, false},
};

/* Where each column stands in a line, or ABSENT. */
typedef struct table {
    const char *name; /* of the file, for messages */
    int position[COLUMNS];
} table;

typedef struct row {
    const char *word[WORDS];
    int64_t number[COLUMNS];
} row;

static int read_header(const csv_line *line, table *t)
{
    for (int c = 0; c < COLUMNS; ++c) t->position[c] = ABSENT;
    for (int f = 0; f < line->count; ++f) {
        for (int c = 0; c < COLUMNS; ++c) {
            if (strcmp(line->field[f], columns[c].name) != 0) continue;
            if (t->position[c] != ABSENT)
                return report(EXIT_INPUT, "%s:%d: column %s twice", t->name, line->number, columns[c].name);
            t->position[c] = f;
        }
    }
    for (int c = 0; c < COLUMNS; ++c) {
        if (columns[c].needed && t->position[c] == ABSENT)
            return report(EXIT_INPUT, "%s:%d: no column %s", t->name, line->number, columns[c].name);
    }
    return EXIT_DONE;
}

static int read_number(const table *t, const csv_line *line, int c, const char *text, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (errno == 0 && *end == '\0' && *number >= columns[c].least && *number <= NUMBER_MAX) return EXIT_DONE;
    return report(EXIT_INPUT, "%s:%d: %s is '%s'; expected a whole number from %d to %d", t->name, line->number,
                  columns[c].name, text, (int)columns[c].least, (int)NUMBER_MAX);
}

static int read_row(const table *t, const csv_line *line, row *r)
{
    if (line->count < 0)
        return report(EXIT_INPUT, "%s:%d: a quote has no end, or too many fields", t->name, line->number);
    for (int c = 0; c < COLUMNS; ++c) {
        const int position = t->position[c];
        if (position >= line->count)
            return report(EXIT_INPUT, "%s:%d: %s is missing, as the line ends before it", t->name, line->number,
                          columns[c].name);
        const char *text = position == ABSENT ? "" : line->field[position];
        if (c < WORDS) {
            r->word[c] = text;
        } else if (text[0] == '\0' && !columns[c].needed) {
            r->number[c] = columns[c].usual;
        } else {
            const int failed = read_number(t, line, c, text, &r->number[c]);
            if (failed) return failed;
        }
    }
    if (r->number[PAD_H_END] == ABSENT) r->number[PAD_H_END] = r->number[PAD_H];
    if (r->number[PAD_W_END] == ABSENT) r->number[PAD_W_END] = r->number[PAD_W];
    return EXIT_DONE;
}

/* ---- Problems -------------------------------------------------------------------------------------------------- */

/* H and W of what conv and pool call by the same names. */
#define SET_AXES(problem, row)                                                                                      \
    do {                                                                                                            \
        (problem)->n = (row)->number[N];                                                                            \
        (problem)->c = (row)->number[C];                                                                            \
        (problem)->size[TSR_H] = (row)->number[H], (problem)->size[TSR_W] = (row)->number[W];                       \
        (problem)->filter[TSR_H] = (row)->number[R], (problem)->filter[TSR_W] = (row)->number[S];                   \
        (problem)->stride[TSR_H] = (row)->number[STRIDE_H], (problem)->stride[TSR_W] = (row)->number[STRIDE_W];     \
        (problem)->dilation[TSR_H] = (row)->number[DIL_H], (problem)->dilation[TSR_W] = (row)->number[DIL_W];       \
        (problem)->pad_begin[TSR_H] = (row)->number[PAD_H], (problem)->pad_begin[TSR_W] = (row)->number[PAD_W];     \
        (problem)->pad_end[TSR_H] = (row)->number[PAD_H_END], (problem)->pad_end[TSR_W] = (row)->number[PAD_W_END]; \
    } while (0)

enum { PROBLEM_TEXT = 256 };

static tsr_status write_conv(const row *r, char text[PROBLEM_TEXT], tsr_tensor *y)
{
    tsr_conv conv = tsr_conv_default();
    SET_AXES(&conv, r);
    conv.k = r->number[K];
    conv.groups = r->number[GROUPS];
    tsr_conv_format(&conv, text, PROBLEM_TEXT);
    return tsr_conv_output(&conv, y);
}

static tsr_status write_pool(const row *r, tsr_pool_kind kind, bool global, char text[PROBLEM_TEXT], tsr_tensor *y)
{
    tsr_pool pool = tsr_pool_default();
    SET_AXES(&pool, r);
    pool.kind = kind;
    if (global) {
        for (int axis = 0; axis < TSR_AXES; ++axis) pool.filter[axis] = 1, pool.stride[axis] = 0;
        pool.global = true;
    }
    tsr_pool_format(&pool, text, PROBLEM_TEXT);
    return tsr_pool_output(&pool, y);
}

static const struct {
    const char *type;
    tsr_pool_kind kind;
    bool global;
} pools[] = {
    {"max", TSR_POOL_MAX, false},
    {"avg", TSR_POOL_AVG, false},
    {"avgpad", TSR_POOL_AVG_INCLUDE_PAD, false},
    {"global_avg", TSR_POOL_AVG, true},
};

static int write_problem(const table *t, int line, const row *r, char text[PROBLEM_TEXT])
{
    tsr_tensor y;
    tsr_status status = TSR_OK;
    const char *type = r->word[TYPE];
    const size_t pool_count = sizeof pools / sizeof pools[0];
    size_t pool = 0;
    while (pool < pool_count && strcmp(type, pools[pool].type) != 0) ++pool;
    if (pool < pool_count) {
        status = write_pool(r, pools[pool].kind, pools[pool].global, text, &y);
    } else if (type[0] != '\0' && strcmp(type, "conv") != 0) {
        return report(EXIT_INPUT, "%s:%d: type is '%s'; expected conv, max, avg, avgpad or global_avg", t->name, line,
                      type);
    } else if (r->number[K] == ABSENT) {
        return report(EXIT_INPUT, "%s:%d: k is missing, which a convolution needs", t->name, line);
    } else {
        status = write_conv(r, text, &y);
    }
    if (status != TSR_OK) return report(EXIT_INPUT, "%s:%d: %s", t->name, line, tsr_error_message());
    for (int axis = TSR_H; axis <= TSR_W; ++axis) {
        const int c = axis == TSR_H ? OUT_H : OUT_W;
        if (r->number[c] != ABSENT && r->number[c] != y.size[axis])
            return report(EXIT_INPUT, "%s:%d: %s is %d, but the layer's output has %d", t->name, line, columns[c].name,
                          (int)r->number[c], (int)y.size[axis]);
    }
    return EXIT_DONE;
}

/* ---- Suites ---------------------------------------------------------------------------------------------------- */

static int add_text(const char *name, char *text, int64_t batch, workload *all)
{
    table t = {.name = name};
    csv_line line = {0};
    if (!csv_next(&text, &line)) return report(EXIT_INPUT, "%s: empty", name);
    int failed = read_header(&line, &t);
    bool any = false;
    while (!failed && csv_next(&text, &line)) {
        row r;
        char problem[PROBLEM_TEXT];
        failed = read_row(&t, &line, &r);
        if (!failed && batch > 0) r.number[N] = batch;
        if (!failed) failed = write_problem(&t, line.number, &r, problem);
        if (!failed) failed = workload_add(all, problem, r.word[NETWORK], r.word[LAYER], r.number[COUNT]);
        any = true;
    }
    return failed || any ? failed : report(EXIT_INPUT, "%s: no layer", name);
}

/* The whole file as a text, freed by the caller. */
static char *read_file(const char *path)
{
    enum { FILE_MAX = 16 << 20 };
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        report(EXIT_INPUT, "cannot open %s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = malloc(FILE_MAX + 1);
    const size_t length = text != NULL ? fread(text, 1, FILE_MAX + 1, file) : 0;
    const bool good = text != NULL && !ferror(file) && length <= FILE_MAX && memchr(text, 0, length) == NULL;
    fclose(file);
    if (good) {
        text[length] = '\0';
        return text;
    }
    free(text);
    report(EXIT_INPUT, "%s cannot be read, is larger than %d bytes or no text", path, (int)FILE_MAX);
    return NULL;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

int suite_add(const char *wanted, int64_t batch, workload *all)
{
    const bool is_file = ends_with(wanted, ".csv"), is_all = strcmp(wanted, "all") == 0;
    char *text = is_file ? read_file(wanted) : NULL;
    int failed = is_file && text == NULL ? EXIT_INPUT : EXIT_DONE;
    if (text != NULL) failed = add_text(wanted, text, batch, all);
    free(text);
    if (is_file) return failed;

    bool found = false;
    for (const suite *s = suites; s->name != NULL && !failed; ++s) {
        if (!is_all && strcmp(wanted, s->name) != 0) continue;
        found = true;
        text = strdup(s->text); /* reading cuts it */
        failed = text != NULL ? add_text(s->name, text, batch, all) : report(EXIT_DEVICE, "out of memory for a suite");
        free(text);
    }
    if (failed || found) return failed;
    return report(EXIT_INPUT, "--suite is '%s'; expected all, %s or a file that ends in .csv", wanted, suite_names);
}
