/* Built OpenCL programs of one context: in memory, then on disk, then from source. */
#ifndef TSR_HOST_PROGRAM_H
#define TSR_HOST_PROGRAM_H

#include <pthread.h>

#include "device.h"
#include "log.h"
#include "program_cache.h"
#include "source.h"

typedef struct tsr__program_entry {
    tsr__key key;
    cl_program program; /* NULL: a thread is building it */
} tsr__program_entry;

/* Belongs to a context; `lock` guards the entries. It is not held while a program is built: threads build different
 * ones at the same time, and who wants one that is being built waits for `built`. */
typedef struct tsr__programs {
    cl_context cl;
    cl_device_id device;
    const char *base_options; /* part of every build */
    tsr__key device_key;      /* base options, device, driver, platform: part of every key */
    const tsr__log *log;
    tsr__program_cache disk;
    pthread_mutex_t lock;
    pthread_cond_t built;
    tsr__program_entry *entries;
    size_t count, capacity;
} tsr__programs;

/* `log` must live as long as the table. */
tsr_status tsr__programs_open(tsr__programs *programs, cl_context cl, cl_device_id id, const tsr_device *device,
                              const tsr__log *log, const char *cache_folder, uint64_t cache_limit_bytes);
void tsr__programs_close(tsr__programs *programs);

/* The program of a source with options, built where need be. It stays the table's; a kernel made from it retains it. */
tsr_status tsr__programs_get(tsr__programs *programs, const tsr__source *source, const char *options,
                             cl_program *program);

#endif
