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

cJSON *json_shape(const npy_array *array)
{
    cJSON *shape = cJSON_CreateArray();
    for (int axis = 0; axis < array->axes; ++axis)
        cJSON_AddItemToArray(shape, cJSON_CreateNumber((double)array->shape[axis]));
    return shape;
}

/* A description is the operator with the algorithm, the problem, the layouts and more, each apart by a space. */
static const char *described_problem(const run_result *result, char *text, size_t capacity)
{
    const char *space = strchr(result->description, ' ');
    const char *begin = space != NULL ? space + 1 : result->description;
    snprintf(text, capacity, "%.*s", (int)strcspn(begin, " "), begin);
    return text;
}

/* Which algorithm ran, and how. */
static void add_how(cJSON *object, const run_result *result)
{
    cJSON_AddStringToObject(object, "algorithm", result->algorithm);
    cJSON_AddNumberToObject(object, "workspace_bytes", (double)result->workspace_bytes);
    cJSON_AddStringToObject(object, "x_layout", tsr_layout_text(result->x_layout));
    cJSON_AddStringToObject(object, "y_layout", tsr_layout_text(result->y_layout));
}

cJSON *json_pass(const char *pass, const run_result *result)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "pass", pass);
    add_how(object, result);
    return object;
}

cJSON *json_run(const tsr_device *device, const char *problem, const run_result *result, const npy_array *x,
                const npy_array *y)
{
    char text[sizeof result->description];
    if (problem == NULL) problem = described_problem(result, text, sizeof text);
    cJSON *document = cJSON_CreateObject();
    cJSON_AddItemToObject(document, "device", json_device(device));
    cJSON_AddStringToObject(document, "problem", problem);
    add_how(document, result);
    cJSON_AddStringToObject(document, "dtype", npy_type_text(x->type));
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
