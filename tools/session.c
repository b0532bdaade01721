#include "session.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static void write_log(void *cookie, tsr_log_level level, const char *message)
{
    (void)cookie;
    fprintf(stderr, "[%s] %s\n", level_names[level], message);
}

static int read_log_level(tsr_log_level *level)
{
    const char *wanted = getenv("TESSERA_LOG");
    *level = TSR_LOG_WARN;
    if (wanted == NULL || wanted[0] == '\0') return EXIT_DONE;
    for (int i = TSR_LOG_ERROR; i <= TSR_LOG_DEBUG; ++i) {
        if (strcmp(wanted, level_names[i]) != 0) continue;
        *level = (tsr_log_level)i;
        return EXIT_DONE;
    }
    return report(EXIT_INPUT, "TESSERA_LOG is '%s'; expected error, warn, info or debug", wanted);
}

/* The folder, or NULL where there is no home to put it in. The XDG rules say that a relative path is to be ignored. */
static const char *user_cache_folder(char *path, size_t capacity)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int length = -1;
    if (cache != NULL && cache[0] == '/') {
        length = snprintf(path, capacity, "%s/tessera", cache);
    } else if (home != NULL && home[0] == '/') {
        length = snprintf(path, capacity, "%s/.cache/tessera", home);
    }
    return length > 0 && (size_t)length < capacity ? path : NULL;
}

/* Whether a selector has one of the forms that there are. One that has, but matches nothing, is the device's fault. */
static bool is_selector(const char *text)
{
    if (strcmp(text, "cpu") == 0 || strcmp(text, "opencl") == 0 || strncmp(text, "opencl:", 7) == 0) return true;
    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text);
}

static int follow_tuning(tsr_context *context)
{
    const char *path = getenv("TESSERA_TUNING");
    if (path == NULL || path[0] == '\0') return EXIT_DONE;
    const tsr_status status = tsr_tuning_load(context, path);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "TESSERA_TUNING");
}

int session_open(const char *selector, session_cache cache, const char *folder, tsr_context **context)
{
    char path[4096];
    tsr_context_options options = tsr_context_options_default();
    const int failed = read_log_level(&options.log_level);
    if (failed) return failed;
    if (selector != NULL && !is_selector(selector)) {
        return report(EXIT_INPUT, "--device is '%s'; expected opencl, opencl:TEXT, a number or cpu", selector);
    }
    options.log = write_log;
    if (cache == SESSION_CACHE_USER) options.cache_folder = user_cache_folder(path, sizeof path);
    if (cache == SESSION_CACHE_FOLDER) options.cache_folder = folder;

    const tsr_status status = tsr_context_create(selector, &options, context);
    if (status == TSR_OK) return follow_tuning(*context);
    size_t count = 0;
    if (status == TSR_NO_DEVICE && tsr_device_list(NULL, 0, &count) == TSR_OK && count == 0) {
        return report(EXIT_DEVICE, "no OpenCL device was found; --device cpu runs without OpenCL");
    }
    return report_status(status, "cannot open the device");
}

bool session_is_debugging(void)
{
    const char *level = getenv("TESSERA_LOG");
    return level != NULL && strcmp(level, level_names[TSR_LOG_DEBUG]) == 0;
}
