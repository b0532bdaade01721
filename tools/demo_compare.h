/* What both halves of the demo say about a result. */
#ifndef TESSERA_TOOLS_DEMO_COMPARE_H
#define TESSERA_TOOLS_DEMO_COMPARE_H

#include "tessera.h"

/* EXIT_DONE where every bit agrees, else EXIT_UNEQUAL; `what` names the tensor in the message. Dense NCHW. */
int demo_compare(const char *what, const tsr_tensor *shape, const float *found, const float *expected);

/* "1,234,567", in the caller's memory of 32 bytes. */
const char *demo_group_digits(uint64_t number, char text[32]);

#endif
