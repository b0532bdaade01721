#include "atomic_file.h"
#include "report.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(const char *path)
{
    return report(EXIT_INPUT, "cannot write %s: %s", path, strerror(errno));
}

/* The mode that the new file gets: the old file's, or what the user's umask leaves of 0666. */
static int final_mode(const char *path, mode_t *mode)
{
    struct stat old;
    if (stat(path, &old) == 0) {
        /* A rename would replace a device such as /dev/null by a plain file. */
        if (!S_ISREG(old.st_mode)) return report(EXIT_INPUT, "cannot write %s: it is not a regular file", path);
        *mode = old.st_mode & 0777;
        return EXIT_DONE;
    }
    const mode_t mask = umask(0);
    umask(mask);
    *mode = 0666 & ~mask;
    return EXIT_DONE;
}

static void release(atomic_file *file)
{
    free(file->path);
    free(file->temporary);
    *file = (atomic_file){0};
}

int atomic_file_open(const char *path, atomic_file *file)
{
    *file = (atomic_file){0};
    mode_t mode = 0;
    const int failed = final_mode(path, &mode);
    if (failed) return failed;

    /* Through a symbolic link the file that it names is replaced, not the link. */
    file->path = realpath(path, NULL);
    if (file->path == NULL) file->path = strdup(path);
    if (file->path != NULL) file->temporary = malloc(strlen(file->path) + sizeof ".XXXXXX");
    if (file->temporary == NULL) {
        release(file);
        return report(EXIT_DEVICE, "out of memory");
    }
    strcpy(file->temporary, file->path);
    strcat(file->temporary, ".XXXXXX");

    const int descriptor = mkstemp(file->temporary);
    if (descriptor < 0) {
        const int exit_code = refuse(path);
        release(file);
        return exit_code;
    }
    if (fchmod(descriptor, mode) == 0) file->stream = fdopen(descriptor, "wb");
    if (file->stream == NULL) {
        const int exit_code = refuse(path);
        close(descriptor);
        unlink(file->temporary);
        release(file);
        return exit_code;
    }
    return EXIT_DONE;
}

/* Everything but the new name. Without the fsync a crash soon afterwards could leave that name on empty data. */
static bool complete(atomic_file *file)
{
    const bool good = !ferror(file->stream) && fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    const bool closed = fclose(file->stream) == 0;
    file->stream = NULL;
    return good && closed;
}

static int name_finally(atomic_file *file)
{
    const bool good = rename(file->temporary, file->path) == 0;
    const int exit_code = good ? EXIT_DONE : refuse(file->path);
    if (!good) unlink(file->temporary);
    release(file);
    return exit_code;
}

int atomic_file_commit(atomic_file *file)
{
    return atomic_file_commit_all(file, 1);
}

int atomic_file_commit_all(atomic_file *files, int count)
{
    int failed = EXIT_DONE, named = 0;
    for (int i = 0; i < count && !failed; ++i)
        if (!complete(&files[i])) failed = refuse(files[i].path);
    for (; named < count && !failed; ++named) failed = name_finally(&files[named]);
    for (; named < count; ++named) atomic_file_discard(&files[named]);
    return failed;
}

void atomic_file_discard(atomic_file *file)
{
    if (file->stream != NULL) fclose(file->stream);
    if (file->temporary != NULL) unlink(file->temporary);
    release(file);
}

int atomic_file_write(const char *path, const void *bytes, size_t count)
{
    atomic_file file;
    const int failed = atomic_file_open(path, &file);
    if (failed) return failed;
    if (fwrite(bytes, 1, count, file.stream) != count) {
        const int exit_code = refuse(path);
        atomic_file_discard(&file);
        return exit_code;
    }
    return atomic_file_commit(&file);
}

/* Whether two names stand for one file, which need not be there yet: the same last part, in the same folder, which is
 * where the temporary files are. */
static bool have_one_name(const atomic_file *a, const atomic_file *b)
{
    const char *last_a = strrchr(a->path, '/'), *last_b = strrchr(b->path, '/');
    if (strcmp(last_a != NULL ? last_a + 1 : a->path, last_b != NULL ? last_b + 1 : b->path) != 0) return false;
    struct stat found[2];
    const atomic_file *const files[2] = {a, b};
    for (int i = 0; i < 2; ++i) {
        char folder[PATH_MAX];
        const char *slash = strrchr(files[i]->path, '/');
        const int length = slash != NULL ? (int)(slash - files[i]->path) + 1 : 0;
        if (snprintf(folder, sizeof folder, "%.*s.", length, files[i]->path) >= PATH_MAX) return false;
        if (stat(folder, &found[i]) != 0) return false;
    }
    return found[0].st_dev == found[1].st_dev && found[0].st_ino == found[1].st_ino;
}

int atomic_file_try(const char *const *paths, int count)
{
    atomic_file files[ATOMIC_FILES_MAX] = {0};
    int failed = EXIT_DONE;
    for (int i = 0; i < count && !failed; ++i) {
        if (paths[i] == NULL) continue;
        failed = atomic_file_open(paths[i], &files[i]);
        for (int j = 0; j < i && !failed; ++j)
            if (paths[j] != NULL && have_one_name(&files[j], &files[i]))
                failed = report(EXIT_INPUT, "%s and %s are one file; expected two", paths[j], paths[i]);
    }
    for (int i = 0; i < count; ++i) atomic_file_discard(&files[i]);
    return failed;
}
