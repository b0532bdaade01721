/* A string builder over memory that its owner provides: it never overflows and remembers that it had to cut. */
#ifndef TSR_HOST_TEXT_H
#define TSR_HOST_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define TSR__PRINTF(format_index, first_index) __attribute__((format(printf, format_index, first_index)))

typedef struct tsr__text {
    char *data;      /* always ends with a 0 */
    size_t capacity; /* bytes at data, 1 or more */
    size_t length;
    bool cut; /* something did not fit */
} tsr__text;

tsr__text tsr__text_over(char *data, size_t capacity);
void tsr__text_add(tsr__text *text, const char *format, ...) TSR__PRINTF(2, 3);
void tsr__text_add_list(tsr__text *text, const char *format, va_list list) TSR__PRINTF(2, 0);

#endif
