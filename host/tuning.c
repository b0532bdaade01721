#include "tuning.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

tsr_status tsr__tuning_open(tsr__tuning *tuning)
{
    *tuning = (tsr__tuning){.count = 0};
    if (pthread_mutex_init(&tuning->lock, NULL) == 0) return TSR_OK;
    return tsr__fail(TSR_OUT_OF_MEMORY, "the tuning data's lock");
}

void tsr__tuning_close(tsr__tuning *tuning)
{
    for (size_t i = 0; i < tuning->count; ++i) free(tuning->records[i]);
    free(tuning->records);
    pthread_mutex_destroy(&tuning->lock);
}

/* ---- Keys ------------------------------------------------------------------------------------------------------ */

/* A name as one field: whatever a driver puts into its texts, it holds no tab and no line end. */
static void add_name(tsr__text *text, const char *name)
{
    for (; *name != '\0'; ++name) tsr__text_add(text, "%c", iscntrl((unsigned char)*name) ? ' ' : *name);
    tsr__text_add(text, "\t");
}

static bool is_view(const tsr_tensor *t)
{
    const tsr_strides *s = &t->strides;
    return s->n != 0 || s->c != 0 || s->size[TSR_D] != 0 || s->size[TSR_H] != 0 || s->size[TSR_W] != 0;
}

void tsr__tuning_key(const tsr_device *device, const tsr__problem *problem, const tsr_plan_options *options,
                     char key[TSR__TUNING_KEY])
{
    tsr__text text = tsr__text_over(key, TSR__TUNING_KEY);
    add_name(&text, device->name);
    add_name(&text, device->driver);
    problem->op->format(problem, &text);
    tsr__text_add(&text, "\t%s>%s%s\t%s", tsr_layout_text(problem->x.layout), tsr_layout_text(problem->y.layout),
                  is_view(&problem->x) || is_view(&problem->y) ? ",views" : "",
                  options->packed_weights && problem->w_elements > 0 ? "packed" : "plain");
}

void tsr__tuning_params(const tsr__algorithm *algorithm, const tsr__params *params, char text[TSR__TUNING_PARAMS])
{
    tsr__text out = tsr__text_over(text, TSR__TUNING_PARAMS);
    if (algorithm->param_names == NULL)
        tsr__text_add(&out, "-");
    else
        tsr__params_format(algorithm, params, &out);
}

/* ---- Order ----------------------------------------------------------------------------------------------------- */

bool tsr__tuning_finished(const tsr__tuning_choice *choice)
{
    return choice->tried == choice->legal;
}

/* Results before failures, searches that came to their end before others, and the fastest first. */
static int compare(const tsr__tuning_record *a, const tsr__tuning_record *b)
{
    const tsr__tuning_choice *x = &a->choice, *y = &b->choice;
    const int keys = strcmp(a->key, b->key);
    if (keys != 0) return keys;
    if (x->broken != y->broken) return x->broken ? 1 : -1;
    if (tsr__tuning_finished(x) != tsr__tuning_finished(y)) return tsr__tuning_finished(x) ? -1 : 1;
    if (x->ns != y->ns) return x->ns < y->ns ? -1 : 1;
    const int algorithms = strcmp(x->algorithm, y->algorithm);
    return algorithms != 0 ? algorithms : strcmp(x->params, y->params);
}

static int compare_places(const void *left, const void *right)
{
    return compare(*(tsr__tuning_record *const *)left, *(tsr__tuning_record *const *)right);
}

static bool same_choice(const tsr__tuning_record *a, const tsr__tuning_record *b)
{
    return strcmp(a->key, b->key) == 0 && strcmp(a->choice.algorithm, b->choice.algorithm) == 0 &&
           strcmp(a->choice.params, b->choice.params) == 0;
}

void tsr__tuning_put_in_order(tsr__tuning *tuning)
{
    tsr__tuning_record **r = tuning->records;
    size_t kept = 0, first = 0; /* of the present key */
    if (tuning->count > 1) qsort(r, tuning->count, sizeof *r, compare_places);
    for (size_t i = 0; i < tuning->count; ++i) {
        if (kept > 0 && strcmp(r[kept - 1]->key, r[i]->key) != 0) first = kept;
        size_t same = first;
        while (same < kept && !same_choice(r[same], r[i])) ++same;
        if (same < kept)
            free(r[i]);
        else
            r[kept++] = r[i];
    }
    tuning->count = kept;
}

/* The number of the first record whose key is not before `key`. */
static size_t first_of(const tsr__tuning *tuning, const char *key)
{
    size_t low = 0, high = tuning->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(tuning->records[middle]->key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- The table ------------------------------------------------------------------------------------------------- */

bool tsr__tuning_is_empty(tsr__tuning *tuning)
{
    pthread_mutex_lock(&tuning->lock);
    const bool empty = tuning->count == 0;
    pthread_mutex_unlock(&tuning->lock);
    return empty;
}

bool tsr__tuning_get(tsr__tuning *tuning, const char *key, size_t rank, tsr__tuning_choice *choice)
{
    pthread_mutex_lock(&tuning->lock);
    const size_t at = first_of(tuning, key) + rank;
    const bool there =
        at < tuning->count && strcmp(tuning->records[at]->key, key) == 0 && !tuning->records[at]->choice.broken;
    if (there) *choice = tuning->records[at]->choice;
    pthread_mutex_unlock(&tuning->lock);
    return there;
}

bool tsr__tuning_is_broken(tsr__tuning *tuning, const char *key, const char *algorithm, const char *params)
{
    bool broken = false;
    pthread_mutex_lock(&tuning->lock);
    for (size_t i = first_of(tuning, key); i < tuning->count && strcmp(tuning->records[i]->key, key) == 0; ++i) {
        const tsr__tuning_choice *c = &tuning->records[i]->choice;
        broken |= c->broken && strcmp(c->algorithm, algorithm) == 0 && strcmp(c->params, params) == 0;
    }
    pthread_mutex_unlock(&tuning->lock);
    return broken;
}

tsr_status tsr__tuning_append(tsr__tuning *tuning, const char *key, const tsr__tuning_choice *choice)
{
    if (tuning->count == tuning->capacity) {
        const size_t capacity = tuning->capacity == 0 ? 16 : 2 * tuning->capacity;
        tsr__tuning_record **more = realloc(tuning->records, capacity * sizeof *more);
        if (more == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "a table of %zu tuning records", capacity);
        tuning->records = more;
        tuning->capacity = capacity;
    }
    const size_t key_bytes = strlen(key) + 1;
    tsr__tuning_record *record = malloc(sizeof *record + key_bytes);
    if (record == NULL)
        return tsr__fail(TSR_OUT_OF_MEMORY, "%zu bytes for a tuning record", sizeof *record + key_bytes);
    record->choice = *choice;
    memcpy(record->key, key, key_bytes);
    tuning->records[tuning->count++] = record;
    return TSR_OK;
}

/* Takes the results for a key out of the table, of all algorithms or of one. */
static void forget(tsr__tuning *tuning, const char *key, const char *algorithm)
{
    size_t kept = 0;
    for (size_t i = 0; i < tuning->count; ++i) {
        tsr__tuning_record *r = tuning->records[i];
        if (!r->choice.broken && strcmp(r->key, key) == 0 &&
            (algorithm == NULL || strcmp(r->choice.algorithm, algorithm) == 0))
            free(r);
        else
            tuning->records[kept++] = r;
    }
    tuning->count = kept;
}

tsr_status tsr__tuning_remember(tsr__tuning *tuning, const char *key, const tsr__tuning_choice *choice,
                                const char *algorithm)
{
    pthread_mutex_lock(&tuning->lock);
    if (!choice->broken) forget(tuning, key, algorithm);
    const tsr_status status = tsr__tuning_append(tuning, key, choice);
    tsr__tuning_put_in_order(tuning);
    pthread_mutex_unlock(&tuning->lock);
    return status;
}
