/* What went wrong, on stderr. */
#ifndef EXAMPLES_COMPLAIN_H
#define EXAMPLES_COMPLAIN_H

#include <stdbool.h>
#include <tessera.h>

/* The name that complaints begin with; not copied. */
void complain_as(const char *program);

/* Prints a line. Always false, so that a function that fails can end with it. */
__attribute__((format(printf, 1, 2))) bool complain(const char *format, ...);

/* Whether a call of the library succeeded; else the library's message is printed behind `what`. */
bool succeeded(tsr_status status, const char *what);

#endif
