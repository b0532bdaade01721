/* What device tests share: contexts, integer data, buffers with guard bytes. */
#ifndef TSR_TESTS_SUPPORT_H
#define TSR_TESTS_SUPPORT_H

#include "tessera.h"

/* Ends the program with a message where a step of the test's own fails: never for what is being tested. */
#define REQUIRE(step) support_require((step), #step, __FILE__, __LINE__)
void support_require(tsr_status status, const char *step, const char *file, int line);

/* Memory that must not be exhausted in a test. */
void *support_allocate(size_t bytes);

/* The device under test: TESSERA_TEST_DEVICE, or "opencl". */
const char *support_selector(void);

/* A context on the device under test; its program cache is TESSERA_TEST_CACHE where that is set. */
tsr_context *support_context(void);

/* A generator of the same numbers everywhere. */
typedef struct support_random {
    uint64_t state;
} support_random;
int support_random_int(support_random *random, int low, int high);

/* What guard bytes and gaps between elements hold. */
enum { SUPPORT_POISON = 0x7f };

/* Small integers in a tensor's elements, zero in its spare lanes, poison between them. The caller frees. */
void *support_tensor(support_random *random, const tsr_tensor *tensor);

/* Small integers in so many bytes of elements, from `low` to 3. The caller frees. */
void *support_numbers(support_random *random, tsr_dtype dtype, uint64_t bytes, int low);
float *support_floats(support_random *random, uint64_t bytes);

/* A buffer in the middle of a larger one: its offset is aligned to 4 bytes and no more, or to 8 for such elements. */
typedef struct support_guarded {
    tsr_context *context;
    cl_mem memory;       /* OpenCL */
    unsigned char *host; /* CPU path */
    tsr_buffer *buffer;
    uint64_t bytes, guard; /* of the buffer, and on each side of it */
} support_guarded;

/* Bytes of a guard for elements of so many bytes: with `aligned` a buffer begins with a cache line of its memory, else
 * where no more than an element does, or 4 bytes do. */
static inline uint64_t support_guard(uint64_t element, bool aligned)
{
    return aligned ? 64 : element == 8 ? 72 : 68;
}

/* With `data`, or poisoned where it is NULL, and guards of so many bytes. Of 0 bytes: no buffer. */
support_guarded support_guarded_create(tsr_context *context, const void *data, uint64_t bytes, uint64_t guard);

/* Whether the bytes around the buffer are as they were. */
bool support_guarded_intact(const support_guarded *guarded);
void support_guarded_destroy(support_guarded *guarded);

#endif
