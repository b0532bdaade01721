/* Tuning data as text, in memory and in files: docs/tuning.md describes it. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "context.h"

/* The fields of a line, joined by tabs; a broken choice ends with the word in the place of NS. */
enum field { DEVICE, DRIVER, PROBLEM, LAYOUTS, WEIGHTS, ALGORITHM, PARAMS, NS, DEFAULT_NS, TRIED, FIELDS };
static const char broken[] = "broken";

static const char heading[] =
    "# Tuning data of Tessera: device, driver, problem, layouts, weights, algorithm, params, nanoseconds of a run and "
    "of\n"
    "# one with the default choice, candidates tried; joined by tabs. Files may be joined too, in any order.\n";

/* ---- Reading --------------------------------------------------------------------------------------------------- */

enum { MAX_LINE = 4096, SHOWN = 200 };

/* Cuts a line at its tabs; answers how many fields there are, of which at most FIELDS are stored. */
static int split(char *line, char *fields[FIELDS])
{
    int count = 0;
    for (char *at = line; at != NULL; ++count) {
        char *tab = strchr(at, '\t');
        if (tab != NULL) *tab++ = '\0';
        if (count < FIELDS) fields[count] = at;
        at = tab;
    }
    return count;
}

/* A whole number from 1 to 10^18, alone in its text up to `end`. */
static bool read_number(const char *text, char end, uint64_t *value)
{
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 18 || text[digits] != end) return false;
    *value = strtoull(text, NULL, 10);
    return *value > 0;
}

/* "12/14" */
static bool read_tried(const char *text, tsr__tuning_choice *choice)
{
    uint64_t tried = 0, legal = 0;
    if (!read_number(text, '/', &tried) || !read_number(strchr(text, '/') + 1, '\0', &legal)) return false;
    if (tried > legal || legal > UINT32_MAX) return false;
    choice->tried = (uint32_t)tried;
    choice->legal = (uint32_t)legal;
    return true;
}

static bool take_text(const char *field, char *target, size_t capacity)
{
    const size_t length = strlen(field);
    if (length == 0 || length >= capacity) return false;
    memcpy(target, field, length + 1);
    return true;
}

/* Reads what follows the key; answers the name of the field that is wrong, or NULL. */
static const char *read_choice(char *const fields[FIELDS], int count, tsr__tuning_choice *choice)
{
    *choice = (tsr__tuning_choice){.broken = count == NS + 1};
    if (!take_text(fields[ALGORITHM], choice->algorithm, sizeof choice->algorithm)) return "algorithm";
    if (!take_text(fields[PARAMS], choice->params, sizeof choice->params)) return "params";
    if (choice->broken) return strcmp(fields[NS], broken) == 0 ? NULL : "nanoseconds";
    if (!read_number(fields[NS], '\0', &choice->ns)) return "nanoseconds";
    if (!read_number(fields[DEFAULT_NS], '\0', &choice->default_ns)) return "default's nanoseconds";
    return read_tried(fields[TRIED], choice) ? NULL : "candidates tried";
}

/* Reads a line, which it cuts up; answers the name of the field that is wrong, or NULL. */
static const char *read_line(char *line, size_t length, char key[TSR__TUNING_KEY], tsr__tuning_choice *choice)
{
    for (size_t i = 0; i < length; ++i)
        if (iscntrl((unsigned char)line[i]) && line[i] != '\t') return "line, which has a control character";
    char *fields[FIELDS];
    const int count = split(line, fields);
    if (count != FIELDS && count != NS + 1) return "number of fields";
    if (strchr(fields[PROBLEM], ':') == NULL) return "problem";
    if (strchr(fields[LAYOUTS], '>') == NULL) return "layouts";
    if (strcmp(fields[WEIGHTS], "plain") != 0 && strcmp(fields[WEIGHTS], "packed") != 0) return "weights";
    tsr__text text = tsr__text_over(key, TSR__TUNING_KEY);
    for (int i = DEVICE; i <= WEIGHTS; ++i) tsr__text_add(&text, "%s%s", i == DEVICE ? "" : "\t", fields[i]);
    if (text.cut) return "key, which is too long";
    return read_choice(fields, count, choice);
}

/* Adds the record of one line, if it is one; with the lock held. */
static tsr_status take_line(tsr__tuning *tuning, const char *start, size_t length, const char **wrong)
{
    char line[MAX_LINE], key[TSR__TUNING_KEY];
    tsr__tuning_choice choice;
    if (length > 0 && start[length - 1] == '\r') --length;
    if (length == 0 || start[0] == '#') return TSR_OK;
    *wrong = "line, which is too long";
    if (length >= sizeof line) return TSR_OK;
    memcpy(line, start, length);
    line[length] = '\0';
    *wrong = read_line(line, length, key, &choice);
    return *wrong == NULL ? tsr__tuning_append(tuning, key, &choice) : TSR_OK;
}

tsr_status tsr__tuning_parse(tsr__tuning *tuning, const char *text, size_t bytes, const char *name, const tsr__log *log)
{
    const char *at = text, *const end = text + bytes;
    tsr_status status = TSR_OK;
    pthread_mutex_lock(&tuning->lock);
    for (size_t number = 1; at < end && status == TSR_OK; ++number) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) line_end = end;
        const size_t length = (size_t)(line_end - at);
        const char *wrong = NULL;
        status = take_line(tuning, at, length, &wrong);
        if (wrong != NULL)
            tsr__log_write(log, TSR_LOG_WARN, "tuning data: %s:%zu is skipped for its %s: \"%.*s\"", name, number,
                           wrong, (int)(length < SHOWN ? length : SHOWN), at);
        at = line_end + (line_end < end);
    }
    tsr__tuning_put_in_order(tuning);
    pthread_mutex_unlock(&tuning->lock);
    return status;
}

/* ---- Files ----------------------------------------------------------------------------------------------------- */

/* More is no tuning data: a file of every problem that anyone tuned has a few megabytes. */
enum { MAX_FILE = 64 << 20 };

static tsr_status cannot(const char *verb, const char *path, const char *reason)
{
    return tsr__fail(TSR_INVALID_VALUE, "cannot %s %s: %s", verb, path, reason);
}

/* Everything that a file holds, to be freed. */
static tsr_status read_all(const char *path, FILE *file, char **text, size_t *bytes)
{
    size_t capacity = 1 << 16;
    *bytes = 0;
    for (*text = NULL;; capacity *= 2) {
        char *more = realloc(*text, capacity);
        if (more == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "%zu bytes for %s", capacity, path);
        *text = more;
        *bytes += fread(*text + *bytes, 1, capacity - *bytes, file);
        if (ferror(file)) return cannot("read", path, strerror(errno));
        if (*bytes < capacity) return TSR_OK;
        if (capacity >= MAX_FILE) return cannot("read", path, "it has more than 64 MiB");
    }
}

static tsr_status check(const tsr_context *context, const char *name, const void *argument)
{
    if (context != NULL && argument != NULL) return TSR_OK;
    return tsr__fail(TSR_INVALID_VALUE, "%s is NULL", context == NULL ? "context" : name);
}

tsr_status tsr_tuning_add(tsr_context *context, const char *text, uint64_t bytes)
{
    TSR__TRY(check(context, "text", text));
    return tsr__tuning_parse(&context->tuning, text, (size_t)bytes, "text", &context->log);
}

tsr_status tsr_tuning_load(tsr_context *context, const char *path)
{
    TSR__TRY(check(context, "path", path));
    FILE *file = fopen(path, "rb");
    if (file == NULL) return cannot("read", path, strerror(errno));
    char *text = NULL;
    size_t bytes = 0;
    tsr_status status = read_all(path, file, &text, &bytes);
    fclose(file);
    if (status == TSR_OK) status = tsr__tuning_parse(&context->tuning, text, bytes, path, &context->log);
    free(text);
    return status;
}

static void write_records(tsr__tuning *tuning, FILE *file)
{
    fputs(heading, file);
    pthread_mutex_lock(&tuning->lock);
    for (size_t i = 0; i < tuning->count; ++i) {
        const tsr__tuning_choice *c = &tuning->records[i]->choice;
        fprintf(file, "%s\t%s\t%s\t", tuning->records[i]->key, c->algorithm, c->params);
        if (c->broken)
            fprintf(file, "%s\n", broken);
        else
            fprintf(file, "%" PRIu64 "\t%" PRIu64 "\t%" PRIu32 "/%" PRIu32 "\n", c->ns, c->default_ns, c->tried,
                    c->legal);
    }
    pthread_mutex_unlock(&tuning->lock);
}

/* False with errno: nothing was written. */
static bool write_file(tsr__tuning *tuning, const char *temporary, const char *path)
{
    const int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) return false;
    FILE *file = fdopen(descriptor, "w");
    if (file == NULL) {
        close(descriptor);
    } else {
        write_records(tuning, file);
        const bool bad = ferror(file) != 0;
        if (fclose(file) == 0 && !bad && rename(temporary, path) == 0) return true;
    }
    const int reason = errno;
    unlink(temporary);
    errno = reason;
    return false;
}

tsr_status tsr_tuning_save(tsr_context *context, const char *path)
{
    TSR__TRY(check(context, "path", path));
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) return cannot("write", path, "it is not a regular file");
    /* The process and the address of a local tell apart all who write at this moment. */
    char temporary[4096];
    tsr__text text = tsr__text_over(temporary, sizeof temporary);
    tsr__text_add(&text, "%s.%ld.%" PRIxPTR ".tmp", path, (long)getpid(), (uintptr_t)&text);
    if (text.cut) return cannot("write", path, strerror(ENAMETOOLONG));
    return write_file(&context->tuning, temporary, path) ? TSR_OK : cannot("write", path, strerror(errno));
}
