#include "device.h"
#include "complain.h"

/* The library's warnings, such as that a slow algorithm had to be taken. */
static void print_log(void *cookie, tsr_log_level severity, const char *message)
{
    (void)cookie, (void)severity;
    complain("%s", message);
}

bool device_open(const char *selector, const char *cache, tsr_context **context)
{
    tsr_context_options settings = tsr_context_options_default();
    settings.log = print_log;
    settings.cache_folder = cache;
    return succeeded(tsr_context_create(selector, &settings, context), "the device");
}
