/* A contact sheet: labelled pictures in rows on a dark ground, as one PNG. */
#ifndef TESSERA_TOOLS_CONTACT_SHEET_H
#define TESSERA_TOOLS_CONTACT_SHEET_H

#include "image.h"

enum { SHEET_BELOW = 2 };

/* One picture with its label above and, side by side below it, up to two smaller ones with theirs. */
typedef struct sheet_cell {
    const char *label;
    const image *picture;
    const image *below[SHEET_BELOW]; /* NULL: none */
    const char *below_label[SHEET_BELOW];
} sheet_cell;

typedef struct contact_sheet {
    const char *title, *subtitle; /* NULL: no heading */
    const sheet_cell *cells;
    int count, columns;
    int cell_width; /* in pixels; wider pictures are scaled down to it, narrower ones stay as they are */
} contact_sheet;

/* Draws the sheet and writes it, whole or not at all. Returns an exit code (report.h). */
int contact_sheet_write(const char *path, const contact_sheet *sheet);

#endif
