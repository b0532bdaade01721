#include "log.h"

#include <stdarg.h>

bool tsr__log_wants(const tsr__log *log, tsr_log_level level)
{
    return log->function != NULL && level <= log->level;
}

void tsr__log_write(const tsr__log *log, tsr_log_level level, const char *format, ...)
{
    if (!tsr__log_wants(log, level)) return;
    char line[8192]; /* holds the longest message, that of a failed build */
    tsr__text text = tsr__text_over(line, sizeof line);
    va_list list;
    va_start(list, format);
    tsr__text_add_list(&text, format, list);
    va_end(list);
    log->function(log->cookie, level, line);
}
