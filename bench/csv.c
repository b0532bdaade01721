#include "csv.h"

#include <stddef.h>
#include <string.h>

/* Cuts a field that may stand in quotes, where two quotes are one. Returns what follows it, NULL where a quote does not
 * end. */
static char *cut_field(char *from, char **field)
{
    *field = from;
    if (*from != '"') {
        char *const end = from + strcspn(from, ",");
        return end;
    }
    char *to = ++*field;
    for (++from; *from != '\0'; ++from) {
        if (*from == '"' && *++from != '"') {
            /* The text moved to the left by the quotes that were left out, so its end lies before what follows. */
            *to = '\0';
            return *from == ',' || *from == '\0' ? from : NULL;
        }
        *to++ = *from;
    }
    return NULL;
}

static void cut_line(char *text, csv_line *line)
{
    line->count = 0;
    for (;;) {
        char *field = NULL;
        char *const end = cut_field(text, &field);
        if (end == NULL || line->count == CSV_MAX_FIELDS) {
            line->count = -1;
            return;
        }
        line->field[line->count++] = field;
        if (*end == '\0') return;
        *end = '\0';
        text = end + 1;
    }
}

bool csv_next(char **rest, csv_line *line)
{
    char *text = NULL;
    do {
        if (**rest == '\0') return false;
        text = *rest;
        *rest += strcspn(text, "\n");
        if (**rest == '\n') *(*rest)++ = '\0';
        ++line->number;
        text[strcspn(text, "\r")] = '\0';
    } while (*text == '\0');
    cut_line(text, line);
    return true;
}
