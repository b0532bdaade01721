/* Tessera's own CPU path, a peer that every machine has. */
#include "peer.h"
#include "report.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>

typedef struct host_layer {
    tsr_context *context;
    layer one;
} host_layer;

static const char *start(const char *folder)
{
    (void)folder;
    return tsr_version();
}

static void stop(void)
{
}

static void close_layer(void *opened)
{
    host_layer *host = opened;
    layer_close(&host->one);
    tsr_context_destroy(host->context);
    free(host);
}

/* x and w are the same numbers as the task's: they follow from the problem. */
static void *open_layer(const peer_task *task, const char *variant, const char **refused)
{
    (void)variant;
    *refused = "it cannot be opened";
    host_layer *host = calloc(1, sizeof *host);
    if (host == NULL) return NULL;
    int failed = session_open("cpu", SESSION_CACHE_NONE, NULL, &host->context);
    if (!failed) failed = layer_open(host->context, task->problem, NULL, &host->one);
    if (!failed) return host;
    tsr_context_destroy(host->context);
    free(host);
    return NULL;
}

static int run(void *opened, int count)
{
    const host_layer *host = opened;
    tsr_status status = TSR_OK;
    for (int i = 0; i < count && status == TSR_OK; ++i) status = tsr_plan_run(host->one.plan, &host->one.args);
    return status == TSR_OK ? EXIT_DONE : report_status(status, "cannot run the CPU path");
}

static int read_result(void *opened, float *result)
{
    const host_layer *host = opened;
    float *data = layer_read_result(&host->one);
    if (data == NULL) return EXIT_DEVICE;
    memcpy(result, data, layer_elements(&host->one.made) * sizeof *result);
    free(data);
    return EXIT_DONE;
}

static const char *implementation(const void *opened)
{
    const host_layer *host = opened;
    return host->one.info.algorithm;
}

const peer_calls peer_cpu_path = {start, stop, open_layer, run, read_result, implementation, close_layer};
