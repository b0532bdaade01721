/* How the tools open a device: the cache folder and the log that the environment asks for. */
#ifndef TESSERA_TOOLS_SESSION_H
#define TESSERA_TOOLS_SESSION_H

#include "tessera.h"

#define SESSION_DEFAULT_DEVICE "opencl"

/* Where built programs are kept between runs. */
typedef enum session_cache {
    SESSION_CACHE_USER, /* $XDG_CACHE_HOME/tessera, else ~/.cache/tessera, else none */
    SESSION_CACHE_NONE,
    SESSION_CACHE_FOLDER, /* the folder that is named */
} session_cache;

/* Opens a device as tsr_context_create() does. TESSERA_LOG=error|warn|info|debug says how much of the library's log
 * goes to stderr; without it warnings do. TESSERA_TUNING names a file of tuning
 * data to follow. `folder` is for SESSION_CACHE_FOLDER. Returns an exit code (report.h). */
int session_open(const char *selector, session_cache cache, const char *folder, tsr_context **context);

/* True where TESSERA_LOG asks for everything. */
bool session_is_debugging(void);

#endif
