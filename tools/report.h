/* How the command ends, and how it tells the user why. */
#ifndef TESSERA_TOOLS_REPORT_H
#define TESSERA_TOOLS_REPORT_H

#include "tessera.h"

/* Exit codes. Scripts rely on them; a function that can fail returns one of them, and has told the user by then. */
enum { EXIT_DONE = 0, EXIT_UNEQUAL = 1, EXIT_INPUT = 2, EXIT_DEVICE = 3 };

/* Writes "tessera conv: MESSAGE" to stderr and returns the code, so that a failure is one statement. */
int report(int exit_code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reports the library's own message for a status that is not TSR_OK. `what` says what was being done. */
int report_status(tsr_status status, const char *what);

/* The text before each message: "tessera conv". It must outlive the program's last message. */
void report_as(const char *program);

#endif
