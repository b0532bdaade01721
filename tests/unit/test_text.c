/* The bounded string builder. */
#include "text.h"
#include "support/check.h"

static void text_grows_by_what_is_added(void **state)
{
    (void)state;
    char data[64];
    tsr__text text = tsr__text_over(data, sizeof data);
    assert_string_equal(data, "");
    tsr__text_add(&text, "%s", "");
    assert_int_equal(text.length, 0);
    tsr__text_add(&text, "-D%s=%d", "R", 3);
    tsr__text_add(&text, " %c", '!');
    assert_string_equal(data, "-DR=3 !");
    assert_int_equal(text.length, strlen(data));
    assert_false(text.cut);
}

static void text_never_leaves_its_memory_and_remembers_a_cut(void **state)
{
    (void)state;
    static const char letters[] = "abcdefghijklmnop";
    for (size_t capacity = 1; capacity <= 16; ++capacity)
        for (int length = 0; length <= 16; ++length) {
            char data[24];
            memset(data, 0x7f, sizeof data);
            tsr__text text = tsr__text_over(data, capacity);
            tsr__text_add(&text, "%.*s", length, letters);
            const size_t kept = (size_t)length < capacity ? (size_t)length : capacity - 1;
            assert_int_equal(text.length, kept);
            assert_int_equal(strlen(data), kept);
            assert_memory_equal(data, letters, kept);
            assert_int_equal(text.cut, (size_t)length >= capacity);
            for (size_t i = capacity; i < sizeof data; ++i) assert_int_equal(data[i], 0x7f);
        }
}

static void text_stays_cut_when_more_is_added(void **state)
{
    (void)state;
    char data[4];
    tsr__text text = tsr__text_over(data, sizeof data);
    tsr__text_add(&text, "abcdef");
    tsr__text_add(&text, "g");
    tsr__text_add(&text, "%s", "");
    assert_true(text.cut);
    assert_string_equal(data, "abc");
    assert_int_equal(text.length, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows_by_what_is_added),
        cmocka_unit_test(text_never_leaves_its_memory_and_remembers_a_cut),
        cmocka_unit_test(text_stays_cut_when_more_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
