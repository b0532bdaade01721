#include "atomic_file.h"
#include "report.h"

#include <errno.h>
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

int atomic_file_commit(atomic_file *file)
{
    /* Without the fsync a crash soon afterwards could leave the new name on empty data. */
    bool good = !ferror(file->stream) && fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    good = fclose(file->stream) == 0 && good;
    file->stream = NULL;
    good = good && rename(file->temporary, file->path) == 0;
    const int exit_code = good ? EXIT_DONE : refuse(file->path);
    if (!good) unlink(file->temporary);
    release(file);
    return exit_code;
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
