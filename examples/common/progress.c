#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

void progress_show(int done, int of, const char *format, ...)
{
    if (!isatty(STDOUT_FILENO)) return;
    fputs("\r[", stdout);
    const int full = done * BAR_WIDTH / of;
    for (int i = 0; i < BAR_WIDTH; ++i) fputc(i < full ? '#' : '.', stdout);
    fputs("] ", stdout);
    va_list list;
    va_start(list, format);
    vprintf(format, list);
    va_end(list);
    fputs("\x1b[K", stdout); /* clears the rest of the line */
    fflush(stdout);
}

void progress_clear(void)
{
    if (isatty(STDOUT_FILENO)) fputs("\r\x1b[K", stdout);
}
