#include "workload.h"
#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return report(EXIT_DEVICE, "out of memory for the list of problems");
}

static int add_item(workload *all, const char *problem, workload_item **added)
{
    if (all->count == all->capacity) {
        const size_t capacity = all->capacity == 0 ? 64 : 2 * all->capacity;
        workload_item *items = realloc(all->items, capacity * sizeof *items);
        if (items == NULL) return out_of_memory();
        all->items = items;
        all->capacity = capacity;
    }
    const workload_item item = {.problem = strdup(problem), .uses = cJSON_CreateArray()};
    all->items[all->count++] = item; /* half of it or all: workload_free() takes either */
    *added = &all->items[all->count - 1];
    return item.problem == NULL || item.uses == NULL ? out_of_memory() : EXIT_DONE;
}

int workload_add(workload *all, const char *problem, const char *network, const char *layer_name, int64_t count)
{
    workload_item *item = NULL;
    for (size_t i = 0; i < all->count && item == NULL; ++i)
        if (strcmp(all->items[i].problem, problem) == 0) item = &all->items[i];
    if (item == NULL) {
        const int failed = add_item(all, problem, &item);
        if (failed) return failed;
    }
    item->count += count;
    if (network == NULL) return EXIT_DONE;
    cJSON *use = cJSON_CreateObject();
    const bool made = cJSON_AddStringToObject(use, "network", network) != NULL &&
                      cJSON_AddStringToObject(use, "layer", layer_name) != NULL &&
                      cJSON_AddNumberToObject(use, "count", (double)count) != NULL &&
                      cJSON_AddItemToArray(item->uses, use);
    if (made) return EXIT_DONE;
    cJSON_Delete(use);
    return out_of_memory();
}

int workload_add_problem(workload *all, const char *problem, layer_form form)
{
    char formatted[512];
    layer_problem parsed;
    const int failed = layer_parse(problem, form, &parsed);
    if (failed) return failed;
    if (form.batch > 0) {
        /* What the text does not say is not to be said afterwards either. */
        const layer_form as_said = {TSR_LAYOUT_NCHW, false, LAYER_DTYPE_AS_SAID, form.batch, form.pass};
        const int again = layer_parse(problem, as_said, &parsed);
        if (again) return again;
        problem = parsed.is_conv ? tsr_conv_format(&parsed.conv, formatted, sizeof formatted)
                                 : tsr_pool_format(&parsed.pool, formatted, sizeof formatted);
    }
    return workload_add(all, problem, NULL, NULL, 1);
}

int workload_read(workload *all, const char *path, layer_form form)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) return report(EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    char line[1024];
    int failed = EXIT_DONE;
    while (!failed && fgets(line, sizeof line, file) != NULL) {
        const size_t length = strcspn(line, "\r\n");
        if (length == sizeof line - 1)
            failed = report(EXIT_INPUT, "%s has a line of more than %zu characters", path, sizeof line - 2);
        line[length] = '\0';
        if (!failed && length > 0 && line[0] != '#') failed = workload_add_problem(all, line, form);
    }
    if (!failed && ferror(file)) failed = report(EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    fclose(file);
    return failed;
}

void workload_free(workload *all)
{
    for (size_t i = 0; i < all->count; ++i) {
        free(all->items[i].problem);
        cJSON_Delete(all->items[i].uses);
    }
    free(all->items);
    *all = (workload){0};
}
