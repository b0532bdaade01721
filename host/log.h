/* The log of one context: the caller's function, its cookie and the level up to which it listens. */
#ifndef TSR_HOST_LOG_H
#define TSR_HOST_LOG_H

#include "tessera.h"
#include "text.h"

typedef struct tsr__log {
    tsr_log_fn function; /* NULL: silent */
    void *cookie;
    tsr_log_level level;
} tsr__log;

/* Whether a message of this level would be delivered: ask before making an expensive one. */
bool tsr__log_wants(const tsr__log *log, tsr_log_level level);
void tsr__log_write(const tsr__log *log, tsr_log_level level, const char *format, ...) TSR__PRINTF(3, 4);

#endif
