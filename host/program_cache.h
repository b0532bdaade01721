/* Built programs on disk: a folder of files, each one payload under a key. Knows nothing of OpenCL.
 *
 * A file is verified as a whole (format, key, length, checksum) before its payload is handed on, because drivers crash
 * on damaged binaries; whatever is doubtful counts as absent. Files are written aside and renamed, so that several
 * processes can share the folder. */
#ifndef TSR_HOST_PROGRAM_CACHE_H
#define TSR_HOST_PROGRAM_CACHE_H

#include "log.h"

/* A 128-bit hash. */
typedef struct tsr__key {
    uint64_t high, low;
} tsr__key;

/* The hash of `count` texts, which are told apart: ("ab", "c") differs from ("a", "bc"). */
tsr__key tsr__key_of(const char *const *texts, size_t count);

typedef struct tsr__program_cache {
    char *folder;         /* NULL: there is no cache on disk */
    uint64_t limit_bytes; /* of all files together */
} tsr__program_cache;

/* Opens or creates the folder (0700). Where that fails or the folder is not the user's alone to write, it warns and
 * leaves the cache without a folder: only running out of memory is an error. */
tsr_status tsr__program_cache_open(tsr__program_cache *cache, const char *folder, uint64_t limit_bytes,
                                   const tsr__log *log);
void tsr__program_cache_close(tsr__program_cache *cache);

/* The payload stored under a key, to be freed; NULL where there is none that can be trusted. */
void *tsr__program_cache_load(const tsr__program_cache *cache, tsr__key key, size_t *bytes, const tsr__log *log);

/* Stores a payload, then removes the oldest files until the limit holds. Failing to is logged and no error. */
void tsr__program_cache_store(const tsr__program_cache *cache, tsr__key key, const void *payload, size_t bytes,
                              const tsr__log *log);

#endif
