/* What a command line says of a pooling: its options, X, and the problem that follows. */
#ifndef TESSERA_TOOLS_POOL_INPUT_H
#define TESSERA_TOOLS_POOL_INPUT_H

#include "arrays.h"
#include "options.h"

/* Start from pool_options_default. */
typedef struct pool_options {
    const char *indices;
    option_sizes kernel, stride, pad, dilation, adaptive;
    int64_t divisor, p;
    int kind, auto_pad, layout, dtype;
    bool count_include_pad, ceil, global;
} pool_options;
extern const pool_options pool_options_default;

/* Puts the rules of these options into a command's table, from `rules` on; --dtype has these words. */
enum { POOL_RULES = 15 };
void pool_options_rules(pool_options *o, const char *const *dtypes, option_rule *rules);

/* What only the options together can be wrong about. */
option_outcome pool_options_check(const pool_options *o);

/* Each of the following returns an exit code (report.h). Reads X, of these types (npy_wanted); bytes for maxima. */
int pool_input_read(const pool_options *o, uint32_t types, const char *path, npy_array *x);

/* What X and the options say together: the problem, checked, and y's array without data. */
int pool_input_problem(const pool_options *o, const npy_array *x, tsr_pool *problem, npy_array *y);

#endif
