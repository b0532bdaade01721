/* Statuses, their texts and the message of a thread's last failure. */
#include "status.h"
#include "support/check.h"

#include <pthread.h>
#include <stdio.h>

static void status_texts_are_those_of_the_list(void **state)
{
    (void)state;
#define CHECK_TEXT(name, value, text)    \
    assert_int_equal(TSR_##name, value); \
    assert_string_equal(tsr_status_text(TSR_##name), text);
    TSR_STATUS_LIST(CHECK_TEXT)
#undef CHECK_TEXT
    assert_string_equal(tsr_status_text((tsr_status)-1000), "unknown status");
    assert_string_equal(tsr_status_text((tsr_status)1), "unknown status");
}

static void version_is_the_headers(void **state)
{
    (void)state;
    char expected[64];
    snprintf(expected, sizeof expected, "%d.%d.%d", TSR_VERSION_MAJOR, TSR_VERSION_MINOR, TSR_VERSION_PATCH);
    assert_string_equal(tsr_version(), expected);
}

static void failing_returns_the_status_and_leaves_the_message(void **state)
{
    (void)state;
    assert_int_equal(tsr__fail(TSR_NO_DEVICE, "stride[%c] is %d", 'H', 7), TSR_NO_DEVICE);
    assert_string_equal(tsr_error_message(), "stride[H] is 7");
    assert_int_equal(tsr__fail(TSR_INVALID_VALUE, "another"), TSR_INVALID_VALUE);
    assert_string_equal(tsr_error_message(), "another");
}

static void a_message_may_contain_the_one_before_it(void **state)
{
    (void)state;
    tsr__fail(TSR_OPENCL, "the cause");
    tsr__fail(TSR_OPENCL, "step 2: %s", tsr_error_message());
    tsr__fail(TSR_OPENCL, "step 3: %s", tsr_error_message());
    assert_string_equal(tsr_error_message(), "step 3: step 2: the cause");
}

static void a_long_message_is_cut_and_terminated(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    static char text[LENGTH + 1];
    memset(text, 'x', LENGTH);
    tsr__fail(TSR_BUILD_FAILED, "head %s", text);
    const size_t length = strlen(tsr_error_message());
    assert_in_range(length, 1000, LENGTH - 1);
    assert_memory_equal(tsr_error_message(), "head xxx", 8);
    assert_int_equal(tsr_error_message()[length - 1], 'x');
}

static void opencl_failures_name_call_and_code(void **state)
{
    (void)state;
    static const struct {
        cl_int code;
        tsr_status status;
        const char *text;
    } cases[] = {
        {CL_OUT_OF_HOST_MEMORY, TSR_OUT_OF_MEMORY, "CL_OUT_OF_HOST_MEMORY (-6)"},
        {CL_OUT_OF_RESOURCES, TSR_OUT_OF_MEMORY, "CL_OUT_OF_RESOURCES (-5)"},
        {CL_MEM_OBJECT_ALLOCATION_FAILURE, TSR_OUT_OF_MEMORY, "CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)"},
        {CL_INVALID_VALUE, TSR_OPENCL, "CL_INVALID_VALUE (-30)"},
        {CL_INVALID_EVENT_WAIT_LIST, TSR_OPENCL, "CL_INVALID_EVENT_WAIT_LIST (-57)"},
        {CL_DEVICE_NOT_FOUND, TSR_OPENCL, "CL_DEVICE_NOT_FOUND (-1)"},
        {-9999, TSR_OPENCL, "unknown code (-9999)"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i)
        assert_fails(tsr__fail_cl(cases[i].code, "clThing"), cases[i].status, "clThing failed", cases[i].text);
}

static void opencl_codes_have_their_names(void **state)
{
    (void)state;
    /* OpenCL 1.2 leaves no gaps but these: -20 to -29 are nobody's, -16 to -19 are of compiling and linking apart,
     * which the library never does. */
    for (cl_int code = 0; code >= CL_INVALID_PROPERTY; --code) {
        if (code <= -16 && code >= -29) continue;
        const bool unused_in_library = code == CL_IMAGE_FORMAT_MISMATCH || code == CL_COMPILE_PROGRAM_FAILURE ||
                                       code == CL_INVALID_SAMPLER || code == CL_INVALID_GL_OBJECT ||
                                       code == CL_INVALID_MIP_LEVEL;
        if (!unused_in_library) assert_memory_equal(tsr__cl_code_text(code), "CL_", 3);
    }
    assert_string_equal(tsr__cl_code_text(CL_INVALID_WORK_GROUP_SIZE), "CL_INVALID_WORK_GROUP_SIZE");
    assert_string_equal(tsr__cl_code_text(12345), "unknown code");
}

/* ---- Threads --------------------------------------------------------------------------------------------------- */

enum { THREADS = 8, ROUNDS = 2000 };

typedef struct worker {
    int number;
    bool began_empty;
    int strangers; /* messages seen that were not the thread's own */
} worker;

static void *fail_often(void *argument)
{
    worker *w = argument;
    w->began_empty = tsr_error_message()[0] == '\0';
    for (int round = 0; round < ROUNDS; ++round) {
        char expected[64];
        snprintf(expected, sizeof expected, "thread %d round %d", w->number, round);
        tsr__fail(TSR_INVALID_VALUE, "thread %d round %d", w->number, round);
        w->strangers += strcmp(tsr_error_message(), expected) != 0;
    }
    return NULL;
}

static void threads_never_see_each_others_messages(void **state)
{
    (void)state;
    tsr__fail(TSR_INVALID_VALUE, "of the main thread");
    pthread_t threads[THREADS];
    worker workers[THREADS];
    for (int i = 0; i < THREADS; ++i) {
        workers[i] = (worker){.number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, fail_often, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; ++i) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(workers[i].began_empty);
        assert_int_equal(workers[i].strangers, 0);
    }
    assert_string_equal(tsr_error_message(), "of the main thread");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_texts_are_those_of_the_list),
        cmocka_unit_test(version_is_the_headers),
        cmocka_unit_test(failing_returns_the_status_and_leaves_the_message),
        cmocka_unit_test(a_message_may_contain_the_one_before_it),
        cmocka_unit_test(a_long_message_is_cut_and_terminated),
        cmocka_unit_test(opencl_failures_name_call_and_code),
        cmocka_unit_test(opencl_codes_have_their_names),
        cmocka_unit_test(threads_never_see_each_others_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
