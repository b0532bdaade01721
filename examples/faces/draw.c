#include "draw.h"

#include <gdfontl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PANEL_WIDTH = 400, GAP = 8, CAPTION = 28 };

static const int frame_colour = gdTrueColor(64, 224, 96), landmark_colour = gdTrueColor(255, 216, 0),
                 candidate_colour = gdTrueColor(255, 255, 255), dark = gdTrueColor(16, 24, 16),
                 caption_colour = gdTrueColor(224, 232, 224);

/* A place in the photograph as one in a picture of another size. */
static int at(double place, double scale)
{
    return (int)lround(place * scale);
}

/* A frame of `thickness` pixels that grows inwards. */
static void draw_frame(gdImagePtr canvas, double scale, const box *framed, int thickness, int colour)
{
    const int x1 = at(framed->x1, scale), y1 = at(framed->y1, scale);
    const int x2 = at(framed->x2, scale), y2 = at(framed->y2, scale);
    for (int i = 0; i < thickness; ++i) gdImageRectangle(canvas, x1 + i, y1 + i, x2 - i, y2 - i, colour);
}

/* libgd takes text that it does not change as unsigned letters that it might. */
static void draw_text(gdImagePtr canvas, int x, int y, const char *text, int colour)
{
    unsigned char letters[64];
    const size_t length = strlen(text) < sizeof letters ? strlen(text) : sizeof letters - 1;
    memcpy(letters, text, length);
    letters[length] = '\0';
    gdImageString(canvas, gdFontGetLarge(), x, y, letters, colour);
}

/* The score on a plate above the box, or inside where there is no room above. */
static void draw_score(gdImagePtr canvas, double scale, const box *face)
{
    const gdFont *font = gdFontGetLarge();
    char text[16];
    snprintf(text, sizeof text, "%.4f", face->score);
    const int width = font->w * (int)strlen(text) + 6, height = font->h + 2;
    const int x = at(face->x1, scale), above = at(face->y1, scale) - height, y = above >= 0 ? above : above + height;
    gdImageFilledRectangle(canvas, x, y, x + width - 1, y + height - 1, frame_colour);
    draw_text(canvas, x + 3, y + 1, text, dark);
}

static void draw_face(gdImagePtr canvas, double scale, const box *face)
{
    const int width = gdImageSX(canvas), height = gdImageSY(canvas), shorter = width < height ? width : height;
    const int dot = shorter / 100 + 2;
    draw_frame(canvas, scale, face, shorter / 200 + 1, frame_colour);
    draw_score(canvas, scale, face);
    for (int i = 0; i < LANDMARKS; ++i) {
        const int x = at(face->landmarks[i].x, scale), y = at(face->landmarks[i].y, scale);
        gdImageFilledEllipse(canvas, x, y, dot + 2, dot + 2, dark);
        gdImageFilledEllipse(canvas, x, y, dot, dot, landmark_colour);
    }
}

static gdImagePtr scaled_copy(const picture *photo, double scale)
{
    const int width = at(photo->width, scale), height = at(photo->height, scale);
    gdImagePtr copy = gdImageCreateTrueColor(width > 0 ? width : 1, height > 0 ? height : 1);
    if (copy != NULL) {
        gdImageCopyResampled(copy, photo->canvas, 0, 0, 0, 0, gdImageSX(copy), gdImageSY(copy), photo->width,
                             photo->height);
    }
    return copy;
}

gdImagePtr draw_faces(const picture *photo, const box_list *faces)
{
    gdImagePtr canvas = scaled_copy(photo, 1);
    for (size_t i = 0; canvas != NULL && i < faces->count; ++i) draw_face(canvas, 1, &faces->items[i]);
    return canvas;
}

static gdImagePtr draw_panel(const picture *photo, double scale, const box_list *found, bool faces)
{
    gdImagePtr panel = scaled_copy(photo, scale);
    for (size_t i = 0; panel != NULL && i < found->count; ++i) {
        if (faces) draw_face(panel, scale, &found->items[i]);
        if (!faces) draw_frame(panel, scale, &found->items[i], 1, candidate_colour);
    }
    return panel;
}

gdImagePtr draw_stages(const picture *photo, const box_list results[STAGES])
{
    static const char *const titles[STAGES] = {"1 pnet: proposals", "2 rnet: refined", "3 onet: faces"};
    const double scale = photo->width > PANEL_WIDTH ? PANEL_WIDTH / (double)photo->width : 1;
    gdImagePtr sheet = NULL;
    for (stage which = PROPOSE; which < STAGES; ++which) {
        gdImagePtr panel = draw_panel(photo, scale, &results[which], which == CONCLUDE);
        if (panel == NULL) break;
        const int width = gdImageSX(panel), height = gdImageSY(panel), x = (int)which * (width + GAP);
        if (sheet == NULL) sheet = gdImageCreateTrueColor(STAGES * width + (STAGES - 1) * GAP, height + CAPTION);
        if (sheet != NULL) {
            char text[64];
            snprintf(text, sizeof text, "%s, %zu", titles[which], results[which].count);
            draw_text(sheet, x + 6, (CAPTION - gdFontGetLarge()->h) / 2, text, caption_colour);
            gdImageCopy(sheet, panel, x, CAPTION, 0, 0, width, height);
        }
        gdImageDestroy(panel);
    }
    return sheet;
}
