/* Half floats: every one of the 65536, and the roundings between them. */
#include "half.h"
#include "support/check.h"

#include <float.h>
#include <math.h>

#include "support/support.h"

/* A half's value from its bits, by repeated halving and doubling: IEEE 754, binary16. */
static double value_of(unsigned bits)
{
    const unsigned exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 0 ? fraction : 1024 + fraction;
    for (unsigned i = exponent == 0 ? 1 : exponent; i < 25; ++i) value /= 2;
    for (unsigned i = 25; i < exponent; ++i) value *= 2;
    return bits & 0x8000 ? -value : value;
}

static void every_half_survives_there_and_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const double v = tsr__half_to_double((uint16_t)bits);
        const uint16_t back = tsr__half_from_double(v);
        if ((bits & 0x7c00) != 0x7c00) {
            assert_true(v == value_of(bits));
            assert_int_equal(signbit(v) != 0, bits >> 15);
            assert_int_equal(back, bits);
        } else if ((bits & 1023) == 0) {
            assert_true(isinf(v) && (signbit(v) != 0) == (bits >> 15 != 0));
            assert_int_equal(back, bits);
        } else {
            assert_true(isnan(v)); /* the payload is not kept */
            assert_int_equal(back & 0x7c00, 0x7c00);
            assert_int_not_equal(back & 1023, 0);
        }
    }
}

/* Between two neighbours: below the middle goes down, above goes up, the middle to the even one. */
static void roundings_go_to_the_nearest_and_ties_to_even(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits + 1 < 0x7c00; ++bits)
        for (unsigned sign = 0; sign <= 0x8000; sign += 0x8000) {
            const double low = value_of(bits | sign), high = value_of((bits + 1) | sign), middle = (low + high) / 2;
            const unsigned even = bits % 2 == 0 ? bits : bits + 1;
            assert_int_equal(tsr__half_from_double(middle), even | sign);
            assert_int_equal(tsr__half_from_double(nextafter(middle, low)), bits | sign);
            assert_int_equal(tsr__half_from_double(nextafter(middle, high)), (bits + 1) | sign);
        }
}

static void what_is_too_large_becomes_infinite(void **state)
{
    (void)state;
    static const struct {
        double v;
        uint16_t bits;
    } cases[] = {{65504, 0x7bff},  {65519.999, 0x7bff},      {65520, 0x7c00},      {65536, 0x7c00},
                 {1e9, 0x7c00},    {DBL_MAX, 0x7c00},        {-65519.999, 0xfbff}, {-65520, 0xfc00},
                 {-1e300, 0xfc00}, {(double)FLT_MAX, 0x7c00}};
    for (size_t i = 0; i < COUNT(cases); ++i) assert_int_equal(tsr__half_from_double(cases[i].v), cases[i].bits);
    assert_int_equal(tsr__half_from_double((double)INFINITY), 0x7c00);
    assert_int_equal(tsr__half_from_double(-(double)INFINITY), 0xfc00);
    assert_int_equal(tsr__half_from_double((double)NAN) & 0x7fff, 0x7e00);
}

static void what_is_too_small_becomes_a_signed_zero(void **state)
{
    (void)state;
    static const struct {
        double v;
        uint16_t bits;
    } cases[] = {
        {0.0, 0},
        {-0.0, 0x8000},
        {DBL_MIN, 0},
        {-DBL_MIN, 0x8000},
        {0x1p-25, 0}, /* half the smallest: a tie, and 0 is even */
        {-0x1p-25, 0x8000},
        {0x1.000001p-25, 1},
        {0x1p-24, 1},
        {0x1.8p-24, 2}, /* a tie between 1 and 2 */
        {0x1p-14, 0x0400},
        {0x1.ff8p-15, 0x03ff}, /* the largest denormal */
        {0x1.ffcp-15, 0x0400}, /* the tie above it carries into the exponent */
    };
    for (size_t i = 0; i < COUNT(cases); ++i) assert_int_equal(tsr__half_from_double(cases[i].v), cases[i].bits);
    assert_int_equal(tsr__half_from_double(nextafter(0.0, 1.0)), 0);
}

/* Any number, not only those near halves, goes to a half that no other is nearer to. */
static void no_half_is_nearer(void **state)
{
    (void)state;
    support_random random = {.state = 5};
    for (int round = 0; round < 100000; ++round) {
        const double v = ldexp(support_random_int(&random, -(1 << 24), 1 << 24), support_random_int(&random, -52, -9));
        const uint16_t bits = tsr__half_from_double(v);
        const double distance = fabs(tsr__half_to_double(bits) - v);
        if ((bits & 0x7fff) > 0) assert_true(distance <= fabs(tsr__half_to_double((uint16_t)(bits - 1)) - v));
        if ((bits & 0x7fff) < 0x7bff) assert_true(distance <= fabs(tsr__half_to_double((uint16_t)(bits + 1)) - v));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_survives_there_and_back),
        cmocka_unit_test(roundings_go_to_the_nearest_and_ties_to_even),
        cmocka_unit_test(what_is_too_large_becomes_infinite),
        cmocka_unit_test(what_is_too_small_becomes_a_signed_zero),
        cmocka_unit_test(no_half_is_nearer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
