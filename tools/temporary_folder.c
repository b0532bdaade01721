#include "temporary_folder.h"
#include "report.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int temporary_folder_create(char path[TEMPORARY_FOLDER_PATH])
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == '\0') parent = "/tmp";
    const int length = snprintf(path, TEMPORARY_FOLDER_PATH, "%s/tessera-XXXXXX", parent);
    if (length >= TEMPORARY_FOLDER_PATH) errno = ENAMETOOLONG;
    if (length < TEMPORARY_FOLDER_PATH && mkdtemp(path) != NULL) return EXIT_DONE;
    return report(EXIT_INPUT, "cannot make a folder in %s: %s", parent, strerror(errno));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    remove(path); /* what cannot be removed is left; the walk goes on */
    return 0;
}

void temporary_folder_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
