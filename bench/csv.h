/* Comma-separated values: one line at a time, cut in place. */
#ifndef TESSERA_BENCH_CSV_H
#define TESSERA_BENCH_CSV_H

#include <stdbool.h>

enum { CSV_MAX_FIELDS = 64 };

typedef struct csv_line {
    int number; /* from 1 */
    int count;
    char *field[CSV_MAX_FIELDS]; /* without the quotes around a field */
} csv_line;

/* Cuts the next line that is not empty out of `*rest`, which it moves behind it; a text that ends is false. A line has
 * more fields than there is room for, or a quote does not end: `count` is -1. */
bool csv_next(char **rest, csv_line *line);

#endif
