#include "json.h"
#include "atomic_file.h"
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

cJSON *json_device(const tsr_device *device)
{
    static const char *const kinds[] = {"gpu", "accelerator", "cpu", "host"};
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", device->name);
    cJSON_AddStringToObject(object, "platform", device->platform);
    cJSON_AddStringToObject(object, "driver", device->driver);
    cJSON_AddStringToObject(object, "kind", kinds[device->kind]);
    return object;
}

cJSON *json_shape(const tsr_tensor *tensor)
{
    cJSON *shape = cJSON_CreateArray();
    cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->n));
    cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->c));
    cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->size[TSR_H]));
    cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)tensor->size[TSR_W]));
    return shape;
}

cJSON *json_run(const tsr_device *device, const char *problem, const char *algorithm, uint64_t workspace_bytes,
                const tsr_tensor *x, const tsr_tensor *y)
{
    cJSON *document = cJSON_CreateObject();
    cJSON_AddItemToObject(document, "device", json_device(device));
    cJSON_AddStringToObject(document, "problem", problem);
    cJSON_AddStringToObject(document, "algorithm", algorithm);
    cJSON_AddNumberToObject(document, "workspace_bytes", (double)workspace_bytes);
    cJSON_AddItemToObject(document, "x", json_shape(x));
    cJSON_AddItemToObject(document, "y", json_shape(y));
    return document;
}

int json_write(cJSON *document, const char *path)
{
    char *text = cJSON_Print(document);
    cJSON_Delete(document);
    if (text == NULL) return report(EXIT_DEVICE, "out of memory for the JSON");
    const bool to_stdout = strcmp(path, "-") == 0;
    const size_t length = strlen(text);
    text[length] = '\n'; /* in the place of the final 0, which the file does not need */
    int failed = EXIT_DONE;
    if (to_stdout) {
        fwrite(text, 1, length + 1, stdout);
    } else {
        failed = atomic_file_write(path, text, length + 1);
    }
    cJSON_free(text);
    return failed;
}

int json_print(cJSON *document)
{
    return json_write(document, "-");
}
