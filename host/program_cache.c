#include "program_cache.h"

#include "status.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX    ".tsrprog"
#define TEMPORARY ".tmp"

enum { PATH_BYTES = 4096, FORMAT = 1 };

/* What a file begins with; every field of fixed size and no padding between them. */
typedef struct file_header {
    char magic[8];
    uint64_t format;
    tsr__key key;
    uint64_t payload_bytes;
    tsr__key checksum;
} file_header;

static const char magic[8] = {'t', 's', 'r', 'p', 'r', 'o', 'g', '\n'};

static tsr__key key_from(XXH128_hash_t hash)
{
    return (tsr__key){.high = hash.high64, .low = hash.low64};
}

static bool same_key(tsr__key a, tsr__key b)
{
    return a.high == b.high && a.low == b.low;
}

tsr__key tsr__key_of(const char *const *texts, size_t count)
{
    /* The hash of the hashes: fixed lengths tell the texts apart. */
    XXH128_hash_t total = XXH3_128bits(NULL, 0);
    for (size_t i = 0; i < count; ++i) {
        const XXH128_hash_t parts[2] = {total, XXH3_128bits(texts[i], strlen(texts[i]))};
        total = XXH3_128bits(parts, sizeof parts);
    }
    return key_from(total);
}

/* ---- The folder ------------------------------------------------------------------------------------------------ */

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!made) return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* Why the folder cannot be used, or NULL. A binary from a file runs as code in this process, so nobody else may be
 * able to write one. */
static const char *unusable(char *folder)
{
    struct stat info;
    if (strlen(folder) + 64 > PATH_BYTES) return "its name is too long";
    if (!make_folders(folder)) return strerror(errno);
    if (stat(folder, &info) != 0) return strerror(errno);
    if (!S_ISDIR(info.st_mode)) return "it is not a folder";
    if (info.st_uid != geteuid()) return "it belongs to another user";
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "other users may write to it";
    return NULL;
}

tsr_status tsr__program_cache_open(tsr__program_cache *cache, const char *folder, uint64_t limit_bytes,
                                   const tsr__log *log)
{
    *cache = (tsr__program_cache){.limit_bytes = limit_bytes};
    if (folder == NULL || folder[0] == '\0') return TSR_OK;
    char *copy = strdup(folder);
    if (copy == NULL) return tsr__fail(TSR_OUT_OF_MEMORY, "the name of the cache folder");
    const char *reason = unusable(copy);
    if (reason != NULL) {
        tsr__log_write(log, TSR_LOG_WARN, "no program cache on disk: %s: %s", reason, copy);
        free(copy);
        return TSR_OK;
    }
    cache->folder = copy;
    return TSR_OK;
}

void tsr__program_cache_close(tsr__program_cache *cache)
{
    free(cache->folder);
    cache->folder = NULL;
}

/* ---- Reading --------------------------------------------------------------------------------------------------- */

static void path_of(const tsr__program_cache *cache, tsr__key key, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%016" PRIx64 "%016" PRIx64 SUFFIX, cache->folder, key.high, key.low);
}

/* Reads the whole of an open file of `payload_bytes` behind its header; the caller frees. Why not, in *reason. */
static void *read_payload(FILE *file, tsr__key key, uint64_t file_bytes, size_t *bytes, const char **reason)
{
    file_header header;
    *reason = "it is cut short";
    if (fread(&header, sizeof header, 1, file) != 1) return NULL;
    *reason = "it is of another format";
    if (memcmp(header.magic, magic, sizeof magic) != 0 || header.format != FORMAT) return NULL;
    *reason = "it belongs to another program or device";
    if (!same_key(header.key, key)) return NULL;
    *reason = "its length is wrong";
    if (header.payload_bytes == 0 || header.payload_bytes != file_bytes - sizeof header) return NULL;
    *reason = "memory is exhausted";
    void *payload = malloc(header.payload_bytes);
    if (payload == NULL) return NULL;
    *reason = "its checksum is wrong";
    if (fread(payload, 1, header.payload_bytes, file) != header.payload_bytes ||
        !same_key(key_from(XXH3_128bits(payload, header.payload_bytes)), header.checksum)) {
        free(payload);
        return NULL;
    }
    *bytes = header.payload_bytes;
    return payload;
}

void *tsr__program_cache_load(const tsr__program_cache *cache, tsr__key key, size_t *bytes, const tsr__log *log)
{
    if (cache->folder == NULL) return NULL;
    char path[PATH_BYTES];
    path_of(cache, key, path);
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    struct stat info;
    const char *reason = "it is cut short";
    void *payload = NULL;
    if (fstat(fileno(file), &info) == 0 && info.st_size > (off_t)sizeof(file_header))
        payload = read_payload(file, key, (uint64_t)info.st_size, bytes, &reason);
    fclose(file);
    if (payload == NULL) tsr__log_write(log, TSR_LOG_WARN, "program cache: %s is not used: %s", path, reason);
    return payload;
}

/* ---- Writing --------------------------------------------------------------------------------------------------- */

typedef struct cached_file {
    char name[96]; /* long enough for a temporary file's */
    struct timespec written;
    uint64_t bytes;
} cached_file;

static int older_first(const void *left, const void *right)
{
    const cached_file *a = left, *b = right;
    if (a->written.tv_sec != b->written.tv_sec) return a->written.tv_sec < b->written.tv_sec ? -1 : 1;
    if (a->written.tv_nsec != b->written.tv_nsec) return a->written.tv_nsec < b->written.tv_nsec ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Lists the cache's own files, abandoned temporary ones included; the caller frees. */
static cached_file *list_files(DIR *folder, size_t *count)
{
    cached_file *files = NULL;
    size_t capacity = 0;
    *count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        struct stat info;
        cached_file file = {0};
        if (strstr(entry->d_name, SUFFIX) == NULL || strlen(entry->d_name) >= sizeof file.name) continue;
        if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
        if (*count == capacity) {
            capacity = capacity == 0 ? 64 : 2 * capacity;
            cached_file *more = realloc(files, capacity * sizeof *more);
            if (more == NULL) break;
            files = more;
        }
        memcpy(file.name, entry->d_name, strlen(entry->d_name));
        file.written = info.st_mtim;
        file.bytes = (uint64_t)info.st_size;
        files[(*count)++] = file;
    }
    return files;
}

static void hold_limit(const tsr__program_cache *cache)
{
    DIR *folder = opendir(cache->folder);
    if (folder == NULL) return;
    size_t count = 0;
    cached_file *files = list_files(folder, &count);
    uint64_t total = 0;
    for (size_t i = 0; i < count; ++i) total += files[i].bytes;
    if (total > cache->limit_bytes) qsort(files, count, sizeof *files, older_first);
    for (size_t i = 0; i < count && total > cache->limit_bytes; ++i) {
        if (unlinkat(dirfd(folder), files[i].name, 0) == 0) total -= files[i].bytes;
    }
    free(files);
    closedir(folder);
}

static bool write_file(const char *path, const file_header *header, const void *payload)
{
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    FILE *file = fdopen(descriptor, "wb");
    if (file == NULL) {
        close(descriptor);
        return false;
    }
    const bool written = fwrite(header, sizeof *header, 1, file) == 1 &&
                         fwrite(payload, 1, header->payload_bytes, file) == header->payload_bytes;
    return (fclose(file) == 0) && written;
}

void tsr__program_cache_store(const tsr__program_cache *cache, tsr__key key, const void *payload, size_t bytes,
                              const tsr__log *log)
{
    if (cache->folder == NULL) return;
    file_header header = {.format = FORMAT, .key = key, .payload_bytes = bytes};
    memcpy(header.magic, magic, sizeof magic);
    header.checksum = key_from(XXH3_128bits(payload, bytes));

    /* The process and the address of a local tell apart all who write at this moment. */
    char path[PATH_BYTES], temporary[PATH_BYTES + 64];
    path_of(cache, key, path);
    snprintf(temporary, sizeof temporary, "%s.%ld.%" PRIxPTR TEMPORARY, path, (long)getpid(), (uintptr_t)&header);
    if (write_file(temporary, &header, payload) && rename(temporary, path) == 0) {
        hold_limit(cache);
        return;
    }
    tsr__log_write(log, TSR_LOG_WARN, "program cache: cannot write %s: %s", path, strerror(errno));
    unlink(temporary);
}
