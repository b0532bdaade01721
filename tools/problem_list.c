#include "problem_list.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int problem_list_add(problem_list *list, const char *text)
{
    if (list->count == list->capacity) {
        const size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        char **more = realloc(list->text, capacity * sizeof *more);
        if (more == NULL) return report(EXIT_DEVICE, "out of memory for %zu problems", capacity);
        list->text = more;
        list->capacity = capacity;
    }
    char *copy = strdup(text);
    if (copy == NULL) return report(EXIT_DEVICE, "out of memory for a problem");
    list->text[list->count++] = copy;
    return EXIT_DONE;
}

int problem_list_read(problem_list *list, const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) return report(EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    char line[1024];
    int failed = EXIT_DONE;
    while (!failed && fgets(line, sizeof line, file) != NULL) {
        const size_t length = strcspn(line, "\r\n");
        if (length == sizeof line - 1)
            failed = report(EXIT_INPUT, "%s has a line of more than %zu characters", path, sizeof line - 2);
        line[length] = '\0';
        if (!failed && length > 0 && line[0] != '#') failed = problem_list_add(list, line);
    }
    if (!failed && ferror(file)) failed = report(EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    fclose(file);
    return failed;
}

void problem_list_free(problem_list *list)
{
    for (size_t i = 0; i < list->count; ++i) free(list->text[i]);
    free(list->text);
    *list = (problem_list){0};
}
