/* How far a long computation is: one line that is written over on a terminal, else nothing. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

/* Shows a bar that is done / of full, and text behind it. */
__attribute__((format(printf, 3, 4))) void progress_show(int done, int of, const char *format, ...);

/* Takes the line away, so that something else can be printed. */
void progress_clear(void);

#endif
