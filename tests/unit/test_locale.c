/* The notation in an application whose locale writes numbers with a comma. */
#include <locale.h>
#include <stdio.h>

#include "support/check.h"

static int set_locale(void **state)
{
    (void)state;
    setlocale(LC_ALL, "decimal_comma");
    return 0;
}

/* Whether the locale is there: localedef may be missing where the tests were built. */
static bool has_comma(void)
{
    char text[8];
    snprintf(text, sizeof text, "%g", 0.5);
    return strcmp(text, "0,5") == 0;
}

static void numbers_are_read_and_written_with_a_point(void **state)
{
    (void)state;
    static const char *const texts[] = {"conv:c3w8k4,elu:0.5", "conv:c3w8k4,clip:-1.5:2.25"};
    char written[64];
    if (!has_comma()) skip();
    for (size_t i = 0; i < COUNT(texts); ++i) {
        tsr_conv problem;
        assert_ok(tsr_conv_parse(texts[i], &problem));
        assert_string_equal(tsr_conv_format(&problem, written, sizeof written), texts[i]);
    }
}

static void a_comma_in_a_number_is_refused(void **state)
{
    (void)state;
    tsr_activation activation;
    float alpha, beta;
    if (!has_comma()) skip();
    assert_fails(tsr_activation_parse("elu:0,5", &activation, &alpha, &beta), TSR_INVALID_VALUE, "elu:0,5");
}

static void the_locale_stays_the_applications(void **state)
{
    (void)state;
    tsr_conv problem;
    if (!has_comma()) skip();
    assert_ok(tsr_conv_parse("conv:c3w8k4,elu:0.5", &problem));
    assert_true(has_comma());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_and_written_with_a_point),
        cmocka_unit_test(a_comma_in_a_number_is_refused),
        cmocka_unit_test(the_locale_stays_the_applications),
    };
    return cmocka_run_group_tests(tests, set_locale, NULL);
}
