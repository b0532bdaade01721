/* A file that appears whole or not at all: it is written beside its final place and renamed when it is complete. */
#ifndef TESSERA_TOOLS_ATOMIC_FILE_H
#define TESSERA_TOOLS_ATOMIC_FILE_H

#include <stdio.h>

typedef struct atomic_file {
    FILE *stream;    /* write here                             */
    char *path;      /* the final name, symbolic links resolved */
    char *temporary; /* the name until then                    */
} atomic_file;

/* Each returns an exit code (report.h). Whatever is opened is committed or discarded; after a failure of either of the
 * first two nothing is left to discard, and an old file at `path` is as it was. */
int atomic_file_open(const char *path, atomic_file *file);
int atomic_file_commit(atomic_file *file);

/* All or none: none has its final name before all are complete. They are different files. */
enum { ATOMIC_FILES_MAX = 8 };
int atomic_file_commit_all(atomic_file *files, int count);
void atomic_file_discard(atomic_file *file);

/* Whether files, all different, could be written; leaves nothing behind. Paths that are NULL are passed over. */
int atomic_file_try(const char *const *paths, int count);

/* All at once: the bytes become the file's contents. */
int atomic_file_write(const char *path, const void *bytes, size_t count);

#endif
