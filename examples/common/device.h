/* The device to compute on. */
#ifndef EXAMPLES_DEVICE_H
#define EXAMPLES_DEVICE_H

#include <stdbool.h>
#include <tessera.h>

/* Opens the device that the selector names (NULL: the best there is), keeps built kernels in the folder `cache` (NULL:
 * nowhere), and prints the library's warnings. On failure false, and the complaint is printed. */
bool device_open(const char *selector, const char *cache, tsr_context **context);

#endif
