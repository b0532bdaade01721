/* The command line. */
#ifndef FACES_OPTIONS_H
#define FACES_OPTIONS_H

#include <stdbool.h>

typedef struct options {
    const char *picture, *weights;
    const char *output, *stages, *json; /* NULL: not wanted */
    const char *device;                 /* NULL: the best         */
    const char *cache;                  /* NULL: none is kept     */
    double threshold;
    int repeat;
    bool help;
} options;

extern const char options_help[];

/* On failure false, and the complaint is printed. */
bool options_parse(int count, char **words, options *parsed);

#endif
