/* JSON out: what several commands say in the same words. */
#ifndef TESSERA_TOOLS_JSON_H
#define TESSERA_TOOLS_JSON_H

#include "tessera.h"

#include <cjson/cJSON.h>

/* {"name", "platform", "driver", "kind"} of a device. */
cJSON *json_device(const tsr_device *device);
/* [n, c, h, w]. */
cJSON *json_shape(const tsr_tensor *tensor);
/* {"device", "problem", "algorithm", "workspace_bytes", "x", "y"}: what a run was. */
cJSON *json_run(const tsr_device *device, const char *problem, const char *algorithm, uint64_t workspace_bytes,
                const tsr_tensor *x, const tsr_tensor *y);

/* Print one document to stdout, or write it to a file, whole or not at all; "-" is stdout. Frees it either way. Each
 * returns an exit code (report.h). */
int json_print(cJSON *document);
int json_write(cJSON *document, const char *path);

#endif
