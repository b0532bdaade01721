#include "pool_input.h"
#include "report.h"

#include <string.h>

static const char *const kinds[] = {"max", "avg", "lp", NULL};
enum { KIND_MISSING = -1, KIND_MAX, KIND_AVG, KIND_LP };

const pool_options pool_options_default = {
    .kind = KIND_MISSING, .divisor = OPTION_ABSENT, .p = OPTION_ABSENT, .dtype = ARRAYS_NO_DTYPE};

/* ---- Options --------------------------------------------------------------------------------------------------- */

void pool_options_rules(pool_options *o, const char *const *dtypes, option_rule *rules)
{
    const option_rule all[POOL_RULES] = {
        {"kind", 0, OPTION_WORD, &o->kind, kinds},
        {"kernel", 0, OPTION_AXES, &o->kernel, NULL},
        {"stride", 0, OPTION_AXES, &o->stride, NULL},
        {"pad", 0, OPTION_PADS, &o->pad, NULL},
        {"auto-pad", 0, OPTION_WORD, &o->auto_pad, options_auto_pads},
        {"dilation", 0, OPTION_AXES, &o->dilation, NULL},
        {"ceil", 0, OPTION_FLAG, &o->ceil, NULL},
        {"adaptive", 0, OPTION_AXES, &o->adaptive, NULL},
        {"global", 0, OPTION_FLAG, &o->global, NULL},
        {"count-include-pad", 0, OPTION_FLAG, &o->count_include_pad, NULL},
        {"divisor", 0, OPTION_SIZE, &o->divisor, NULL},
        {"p", 0, OPTION_SIZE, &o->p, NULL},
        {"indices", 0, OPTION_TEXT, &o->indices, NULL},
        {"layout", 0, OPTION_WORD, &o->layout, arrays_layouts},
        {"dtype", 0, OPTION_WORD, &o->dtype, dtypes},
    };
    memcpy(rules, all, sizeof all);
}

/* A window, or another way to say how Y comes about; not two of them. */
static option_outcome check_window(const pool_options *o)
{
    const option_given others[] = {
        {"global", o->global && o->adaptive.count > 0},
        {"kernel", o->kernel.count > 0},
        {"stride", o->stride.count > 0},
        {"pad", o->pad.count > 0},
        {"auto-pad", o->auto_pad != TSR_PAD_NOTSET},
        {"dilation", o->dilation.count > 0},
        {"ceil", o->ceil},
    };
    const int count = sizeof others / sizeof others[0];
    if (o->adaptive.count > 0) return options_exclude("adaptive", others, count);
    return o->global ? options_exclude("global", others, count) : OPTIONS_GO;
}

/* Options that belong to one kind. */
static option_outcome check_kind(const pool_options *o)
{
    const struct {
        const char *name, *does;
        bool given;
        int kind;
    } rules[] = {
        {"count-include-pad", "says how an average divides", o->count_include_pad, KIND_AVG},
        {"divisor", "says how an average divides", o->divisor != OPTION_ABSENT, KIND_AVG},
        {"p", "is the exponent of a norm", o->p != OPTION_ABSENT, KIND_LP},
        {"indices", "tells where maxima are", o->indices != NULL, KIND_MAX},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; ++i) {
        if (!rules[i].given || o->kind == rules[i].kind) continue;
        report(EXIT_INPUT, "--%s %s; --kind is %s, expected %s", rules[i].name, rules[i].does, kinds[o->kind],
               kinds[rules[i].kind]);
        return OPTIONS_WRONG;
    }
    const bool wrong = options_check_least("divisor", o->divisor, 1) || options_check_least("p", o->p, 1);
    return wrong ? OPTIONS_WRONG : OPTIONS_GO;
}

option_outcome pool_options_check(const pool_options *o)
{
    const bool has_window = o->kernel.count > 0 || o->adaptive.count > 0 || o->global;
    const char *missing = o->kind == KIND_MISSING ? "--kind max|avg|lp"
                          : !has_window           ? "--kernel K, --adaptive O1,O2.. or --global"
                                                  : NULL;
    if (missing != NULL) return options_missing(missing);
    const option_outcome outcome = check_window(o);
    return outcome == OPTIONS_GO ? check_kind(o) : outcome;
}

/* ---- The problem ----------------------------------------------------------------------------------------------- */

int pool_input_read(const pool_options *o, uint32_t types, const char *path, npy_array *x)
{
    const bool bytes = o->dtype == TSR_I8 || o->dtype == TSR_U8;
    *x = (npy_array){0};
    if (bytes && o->kind != KIND_MAX) {
        return report(EXIT_INPUT, "--dtype is %s, which --kind max takes; --kind is %s", arrays_dtypes[o->dtype],
                      kinds[o->kind]);
    }
    const uint32_t allowed = o->kind == KIND_MAX ? ARRAYS_NUMBERS : ARRAYS_FLOATS;
    return arrays_read(path, types & allowed, o->dtype, arrays_file_layout(o->layout), x);
}

static tsr_pool_kind problem_kind(const pool_options *o)
{
    if (o->kind == KIND_MAX) return TSR_POOL_MAX;
    if (o->kind == KIND_LP) return TSR_POOL_LP;
    return o->count_include_pad ? TSR_POOL_AVG_INCLUDE_PAD : TSR_POOL_AVG;
}

static int make_problem(const pool_options *o, const npy_array *array, tsr_pool *problem)
{
    const int space = arrays_space(array);
    const tsr_tensor x = arrays_tensor(array, arrays_file_layout(o->layout));
    *problem = tsr_pool_default();
    problem->kind = problem_kind(o);
    problem->n = x.n;
    problem->c = x.c;
    problem->dtype = x.dtype;
    memcpy(problem->size, x.size, sizeof problem->size);
    problem->auto_pad = (tsr_auto_pad)o->auto_pad;
    problem->ceil = o->ceil;
    problem->adaptive = o->adaptive.count > 0;
    problem->global = o->global;
    if (o->divisor != OPTION_ABSENT) problem->divisor = o->divisor;
    if (o->p != OPTION_ABSENT) problem->p = o->p;
    problem->x_layout = problem->y_layout = arrays_layout(o->layout);
    if (o->indices != NULL) {
        problem->indices = TSR_INDICES_I64;
        /* The indices lie as Y does, and a reorder takes no 64-bit integers. */
        problem->x_layout = problem->y_layout = arrays_file_layout(o->layout);
    }
    /* In the library's problems a stride of 0 means "as the window"; here that is said by leaving it out. */
    int failed = options_spread_axes(&o->kernel, space, 1, problem->filter);
    if (!failed) failed = options_spread_axes(&o->stride, space, 1, problem->stride);
    if (!failed) failed = options_spread_axes(&o->dilation, space, 1, problem->dilation);
    if (!failed) failed = options_spread_axes(&o->adaptive, space, 1, problem->output_size);
    if (!failed) failed = options_spread_pads(&o->pad, space, problem->pad_begin, problem->pad_end);
    return failed;
}

int pool_input_problem(const pool_options *o, const npy_array *x, tsr_pool *problem, npy_array *y)
{
    const int failed = make_problem(o, x, problem);
    if (failed) return failed;
    tsr_tensor shape;
    const tsr_status status = tsr_pool_output(problem, &shape);
    if (status != TSR_OK) return report_status(status, "cannot pool");
    shape.layout = arrays_file_layout(o->layout);
    *y = arrays_array(&shape, arrays_space(x), NULL);
    return EXIT_DONE;
}
