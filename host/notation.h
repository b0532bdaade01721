/* The notation of problems (tessera.h, tsr_conv_parse): reading it into fields and writing it from a problem. */
#ifndef TSR_HOST_NOTATION_H
#define TSR_HOST_NOTATION_H

#include "problem.h"

/* Which tokens an operator knows, beyond those that all share. */
typedef struct tsr__vocabulary {
    const char *operator_name;  /* for messages */
    const char *const *numbers; /* of "k", "g", "op", "os", "div", "p"; ends with NULL */
    bool is_conv;               /* knows the words of convolution, else those of pooling */
} tsr__vocabulary;

/* Reads what follows the colon into a problem that holds the defaults and is not yet checked: sizes and auto_pad stand
 * in p->window, k in p->y.c. */
tsr_status tsr__notation_parse(const char *text, const tsr__vocabulary *vocabulary, tsr__problem *p);

/* Writes what follows the colon. `default_stride` is left out where every axis has it. */
void tsr__notation_format(const tsr__problem *p, const int64_t default_stride[TSR_AXES], tsr__text *text);

#endif
