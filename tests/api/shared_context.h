/* The context of the device under test, for programs whose tests share one: for cmocka_run_group_tests(). To be
 * included last, for headers of the library name parameters so. */
#ifndef TSR_TESTS_SHARED_CONTEXT_H
#define TSR_TESTS_SHARED_CONTEXT_H

#include "support/support.h"

static tsr_context *context;

static int open_context(void **state)
{
    (void)state;
    context = support_context();
    return 0;
}

static int close_context(void **state)
{
    (void)state;
    tsr_context_destroy(context);
    return 0;
}

#endif
