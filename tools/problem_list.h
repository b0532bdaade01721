/* Problems in the notation of tessera.h, as many as there are. */
#ifndef TESSERA_TOOLS_PROBLEM_LIST_H
#define TESSERA_TOOLS_PROBLEM_LIST_H

#include <stddef.h>

typedef struct problem_list {
    char **text; /* owned */
    size_t count, capacity;
} problem_list;

/* Each returns an exit code (report.h). */
int problem_list_add(problem_list *list, const char *text);

/* Adds those of a file: one a line, with empty lines and lines that begin with # left out. */
int problem_list_read(problem_list *list, const char *path);
void problem_list_free(problem_list *list);

#endif
