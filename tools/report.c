#include "report.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program_name = "tessera";

void report_as(const char *program)
{
    program_name = program;
}

int report(int exit_code, const char *format, ...)
{
    /* What was printed so far comes first, also where both streams go to one file. */
    fflush(stdout);
    fprintf(stderr, "%s: ", program_name);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return exit_code;
}

int report_status(tsr_status status, const char *what)
{
    const bool input = status == TSR_INVALID_VALUE || status == TSR_UNSUPPORTED;
    const char *detail = tsr_error_message();
    if (detail[0] == '\0') detail = tsr_status_text(status);
    return report(input ? EXIT_INPUT : EXIT_DEVICE, "%s: %s", what, detail);
}
