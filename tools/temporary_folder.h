/* A private folder for the time of a run. */
#ifndef TESSERA_TOOLS_TEMPORARY_FOLDER_H
#define TESSERA_TOOLS_TEMPORARY_FOLDER_H

enum { TEMPORARY_FOLDER_PATH = 1024 };

/* Makes one in $TMPDIR, else /tmp. Returns an exit code (report.h). */
int temporary_folder_create(char path[TEMPORARY_FOLDER_PATH]);

/* Removes it with everything inside. */
void temporary_folder_remove(const char *path);

#endif
