/* Command lines of `--name value`. */
#ifndef EXAMPLES_OPTIONS_H
#define EXAMPLES_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

/* Where the value of an option goes: a text as it is, or a whole number of `least` to `most`. */
typedef struct option {
    const char *name;  /* with its dashes; "" for the one word that is no option */
    const char **text; /* or NULL                                                */
    int *number, least, most;
} option;

typedef enum parsed { PARSED, PARSED_HELP, PARSED_WRONG } parsed;

/* PARSED_HELP at --help; at PARSED_WRONG the complaint is printed. What is not named keeps its value. */
parsed options_parse(int count, char **words, const option *list, size_t length);

/* Whether a folder is there to be written into (NULL: none is wanted); else the complaint is printed. */
bool options_folder(const char *name, const char *path);

#endif
