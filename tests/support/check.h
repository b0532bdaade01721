/* cmocka with what it wants included before it, and checks of a call's status together with its message. */
#ifndef TSR_TESTS_CHECK_H
#define TSR_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tessera.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* The step succeeds; its message is shown where it does not. */
#define assert_ok(step) check_ok((step), #step, __FILE__, __LINE__)

/* The step fails with the status, and its message contains each of the texts. */
#define assert_fails(step, status, ...) \
    check_fails((step), (status), (const char *const[]){__VA_ARGS__, NULL}, #step, __FILE__, __LINE__)

/* The text contains the part. */
#define assert_contains(text, part) check_contains((text), (part), __FILE__, __LINE__)

static inline void check_ok(tsr_status status, const char *step, const char *file, int line)
{
    if (status == TSR_OK) return;
    print_error("%s: %s: %s\n", step, tsr_status_text(status), tsr_error_message());
    _fail(file, line);
}

static inline void check_contains(const char *text, const char *part, const char *file, int line)
{
    if (strstr(text, part) != NULL) return;
    print_error("\"%s\" does not contain \"%s\"\n", text, part);
    _fail(file, line);
}

static inline void check_fails(tsr_status status, tsr_status expected, const char *const *texts, const char *step,
                               const char *file, int line)
{
    if (status != expected) {
        print_error("%s: %s (%d) and not %s\n", step, tsr_status_text(status), status, tsr_status_text(expected));
        _fail(file, line);
    }
    for (; *texts != NULL; ++texts) check_contains(tsr_error_message(), *texts, file, line);
}

#endif
