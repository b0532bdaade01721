/* Activations: their words and numbers, and their values against tables that were computed with 700 digits.
 *
 * The formulas are PyTorch's (torch.nn: ReLU6, LeakyReLU, PReLU, Hardtanh, Sigmoid, Tanh, SiLU, Hardswish, GELU with
 * approximate none and tanh, ELU, Softplus, Mish) and, for hard-sigmoid with its alpha and beta, ONNX's (HardSigmoid,
 * opset 22). The tables come from mpmath 1.x with those formulas, rounded once. */
#include "activation.h"
#include "support/check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "support/support.h"

enum { ACTIVATIONS = TSR__ACTIVATIONS };

/* ---- Values ---------------------------------------------------------------------------------------------------- */

static const double points[] = {-1000.0,   -20.0, -6.0, -3.0, -1.5, -0.625, -0.0078125, 0.0,
                                0.0078125, 0.625, 1.5,  3.0,  6.0,  20.0,   1000.0};
enum { POINTS = sizeof points / sizeof points[0] };

/* alpha, beta and slope of the tables; 0 where there is none. */
static const double numbers[ACTIVATIONS][3] = {
    [TSR_ACTIVATION_LEAKY_RELU] = {0.25},        [TSR_ACTIVATION_PRELU] = {0, 0, -0.5}, [TSR_ACTIVATION_CLIP] = {-2, 3},
    [TSR_ACTIVATION_HARD_SIGMOID] = {0.25, 0.5}, [TSR_ACTIVATION_ELU] = {0.5},
};

static const double values[ACTIVATIONS][POINTS] = {
    [TSR_ACTIVATION_NONE] = {-1000.0, -20.0, -6.0, -3.0, -1.5, -0.625, -0.0078125, 0.0, 0.0078125, 0.625, 1.5, 3.0, 6.0,
                             20.0, 1000.0},
    [TSR_ACTIVATION_RELU] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0078125, 0.625, 1.5, 3.0, 6.0, 20.0, 1000.0},
    [TSR_ACTIVATION_RELU6] = {0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0078125, 0.625, 1.5, 3.0, 6.0, 6.0, 6.0},
    [TSR_ACTIVATION_LEAKY_RELU] = {-250.0, -5.0, -1.5, -0.75, -0.375, -0.15625, -0.001953125, 0.0, 0.0078125, 0.625,
                                   1.5, 3.0, 6.0, 20.0, 1000.0},
    [TSR_ACTIVATION_PRELU] = {500.0, 10.0, 3.0, 1.5, 0.75, 0.3125, 0.00390625, 0.0, 0.0078125, 0.625, 1.5, 3.0, 6.0,
                              20.0, 1000.0},
    [TSR_ACTIVATION_CLIP] = {-2.0, -2.0, -2.0, -2.0, -1.5, -0.625, -0.0078125, 0.0, 0.0078125, 0.625, 1.5, 3.0, 3.0,
                             3.0, 3.0},
    [TSR_ACTIVATION_SIGMOID] = {0.0, 2.0611536181902037e-09, 0.0024726231566347743, 0.04742587317756678,
                                0.18242552380635635, 0.34864513533394575, 0.4980468849340468, 0.5, 0.5019531150659532,
                                0.6513548646660542, 0.8175744761936437, 0.9525741268224333, 0.9975273768433652,
                                0.9999999979388464, 1.0},
    [TSR_ACTIVATION_TANH] = {-1.0, -1.0, -0.9999877116507956, -0.9950547536867305, -0.9051482536448664,
                             -0.5545997223493823, -0.007812341058161014, 0.0, 0.007812341058161014, 0.5545997223493823,
                             0.9051482536448664, 0.9950547536867305, 0.9999877116507956, 1.0, 1.0},
    [TSR_ACTIVATION_SILU] = {0.0, -4.122307236380407e-08, -0.014835738939808645, -0.14227761953270035,
                             -0.2736382857095345, -0.2179032095837161, -0.0038909912885472407, 0.0,
                             0.003921508711452759, 0.4070967904162839, 1.2263617142904655, 2.8577223804672998,
                             5.985164261060191, 19.99999995877693, 1000.0},
    [TSR_ACTIVATION_HARD_SIGMOID] = {0.0, 0.0, 0.0, 0.0, 0.125, 0.34375, 0.498046875, 0.5, 0.501953125, 0.65625, 0.875,
                                     1.0, 1.0, 1.0, 1.0},
    [TSR_ACTIVATION_HARD_SWISH] = {0.0, 0.0, 0.0, 0.0, -0.375, -0.24739583333333334, -0.0038960774739583335, 0.0,
                                   0.003916422526041667, 0.3776041666666667, 1.125, 3.0, 6.0, 20.0, 1000.0},
    [TSR_ACTIVATION_GELU] = {0.0, -5.507248237212468e-88, -5.9195258702261885e-09, -0.0040496940948902835,
                             -0.1002108019032871, -0.16624095565543784, -0.0038819007432746673, 0.0,
                             0.003930599256725333, 0.45875904434456216, 1.399789198096713, 2.99595030590511,
                             5.999999994080474, 20.0, 1000.0},
    [TSR_ACTIVATION_GELU_TANH] = {0.0, -3.3754509563109673e-261, -8.439646700762297e-11, -0.003637392081773019,
                                  -0.10042842301976708, -0.16627885004239948, -0.0038819007445005977, 0.0,
                                  0.003930599255499402, 0.4587211499576005, 1.3995715769802328, 2.996362607918227,
                                  5.9999999999156035, 20.0, 1000.0},
    [TSR_ACTIVATION_ELU] = {-0.5, -0.4999999989694232, -0.4987606239116668, -0.475106465816068, -0.3884349199257851,
                            -0.2323692857405049, -0.003891030869878244, 0.0, 0.0078125, 0.625, 1.5, 3.0, 6.0, 20.0,
                            1000.0},
    [TSR_ACTIVATION_SOFTPLUS] = {0.0, 2.061153620314381e-09, 0.0024756851377304495, 0.04858735157374206,
                                 0.2014132779827524, 0.42870067827651864, 0.6892485599350741, 0.6931471805599453,
                                 0.6970610599350741, 1.0537006782765186, 1.7014132779827524, 3.048587351573742,
                                 6.00247568513773, 20.000000002061153, 1000.0},
    [TSR_ACTIVATION_MISH] = {0.0, -4.122307240628761e-08, -0.014854080479424993, -0.14564746127562458,
                             -0.29809974216680674, -0.25264679684765073, -0.0046679612914594755, 0.0,
                             0.004707023449729735, 0.48952559113753297, 1.4033782663958025, 2.9865350049679575,
                             5.999926634065253, 20.0, 1000.0},
};

static double activate(int activation, double v)
{
    const double *n = numbers[activation];
    return tsr__activate((tsr_activation)activation, v, n[0], n[1], n[2]);
}

/* What rounding may move a result by: a few units of its last place. The formulas of gelu subtract from 1 what is
 * nearly 1 where v is negative, so that there it is units of v's last place. */
static double tolerance(int activation, double v, double y)
{
    const bool cancels = activation == TSR_ACTIVATION_GELU || activation == TSR_ACTIVATION_GELU_TANH;
    return 4 * DBL_EPSILON * fabs(cancels ? v : y) + DBL_MIN;
}

static void values_are_those_of_the_published_formulas(void **state)
{
    (void)state;
    for (int a = 0; a < ACTIVATIONS; ++a)
        for (int i = 0; i < POINTS; ++i) {
            const double got = activate(a, points[i]), expected = values[a][i];
            const bool right = fabs(got - expected) <= tolerance(a, points[i], expected);
            if (!right) print_error("activation %d of %g: %.17g and not %.17g\n", a, points[i], got, expected);
            assert_true(right);
        }
}

/* What only compares and multiplies is exact. */
static void piecewise_linear_functions_are_exact(void **state)
{
    (void)state;
    static const tsr_activation exact[] = {TSR_ACTIVATION_NONE,        TSR_ACTIVATION_RELU,  TSR_ACTIVATION_RELU6,
                                           TSR_ACTIVATION_LEAKY_RELU,  TSR_ACTIVATION_PRELU, TSR_ACTIVATION_CLIP,
                                           TSR_ACTIVATION_HARD_SIGMOID};
    for (size_t i = 0; i < COUNT(exact); ++i)
        for (int j = 0; j < POINTS; ++j) assert_true(activate((int)exact[i], points[j]) == values[exact[i]][j]);
}

static void a_nan_stays_a_nan(void **state)
{
    (void)state;
    for (int a = 0; a < ACTIVATIONS; ++a) assert_true(isnan(activate(a, (double)NAN)));
}

/* Where exp() overflows the functions still have their limits. */
static void the_largest_numbers_have_the_limits_of_the_functions(void **state)
{
    (void)state;
    enum { IDENTITY = 99 };
    static const struct {
        tsr_activation activation;
        double low, high; /* IDENTITY: v itself */
    } limits[] = {
        {TSR_ACTIVATION_NONE, IDENTITY, IDENTITY},
        {TSR_ACTIVATION_RELU, 0, IDENTITY},
        {TSR_ACTIVATION_RELU6, 0, 6},
        {TSR_ACTIVATION_CLIP, -2, 3},
        {TSR_ACTIVATION_SIGMOID, 0, 1},
        {TSR_ACTIVATION_TANH, -1, 1},
        {TSR_ACTIVATION_SILU, 0, IDENTITY},
        {TSR_ACTIVATION_HARD_SIGMOID, 0, 1},
        {TSR_ACTIVATION_HARD_SWISH, 0, IDENTITY},
        {TSR_ACTIVATION_GELU, 0, IDENTITY},
        {TSR_ACTIVATION_GELU_TANH, 0, IDENTITY},
        {TSR_ACTIVATION_ELU, -0.5, IDENTITY},
        {TSR_ACTIVATION_SOFTPLUS, 0, IDENTITY},
        {TSR_ACTIVATION_MISH, 0, IDENTITY},
    };
    static const double large[] = {800, 1e30, (double)FLT_MAX, 1e300, DBL_MAX};
    for (size_t i = 0; i < COUNT(limits); ++i)
        for (size_t j = 0; j < COUNT(large); ++j) {
            const double low = activate((int)limits[i].activation, -large[j]);
            const double high = activate((int)limits[i].activation, large[j]);
            assert_true(fabs(low - (limits[i].low == IDENTITY ? -large[j] : limits[i].low)) < 1e-300);
            assert_true(high == (limits[i].high == IDENTITY ? large[j] : limits[i].high));
        }
    assert_true(activate(TSR_ACTIVATION_LEAKY_RELU, -1e300) == -0.25e300);
    assert_true(activate(TSR_ACTIVATION_PRELU, -1e300) == 0.5e300);
}

/* ---- Words ----------------------------------------------------------------------------------------------------- */

/* As tessera.h documents them. */
static const struct {
    const char *word;
    double alpha, beta;
    int numbers;
} words[ACTIVATIONS] = {
    [TSR_ACTIVATION_NONE] = {"none", 0, 0, 0},
    [TSR_ACTIVATION_RELU] = {"relu", 0, 0, 0},
    [TSR_ACTIVATION_RELU6] = {"relu6", 0, 0, 0},
    [TSR_ACTIVATION_LEAKY_RELU] = {"leaky-relu", 0.01, 0, 1},
    [TSR_ACTIVATION_PRELU] = {"prelu", 0, 0, 0},
    [TSR_ACTIVATION_CLIP] = {"clip", 0, 6, 2},
    [TSR_ACTIVATION_SIGMOID] = {"sigmoid", 0, 0, 0},
    [TSR_ACTIVATION_TANH] = {"tanh", 0, 0, 0},
    [TSR_ACTIVATION_SILU] = {"silu", 0, 0, 0},
    [TSR_ACTIVATION_HARD_SIGMOID] = {"hard-sigmoid", 1.0 / 6.0, 0.5, 2},
    [TSR_ACTIVATION_HARD_SWISH] = {"hard-swish", 0, 0, 0},
    [TSR_ACTIVATION_GELU] = {"gelu", 0, 0, 0},
    [TSR_ACTIVATION_GELU_TANH] = {"gelu-tanh", 0, 0, 0},
    [TSR_ACTIVATION_ELU] = {"elu", 1, 0, 1},
    [TSR_ACTIVATION_SOFTPLUS] = {"softplus", 0, 0, 0},
    [TSR_ACTIVATION_MISH] = {"mish", 0, 0, 0},
};

static void check_reading(const char *text, tsr_activation activation, double alpha, double beta)
{
    tsr_activation got = (tsr_activation)77;
    float a = 77, b = 77;
    assert_ok(tsr_activation_parse(text, &got, &a, &b));
    if (got != activation || a != (float)alpha || b != (float)beta) print_error("\"%s\"\n", text);
    assert_int_equal(got, activation);
    assert_true(a == (float)alpha);
    assert_true(b == (float)beta);
}

static void every_word_is_read_with_its_customary_numbers(void **state)
{
    (void)state;
    for (int i = 0; i < ACTIVATIONS; ++i)
        check_reading(words[i].word, (tsr_activation)i, words[i].alpha, words[i].beta);
}

static void numbers_follow_colons_or_commas(void **state)
{
    (void)state;
    check_reading("elu:0.5", TSR_ACTIVATION_ELU, 0.5, 0);
    check_reading("elu,0.5", TSR_ACTIVATION_ELU, 0.5, 0);
    check_reading("leaky-relu:-2", TSR_ACTIVATION_LEAKY_RELU, -2, 0);
    check_reading("clip:-1", TSR_ACTIVATION_CLIP, -1, 6);
    check_reading("clip:-1:1", TSR_ACTIVATION_CLIP, -1, 1);
    check_reading("clip:-1,1", TSR_ACTIVATION_CLIP, -1, 1);
    check_reading("clip:2:2", TSR_ACTIVATION_CLIP, 2, 2);
    check_reading("hard-sigmoid:0.2", TSR_ACTIVATION_HARD_SIGMOID, 0.2, 0.5); /* ONNX's */
    check_reading("hard-sigmoid:0.2:0.25", TSR_ACTIVATION_HARD_SIGMOID, 0.2, 0.25);
    check_reading("elu:1e-3", TSR_ACTIVATION_ELU, 1e-3, 0);
}

static void bad_activations_are_refused_and_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "there are: none, relu, relu6, leaky-relu"},
        {"swish", "activation is \"swish\"; there are: "},
        {"rel", "there are: "},
        {"relu7", "there are: "},
        {"RELU", "there are: "},
        {"relu ", "there are: "},
        {":relu", "there are: "},
        {"relu:1", "activation is \"relu:1\"; relu takes no number"},
        {"elu:1:2", "elu takes 1 number at most"},
        {"clip:1:2:3", "clip takes 2 numbers at most"},
        {"elu:", "is no finite number"},
        {"elu:x", "\"x\" is no finite number"},
        {"elu:1x", "\"1x\" is no finite number"},
        {"elu:nan", "\"nan\" is no finite number"},
        {"elu:inf", "\"inf\" is no finite number"},
        {"elu:1e99", "\"1e99\" is no finite number"},
        {"clip:0:", "is no finite number"},
        {"clip::6", "is no finite number"},
        {"clip:6:0", "lower end 6 is above its upper end 0"},
        {"clip:7", "lower end 7 is above its upper end 6"},
    };
    for (size_t i = 0; i < COUNT(cases); ++i) {
        tsr_activation got = (tsr_activation)77;
        float a = 77, b = 78;
        assert_fails(tsr_activation_parse(cases[i].text, &got, &a, &b), TSR_INVALID_VALUE, cases[i].message);
        assert_int_equal(got, 77);
        assert_true(a == 77 && b == 78);
    }
    tsr_activation got;
    float a, b;
    assert_fails(tsr_activation_parse(NULL, &got, &a, &b), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_activation_parse("relu", NULL, &a, &b), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_activation_parse("relu", &got, NULL, &b), TSR_INVALID_VALUE, "NULL");
    assert_fails(tsr_activation_parse("relu", &got, &a, NULL), TSR_INVALID_VALUE, "NULL");
}

static void what_is_written_reads_back_to_the_bit(void **state)
{
    (void)state;
    support_random random = {.state = 21};
    for (int round = 0; round < 5000; ++round) {
        const int i = support_random_int(&random, 1, ACTIVATIONS - 1);
        const float low =
            ldexpf((float)support_random_int(&random, -(1 << 24), 1 << 24), support_random_int(&random, -60, 60));
        const float alpha = words[i].numbers > 0 ? low : (float)words[i].alpha;
        const float beta = words[i].numbers > 1 ? fabsf(low) * 1.1f : (float)words[i].beta;
        char written[128];
        tsr__text text = tsr__text_over(written, sizeof written);
        tsr__activation_format((tsr_activation)i, alpha, beta, &text);
        assert_int_equal(written[0], ',');
        check_reading(written + 1, (tsr_activation)i, (double)alpha, (double)beta);
    }
    char written[16] = "";
    tsr__text text = tsr__text_over(written, sizeof written);
    tsr__activation_format(TSR_ACTIVATION_NONE, 1, 2, &text);
    tsr__activation_format((tsr_activation)ACTIVATIONS, 1, 2, &text);
    tsr__activation_format((tsr_activation)-1, 1, 2, &text);
    assert_string_equal(written, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_published_formulas),
        cmocka_unit_test(piecewise_linear_functions_are_exact),
        cmocka_unit_test(a_nan_stays_a_nan),
        cmocka_unit_test(the_largest_numbers_have_the_limits_of_the_functions),
        cmocka_unit_test(every_word_is_read_with_its_customary_numbers),
        cmocka_unit_test(numbers_follow_colons_or_commas),
        cmocka_unit_test(bad_activations_are_refused_and_change_nothing),
        cmocka_unit_test(what_is_written_reads_back_to_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
