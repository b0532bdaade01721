/* An operator's lists of algorithms. Not a header in the usual sense: an operator's .c includes it once, after defining
 *
 *   TSR__OPENCL_LIST, TSR__HOST_LIST   the .def files of the two lists
 *   TSR__OPENCL(name), TSR__HOST(name) the algorithm's symbol
 *
 * and has opencl_algorithms and host_algorithms, which end with NULL. */
#include "algorithm.h"

#define TSR_ALGORITHM(name) extern const tsr__algorithm TSR__OPENCL(name);
#include TSR__OPENCL_LIST
#undef TSR_ALGORITHM

static const tsr__algorithm *const opencl_algorithms[] = {
#define TSR_ALGORITHM(name) &TSR__OPENCL(name),
#include TSR__OPENCL_LIST
#undef TSR_ALGORITHM
    NULL};

#define TSR_ALGORITHM(name) extern const tsr__algorithm TSR__HOST(name);
#include TSR__HOST_LIST
#undef TSR_ALGORITHM

static const tsr__algorithm *const host_algorithms[] = {
#define TSR_ALGORITHM(name) &TSR__HOST(name),
#include TSR__HOST_LIST
#undef TSR_ALGORITHM
    NULL};
