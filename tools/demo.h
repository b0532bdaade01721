/* The two halves of the demo: the picture, and the table. Each compares all it computes with the CPU path. */
#ifndef TESSERA_TOOLS_DEMO_H
#define TESSERA_TOOLS_DEMO_H

#include "tessera.h"

/* The device that is shown, and the CPU path beside it. */
typedef struct demo {
    tsr_context *device, *host;
} demo;

/* Filters and pools the photograph and writes a contact sheet of the feature maps. Returns an exit code (report.h). */
int demo_feature_maps(const demo *d, const char *photo_path, const char *sheet_path);

/* Runs layers of well-known networks on small integers and prints a table. */
int demo_layers(const demo *d);

#endif
