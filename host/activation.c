#include "activation.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "status.h"

static const struct {
    const char *text;
    float alpha, beta;
    int numbers;
} activations[] = {
#define TSR_ACTIVATION_ROW(name, text, alpha, beta, numbers) {text, (float)(alpha), (float)(beta), numbers},
    TSR_ACTIVATION_LIST(TSR_ACTIVATION_ROW)
#undef TSR_ACTIVATION_ROW
};

/* The activation that a text begins with as a whole word; -1 where there is none. */
static int find(const char *text)
{
    const size_t length = strcspn(text, ":,");
    for (int i = 0; i < TSR__ACTIVATIONS; ++i)
        if (strlen(activations[i].text) == length && memcmp(activations[i].text, text, length) == 0) return i;
    return -1;
}

/* Numbers have a point here, whatever the application's locale writes: the thread works in another one meanwhile. */
typedef struct locales {
    locale_t plain, before;
} locales;

static locales enter_plain_locale(void)
{
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    return (locales){.plain = plain, .before = uselocale(plain)};
}

static void leave_plain_locale(locales l)
{
    uselocale(l.before);
    if (l.plain != (locale_t)0) freelocale(l.plain);
}

static float read_number(const char *text, char **end)
{
    const locales l = enter_plain_locale();
    const float number = strtof(text, end);
    leave_plain_locale(l);
    return number;
}

static tsr_status parse_numbers(const char *text, const char *at, int activation, float numbers[2])
{
    static const char *const most[] = {"no number", "1 number at most", "2 numbers at most"};
    for (int i = 0; *at != '\0'; ++i) {
        char *end = NULL;
        if (i == activations[activation].numbers)
            return tsr__fail(TSR_INVALID_VALUE, "activation is \"%s\"; %s takes %s", text, activations[activation].text,
                             most[i]);
        const float value = read_number(++at, &end);
        if (end == at || (*end != '\0' && *end != ':' && *end != ',') || !isfinite(value))
            return tsr__fail(TSR_INVALID_VALUE, "activation is \"%s\"; \"%s\" is no finite number", text, at);
        numbers[i] = value;
        at = end;
    }
    return TSR_OK;
}

const char *tsr__activation_text(tsr_activation activation)
{
    return activations[activation].text;
}

bool tsr__activation_is_named(const char *text)
{
    return find(text) >= 0;
}

tsr_status tsr_activation_parse(const char *text, tsr_activation *activation, float *alpha, float *beta)
{
    if (text == NULL || activation == NULL || alpha == NULL || beta == NULL)
        return tsr__fail(TSR_INVALID_VALUE, "an argument is NULL");
    const int found = find(text);
    if (found < 0) {
        char names[512];
        tsr__text known = tsr__text_over(names, sizeof names);
        for (int i = 0; i < TSR__ACTIVATIONS; ++i)
            tsr__text_add(&known, "%s%s", i == 0 ? "" : ", ", activations[i].text);
        return tsr__fail(TSR_INVALID_VALUE, "activation is \"%s\"; there are: %s", text, names);
    }
    float numbers[2] = {activations[found].alpha, activations[found].beta};
    TSR__TRY(parse_numbers(text, text + strcspn(text, ":,"), found, numbers));
    if (found == TSR_ACTIVATION_CLIP && numbers[0] > numbers[1])
        return tsr__fail(TSR_INVALID_VALUE, "activation is \"%s\"; its lower end %g is above its upper end %g", text,
                         (double)numbers[0], (double)numbers[1]);
    *activation = (tsr_activation)found;
    *alpha = numbers[0];
    *beta = numbers[1];
    return TSR_OK;
}

void tsr__activation_format(tsr_activation activation, float alpha, float beta, tsr__text *text)
{
    if (activation == TSR_ACTIVATION_NONE || (size_t)activation >= TSR__ACTIVATIONS) return;
    const float numbers[2] = {alpha, beta};
    const locales l = enter_plain_locale();
    tsr__text_add(text, ",%s", activations[activation].text);
    for (int i = 0; i < activations[activation].numbers; ++i) tsr__text_add(text, ":%.9g", (double)numbers[i]);
    leave_plain_locale(l);
}

static double clip(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* log(1 + exp(v)) where exp(v) may be out of range. */
static double softplus(double v)
{
    return v > 0 ? v + log1p(exp(-v)) : log1p(exp(v));
}

/* Comparisons with a NaN are false, so that it stays. */
double tsr__activate(tsr_activation activation, double v, double alpha, double beta, double slope)
{
    switch (activation) {
    case TSR_ACTIVATION_NONE:
        break;
    case TSR_ACTIVATION_RELU:
        return v < 0 ? 0 : v;
    case TSR_ACTIVATION_RELU6:
        return clip(v, 0, 6);
    case TSR_ACTIVATION_LEAKY_RELU:
        return v < 0 ? alpha * v : v;
    case TSR_ACTIVATION_PRELU:
        return v < 0 ? slope * v : v;
    case TSR_ACTIVATION_CLIP:
        return clip(v, alpha, beta);
    case TSR_ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-v));
    case TSR_ACTIVATION_TANH:
        return tanh(v);
    case TSR_ACTIVATION_SILU:
        return v / (1 + exp(-v));
    case TSR_ACTIVATION_HARD_SIGMOID:
        return clip(alpha * v + beta, 0, 1);
    case TSR_ACTIVATION_HARD_SWISH:
        return v * clip(v / 6 + 0.5, 0, 1);
    case TSR_ACTIVATION_GELU:
        return v * 0.5 * erfc(v * -0.70710678118654752440);
    case TSR_ACTIVATION_GELU_TANH:
        return v / (1 + exp(-1.5957691216057307118 * (v + 0.044715 * v * v * v)));
    case TSR_ACTIVATION_ELU:
        return v < 0 ? alpha * expm1(v) : v;
    case TSR_ACTIVATION_SOFTPLUS:
        return softplus(v);
    case TSR_ACTIVATION_MISH:
        return v * tanh(softplus(v));
    }
    return v;
}

/* ---- Derivatives ----------------------------------------------------------------------------------------------- */

bool tsr__derivative_needs_v(tsr_activation activation, float alpha)
{
    switch (activation) {
    case TSR_ACTIVATION_PRELU:
    case TSR_ACTIVATION_SILU:
    case TSR_ACTIVATION_HARD_SWISH:
    case TSR_ACTIVATION_GELU:
    case TSR_ACTIVATION_GELU_TANH:
    case TSR_ACTIVATION_MISH:
        return true;
    case TSR_ACTIVATION_LEAKY_RELU:
    case TSR_ACTIVATION_ELU:
        return alpha < 0.0f;
    default:
        return false;
    }
}

/* 0 at both ends and beyond; a NaN is inside. */
static double inside(double v, double low, double high, double derivative)
{
    return v <= low || v >= high ? 0 : derivative;
}

static double logistic(double v)
{
    return 1 / (1 + exp(-v));
}

static double from_y(tsr_activation activation, double y, double alpha, double beta)
{
    switch (activation) {
    case TSR_ACTIVATION_RELU:
        return y <= 0 ? 0 : 1;
    case TSR_ACTIVATION_RELU6:
        return inside(y, 0, 6, 1);
    case TSR_ACTIVATION_LEAKY_RELU:
        return y <= 0 ? alpha : 1;
    case TSR_ACTIVATION_CLIP:
        return inside(y, alpha, beta, 1);
    case TSR_ACTIVATION_SIGMOID:
        return y * (1 - y);
    case TSR_ACTIVATION_TANH:
        return 1 - y * y;
    case TSR_ACTIVATION_HARD_SIGMOID:
        return inside(y, 0, 1, alpha);
    case TSR_ACTIVATION_ELU:
        return y <= 0 ? y + alpha : 1;
    case TSR_ACTIVATION_SOFTPLUS:
        return -expm1(-y);
    default:
        return 1;
    }
}

/* Of v / (1 + exp(-u)) with the derivative du of u; where that has come to an end, du may be infinite. */
static double swish_slope(double v, double u, double du)
{
    const double s = logistic(u), rest = 1 - s;
    return s * rest == 0 ? s : s * (1 + v * rest * du);
}

double tsr__activation_derivative(tsr_activation activation, bool is_v, double v, double alpha, double beta,
                                  double slope)
{
    static const double root = 1.5957691216057307118, cubic = 0.044715; /* sqrt(8 / pi) */
    if (!is_v) return from_y(activation, v, alpha, beta);
    switch (activation) {
    case TSR_ACTIVATION_PRELU:
        return v <= 0 ? slope : 1;
    case TSR_ACTIVATION_SILU:
        return swish_slope(v, v, 1);
    case TSR_ACTIVATION_HARD_SWISH:
        return v <= -3 ? 0 : v >= 3 ? 1 : v / 3 + 0.5;
    case TSR_ACTIVATION_GELU:
        return 0.5 * erfc(v * -0.70710678118654752440) + v * exp(-0.5 * v * v) * 0.39894228040143267794;
    case TSR_ACTIVATION_GELU_TANH:
        return swish_slope(v, root * (v + cubic * v * v * v), root * (1 + 3 * cubic * v * v));
    case TSR_ACTIVATION_ELU:
        return v <= 0 ? alpha * exp(v) : 1;
    case TSR_ACTIVATION_SOFTPLUS:
        return logistic(v);
    case TSR_ACTIVATION_MISH: {
        const double t = tanh(softplus(v));
        return t + v * (1 - t * t) * logistic(v);
    }
    case TSR_ACTIVATION_SIGMOID:
    case TSR_ACTIVATION_TANH:
    case TSR_ACTIVATION_HARD_SIGMOID:
        return from_y(activation, tsr__activate(activation, v, alpha, beta, slope), alpha, beta);
    default: /* what depends on the sign of v, or on the ends that it lies between, as on y's */
        return from_y(activation, v, alpha, beta);
    }
}
