#include "contact_sheet.h"
#include "report.h"

#include <gdfontl.h>
#include <gdfonts.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/* Distances in pixels. */
enum {
    MARGIN = 36,
    GAP_X = 28,
    GAP_Y = 30,
    LABEL = 24,       /* from the top of a label to the top of its picture */
    BELOW_GAP = 8,    /* between a picture and those below it, and between these two */
    BELOW_LABEL = 18, /* a small label, under its picture */
    HEADING = 66,
};

enum { GROUND = 0x16181d, TITLE = 0xf4efe6, TEXT = 0xd8d1c5, FAINT = 0x96918a };

/* DejaVu Sans as Debian, Fedora and Arch install it. Without it libgd's own bitmap fonts serve. */
static const char *find_font(void)
{
    static const char *const places[] = {
        "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
        "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
        "/usr/share/fonts/TTF/DejaVuSans.ttf",
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; ++i)
        if (access(places[i], R_OK) == 0) return places[i];
    return NULL;
}

/* Writes a text whose top left corner is at x, y and that ends at `right`, whatever its length. */
static void draw_text(gdImagePtr canvas, int x, int y, int right, double points, int colour, const char *text)
{
    const char *font = find_font();
    gdImageSetClip(canvas, x, 0, right - 1, gdImageSY(canvas) - 1);
    const int baseline = y + (int)(points * 1.3);
    if (font == NULL || gdImageStringFT(canvas, NULL, colour, font, points, 0, x, baseline, text) != NULL) {
        gdFontPtr fallback = points > 10 ? gdFontGetLarge() : gdFontGetSmall();
        for (const char *c = text; *c != '\0'; ++c, x += fallback->w)
            gdImageChar(canvas, fallback, x, y, (unsigned char)*c, colour);
    }
    gdImageSetClip(canvas, 0, 0, gdImageSX(canvas) - 1, gdImageSY(canvas) - 1);
}

/* The height of a picture that is drawn at most `width` wide. */
static int scaled_height(const image *picture, int width)
{
    if (picture->width <= width) return picture->height;
    const int height = (int)((double)picture->height * width / picture->width + 0.5);
    return height > 0 ? height : 1;
}

static bool draw_picture(gdImagePtr canvas, int x, int y, int width, const image *picture)
{
    gdImagePtr source = image_to_gd(picture);
    if (source == NULL) return false;
    const int shown = picture->width < width ? picture->width : width;
    gdImageCopyResampled(canvas, source, x, y, 0, 0, shown, scaled_height(picture, width), picture->width,
                         picture->height);
    gdImageDestroy(source);
    return true;
}

static int below_width(const contact_sheet *sheet)
{
    return (sheet->cell_width - BELOW_GAP) / SHEET_BELOW;
}

static int below_height(const contact_sheet *sheet, const sheet_cell *cell)
{
    int highest = 0;
    for (int i = 0; i < SHEET_BELOW; ++i) {
        if (cell->below[i] == NULL) continue;
        const int height = BELOW_GAP + scaled_height(cell->below[i], below_width(sheet)) + BELOW_LABEL;
        if (height > highest) highest = height;
    }
    return highest;
}

static int cell_height(const contact_sheet *sheet, const sheet_cell *cell)
{
    return LABEL + scaled_height(cell->picture, sheet->cell_width) + below_height(sheet, cell);
}

/* The height of the row that starts with cell number `first`. */
static int row_height(const contact_sheet *sheet, int first)
{
    int highest = 0;
    for (int i = first; i < sheet->count && i < first + sheet->columns; ++i) {
        const int height = cell_height(sheet, &sheet->cells[i]);
        if (height > highest) highest = height;
    }
    return highest;
}

static bool draw_cell(gdImagePtr canvas, const contact_sheet *sheet, const sheet_cell *cell, int x, int y)
{
    draw_text(canvas, x, y, x + sheet->cell_width, 12, TEXT, cell->label);
    bool good = draw_picture(canvas, x, y + LABEL, sheet->cell_width, cell->picture);
    const int below_y = y + LABEL + scaled_height(cell->picture, sheet->cell_width) + BELOW_GAP;
    const int width = below_width(sheet);
    for (int i = 0; i < SHEET_BELOW && good; ++i) {
        if (cell->below[i] == NULL) continue;
        const int below_x = x + i * (width + BELOW_GAP);
        good = draw_picture(canvas, below_x, below_y, width, cell->below[i]);
        const int label_y = below_y + scaled_height(cell->below[i], width) + 4;
        draw_text(canvas, below_x, label_y, below_x + width, 8.5, FAINT, cell->below_label[i]);
    }
    return good;
}

static bool draw(gdImagePtr canvas, const contact_sheet *sheet)
{
    const int width = gdImageSX(canvas);
    gdImageFilledRectangle(canvas, 0, 0, width - 1, gdImageSY(canvas) - 1, GROUND);
    int y = MARGIN;
    if (sheet->title != NULL) {
        draw_text(canvas, MARGIN, y - 8, width - MARGIN, 20, TITLE, sheet->title);
        draw_text(canvas, MARGIN, y + 27, width - MARGIN, 10.5, FAINT, sheet->subtitle);
        y += HEADING;
    }
    for (int i = 0; i < sheet->count; ++i) {
        const int column = i % sheet->columns;
        if (!draw_cell(canvas, sheet, &sheet->cells[i], MARGIN + column * (sheet->cell_width + GAP_X), y)) return false;
        if (column == sheet->columns - 1) y += row_height(sheet, i - column) + GAP_Y;
    }
    return true;
}

int contact_sheet_write(const char *path, const contact_sheet *sheet)
{
    const int width = 2 * MARGIN + sheet->columns * (sheet->cell_width + GAP_X) - GAP_X;
    int height = 2 * MARGIN - GAP_Y + (sheet->title != NULL ? HEADING : 0);
    for (int i = 0; i < sheet->count; i += sheet->columns) height += row_height(sheet, i) + GAP_Y;

    gdImagePtr canvas = gdImageCreateTrueColor(width, height);
    if (canvas == NULL) return report(EXIT_DEVICE, "%s: out of memory for %d x %d pixels", path, width, height);
    const int failed = draw(canvas, sheet) ? image_write_gd(path, canvas) : report(EXIT_DEVICE, "out of memory");
    gdImageDestroy(canvas);
    return failed;
}
