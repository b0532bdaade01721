#include "report.h"
#include "complain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const stage_names[STAGES] = {"proposals", "refined", "faces"};

double stage_total(const stage_times *times)
{
    return times->pictures + times->upload + times->network + times->download + times->boxes;
}

static void print_faces(const box_list *faces)
{
    static const char *const names[LANDMARKS] = {"left eye", "right eye", "nose", "mouth left", "mouth right"};
    if (faces->count == 0) printf("no face\n");
    for (size_t i = 0; i < faces->count; ++i) {
        const box *face = &faces->items[i];
        printf("face %.6f  from (%.2f, %.2f) to (%.2f, %.2f)\n", face->score, face->x1, face->y1, face->x2, face->y2);
        for (int j = 0; j < LANDMARKS; ++j)
            printf("  %s (%.2f, %.2f)%s", names[j], face->landmarks[j].x, face->landmarks[j].y,
                   j + 1 < LANDMARKS ? "," : "\n");
    }
}

static void print_times(const report *told)
{
    static const char *const titles[STAGES] = {"1 pnet", "2 rnet", "3 onet"};
    double plans = 0, total = 0;
    printf("\nmilliseconds, %s of %d run%s\n", told->runs > 1 ? "the fastest" : "the only", told->runs,
           told->runs > 1 ? "s" : "");
    printf("stage     found  pictures  upload  network  download   boxes    total\n");
    for (stage which = PROPOSE; which < STAGES; ++which) {
        const stage_times *times = &told->fastest[which];
        printf("%-8s %6zu  %8.2f  %6.2f  %7.2f  %8.2f  %6.2f  %7.2f\n", titles[which], told->results[which].count,
               times->pictures, times->upload, times->network, times->download, times->boxes, stage_total(times));
        total += stage_total(times);
        plans += told->first[which].plans;
    }
    printf("together %65.2f\n", total);
    printf("before that %d plans were made, once, in %.0f ms\n", told->by->plans, plans);
}

void report_print(const report *told)
{
    printf("%s, %d x %d, %d levels, on %s\n", told->picture, told->width, told->height, told->by->level_count,
           told->device->name);
    print_faces(&told->results[CONCLUDE]);
    print_times(told);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void write_text(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text != '\0'; ++text) {
        const unsigned char letter = (unsigned char)*text;
        if (letter == '"' || letter == '\\') {
            fprintf(stream, "\\%c", letter);
        } else if (letter < ' ') {
            fprintf(stream, "\\u%04x", (unsigned)letter);
        } else {
            fputc(letter, stream);
        }
    }
    fputc('"', stream);
}

static void write_boxes(FILE *stream, const box_list *boxes, bool landmarks)
{
    fputc('[', stream);
    for (size_t i = 0; i < boxes->count; ++i) {
        const box *one = &boxes->items[i];
        fprintf(stream, "%s\n  {\"score\": %.9g, \"box\": [%.9g, %.9g, %.9g, %.9g]", i > 0 ? "," : "", one->score,
                one->x1, one->y1, one->x2, one->y2);
        if (landmarks) {
            fputs(", \"landmarks\": [", stream);
            for (int j = 0; j < LANDMARKS; ++j)
                fprintf(stream, "%s[%.9g, %.9g]", j > 0 ? ", " : "", one->landmarks[j].x, one->landmarks[j].y);
            fputc(']', stream);
        }
        fputc('}', stream);
    }
    fputc(']', stream);
}

static void write_times(FILE *stream, const report *told)
{
    fputs("{", stream);
    for (stage which = PROPOSE; which < STAGES; ++which) {
        const stage_times *times = &told->fastest[which];
        fprintf(stream,
                "%s\n  \"%s\": {\"plans\": %.3f, \"pictures\": %.3f, \"upload\": %.3f, \"network\": %.3f, "
                "\"download\": %.3f, \"boxes\": %.3f}",
                which > PROPOSE ? "," : "", network_texts[which].name, told->first[which].plans, times->pictures,
                times->upload, times->network, times->download, times->boxes);
    }
    fputs("}", stream);
}

bool report_write_json(const report *told, const char *path)
{
    FILE *stream = fopen(path, "w");
    if (stream == NULL) return complain("cannot write %s: %s", path, strerror(errno));
    fputs("{\"picture\": ", stream);
    write_text(stream, told->picture);
    fputs(",\n\"device\": ", stream);
    write_text(stream, told->device->name);
    fprintf(stream, ",\n\"size\": [%d, %d],\n\"levels\": %d,\n\"plans\": %d,\n\"times_ms\": ", told->width,
            told->height, told->by->level_count, told->by->plans);
    write_times(stream, told);
    for (stage which = PROPOSE; which < STAGES; ++which) {
        fprintf(stream, ",\n\"%s\": ", stage_names[which]);
        write_boxes(stream, &told->results[which], which == CONCLUDE);
    }
    fputs("}\n", stream);
    const bool wrong = ferror(stream) != 0;
    if (fclose(stream) != 0 || wrong) return complain("cannot write %s: %s", path, strerror(errno));
    return true;
}
