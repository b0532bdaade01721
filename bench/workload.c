#include "workload.h"
#include "report.h"

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

int workload_add(workload *all, const char *problem, const char *network, const char *layer, int64_t count)
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
                      cJSON_AddStringToObject(use, "layer", layer) != NULL &&
                      cJSON_AddNumberToObject(use, "count", (double)count) != NULL &&
                      cJSON_AddItemToArray(item->uses, use);
    if (made) return EXIT_DONE;
    cJSON_Delete(use);
    return out_of_memory();
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
