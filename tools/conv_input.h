/* What a command line says of a convolution: its options, the arrays it is made of, and the problem that follows. */
#ifndef TESSERA_TOOLS_CONV_INPUT_H
#define TESSERA_TOOLS_CONV_INPUT_H

#include "arrays.h"
#include "options.h"
#include "run_once.h"

/* Start from conv_options_default. The activation follows from its text (conv_options_check). */
typedef struct conv_options {
    const char *scale, *bias, *residual, *slope, *activation_text;
    option_sizes stride, pad, dilation, output_padding, output_shape;
    int64_t groups;
    int auto_pad, pad_mode, layout, dtype;
    tsr_activation activation;
    float alpha, beta;
    bool flip, transposed, exact;
} conv_options;
extern const conv_options conv_options_default;

/* Empty where the command line names none. */
typedef struct conv_arrays {
    npy_array x, w, scale, bias, residual, slope;
} conv_arrays;

/* Puts the rules of these options into a command's table, from `rules` on. */
enum { CONV_RULES = 17 };
void conv_options_rules(conv_options *o, option_rule *rules);

/* Each of the following returns an exit code (report.h). First: what only the options together can be wrong about. */
int conv_options_check(conv_options *o);

/* Reads all arrays; conv_arrays_free() frees them, also those of a failure. */
int conv_arrays_read(const conv_options *o, const char *x_path, const char *w_path, conv_arrays *arrays);
void conv_arrays_free(conv_arrays *arrays);
run_data conv_arrays_data(const conv_arrays *arrays);

/* What options and arrays say together: the problem, checked, and y's array without data. */
int conv_input_problem(const conv_options *o, const conv_arrays *arrays, tsr_conv *problem, npy_array *y);

#endif
