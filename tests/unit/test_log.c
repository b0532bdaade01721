/* The log of a context. */
#include "log.h"
#include "support/check.h"

typedef struct record {
    int lines;
    tsr_log_level level;
    size_t length;
    char text[64];
} record;

static void take(void *cookie, tsr_log_level level, const char *message)
{
    record *r = cookie;
    ++r->lines;
    r->level = level;
    r->length = strlen(message);
    strncpy(r->text, message, sizeof r->text - 1);
}

static void a_log_delivers_its_level_and_what_is_graver(void **state)
{
    (void)state;
    for (int limit = TSR_LOG_ERROR; limit <= TSR_LOG_DEBUG; ++limit)
        for (int level = TSR_LOG_ERROR; level <= TSR_LOG_DEBUG; ++level) {
            record r = {0};
            const tsr__log log = {.function = take, .cookie = &r, .level = (tsr_log_level)limit};
            tsr__log_write(&log, (tsr_log_level)level, "%s is %d", "value", 5);
            assert_int_equal(r.lines, level <= limit);
            assert_int_equal(tsr__log_wants(&log, (tsr_log_level)level), level <= limit);
            if (r.lines == 0) continue;
            assert_int_equal(r.level, level);
            assert_string_equal(r.text, "value is 5");
        }
}

static void a_log_without_function_is_silent(void **state)
{
    (void)state;
    const tsr__log log = {.level = TSR_LOG_DEBUG};
    assert_false(tsr__log_wants(&log, TSR_LOG_ERROR));
    tsr__log_write(&log, TSR_LOG_ERROR, "nobody listens");
}

static void a_long_line_is_cut(void **state)
{
    (void)state;
    enum { LENGTH = 100000 };
    static char text[LENGTH + 1];
    memset(text, 'x', LENGTH);
    record r = {0};
    const tsr__log log = {.function = take, .cookie = &r, .level = TSR_LOG_DEBUG};
    tsr__log_write(&log, TSR_LOG_ERROR, "%s", text);
    assert_int_equal(r.lines, 1);
    assert_in_range(r.length, 1000, LENGTH - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_delivers_its_level_and_what_is_graver),
        cmocka_unit_test(a_log_without_function_is_silent),
        cmocka_unit_test(a_long_line_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
