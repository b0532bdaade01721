#include "complain.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program_name = "example";

void complain_as(const char *program)
{
    program_name = program;
}

bool complain(const char *format, ...)
{
    va_list list;
    fprintf(stderr, "%s: ", program_name);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    return false;
}

bool succeeded(tsr_status status, const char *what)
{
    return status == TSR_OK || complain("%s: %s: %s", what, tsr_status_text(status), tsr_error_message());
}
