/* The activations of tessera.h: their words and, for the CPU path, their formulas. */
#ifndef TSR_HOST_ACTIVATION_H
#define TSR_HOST_ACTIVATION_H

#include "text.h"
#include "tessera.h"

enum {
#define TSR__ACTIVATION_ONE(name, text, alpha, beta, numbers) +1
    TSR__ACTIVATIONS = 0 TSR_ACTIVATION_LIST(TSR__ACTIVATION_ONE) /* how many there are */
#undef TSR__ACTIVATION_ONE
};

/* Whether a text begins with an activation's word, whatever numbers follow. */
bool tsr__activation_is_named(const char *text);

/* Appends ",relu" or ",elu:0.5" to a notation; nothing for none. */
void tsr__activation_format(tsr_activation activation, float alpha, float beta, tsr__text *text);

/* kernels/common/activation.cl is its twin. */
double tsr__activate(tsr_activation activation, double v, double alpha, double beta, double slope);

/* The name of an activation that was checked. */
const char *tsr__activation_text(tsr_activation activation);

/* The derivatives that tessera_training.h lists, from v or, unless the activation needs v, from y.
 * kernels/common/derivative.cl is their twin. */
bool tsr__derivative_needs_v(tsr_activation activation, float alpha);
double tsr__activation_derivative(tsr_activation activation, bool from_v, double v_or_y, double alpha, double beta,
                                  double slope);

#endif
