/* JSON out: what several commands say in the same words. */
#ifndef TESSERA_TOOLS_JSON_H
#define TESSERA_TOOLS_JSON_H

#include "npy.h"
#include "run_once.h"

#include <cjson/cJSON.h>

/* {"name", "platform", "driver", "kind"} of a device. */
cJSON *json_device(const tsr_device *device);
/* [1, 3, 8, 8]. */
cJSON *json_shape(const npy_array *array);
/* {"device", "problem", "algorithm", "workspace_bytes", "dtype", "x_layout", "y_layout", "x", "y"}: what a run was. The
 * layouts are those on the device, x and y the arrays' shapes. `problem` NULL: what the plan's description says. */
cJSON *json_run(const tsr_device *device, const char *problem, const run_result *result, const npy_array *x,
                const npy_array *y);

/* {"pass", "algorithm", "workspace_bytes", "x_layout", "y_layout"}: one of several runs. */
cJSON *json_pass(const char *pass, const run_result *result);

/* Print one document to stdout, or write it to a file, whole or not at all; "-" is stdout. Frees it either way. Each
 * returns an exit code (report.h). */
int json_print(cJSON *document);
int json_write(cJSON *document, const char *path);

#endif
